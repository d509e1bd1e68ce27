"""What a reader can hold in mind of a world: the model that random operations and time are held against.

It knows four things only: who owns what, when a token, window or render changes, what each running turn's script says
for which instant, and what is in each purse. Every operation is done to two worlds: one takes time instant by instant,
its twin in one leap. They must stay equal to the byte.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any, TypeVar

import msgspec

from mock_server import snapshot
from mock_server.domain import credits, drafts, lifecycle, renders, tokens
from mock_server.domain import world as service
from mock_server.domain.accounts import Account
from mock_server.domain.errors import BadToken, Forbidden, ServiceError, SessionNotFound
from mock_server.domain.ids import Dice
from mock_server.domain.scene import Draft
from mock_server.domain.script import Script
from mock_server.domain.sessions import Session
from mock_server.domain.settings import Settings, changed
from mock_server.domain.world import World
from mock_server.faults import FaultBook

T = TypeVar("T")

START_MS = 1773964800000


@dataclass
class Pass:
    """A token as its holder knows it."""

    value: str
    user_id: str
    scopes: tuple[str, ...]
    ends_ms: int
    revoked: bool = False

    def state(self, now_ms: int) -> str:
        return "revoked" if self.revoked else "expired" if now_ms >= self.ends_ms else "valid"


@dataclass
class Purse:
    available: int
    frozen: int = 0
    settled: int = 0
    released: int = 0


@dataclass
class Project:
    """A session: what its owner uploaded, and what the effects so far make of its draft."""

    id: str
    task_id: str
    user_id: str
    draft: Draft
    media: list[tuple[str, bool]] = field(default_factory=list)  # URL, generated
    edits: int = 0
    paid_edits: int = 0
    silent_run: int = 0
    begun: int = 0  # turns that began to run
    running: int = 0


@dataclass
class Play:
    """A running or finished turn: its script as it stood when it began."""

    id: str
    project: Project
    script: Script
    started_ms: int
    cost: int
    alone: bool
    before: dict[str, Any]
    done: int = 0
    state: str = "running"
    told: list[bytes] = field(default_factory=list)

    def next_ms(self) -> int:
        steps = self.script.steps
        return self.started_ms + (steps[self.done].at_ms if self.done < len(steps) else self.script.ends_ms)


@dataclass
class Job:
    user_id: str
    id: str
    submitted_ms: int
    starts_ms: int
    ends_ms: int
    state: str = "pending"


def copied(thing: T) -> T:
    return msgspec.json.decode(msgspec.json.encode(thing), type=type(thing))


def written(world: World) -> bytes:
    return snapshot.freeze(world, FaultBook(Dice("")))


def seen(outcome: Any) -> Any:
    """What a client could tell two outcomes apart by."""
    if isinstance(outcome, ServiceError):
        return type(outcome), outcome.message
    return msgspec.json.encode(outcome)


def reachable(table: lifecycle.Table, before: str, after: str) -> bool:
    """Whether some moves of the table, or none, lead from one state to the other."""
    states = {before}
    for _ in table:
        states |= {end for (start, _), end in table.items() if start in states}
    return after in states


class Model:
    """Two worlds, and what must be true of them. Assertions name the law that they hold."""

    world: World
    twin: World

    def start(self, given: dict[str, Any], seed: str) -> None:
        wanted = changed(Settings(), given)
        self.world = service.create("w", seed, wanted, START_MS)
        self.twin = service.create("w", seed, wanted, START_MS)
        self.given = self.world.settings  # a strict world varies what nobody asked for
        self.now_ms = START_MS
        self.passes: list[Pass] = []
        self.purses: dict[str, Purse] = {}
        self.plans: dict[str, str] = {}
        self.taken: dict[str, list[int]] = {}
        self.projects: list[Project] = []
        self.waiting: dict[str, Project] = {}
        self.turn_states: dict[str, str] = {}
        self.plays: dict[str, Play] = {}
        self.agenda: list[tuple[int, int, str]] = []
        self.scheduled = 0
        self.jobs: dict[tuple[str, str], Job] = {}
        self.claims: dict[str, tuple[str, int]] = {}

    # doing the same to both

    def both(self, work: Callable[[World], Any]) -> Any:
        outcomes = []
        for world in (self.world, self.twin):
            try:
                outcomes.append(work(world))
            except ServiceError as refusal:
                outcomes.append(refusal)
        mine, other = outcomes
        assert seen(mine) == seen(other), "equal worlds answer equally"
        self.look()
        return mine

    def as_caller(self, holder: Pass, scope: str, work: Callable[[World, Account], Any]) -> Any:
        """What the operation gave; None when the token was refused, as it had to be."""
        outcome = self.both(lambda world: work(world, service.authenticate(world, f"Bearer {holder.value}", scope)))
        wrong: type[ServiceError] | None = None
        if holder.state(self.now_ms) != "valid":
            wrong = BadToken
        elif "*" not in holder.scopes and scope not in holder.scopes:
            wrong = Forbidden
        if wrong is not None:
            assert type(outcome) is wrong, (
                f"a token that is {holder.state(self.now_ms)} with {holder.scopes} does not open {scope}"
            )
            return None
        assert not isinstance(outcome, BadToken | Forbidden), "a valid token with the scope opens"
        return outcome

    def in_session(self, holder: Pass, scope: str, project: Project, work: Callable[[World, Account, Session], Any]) -> Any:
        """What the operation gave; None when token or session was refused, as it had to be."""
        outcome = self.as_caller(
            holder, scope, lambda world, account: work(world, account, service.find_session(world, account, project.id))
        )
        if outcome is None:
            return None
        if holder.user_id != project.user_id:
            assert isinstance(outcome, SessionNotFound), "a session is there for its owner alone"
            return None
        assert not isinstance(outcome, SessionNotFound), "a session is there for its owner"
        return outcome

    def holder(self, who: int, project: Project) -> Pass:
        if who > 6:
            return self.passes[who % len(self.passes)]
        if who == 6:
            return [one for one in self.passes if one.user_id != project.user_id][-1]
        newest = [one for one in self.passes if one.user_id == project.user_id][-1]
        return newest if newest.state(self.now_ms) == "valid" else self.renew(project)

    def renew(self, project: Project) -> Pass:
        """The owner of a session gets another token."""
        token = self.both(lambda world: service.issue_token(world, world.accounts[project.user_id], ("*",), 3600))
        self.passes.append(Pass(token.value, token.user_id, ("*",), self.now_ms + 3_600_000))
        return self.passes[-1]

    def project(self, which: int) -> Project:
        return self.projects[which % len(self.projects)]

    def let_pass(self, until_ms: int) -> None:
        while (due_ms := self.world.timeline.next_ms()) is not None and due_ms <= until_ms:
            service.advance(self.world, due_ms)
            next_ms = self.world.timeline.next_ms()
            assert next_ms is None or next_ms > due_ms, "what was due has happened"
            self.now_ms = max(self.now_ms, due_ms)
            self.look()
        service.advance(self.world, until_ms)
        self.now_ms = max(self.now_ms, until_ms)
        self.look()
        service.advance(self.twin, until_ms)

    # the model follows

    def look(self) -> None:
        """What has just happened: all steps that are due, and the turns that then left the queue."""
        while self.agenda and self.agenda[0][0] <= self.now_ms:
            at_ms, _, turn_id = heappop(self.agenda)
            self.turn_moves(self.plays[turn_id], at_ms)
        for turn_id, project in list(self.waiting.items()):
            if self.world.turns[turn_id].state != "waiting":
                del self.waiting[turn_id]
                self.turn_begins(turn_id, project)
            assert turn_id not in self.waiting or project.running, "a turn waits behind another, and no longer"
        self.render_law()

    def turn_begins(self, turn_id: str, project: Project) -> None:
        turn, given, purse = self.world.turns[turn_id], self.given, self.purses[project.user_id]
        assert turn.script is not None, "a turn that runs has a script"
        script = copied(turn.script)
        assert turn.started_ms == self.now_ms, "a turn starts when it is accepted, or when the one before it ends"
        assert all(a.at_ms <= b.at_ms for a, b in pairwise(script.steps)), "the steps of a script ascend"
        assert not script.steps or script.steps[-1].at_ms <= script.ends_ms, "no step comes after the end"
        instants = [0, *(step.at_ms for step in script.steps if step.event), script.ends_ms]
        longest_ms = max(b - a for a, b in pairwise(instants))
        assert longest_ms <= round(given.heartbeat_interval_s * 1000), "no silence is longer than a heartbeat's interval"
        spells = {"text": given.text_s, "edit": given.edit_s, "generation": given.generation_s}
        refused = [h for h in self.world.happened if h.what == "credits.refused" and h.at_ms == self.now_ms]
        if refused and script.kind == "text" and not turn.cost:
            assert refused[-1].detail["needed"] > purse.available, "who can pay is not refused"
        else:
            low, high = spells[script.kind]
            assert low * 1000 <= script.ends_ms + 1 and script.ends_ms <= high * 1000, "a turn takes the time of its kind"
        if script.kind == "generation":
            price = given.cost_generation
        elif script.kind == "edit" and (given.edit_charge == "turn" or not project.paid_edits):
            price = given.cost_edit
            project.paid_edits += 1
        else:
            price = 0
        assert turn.cost == price, "a generation has its price, editing has one a session or one a turn, words are free"
        assert price <= purse.available, "no turn runs that cannot be paid"
        purse.available -= price
        purse.frozen += price
        if script.kind == "edit":
            project.silent_run = project.silent_run + 1 if script.silent else 0
            assert project.silent_run <= given.silent_run_max, "silent edits in a row are bounded"
        project.begun += 1
        project.running += 1
        if project.running > 1:
            assert given.concurrent_turns == "allow", "two turns run at once only where that is allowed"
            for other in self.plays.values():
                other.alone = other.alone and not (other.project is project and other.state == "running")
        before = drafts.spell(project.draft, self.world.spelling)
        play = Play(turn_id, project, script, self.now_ms, price, project.running == 1, before)
        self.plays[turn_id] = play
        self.schedule(play)

    def schedule(self, play: Play) -> None:
        self.scheduled += 1
        heappush(self.agenda, (play.next_ms(), self.scheduled, play.id))

    def turn_moves(self, play: Play, at_ms: int) -> None:
        script, project = play.script, play.project
        if play.done < len(script.steps):
            step = script.steps[play.done]
            for effect in step.effects:
                if effect.op == "add_asset":
                    project.media.append((effect.args["cdn_url"], True))
                else:
                    drafts.apply(project.draft, copied(effect))
            if step.event is not None:
                play.told.append(msgspec.json.encode({"at_ms": at_ms, "event": step.event}))
            play.done += 1
            self.schedule(play)
            return
        play.state = "failed" if script.failed else "ended"
        project.running -= 1
        project.edits += any(step.effects for step in script.steps)
        purse = self.purses[project.user_id]
        purse.frozen -= play.cost
        if script.failed:
            purse.available += play.cost
            purse.released += play.cost
            project.paid_edits -= script.kind == "edit" and play.cost > 0
        else:
            purse.settled += play.cost
        said = any(step.event and step.event.kind in ("text", "error") for step in script.steps)
        assert said != script.silent, "a turn says something, unless it is silent"
        assert not script.silent or script.kind == "edit", "only edits are silent"
        if not said and play.alone:
            assert drafts.spell(project.draft, self.world.spelling) != play.before, "a silent edit did change the draft"

    # what always holds

    def laws(self) -> None:
        world = self.world
        assert world.now_ms == self.now_ms, "time passes as told and never goes back"
        self.happenings_law()
        for user_id, purse in self.purses.items():
            self.credits_law(user_id, purse)
        for project in self.projects:
            self.state_law(project, service.state_of(world, world.sessions[project.id]))
        self.turn_law()
        for holder in self.passes:
            state = tokens.state(world.tokens[holder.value], self.now_ms)
            assert state == holder.state(self.now_ms), "a token is valid until its end, or until it is revoked"
        assert written(world) == written(self.twin), "equal worlds that are asked the same stay equal"

    def happenings_law(self) -> None:
        happened = self.world.happened
        assert all(a.at_ms <= b.at_ms for a, b in pairwise(happened)), "what happened is noted in order of time"
        assert seen(happened) == seen(self.twin.happened), "time in small steps does what time in a leap does"
        for world in (self.world, self.twin):
            world.happened.clear()
            world.moved.clear()

    def credits_law(self, user_id: str, purse: Purse) -> None:
        ledger = self.world.ledgers[user_id]
        balance = credits.balance(ledger)
        assert balance.available + balance.frozen == balance.total, "available and frozen make the total"
        assert balance.available >= 0 and balance.frozen >= 0, "no balance is below nothing"
        assert (balance.available, balance.frozen) == (purse.available, purse.frozen), (
            "the balance is what was granted, held, spent"
        )
        plays = [play for play in self.plays.values() if play.project.user_id == user_id]
        frozen = sum(play.cost for play in plays if play.state == "running")
        assert balance.frozen == frozen, "frozen is the price of what runs"
        settled = sum(play.cost for play in plays if play.state == "ended")
        assert credits.spent(ledger) == settled == purse.settled, "spent is the price of what ended well"
        assert all(a.at_ms <= b.at_ms for a, b in pairwise(ledger.entries)), "a ledger ascends in time"
        holds = [entry.ref for entry in ledger.entries if entry.kind == "hold"]
        closed = [entry.ref for entry in ledger.entries if entry.kind in ("settle", "release")]
        assert len(set(holds)) == len(holds) and len(set(closed)) == len(closed), "a turn is held once and closed once"
        assert set(closed) <= set(holds), "only what is held is closed"

    def state_law(self, project: Project, state: dict[str, Any]) -> None:
        expected: Any = drafts.spell(project.draft, self.world.spelling)
        if not project.draft.tracks and not project.edits and self.given.initial_draft != "empty":
            expected = None
        assert state.get("draft") == expected, "the draft is what the effects so far make of it"
        absent = expected is None and self.given.initial_draft == "absent"
        assert ("draft" in state) != absent, "the setting says whether there is a draft before the first edit"
        media = [info["cdn_url"] for info in state["video_infos"]]
        assert media == [url for url, _ in project.media], "media are what was uploaded and generated so far"
        made = [info["cdn_url"] for info in state["generated_media"]]
        assert made == [url for url, generated in project.media if generated], "generated media are told apart"

    def turn_law(self) -> None:
        for turn_id, before in self.turn_states.items():
            turn = self.world.turns[turn_id]
            assert reachable(lifecycle.TURN, before, turn.state), "a turn moves along its lifecycle"
            self.turn_states[turn_id] = turn.state
            play = self.plays.get(turn_id)
            assert turn.state == (play.state if play else "waiting"), "a turn runs until its end, whoever listens"
            told = [msgspec.json.encode(one) for one in turn.told]
            assert told == (play.told if play else []), "what is told is the script so far, and stays"
            if play is not None and turn.ended_ms is not None:
                assert turn.ended_ms == play.started_ms + play.script.ends_ms, "a turn ends when its script does"

    def render_law(self) -> None:
        for (user_id, render_id), job in self.jobs.items():
            render = self.world.renders.get(f"{user_id}/{render_id}")
            assert render is not None, "a render submitted stays"
            status = renders.status(render, self.now_ms)
            assert reachable(lifecycle.RENDER, job.state, status), "a render moves along its lifecycle"
            job.state = status
            if status == "cancelled":
                continue
            expected = "pending" if self.now_ms < job.starts_ms else "processing"
            if self.now_ms >= job.ends_ms:
                expected = "failed" if render.error else "completed"
            assert status == expected, "a render is done at its time, neither sooner nor later"
            assert (render.user_id, render.submitted_ms) == (user_id, job.submitted_ms), "a render stays what was submitted"
