"""Imported by every Python that a command starts with this folder on PYTHONPATH: our hosts lead to the mock, waits take less.

It runs in the user's own Python, whatever its version (3.6 or newer): no package of ours, nothing but the standard library.
The variable NEMOVIDEO_MOCK_HOOK is JSON: `hosts`, `owners` (domains of the real service: what is no host of ours is refused),
`port` (0: leave the network alone), `proxy` (its port: it is told of what is refused here), `rate`, `start` (wall clock and monotonic clock when the clocks were one),
`locks` (libfaketime makes the clocks, and forgets the waits of threads).
"""

# Older Pythons import this, too, and it must start fast.
# ruff: noqa: UP031, RUF005, PTH120
# mypy: ignore-errors
import json
import os
import sys


def redirect(hosts, owners, port, proxy):
    import socket

    marker = "127.77.77.1"  # nobody connects to it: it says that the name was one of ours
    getaddrinfo, connect, connect_ex = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex

    def tell(name):
        try:
            with socket.create_connection(("127.0.0.1", proxy), 5) as peer:
                peer.sendall(b"CONNECT %s:443 HTTP/1.1\r\n\r\n" % name.encode("ascii", "replace"))
                peer.recv(1)
        except OSError:
            pass

    def look_up(host, *args, **more):
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if isinstance(name, str):
            name = name.lower().rstrip(".")
            if name in hosts:
                host = marker
            elif any(name == owner or name.endswith("." + owner) for owner in owners):
                tell(name)
                raise socket.gaierror(socket.EAI_NONAME, "nemovideo-mock: %s belongs to the real service" % name)
        return getaddrinfo(host, *args, **more)

    def instead(address):
        name = address[0] if isinstance(address, tuple) and address else None
        if isinstance(name, str) and (name == marker or name.lower().rstrip(".") in hosts):
            return ("127.0.0.1", port if address[1] == 443 else 1) + tuple(address[2:])
        return address

    socket.getaddrinfo = look_up
    socket.socket.connect = lambda self, address: connect(self, instead(address))
    socket.socket.connect_ex = lambda self, address: connect_ex(self, instead(address))


def hurry(rate, wall_s, mono_s):
    """The clocks of `time` run `rate` times as fast, from where they were at `start`; what waits waits so much less."""
    import time

    real, real_ns, mono, sleep = time.time, time.time_ns, time.monotonic, time.sleep
    perf, perf_ns, mono_ns = time.perf_counter, time.perf_counter_ns, time.monotonic_ns
    perf_s = perf() - (mono() - mono_s)  # where it was when the others began
    start_ns, mono_start_ns, perf_start_ns = int(wall_s * 1e9), int(mono_s * 1e9), int(perf_s * 1e9)

    time.time = lambda: wall_s + (real() - wall_s) * rate
    time.time_ns = lambda: start_ns + int((real_ns() - start_ns) * rate)
    time.monotonic = lambda: mono_s + (mono() - mono_s) * rate
    time.monotonic_ns = lambda: mono_start_ns + int((mono_ns() - mono_start_ns) * rate)
    time.perf_counter = lambda: perf_s + (perf() - perf_s) * rate
    time.perf_counter_ns = lambda: perf_start_ns + int((perf_ns() - perf_start_ns) * rate)
    time.sleep = lambda seconds: sleep(seconds / rate)

    # Those that begin with what the clocks say now.
    import select
    import selectors
    import socket
    import threading

    def less(timeout):
        return timeout if timeout is None or timeout < 0 else timeout / rate

    for name in ("SelectSelector", "PollSelector", "EpollSelector", "DevpollSelector", "KqueueSelector"):
        kind = getattr(selectors, name, None)
        if kind is not None and "select" in vars(kind):
            kind.select = _waiting(kind.select, less)
    wait, join, settimeout = threading.Condition.wait, threading.Thread.join, socket.socket.settimeout
    threading.Condition.wait = lambda self, timeout=None: wait(self, less(timeout))
    threading.Thread.join = lambda self, timeout=None: join(self, less(timeout))
    gettimeout = socket.socket.gettimeout
    socket.socket.settimeout = lambda self, value: settimeout(self, less(value))

    def told_timeout(self):
        value = gettimeout(self)
        return value if value is None else value * rate

    socket.socket.gettimeout = told_timeout
    set_default, default = socket.setdefaulttimeout, socket.getdefaulttimeout
    socket.setdefaulttimeout = lambda value: set_default(less(value))
    socket.getdefaulttimeout = lambda: None if default() is None else default() * rate
    plain = select.select
    select.select = lambda r, w, x, timeout=None: plain(r, w, x, less(timeout))


def _waiting(select, less):
    return lambda self, timeout=None: select(self, less(timeout))


def patient_locks():
    """Under libfaketime a lock with a timeout waits for a moment of the real clock that the sped-up one has named: for ever.

    https://github.com/wolfcw/libfaketime/issues/390. Looking again and again takes its place.
    """
    import threading
    import time

    allocate = threading._allocate_lock

    class Lock:
        def __init__(self):
            self.lock = allocate()
            self.release, self.locked = self.lock.release, self.lock.locked

        def acquire(self, blocking=True, timeout=-1):
            if not blocking or timeout is None or timeout < 0:
                return self.lock.acquire(blocking)
            end = time.monotonic() + timeout
            while not self.lock.acquire(False):
                left = end - time.monotonic()
                if left <= 0:
                    return False
                time.sleep(min(left, 0.05))
            return True

        def __enter__(self):
            return self.lock.acquire()

        def __exit__(self, *_):
            self.lock.release()

    threading._allocate_lock = Lock  # Condition.wait makes its locks by that name
    join = threading.Thread.join

    def looked_at(self, timeout=None):
        if timeout is None or timeout < 0:
            return join(self, timeout)
        end = time.monotonic() + timeout
        while self.is_alive() and time.monotonic() < end:
            time.sleep(0.05)

    threading.Thread.join = looked_at


def go_on(here):
    """Whatever sitecustomize the user has comes after ours."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    spec = PathFinder.find_spec("sitecustomize", [path for path in sys.path if os.path.realpath(path or ".") != here])
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


def main():
    told = json.loads(os.environ.get("NEMOVIDEO_MOCK_HOOK", "{}"))
    if told.get("port"):
        redirect(frozenset(told["hosts"]), told["owners"], told["port"], told["proxy"])
    if told.get("rate", 1) != 1:
        hurry(told["rate"], *told["start"])
    if told.get("locks"):
        patient_locks()
    go_on(os.path.dirname(os.path.realpath(__file__)))


main()
