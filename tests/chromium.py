"""Chromium driven through its own debugging pipe: a page looked at, keys pressed, requests counted. No driver, no port."""

import base64
import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
    "about:blank",
]
PATIENCE_S = 30.0


class Browser:
    """One page. Messages are JSON, each ended by a NUL (Chrome DevTools Protocol)."""

    def __init__(self, write_fd: int, read_fd: int) -> None:
        self.write_fd, self.read_fd = write_fd, read_fd
        self.rest = b""
        self.last = 0
        self.events: list[dict[str, Any]] = []
        self.session = ""
        target = self.call("Target.getTargets")["targetInfos"][0]["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def _message(self, until_s: float) -> dict[str, Any]:
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.read_fd], [], [], max(0.0, until_s - monotonic()))
            assert ready, "Chromium does not answer"
            self.rest += os.read(self.read_fd, 1 << 20)
        line, _, self.rest = self.rest.partition(b"\0")
        told: dict[str, Any] = json.loads(line)
        return told

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        self.last += 1
        told = {"id": self.last, "method": method, "params": params} | ({"sessionId": self.session} if self.session else {})
        os.write(self.write_fd, json.dumps(told).encode() + b"\0")
        until_s = monotonic() + PATIENCE_S
        while (answer := self._message(until_s)).get("id") != self.last:
            self.events.append(answer)
        assert "error" not in answer, answer["error"]
        result: dict[str, Any] = answer["result"]
        return result

    def wait(self, method: str) -> None:
        until_s = monotonic() + PATIENCE_S
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self._message(until_s))

    def open(self, url: str, dark: bool = False, width: int = 1280, height: int = 900) -> None:
        self.events.clear()
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=url)
        self.wait("Page.loadEventFired")

    def run(self, script: str) -> Any:
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def key(self, key: str, code: int, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                **({"text": text} if text else {}),
            )

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    @property
    def requests(self) -> list[str]:
        """URLs that the page asked for, itself included."""
        return [event["params"]["request"]["url"] for event in self.events if event.get("method") == "Network.requestWillBeSent"]

    @property
    def complaints(self) -> list[str]:
        """What the console shows: errors of the page and of its policy."""
        told = [event["params"] for event in self.events if event.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown")]
        return [json.dumps(one) for one in told]


@contextmanager
def browser() -> Iterator[Browser]:
    assert CHROMIUM
    to_it, from_us = os.pipe()
    from_it, to_us = os.pipe()
    with TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as folder:

        def hand_over() -> None:
            os.dup2(to_it, 13), os.dup2(to_us, 14)
            os.dup2(13, 3), os.dup2(14, 4)

        process = subprocess.Popen(
            [CHROMIUM, *FLAGS, f"--user-data-dir={folder}"],
            preexec_fn=hand_over,
            pass_fds=(3, 4),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(to_it), os.close(to_us)
        try:
            it = Browser(from_us, from_it)
            yield it
            with suppress(AssertionError, OSError):
                it.session = ""
                it.call("Browser.close")
            process.wait(10)
        finally:
            with suppress(OSError):
                os.killpg(process.pid, 9)
            process.wait(10)
            os.close(from_us), os.close(from_it)
