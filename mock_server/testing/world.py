"""What a test holds in its hands: a world, its clock, its journal."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal, ParamSpec, TypeVar

import anyio.to_thread

from mock_server import contract, faults
from mock_server.domain import world as doing
from mock_server.domain.settings import Settings
from mock_server.faults import Armed
from mock_server.pacing import Policy
from mock_server.scenario import Scenario
from mock_server.testing import account, waiting
from mock_server.testing.asgi import ASGIApp, application
from mock_server.testing.exchanges import Entry, Exchange, exchanges
from mock_server.testing.plan import read_plan
from mock_server.testing.service import Service
from mock_server.testing.started import Started

P = ParamSpec("P")
T = TypeVar("T")

ENDING_S = 5.0


class MockWorld:
    """Every method may be called from any thread, and from a coroutine; those that wait have a twin `async_...` for coroutines."""

    def __init__(self, service: Service, name: str, scenario: Scenario | None, variables: dict[str, str]) -> None:
        self.service = service
        self.live = service.worlds.known(name)
        self.noted: list[tuple[int, Entry]] = []
        self.started: list[Started[Any]] = []
        self.variables = variables
        self.start_ms = self.live.world.now_ms
        self.name = name
        #: The scenario the world began with, or None; `scenario.messages` are what its user says.
        self.scenario = scenario

    # where a client finds it

    @property
    def url(self) -> str:
        """The base URL, over a port of loopback. Raises ServeError."""
        return f"{self.service.url}/w/{self.name}"

    @property
    def app(self) -> ASGIApp:
        """An ASGI application, for clients in process: the world is at the root of any host."""
        return application(self.service, self.name)

    @property
    def environment(self) -> dict[str, str]:
        """Variables for a client: NEMO_API_URL, and what the scenario gives it (NEMO_TOKEN, NEMO_CLIENT_ID)."""
        return {"NEMO_API_URL": self.url, **self.variables}

    # time

    @property
    def now_s(self) -> float:
        """Virtual seconds since the world began."""
        return (self._now_ms() - self.start_ms) / 1000

    @property
    def now(self) -> datetime:
        """The virtual instant, in UTC."""
        return datetime.fromtimestamp(self._now_ms() / 1000, UTC)

    @property
    def clock(self) -> Policy:
        """manual, instant or real; can be set."""
        return self.live.clock.policy

    @clock.setter
    def clock(self, policy: Policy) -> None:
        self.set_clock(policy)

    def set_clock(self, policy: Policy, rate: float = 1.0) -> None:
        """Time goes on from where it is, in another way. Raises PlanError."""
        plan = read_plan({"clock": policy} | ({"rate": rate} if rate != 1.0 else {}))
        self.service.do(lambda: self.live.set_clock(plan.clock, plan.rate))

    def advance(self, seconds: float) -> list[Entry]:
        """Let virtual time pass. Returns when all that became due is written to the open streams; gives the journal's entries about
        what happened in the world. Raises ValueError for time that would go back, TimeoutError where a client does not read.
        """
        if not 0 <= seconds <= 1e9:
            raise ValueError(
                f"advance({seconds!r}): give virtual seconds from 0 to 1e9; for time to go back, rewind to a checkpoint"
            )
        return self.service.call(self._pass(round(seconds * 1000)))

    async def async_advance(self, seconds: float) -> list[Entry]:
        """The same; the event loop goes on meanwhile."""
        return await anyio.to_thread.run_sync(self.advance, seconds)

    async def _pass(self, ms: int) -> list[Entry]:
        live = self.live
        live.catch_up()
        before = live.journal.last
        until_ms = live.world.now_ms + ms
        live.advance(until_ms)
        happened = list(live.journal.entries(before, "world"))
        if not await live.advance_and_write(until_ms):
            raise TimeoutError("time has passed, but a client does not read its stream")
        return happened

    def _now_ms(self) -> int:
        return self.service.do(lambda: self.live.clock.now_ms(self.live.world.now_ms))

    # what was asked, and waiting for it

    def journal(self, kind: str | None = None, operation: str | None = None) -> list[Entry]:
        """Entries of the journal, oldest first; of an operation: its requests and what belongs to them. Raises ValueError."""
        waiting.known("a journal has no entries of the kind", kind, waiting.KINDS)
        waiting.known("the API has no operation", operation, contract.load().operations)
        return self.service.do(lambda: list(self.live.journal.entries(0, kind, operation)))

    def requests(self, operation: str | None = None) -> list[Exchange]:
        """Requests with their answers, oldest first. Raises ValueError for an operation that the API does not have."""
        return exchanges(self.journal(operation=operation), f"/w/{self.name}")

    def wait_for(self, what: str | Callable[[Entry], bool], timeout_s: float = 10.0, count: int = 1) -> Entry:
        """Wait, at most `timeout_s` real seconds, until the client has got there; what has been already counts.

        An operation: until `count` requests of it are answered, or their streams begun, or a fault has met them. A function: until
        an entry of the journal satisfies it. Gives the entry. Raises TimeoutError, ValueError.
        """
        if waiting.in_a_loop():
            raise RuntimeError("wait_for would stop the event loop of the client it waits for; await async_wait_for instead")
        return self._wait_for(what, timeout_s, count)

    async def async_wait_for(self, what: str | Callable[[Entry], bool], timeout_s: float = 10.0, count: int = 1) -> Entry:
        """The same; the event loop goes on meanwhile."""
        work = partial(self._wait_for, what, timeout_s, count)
        return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)

    def _wait_for(self, what: str | Callable[[Entry], bool], timeout_s: float, count: int) -> Entry:
        take = waiting.met(what, count) if isinstance(what, str) else what
        found = self.service.call(waiting.first(self.live, take, timeout_s), timeout_s + ENDING_S)
        if found is None:
            wanted = f"{count} x {what}" if isinstance(what, str) else "an entry that satisfies the function"
            how = "the world has ended: it was waited" if self.live.closed else f"waited {timeout_s:g} s"
            raise TimeoutError(f"{how} in vain for {wanted}; {account.so_far(self)}")
        return found

    def start(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Started[T]:
        """Call a blocking client in a thread of its own. When the world ends, so do its streams, and the thread is waited for."""
        name = getattr(call, "__qualname__", repr(call))
        made = Started(lambda: call(*args, **kwargs), name, lambda: account.waiting(self))
        self.started.append(made)
        return made

    # what the world is like

    def settings(self, **changes: Any) -> Settings:
        """Change settings, from now on; gives all. Raises SettingError."""

        def inside() -> Settings:
            world = self.live.world
            if changes:
                doing.change_settings(world, changes)
                doing.note(world, "world.settings", world.name, changed={n: getattr(world.settings, n) for n in changes})
                self.live.take_note()
            return world.settings

        return self.service.do(inside)

    def arm(self, what: str, **where: Any) -> Armed:
        """A fault: `arm("reset", operation="run_sse", at="event", number=2, times=1)`; `fired` counts.

        What its kind takes is given by name (`ms=500`), or all of it as `params`. Raises FaultError.
        """
        known = faults.KINDS.get(what)
        own = {name: where.pop(name) for name in [*where] if known and name in known.params}
        told = {"params": own, **where} if known else {}
        fault = faults.read({"what": what, **told}, contract.load())

        def inside() -> Armed:
            armed = faults.arm(self.live.faults, fault, self.live.world.now_ms)
            doing.note(self.live.world, "fault.armed", fault.name or str(armed.id), fault=asdict(fault))
            self.live.take_note()
            return armed

        return self.service.do(inside)

    def disarm(self) -> None:
        """All faults."""

        def inside() -> None:
            for armed in faults.disarm(self.live.faults):
                doing.note(self.live.world, "fault.disarmed", armed.fault.name or str(armed.id), fired=armed.fired)
            self.live.take_note()

        self.service.do(inside)

    def token(
        self,
        kind: Literal["anonymous", "registered"] = "anonymous",
        plan: str | None = None,
        credits: int | None = None,
        life_s: float | None = None,
        scopes: Iterable[str] | None = None,
    ) -> str:
        """Of a new account, `anonymous` or `registered`; what is not given is as the world's settings say."""
        if kind not in ("anonymous", "registered"):
            raise ValueError(f"kind: {kind!r} is neither anonymous nor registered")

        def inside() -> str:
            world, given = self.live.world, self.live.world.settings
            account = doing.open_account(world, kind, plan, given.free_credits if credits is None else credits)
            usual = given.anonymous_scopes if kind == "anonymous" else ("*",)
            wanted, life = tuple(usual if scopes is None else scopes), given.token_life_s if life_s is None else life_s
            value = doing.issue_token(world, account, wanted, life).value
            self.live.take_note()
            return value

        return self.service.do(inside)

    def checkpoint(self, label: str = "here") -> str:
        """Remember the world as it is; gives the label."""
        self.service.do(lambda: self.service.worlds.checkpoint(self.name, label))
        return label

    def rewind(self, label: str = "here") -> None:
        """Back to a checkpoint: records, time and dice. Open streams end; the journal goes on. Raises NotFound."""

        async def inside() -> None:
            streams = self.live.streams()
            self.service.worlds.rewind(self.name, label)
            await self.live.gone(streams)

        self.service.call(inside())

    # what the client and its user say to each other

    def user_says(self, text: str, files: Iterable[str] = ()) -> None:
        """For verdicts: what the user said to the client, at this instant."""
        self._note("user", text=text, files=list(files))

    def client_says(self, text: str) -> None:
        """For verdicts: what the client showed its user, at this instant."""
        self._note("say", text=text)

    def _note(self, kind: str, **told: Any) -> None:
        self.noted.append((self.live.journal.last, {"kind": kind, "at_ms": self._now_ms(), **told}))

    def trace(self) -> list[Entry]:
        """What the client was given, the journal, and what was said, in order."""
        return account.trace(self)

    # the end

    def account(self) -> str:
        """What happened, for a reader: a line for each of the newest requests."""
        return account.account(self)

    def missed(self) -> BaseException | None:
        """The first error of a started call that nobody asked for the result of."""
        return next((error for one in self.started if (error := one.missed()) is not None), None)

    def close(self) -> None:
        """The world is deleted: its streams end, and then what was started."""

        async def inside() -> None:
            streams = self.live.streams()
            self.service.worlds.delete(self.name)
            await self.live.gone(streams)

        self.service.call(inside())
        for one in self.started:
            one.join(ENDING_S)
