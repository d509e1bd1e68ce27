"""Clients with the host written into them, by `intercepted` and by `nemovideo-mock exec`, in both modes: real programs, none changed.

What could leak if a hook failed (mode env) runs in a network that has but a loopback.
"""

import atexit
import json
import os
import select
import shutil
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from mock_server.intercept import API_HOST, intercepted
from mock_server.intercept.interception import wait
from mock_server.intercept.sandbox import trouble
from mock_server.serve import Running

HERE = Path(__file__).with_name("exec")
EXEC = [sys.executable, "-m", "mock_server", "exec"]
ALONE = [sys.executable, str(HERE / "alone.py")]
TOKEN_URL = f"https://{API_HOST}/api/auth/anonymous-token"

needs_sandbox = pytest.mark.skipif(bool(trouble()), reason=f"no sandbox here: {trouble()}")


def run(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, **{"timeout": 60, **more})  # type: ignore[call-overload, no-any-return]


def scratch() -> Path:
    folder = Path(mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def needs(*tools: str) -> None:
    """Skips the test where one of them is missing."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


@cache
def go_client() -> str:
    """Empty where Go is missing."""
    if shutil.which("go") is None:
        return ""
    built = scratch() / "client"
    done = run("go", "build", "-o", str(built), str(HERE / "client.go"), timeout=300)  # its cache may be empty
    assert done.returncode == 0, done.stderr
    return str(built)


@cache
def axios() -> str:
    """The folder of its modules, from npm's cache alone; empty where it is not there."""
    folder = scratch()
    asked = ["npm", "install", "--offline", "--no-audit", "--no-fund", "--silent", "axios"]
    if shutil.which("npm") is None or run(*asked, cwd=folder).returncode:
        return ""
    return str(folder / "node_modules")


#: Each prints lines `NAME STATUS`; what it is made of, so that it is skipped without.
CLIENTS = {
    "by_curl": ("curl", f"curl -s -o /dev/null -w '%{{http_code}}' -X POST {TOKEN_URL} -H 'X-Client-Id: curl'"),
    "by_wget": ("wget", f"wget -qSO/dev/null --post-data= --header 'X-Client-Id: wget' {TOKEN_URL} 2>&1 | grep -o 'HTTP/1.1 ...' | cut -c10-"),
}  # fmt: skip
PYTHON = ("by_urllib", "by_requests", "by_httpx", "by_async_httpx", "by_aiohttp")
NODE = ("by_fetch", "by_https")


@pytest.mark.parametrize("mode", ["sandbox", "env"])
def test_every_client_reaches_its_world(mode, subtests):
    """curl, wget, Go, four libraries of Python, three of Node: with the system's authorities and ours, and no change to any."""
    if trouble():
        pytest.skip(f"no namespaces here: {trouble()}")
    script = [f"echo {name} $({line})" for name, (tool, line) in CLIENTS.items() if shutil.which(tool)]
    script.append(f"{sys.executable} {HERE / 'clients.py'}")
    if shutil.which("node"):
        script.append(f"NODE_PATH={axios()} node {HERE / 'clients.cjs'}")
    if client := go_client():
        script.append(f"echo by_go $({client} {TOKEN_URL} | head -1)")
    done = run(*(ALONE if mode == "env" else []), *EXEC, "--quiet", "--mode", mode, "--", "sh", "-c", "\n".join(script))
    told = dict(line.split(" ", 1) for line in done.stdout.splitlines())

    for name in (*CLIENTS, *PYTHON, *NODE, "by_axios", "by_go"):
        with subtests.test(name):
            there = {"by_axios": axios(), "by_go": client, **dict.fromkeys(NODE, shutil.which("node"))}
            if not there.get(name, True) or (name in CLIENTS and not shutil.which(CLIENTS[name][0])):
                pytest.skip("it is not installed")
            wanted = "400" if name == "by_go" else "200"  # that one sends no client id
            assert told.get(name, done.stderr) == wanted


@pytest.mark.parametrize("mode", ["sandbox", "env"])
def test_other_hosts_of_the_service_are_out_of_reach(mode):
    """No client gets through, and the account names who was asked for."""
    if trouble():
        pytest.skip(f"no namespaces here: {trouble()}")
    needs("node", "curl")
    url = "https://mega-api.nemovideo.ai/"
    script = f"{sys.executable} {HERE / 'clients.py'} {url}; node {HERE / 'clients.cjs'} {url}; curl -s {url}; echo by_curl $?"
    done = run(*(ALONE if mode == "env" else []), *EXEC, "--mode", mode, "--", "sh", "-c", script)
    told = [line.split(" ")[1] for line in done.stdout.splitlines()]

    assert len(told) == 8 and not any(word.startswith("2") for word in told)
    tried = done.stderr.partition("other places tried, and not reached\n")[2].splitlines()[0].split()
    assert int(tried[0]) >= 8 and tried[1].startswith("mega-api.nemovideo.ai")
    assert "no requests" in done.stderr


@needs_sandbox
@pytest.mark.parametrize("user", [False, True], ids=["as it comes", "user namespace"])
def test_nothing_leaves_the_sandbox(server: Running, user):
    """No route, no name, no service of this machine; and the files that lead here cannot be written."""
    with socket.create_server(("127.0.0.1", 0)) as outside, intercepted(server, "walls", "sandbox", user=user) as way:
        outside.setblocking(False)
        port = outside.getsockname()[1]
        # 192.0.2.1 belongs to nobody (RFC 5737), and .invalid to no one (RFC 2606): even a hole would lead nowhere.
        code = f"""
import socket
for place in (("192.0.2.1", 443), ("2001:db8::1", 443), ("127.0.0.1", {port}), ("example.invalid", 443), ("{API_HOST}", 80)):
    try:
        socket.create_connection(place, 20)
        print("reached", place)
    except OSError as error:
        print(type(error).__name__, error.errno)
try:
    open("/etc/hosts", "a")
    print("written")
except OSError as error:
    print(error.strerror)
"""
        argv = [sys.executable, "-c", code]
        done = run(*way.wrap(argv), env=way.environment(argv, os.environ))
        with pytest.raises(BlockingIOError):
            outside.accept()

    assert done.stdout.splitlines() == [
        "OSError 101",  # ENETUNREACH
        *(["OSError 101"] if socket.has_ipv6 else ["gaierror -9"]),
        "ConnectionRefusedError 111",
        "gaierror -2",
        "ConnectionRefusedError 111",
        "Read-only file system" if os.geteuid() == 0 else "Permission denied",
    ]
    assert way.tried == {"example.invalid": 1}


def test_the_proxy_tunnels_to_our_hosts_alone(server: Running):
    """403 for another host, another port, plain http; each is counted, and nobody is connected to."""
    with intercepted(server, "proxy", "env") as way:

        def ask(line: str) -> str:
            with socket.create_connection(("127.0.0.1", way.route.proxy_port), 20) as peer:
                peer.sendall(f"{line} HTTP/1.1\r\n\r\n".encode())
                return peer.recv(100).decode().partition("\r\n")[0]

        assert ask(f"CONNECT {API_HOST}:443").startswith("HTTP/1.1 200")
        for line in (
            "CONNECT example.invalid:443",
            f"CONNECT {API_HOST}:22",
            f"GET http://{API_HOST}/",
            f"CONNECT {API_HOST}.invalid:443",
        ):
            assert ask(line).startswith("HTTP/1.1 403"), line
        assert ask("nonsense") == ask("CONNECT nonsense") == ""

    assert way.tried == {"example.invalid:443": 1, f"{API_HOST}:22": 1, f"{API_HOST}:80": 1, f"{API_HOST}.invalid:443": 1}


@pytest.mark.parametrize("mode", ["sandbox", "env"])
def test_a_stream_comes_as_it_is_told(server: Running, visit, mode):
    """Under a manual clock: the client has the first event while its turn goes on. Standard input and output are its own."""
    if mode == "sandbox" and trouble():
        pytest.skip(f"no sandbox here: {trouble()}")
    needs("curl")
    visitor = visit(policy="manual")
    live = server.worlds.at(visitor.world)
    body = {"session_id": visitor.session_id, "new_message": {"parts": [{"text": "add calm music"}]}}
    argv = ["curl", "-sN", f"https://{API_HOST}/run_sse", "-H", f"Authorization: Bearer {visitor.token}"]
    argv += ["-H", "Content-Type: application/json", "--data-binary", "@-"]
    with (
        intercepted(server, visitor.world, mode) as way,
        subprocess.Popen(
            way.wrap(argv), env=way.environment(argv, os.environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as it,
    ):
        assert it.stdin and it.stdout
        it.stdin.write(json.dumps(body).encode())
        it.stdin.close()
        assert wait(server, live.patiently(lambda: bool(live.streams()), 20))
        while not server.do(lambda: live.streams()[0].written):
            assert wait(server, live.advance_and_write(server.do(live.next_ms)))
        assert select.select([it.stdout], [], [], 20)[0], "nothing came"
        assert os.read(it.stdout.fileno(), 5) == b"data:"
        assert it.poll() is None and server.do(live.streams)[0].turn.ended_ms is None
        it.kill()


@needs_sandbox
def test_commands_in_parallel_are_each_in_a_world_of_their_own(server: Running):
    """The same host leads each to its own; a render's file has the host's URL, without the name of a world."""
    needs("curl")
    with intercepted(server, "left", "sandbox") as left, intercepted(server, "right", "sandbox") as right:
        started = [
            (way, subprocess.Popen(way.wrap(argv), env=way.environment(argv, os.environ), stdout=subprocess.PIPE, text=True))
            for way in (left, right, left)
            for argv in (["curl", "-s", f"https://{API_HOST}/only-{way.world}"],)
        ]
        for _, process in started:
            process.communicate(timeout=60)
    paths = {name: [e["path"] for e in server.worlds.at(name).journal.entries(kind="request")] for name in ("left", "right")}

    assert paths == {"left": ["/only-left", "/only-left"], "right": ["/only-right"]}
