"""A blocking client in a thread of its own, so that the test can move the clock meanwhile."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import Generic, TypeVar

T = TypeVar("T")


class Started(Generic[T]):
    """A call that was started; `why` tells what it may be waiting for."""

    def __init__(self, work: Callable[[], T], name: str, why: Callable[[], str]) -> None:
        self.name, self._work, self._why = name, work, why
        self._future: Future[T] = Future()
        self._looked = False
        self._thread = threading.Thread(target=self._run, name=f"nemo {name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            value = self._work()
        except BaseException as error:
            self._future.set_exception(error)
        else:
            self._future.set_result(value)

    @property
    def done(self) -> bool:
        return self._future.done()

    def result(self, timeout_s: float = 10.0) -> T:
        """What the call gave, waiting at most `timeout_s` real seconds. Raises what it raised, and TimeoutError."""
        self._looked = True
        try:
            return self._future.result(timeout_s)
        except NotYet:
            if self.done:  # the call's own
                raise
        raise TimeoutError(f"{self.name} has not ended in {timeout_s:g} s; {self._why()}")

    def missed(self) -> BaseException | None:
        """An error that nobody asked for."""
        return None if self._looked or not self.done else self._future.exception()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)
