"""What `exec` is made of, where no process is needed."""

import errno
import struct
from collections import Counter
from pathlib import Path

import pytest

from mock_server.intercept.account import MOST_ROWS, account, rows
from mock_server.intercept.environment import Hurry, Route, environment
from mock_server.intercept.names import answer
from mock_server.intercept.proxy import place
from mock_server.intercept.rates import Faketime, Pace, pace
from mock_server.intercept.routing import API_HOST, HOSTS
from mock_server.intercept.sandbox import hosts_file, rule

APPARMOR, CLONE = "apparmor_restrict_unprivileged_userns", "unprivileged_userns_clone"


@pytest.mark.parametrize(
    ("step", "error", "files", "said"),
    [
        ("user namespace", errno.ENOSPC, {"max_user_namespaces": "0\n"}, "user.max_user_namespaces is 0"),
        ("network namespace", errno.ENOSPC, {"max_net_namespaces": "0\n"}, "user.max_net_namespaces is 0"),
        ("user namespace", errno.EPERM, {CLONE: "0\n"}, "kernel.unprivileged_userns_clone is 0"),
        ("user map", errno.EPERM, {APPARMOR: "1\n", CLONE: "1\n"}, "kernel.apparmor_restrict_unprivileged_userns is 1"),
        ("network namespace", errno.EACCES, {APPARMOR: "1\n"}, "kernel.apparmor_restrict_unprivileged_userns is 1"),
        ("user namespace", errno.EPERM, {APPARMOR: "0\n", "status": "Name:\tx\nSeccomp:\t2\n"}, "a seccomp filter forbids it"),
        ("user namespace", errno.EPERM, {"status": "Seccomp:\t0\n"}, "user namespace, EPERM"),
        ("user namespace", errno.EINVAL, {}, "this kernel has no user namespaces"),
        ("mount over /etc/hosts", errno.EINVAL, {}, "mount over /etc/hosts, EINVAL"),
        ("not linux", 0, {}, "on Linux only"),
    ],
)
def test_the_rule_that_forbids_a_sandbox_is_named(step, error, files, said):
    """As far as the system tells; else the step that it refused."""
    assert said in rule(step, error, lambda path: files.get(Path(path).name, ""))


def test_a_host_is_ours_even_where_the_system_says_otherwise():
    """Whoever has pointed it elsewhere in the hosts file does not reach that."""
    told = hosts_file(f"10.0.0.1 {API_HOST} api\n10.0.0.2 db # {API_HOST}\n::1 localhost\n", HOSTS)

    assert [line for line in told.splitlines() if API_HOST in line.partition("#")[0]] == [told.splitlines()[0]]
    assert told.splitlines()[0].split()[0] == "127.0.0.1"
    assert "10.0.0.2 db" in told and "::1 localhost" in told and "10.0.0.1" not in told


