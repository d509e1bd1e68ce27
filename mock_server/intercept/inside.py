"""The way into the sandbox: `python -I -S inside.py PLAN COMMAND...` becomes the command, in namespaces of its own.

A program of its own, standard library only, so that it can stand between any two processes: it keeps its pid, its standard
streams, and, once it is the command, the exit code. PLAN is JSON: `door` (a Unix socket), `mounts` ([file, over which file])
and, for tests, `user`: a user namespace even for root.

It raises a network that is loopback alone, covers the system's files, listens on 127.0.0.1:443 and 127.0.0.1:53, hands both
sockets out through the door, and waits for "go": a socket stays in the namespace where it was made, so the mock serves from
outside. Whatever fails, the command does not run: exit 125, and the door is told {step, errno}. Without a command it only
tries, and prints the same.
"""

import ctypes
import errno
import fcntl
import json
import os
import signal
import socket
import struct
import sys
from contextlib import suppress

# linux/sched.h, linux/mount.h, linux/sockios.h, linux/if.h
NEW_NS, NEW_USER, NEW_NET = 0x00020000, 0x10000000, 0x40000000
READ_ONLY, REMOUNT, BIND, RECURSIVE, PRIVATE = 1, 32, 4096, 16384, 1 << 18
GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 1
#: A remount may not drop these from a mount that a stronger namespace made: statvfs flag -> mount flag.
KEPT = {2: 2, 4: 4, 8: 8, 1024: 1024, 2048: 2048, 4096: 1 << 21}

NOT_RUN, NOT_EXECUTABLE, NOT_FOUND = 125, 126, 127


class Failed(Exception):
    """A step that the system refused."""

    def __init__(self, step: str, error: int) -> None:
        super().__init__(step, error)
        self.step, self.error = step, error


class Step:
    """Names what is being done: an OSError becomes Failed."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: object, __: object) -> None:
        if isinstance(error, OSError):
            raise Failed(self.name, error.errno or 0) from None


libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int) -> None:
    """Raises OSError."""
    if result != 0:
        raise OSError(ctypes.get_errno(), "")


def write(path: str, text: str) -> None:
    with open(path, "w") as file:  # noqa: PTH123  # pathlib costs this program a third of its start
        file.write(text)


def own_namespaces(user: bool) -> None:
    """Root needs no user namespace, and keeps its rights over everybody's files without one. Raises Failed."""
    if os.geteuid() == 0 and not user:
        try:
            checked(libc.unshare(NEW_NET | NEW_NS))
            return
        except OSError as error:
            if error.errno != errno.EPERM:  # a container's root has no such right, and may have the other
                raise Failed("network namespace", error.errno or 0) from None
    uid, gid = os.geteuid(), os.getegid()
    with Step("user namespace"):
        checked(libc.unshare(NEW_USER))
    with Step("user map"):
        with suppress(FileNotFoundError):
            write("/proc/self/setgroups", "deny")
        write("/proc/self/uid_map", f"{uid} {uid} 1")
        write("/proc/self/gid_map", f"{gid} {gid} 1")
    with Step("network namespace"):
        checked(libc.unshare(NEW_NET | NEW_NS))


def raise_loopback() -> None:
    """Raises Failed."""
    with Step("loopback"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(any_socket, GET_FLAGS, request))[1]
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh22x", b"lo", flags | UP))


def cover(pairs: list[list[str]]) -> None:
    """Each file over another, read-only. Raises Failed."""
    with Step("private mounts"):
        checked(libc.mount(b"none", b"/", None, RECURSIVE | PRIVATE, None))
    for source, target in pairs:
        with Step(f"mount over {target}"):
            there = os.fsencode(target)
            checked(libc.mount(os.fsencode(source), there, None, BIND, None))
            has = os.statvfs(there).f_flag
            kept = sum(mount for vfs, mount in KEPT.items() if has & vfs)
            checked(libc.mount(None, there, None, REMOUNT | BIND | READ_ONLY | kept, None))


def doors() -> list[socket.socket]:
    """Raises Failed."""
    with Step("listening on 127.0.0.1:443"):
        web = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        web.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        web.bind(("127.0.0.1", 443))
        web.listen(1024)
    with Step("listening on 127.0.0.1:53"):
        names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        names.bind(("127.0.0.1", 53))
    return [web, names]


def enter(plan: dict[str, object]) -> list[socket.socket]:
    """Raises Failed."""
    own_namespaces(bool(plan.get("user")))
    raise_loopback()
    cover(plan["mounts"])  # type: ignore[arg-type]  # the plan is our own
    return doors()


def become(argv: list[str]) -> None:
    """The command, with the signals that Python ignores as they usually are."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(argv[0], argv)
    except OSError as error:
        hint = ": a script needs a first line like #!/bin/sh" if error.errno == errno.ENOEXEC else ""
        sys.stderr.write(f"nemovideo-mock: {argv[0]}: {error.strerror}{hint}\n")
        os._exit(NOT_FOUND if error.errno == errno.ENOENT else NOT_EXECUTABLE)


def main(plan: dict[str, object], argv: list[str]) -> None:
    if not argv:
        try:
            enter(plan)
        except Failed as failed:
            print(json.dumps({"step": failed.step, "errno": failed.error}))
        return
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        door.connect(str(plan["door"]))  # before its path may be covered
        ours = enter(plan)
        socket.send_fds(door, [b"{}"], [one.fileno() for one in ours])
        if door.recv(2) != b"go":  # no time limit: faketime may make our clock run, and a mock that ends closes the door
            raise OSError(errno.ECONNREFUSED, "the mock is gone")
    except Failed as failed:
        with suppress(OSError):
            door.send(json.dumps({"step": failed.step, "errno": failed.error}).encode())
        sys.stderr.write(f"nemovideo-mock: not run: sandbox: {failed.step}: {os.strerror(failed.error)}\n")
        sys.exit(NOT_RUN)
    except OSError as error:
        sys.stderr.write(f"nemovideo-mock: not run: sandbox: {error.strerror or error}\n")
        sys.exit(NOT_RUN)
    for one in (door, *ours):
        one.close()
    become(argv)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
