"""The sandbox from outside: what it covers, what it hands out, and which rule of the system forbids it where one does."""

import asyncio
import errno
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

HELPER = Path(__file__).with_name("inside.py")
#: -I and -S: nothing of the user's Python reaches the helper, and it starts in a few milliseconds.
PYTHON = (sys.executable, "-I", "-S", str(HELPER))
#: Other ways to ask for names: they would answer from outside (nscd, systemd-resolved), over a socket that is a file.
RESOLVERS = ("/run/nscd/socket", "/var/run/nscd/socket", "/run/systemd/resolve/io.systemd.Resolve")

ENOUGH_BYTES = 4096


def files(folder: Path, hosts: Sequence[str], bundle: Path, bundles: Sequence[Path]) -> list[tuple[str, str]]:
    """Writes what the sandbox shows in place of the system's files; gives pairs (file, over which file). Raises OSError."""
    generated = {
        "/etc/hosts": hosts_file(_text("/etc/hosts"), hosts),
        "/etc/nsswitch.conf": re.sub(r"(?m)^(\s*hosts:).*$", r"\1 files dns", _text("/etc/nsswitch.conf")),
        "/etc/resolv.conf": "nameserver 127.0.0.1\n",
    }
    pairs = []
    for system, text in generated.items():
        if (there := Path(system)).is_file():
            ours = folder / there.name
            ours.write_text(text)
            pairs.append((str(ours), str(there.resolve())))
    pairs += [(str(bundle), str(there)) for there in bundles]
    pairs += [("/dev/null", path) for path in dict.fromkeys(map(os.path.realpath, RESOLVERS)) if Path(path).is_socket()]
    return pairs


def hosts_file(system: str, hosts: Sequence[str]) -> str:
    """The system's hosts file, with these hosts being us and nobody else."""
    others = [line for line in system.splitlines() if not set(line.partition("#")[0].split()[1:]) & set(hosts)]
    return "\n".join(["127.0.0.1 localhost " + " ".join(hosts), *others, ""])


def _text(path: str) -> str:
    with suppress(OSError):
        return Path(path).read_text("utf-8", "replace")
    return ""


def plan(door: Path, mounts: Sequence[tuple[str, str]], user: bool = False) -> str:
    return json.dumps({"door": str(door), "mounts": mounts, "user": user})


# the door: where a command that begins hands out its sockets

#: Serves what was handed out; the command runs once it has returned.
Serve = Callable[[socket.socket, socket.socket], Awaitable[None]]


class Door:
    """Takes sockets out of sandboxes, on the loop of the mock."""

    def __init__(self, path: Path, serve: Serve) -> None:
        """To be called on the loop. Raises OSError."""
        self.serve = serve
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        self.listener.listen(128)
        self.listener.setblocking(False)
        self.waiting: set[socket.socket] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.loop = asyncio.get_running_loop()
        self.loop.add_reader(self.listener.fileno(), self._knock)

    def _knock(self) -> None:
        with suppress(BlockingIOError):
            peer, _ = self.listener.accept()
            peer.setblocking(False)
            self.waiting.add(peer)
            self.loop.add_reader(peer.fileno(), self._told, peer)

    def _told(self, peer: socket.socket) -> None:
        self.loop.remove_reader(peer.fileno())
        self.waiting.discard(peer)
        fds: list[int] = []
        with suppress(OSError):
            _, fds, _, _ = socket.recv_fds(peer, ENOUGH_BYTES, 2)
        if len(fds) < 2:  # it failed, and says so itself
            for fd in fds:
                os.close(fd)
            peer.close()
            return
        task = self.loop.create_task(self._open(peer, *(socket.socket(fileno=fd) for fd in fds)))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _open(self, peer: socket.socket, web: socket.socket, names: socket.socket) -> None:
        with peer:
            await self.serve(web, names)
            with suppress(OSError):
                peer.send(b"go")

    def close(self) -> None:
        """To be called on the loop."""
        self.loop.remove_reader(self.listener.fileno())
        self.listener.close()
        for peer in self.waiting:
            self.loop.remove_reader(peer.fileno())
            peer.close()
        for task in self.tasks:
            task.cancel()


# what forbids it


def tried(user: bool = False) -> dict[str, Any]:
    """What a sandbox fails at here: {step, errno}, or nothing. It takes some 50 ms."""
    if sys.platform != "linux":
        return {"step": "not linux", "errno": 0}
    mounts = [("/etc/hosts", "/etc/hosts")] if Path("/etc/hosts").is_file() else []
    try:
        done = subprocess.run([*PYTHON, plan(Path(), mounts, user)], capture_output=True, timeout=30)
        told: dict[str, Any] = json.loads(done.stdout or b"{}")
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return {"step": f"starting the helper ({error})", "errno": 0}
    if done.returncode:
        return {"step": f"the helper ended with {done.returncode}", "errno": 0}
    return told


def rule(step: str, error: int, read: Callable[[str], str] = _text) -> str:
    """Which rule of the system forbids the sandbox, given where it failed. `read` gives a file's text, or nothing."""
    if step == "not linux":
        return f"{sys.platform} has no network namespaces: the sandbox exists on Linux only"
    refused = error in (errno.EPERM, errno.EACCES)
    number = {"user namespace": "max_user_namespaces", "network namespace": "max_net_namespaces"}.get(step)
    if error in (errno.ENOSPC, errno.EUSERS) and number:
        has = read(f"/proc/sys/user/{number}").strip() or "?"
        return f"user.{number} is {has}: no more of them (sysctl -w user.{number}=10000 allows them)"
    if error in (errno.ENOSYS, errno.EINVAL) and number:
        return f"this kernel has no {step}s"
    if refused and read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").strip() == "1":
        return (
            "kernel.apparmor_restrict_unprivileged_userns is 1: AppArmor keeps user namespaces from programs without a profile "
            "(sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 allows them)"
        )
    if refused and read("/proc/sys/kernel/unprivileged_userns_clone").strip() == "0":
        return (
            "kernel.unprivileged_userns_clone is 0: only root may make user namespaces "
            "(sysctl -w kernel.unprivileged_userns_clone=1 allows them)"
        )
    if refused and re.search(r"(?m)^Seccomp:\s*2$", read("/proc/self/status")):
        return (
            "a seccomp filter forbids it, as container runtimes set by default "
            f"(docker run --security-opt seccomp=unconfined allows it); it failed at: {step}, EPERM"
        )
    name = errno.errorcode.get(error, str(error))
    return f"the system refused at: {step}" + (f", {name} ({os.strerror(error)})" if error else "")


def trouble() -> str:
    """Why there can be no sandbox here; empty when there can."""
    told = tried()
    return rule(told["step"], told["errno"]) if told else ""