def question(name: str, kind: int = 1, flags: int = 0x0100) -> bytes:
    labels = b"".join(bytes((len(label),)) + label.encode() for label in name.split("."))
    return struct.pack(">HHHHHH", 7, flags, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


def test_names():
    """Ours lead here; others do not exist, and are counted once for both kinds of address."""
    tried: Counter[str] = Counter()
    ours = answer(question("MEGA-api-prod.nemovideo.ai"), HOSTS, tried)
    none = answer(question(API_HOST, 28), HOSTS, tried)
    other = answer(question("example.invalid"), HOSTS, tried)
    answer(question("example.invalid", 28), HOSTS, tried)

    assert ours is not None and ours.endswith(bytes((0, 4, 127, 0, 0, 1))) and ours[3] & 15 == 0 and ours[:2] == b"\0\7"
    assert none is not None and none[3] & 15 == 0 and none[7] == 0
    assert other is not None and other[3] & 15 == 3
    assert tried == {"example.invalid": 1}


@pytest.mark.parametrize("packet", [b"", b"\0" * 12, question("a")[:14], question("a", flags=0x8000), b"\0" * 12 + b"\xff" * 9])
def test_what_is_no_question_is_not_answered(packet):
    """Nor does it end the name server."""
    assert answer(packet, HOSTS, Counter()) is None


@pytest.mark.parametrize(
    ("method", "target", "where"),
    [
        ("CONNECT", "Example.invalid.:443", ("example.invalid", 443)),
        ("CONNECT", "[::1]:443", ("::1", 443)),
        ("GET", "http://example.invalid/a", ("example.invalid", 80)),
        ("GET", "https://example.invalid/a", ("example.invalid", 443)),
        ("GET", "http://example.invalid:8080/", ("example.invalid", 8080)),
    ],
)
def test_where_a_request_of_a_proxy_leads(method, target, where):
    """Host and port, both ways of asking."""
    assert place(method, target) == where


def test_an_environment_keeps_what_the_user_has(tmp_path):
    """Hooks go first and chain; proxies of the user's go, since they lead out; nothing is hooked where nothing is needed."""
    base = {
        "PYTHONPATH": "/mine",
        "NODE_OPTIONS": "--no-warnings",
        "https_proxy": "http://corp.invalid",
        "NO_PROXY": "*",
        "A": "b",
    }
    inside = environment(base, Route(tmp_path), Hurry(1, 0, 0), Pace())
    outside = environment(base, Route(tmp_path, "http://127.0.0.1:9", 5, 6), Hurry(1, 0, 0), Pace())

    assert inside["A"] == "b" and inside["PYTHONPATH"] == "/mine" and "https_proxy" not in inside and "NO_PROXY" not in inside
    assert inside["NEMO_API_URL"] == f"https://{API_HOST}" and outside["NEMO_API_URL"] == "http://127.0.0.1:9"
    assert outside["PYTHONPATH"].endswith(":/mine") and outside["NODE_OPTIONS"].endswith("--no-warnings")
    assert outside["https_proxy"] == outside["ALL_PROXY"] == "http://127.0.0.1:6" and "*" not in outside["NO_PROXY"]


def program(folder: Path, name: str, content: bytes) -> str:
    path = folder / name
    path.write_bytes(content)
    path.chmod(0o755)
    return str(path)


def test_what_cannot_be_sped_up_is_said(tmp_path):
    """Go and static programs; and, without faketime, all but Python and Node."""
    nothing: dict[str, str] = {}
    go = program(tmp_path, "tool", b"\x7fELF" + b"\0" * 99 + b"/ld-linux.so Go\0\0")
    static = program(tmp_path, "small", b"\x7fELF" + b"\0" * 99)
    script = program(tmp_path, "skill", b"#!/usr/bin/env python3\n")
    shell = program(tmp_path, "agent", b"#!/bin/bash\n")
    absent = Faketime(20)
    absent.variables = lambda: nothing  # type: ignore[method-assign]

    assert "tool keeps its own clock" in pace([go], {}, absent).note and "x20" in pace([go], {}, absent).note
    assert "small keeps its own clock" in pace([static], {}, absent).note
    assert pace([script], {}, absent) == Pace()
    assert "install 'faketime'" in pace([shell], {}, absent).note
    assert pace([go], {}, Faketime(1)) == Pace()


def test_an_account_groups_and_is_short():
    """Ids fall together, a refusal with status 200 is one, and many kinds are summed up."""
    entries = []
    for number in range(40):
        entries.append(
            {"kind": "request", "seq": 2 * number, "method": "GET", "path": f"/api/render/proxy/lambda/render_{number}"}
        )
        body = {"code": 3001 if number < 3 else 0, "message": "no such\x1b render"}
        entries.append({"kind": "response", "of": 2 * number, "status": 200, "body": body})
    found = account(entries)

    assert found.asked == {"GET /api/render/proxy/lambda/*": 40}
    assert found.refused == {"200 code 3001  GET /api/render/proxy/lambda/*  no such\x1b render": 3}
    assert "\x1b" not in "".join(rows("x", found.refused))
    assert len(rows("x", {str(number): 1 for number in range(99)})) == MOST_ROWS + 2
    assert rows("x", {}) == []
