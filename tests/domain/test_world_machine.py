"""The whole world, driven at random by what clients do and by time passing, held against a model."""

from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from mock_server import snapshot
from mock_server.domain import credits, renders, tokens, uploads
from mock_server.domain import world as service
from mock_server.domain.accounts import Account
from mock_server.domain.errors import (
    BadToken,
    Conflict,
    ExportBlocked,
    MissingClientId,
    NoCredits,
    NotFound,
    RateLimited,
    ServiceError,
    Unprocessable,
    UnsupportedFile,
)
from mock_server.domain.scene import Asset, Draft
from mock_server.domain.sessions import Session
from mock_server.domain.world import World
from tests.domain.model import Job, Model, Pass, Project, Purse, written

BASE = "http://mock.test"
DAY_MS = 86_400_000

MESSAGES = (
    "add lo-fi background music",
    "add a title 'Urban Dreams'",
    "Make a 10 second video of a city at night",
    "what can you do?",
    "cut it to the first 5 seconds and make the music quieter",
    "加一段轻松的背景音乐",
    "生成一个关于城市夜晚的视频",
    "把标题改成“都市”",
    "make it black and white",
    "export the video",
)
#: URL to upload -> its type, or the refusal it meets.
URLS: dict[str, str | type[ServiceError]] = {
    "https://files.test/clip.mp4": "video",
    "https://files.test/photo.png": "image",
    "https://files.test/song.mp3": "audio",
    "https://files.test/stream": "video",
    "https://files.test/setup.exe": UnsupportedFile,
    "ftp://files.test/clip.mp4": Unprocessable,
}
WORLDS = st.fixed_dictionaries(
    {
        "concurrent_turns": st.sampled_from(("allow", "queue", "refuse")),
        "edit_charge": st.sampled_from(("session", "turn")),
        "no_credits": st.sampled_from(("json", "stream")),
        "duplicate_render": st.sampled_from(("refuse", "existing")),
        "client_tokens": st.sampled_from((1, 2)),
        "address_tokens": st.sampled_from((0, 1)),
        "silent_rate": st.sampled_from((1.0, 0.3, 0.0)),
        "silent_run_max": st.sampled_from((1, 2, 0)),
        "render_outcomes": st.sampled_from(((), ("failed",), ("completed", "failed"))),
        "plan": st.sampled_from(("trial", "trial", "trial", "free")),
        "free_credits": st.sampled_from((400, 100, 49)),
        "anonymous_scopes": st.sampled_from((("*",), ("*",), ("*",), ("read", "write", "upload"))),
        "initial_draft": st.sampled_from(("empty", "null", "absent")),
        "profile": st.sampled_from(("plain", "strict")),
        "render_url_life_s": st.sampled_from((0.0, 60.0)),
    }
)
CLIENTS = st.sampled_from(("ann", "ben", "cleo", "dora", "", "<uuid>"))
#: Below 6: the owner of the session, with a token that works; 6: somebody else; above: any token of the world.
WHO = st.integers(0, 8)
WHICH = st.integers(0, 3)
RENDER_IDS = st.sampled_from(("render_1", "导出"))
#: What a client submits that has no draft of its own yet.
PLAIN_DRAFT = {"t": [{"tt": 0, "sg": [{"d": 5000}]}], "d": 5000}


class WorldMachine(Model, RuleBasedStateMachine):
    """Rules are what a client wants, what somebody at the controls does, and time passing."""

    @initialize(given=WORLDS, seed=st.integers(0, 99))
    def begin(self, given: dict[str, Any], seed: int) -> None:
        self.start(given, str(seed))
        self.take_token("ann", "1.1.1.1")
        self.open_session(0, "en", clip=True)
        self.take_token("ben", "2.2.2.2")

    @invariant()
    def laws_hold(self) -> None:
        self.laws()

    # what clients do

    @rule(client=CLIENTS, address=st.sampled_from(("1.1.1.1", "2.2.2.2")))
    def take_token(self, client: str, address: str) -> None:
        given = self.given
        windows = (
            (f"client {client}", given.client_tokens, int(given.client_window_s * 1000)),
            (f"address {address}", given.address_tokens, int(given.address_window_s * 1000)),
        )
        full = any(
            most and len([at for at in self.taken.get(key, []) if self.now_ms - at < span_ms]) >= most
            for key, most, span_ms in windows
        )
        token = self.both(lambda world: service.issue_anonymous_token(world, client, address))
        if client in ("", "<uuid>"):
            assert isinstance(token, MissingClientId), "a token needs a client id"
        elif full:
            assert isinstance(token, RateLimited), "a window gives no more tokens than it holds"
        else:
            assert isinstance(token, tokens.Token), "a window with room gives a token"
            for key, _, _ in windows:
                self.taken.setdefault(key, []).append(self.now_ms)
            assert token.user_id not in self.purses, "an anonymous token opens a new account"
            self.passes.append(
                Pass(token.value, token.user_id, given.anonymous_scopes, self.now_ms + int(given.token_life_s * 1000))
            )
            self.purses[token.user_id] = Purse(given.free_credits)
            self.plans[token.user_id] = given.plan

    @rule(scopes=st.sampled_from((("*",), ("read",), ("read", "write"))), plan=st.sampled_from((None, "free")))
    def register(self, scopes: tuple[str, ...], plan: str | None) -> None:
        def work(world: World) -> tokens.Token:
            return service.issue_token(world, service.open_account(world, "registered", plan, 1000), scopes, 3600)

        token = self.both(work)
        self.passes.append(Pass(token.value, token.user_id, scopes, self.now_ms + 3_600_000))
        self.purses[token.user_id] = Purse(1000)
        self.plans[token.user_id] = plan or "paid"

    @precondition(lambda self: len(self.projects) < 4)
    @rule(who=WHICH, language=st.sampled_from(("en", "zh-CN", "")), clip=st.booleans())
    def open_session(self, who: int, language: str, clip: bool) -> None:
        holder = self.passes[-1 - who % len(self.passes)]
        made = self.as_caller(holder, "write", lambda world, account: service.create_session(world, account, "project", language))
        if made is not None:
            assert made.session_id.isdecimal() and len(made.session_id) == 19, "a session id has 19 digits"
            assert int(made.session_id) > 2**53, "a session id does not fit a double"
            assert made.session_id not in [known.id for known in self.projects], "a session id is new"
            self.projects.append(Project(made.session_id, made.task_id, made.user_id, Draft(title="project")))
            if clip:
                self.upload(0, len(self.projects) - 1, "https://files.test/clip.mp4")

    @rule(who=WHO, which=WHICH, url=st.sampled_from(tuple(URLS)))
    def upload(self, who: int, which: int, url: str) -> None:
        project = self.project(which)

        def work(world: World, account: Account, session: Session) -> list[Asset]:
            added = service.assets_from_urls(world, [url], BASE)
            service.add_assets(world, session, added)
            return added

        added = self.in_session(self.holder(who, project), "upload", project, work)
        expected = URLS[url]
        if added is None:
            return
        if isinstance(expected, type):
            assert type(added) is expected, "an upload that is none of the formats is refused"
            return
        (asset,) = added
        assert asset.file_type == expected, "an upload's type is told by its name"
        project.media.append((asset.cdn_url, False))
        found = self.both(lambda world: service.find_file(world, asset.id, asset.filename))
        assert found == asset, "what was uploaded is found behind its URL"

    @rule(who=WHO, which=WHICH, message=st.sampled_from(MESSAGES))
    def say(self, who: int, which: int, message: str) -> None:
        project = self.project(which)
        purse = self.purses[project.user_id]
        holder = self.holder(who, project)
        busy, waits = project.running > 0, self.given.concurrent_turns == "queue"
        turn = self.in_session(
            holder, "write", project, lambda world, account, session: service.start_turn(world, account, session, message, BASE)
        )
        if turn is None:
            return
        if busy and self.given.concurrent_turns == "refuse":
            assert isinstance(turn, Conflict), "a second turn is refused where the setting says so"
        elif isinstance(turn, NoCredits):
            assert self.given.no_credits == "json", "the setting says how an empty purse is told"
            assert purse.available < max(self.given.cost_generation, self.given.cost_edit), "who can pay is not refused"
        else:
            assert not isinstance(turn, ServiceError), "a message of a client that can pay starts a turn"
            self.turn_states[turn.id] = "waiting"
            if busy and waits:
                assert turn.state == "waiting", "a second turn waits where the setting says so"
                self.waiting[turn.id] = project
            else:
                assert turn.state == "running", "a turn starts at once"
                self.turn_begins(turn.id, project)

    def doom(self) -> None:
        """A scenario lets what runs fail."""
        for play in self.plays.values():
            if play.state == "running":
                play.script.failed = True
                for world in (self.world, self.twin):
                    script = world.turns[play.id].script
                    assert script is not None, "a running turn has a script"
                    script.failed = True

    @rule(who=WHO, which=WHICH)
    def ask(self, who: int, which: int) -> None:
        project = self.project(which)
        holder = self.holder(who, project)
        state = self.in_session(holder, "read", project, lambda world, account, session: service.state_of(world, session))
        if state is not None:
            self.state_law(project, state)
        balance = self.as_caller(holder, "read", service.balance)
        if balance is not None:
            purse = self.purses[holder.user_id]
            assert balance[:2] == (purse.available, purse.frozen), "the balance told is the purse of the caller"

    @rule(who=WHO, which=WHICH, render_id=RENDER_IDS, own=st.sampled_from(({}, PLAIN_DRAFT)), fps=st.sampled_from((24, "x")))
    def submit_render(self, who: int, which: int, render_id: str, own: dict[str, Any], fps: Any) -> None:
        project = self.project(which)
        holder = self.holder(who, project)
        draft = service.state_of(self.world, self.world.sessions[project.id]).get("draft") or own
        job = self.in_session(
            holder,
            "render",
            project,
            lambda world, account, session: service.submit_render(world, account, session, render_id, draft, {"fps": fps}, BASE),
        )
        if job is None:
            return
        key = (holder.user_id, render_id)
        if self.plans[holder.user_id] == "free":
            assert isinstance(job, ExportBlocked), "the free plan has no export"
        elif key in self.jobs and self.given.duplicate_render == "refuse":
            assert isinstance(job, Conflict), "a render id is used once"
        elif key in self.jobs:
            assert job.ends_ms == self.jobs[key].ends_ms, "a render id used again tells the job there is"
        else:
            assert not isinstance(job, ServiceError), "a render with a new id is taken"
            low, high = self.given.render_s
            assert low * 1000 <= job.ends_ms - self.now_ms <= high * 1000, "a render takes the time of the setting"
            assert self.now_ms < job.starts_ms < job.ends_ms, "a render is pending, then processing, then done"
            self.jobs[key] = Job(*key, self.now_ms, job.starts_ms, job.ends_ms)
            assert job.error or draft.get("t"), "a draft without tracks cannot be rendered"

    @rule(who=WHO, which=WHICH, render_id=RENDER_IDS)
    def poll(self, who: int, which: int, render_id: str) -> None:
        holder = self.holder(who, self.project(which))

        def work(world: World, account: Account) -> tuple[str, int]:
            render = service.find_render(world, account, render_id)
            return renders.status(render, world.now_ms), renders.progress(render, world.now_ms)

        answer = self.as_caller(holder, "read", work)
        if answer is None:
            return
        job = self.jobs.get((holder.user_id, render_id))
        if job is None:
            assert isinstance(answer, NotFound), "a render is there for who submitted it alone"
            return
        state, progress = answer
        assert 0 <= progress <= 100 and (progress == 100) == (state == "completed"), (
            "progress is 100 when completed, and only then"
        )
        file = self.both(
            lambda world: service.find_file(world, world.renders[f"{job.user_id}/{job.id}"].asset_id, self.filename(job))
        )
        life_ms = int(self.given.render_url_life_s * 1000)
        there = state == "completed" and (not life_ms or self.now_ms < job.ends_ms + life_ms)
        assert isinstance(file, NotFound) != there, "a file is there when its render is completed, as long as its link works"

    def filename(self, job: Job) -> str:
        return self.world.renders[f"{job.user_id}/{job.id}"].filename

    @rule(who=WHO, which=WHICH, render_id=RENDER_IDS)
    def cancel(self, who: int, which: int, render_id: str) -> None:
        holder = self.holder(who, self.project(which))
        job = self.jobs.get((holder.user_id, render_id))
        before = job.state if job else ""
        answer = self.as_caller(holder, "render", lambda world, account: service.cancel_render(world, account, render_id))
        if answer is None:
            return
        if job is None:
            assert isinstance(answer, NotFound), "a render is there for who submitted it alone"
        elif before == "pending":
            assert not isinstance(answer, ServiceError), "a pending render can be cancelled"
            assert job.state == "cancelled", "a render that was cancelled is so at once"
        else:
            assert isinstance(answer, Conflict), "only a pending render can be cancelled"

    @rule(who=WHO, which=WHICH, task=st.sampled_from(("own", "own", "task_other")))
    def claim(self, who: int, which: int, task: str) -> None:
        project = self.project(which)
        task_id = project.task_id if task == "own" else task
        answer = self.in_session(
            self.holder(who, project),
            "read",
            project,
            lambda world, account, session: service.issue_claim_token(world, account, task_id, project.id),
        )
        if answer is None:
            return
        if task != "own":
            assert isinstance(answer, Unprocessable), "a claim names the session's own task"
            return
        known, ends_ms = self.claims.get(project.id, ("", 0))
        assert (answer.value == known) == (self.now_ms < ends_ms), "a claim token is reused for its life"
        self.claims[project.id] = answer.value, answer.expires_ms
        assert answer.expires_ms > self.now_ms, "a claim token that is given still works"
        refusal = self.both(lambda world: service.authenticate(world, f"Bearer {answer.value}", ""))
        assert isinstance(refusal, BadToken), "a claim token opens nothing of the API"
        again = self.both(lambda world: service.issue_claim_token(world, world.accounts[project.user_id], task_id, project.id))
        assert again == answer, "a claim token is reused for its life"

    @rule(
        which=WHICH,
        plan=st.sampled_from((None, "trial", "free", "paid")),
        amount=st.sampled_from((500, 100, 50, 0, -60, -10_000)),
    )
    def favour(self, which: int, plan: str | None, amount: int) -> None:
        """Somebody at the controls changes plan and credits of an owner."""
        user_id = self.project(which).user_id
        for world in (self.world, self.twin):
            world.accounts[user_id].plan = plan
            credits.grant(world.ledgers[user_id], world.now_ms, amount, "control")
        self.plans[user_id] = plan or (self.given.plan if self.world.accounts[user_id].kind == "anonymous" else "paid")
        self.purses[user_id].available = max(0, self.purses[user_id].available + amount)

    @rule(which=WHICH)
    def revoke(self, which: int) -> None:
        holder = self.passes[-1 - which % len(self.passes)]
        self.both(lambda world: service.revoke_token(world, holder.value))
        holder.revoked = True

    # what time does

    @rule(delta_ms=st.sampled_from((0, 1, 999, 5_000, 30_000, 90_000, 300_000, DAY_MS, -1_000)))
    def pass_time(self, delta_ms: int) -> None:
        self.let_pass(self.now_ms + delta_ms)

    @precondition(lambda self: self.world.timeline.next_ms() is not None)
    @rule()
    def next_due(self) -> None:
        due_ms = self.world.timeline.next_ms()
        assert due_ms is not None
        self.let_pass(due_ms)

    @rule(which=st.integers(0, 99), early=st.booleans())
    def to_an_edge(self, which: int, early: bool) -> None:
        """To the very instant at which something ends, or one millisecond before."""
        link_ms = int(self.given.render_url_life_s * 1000)
        edges = {holder.ends_ms for holder in self.passes} | {ends_ms for _, ends_ms in self.claims.values()}
        for job in self.jobs.values():
            edges |= {job.starts_ms, job.ends_ms, job.ends_ms + link_ms}
        ahead = sorted(edge for edge in edges if edge > self.now_ms)
        if ahead:
            self.let_pass(ahead[which % len(ahead)] - early)

    @rule(client=st.sampled_from(("ann", "ben")), early=st.booleans())
    def come_back(self, client: str, early: bool) -> None:
        """A client asks for a token at the very instant at which its window has room again, or one millisecond before."""
        taken = self.taken.get(f"client {client}", [])[-self.given.client_tokens :]
        if taken:
            self.let_pass(taken[0] + int(self.given.client_window_s * 1000) - early)
        self.take_token(client, "3.3.3.3")

    @rule(
        which=WHICH,
        message=st.sampled_from(MESSAGES),
        meanwhile=st.sampled_from(("", *MESSAGES)),
        after_ms=st.sampled_from((0, 2_000, 9_000)),
        doomed=st.booleans(),
    )
    def say_and_wait(self, which: int, message: str, meanwhile: str, after_ms: int, doomed: bool) -> None:
        """As most clients do: a message, perhaps another one meanwhile, and then nothing until all is done."""
        self.say(0, which, message)
        if meanwhile:
            self.let_pass(self.now_ms + after_ms)
            self.say(0, which, meanwhile)
        if doomed:
            self.doom()
        self.finish_work()

    @rule(which=WHICH, then=st.sampled_from(("cancel", "cancel at work", "wait", "submit again")))
    def export(self, which: int, then: str) -> None:
        """As most clients do: submit a render, upgrade where that is asked for, and then care for nothing else."""
        project = self.project(which)
        render_id = f"export_{len(self.jobs)}"
        self.submit_render(0, which, render_id, PLAIN_DRAFT, 30)
        if self.plans[project.user_id] == "free":
            self.favour(which, "paid", 0)
            self.submit_render(0, which, render_id, PLAIN_DRAFT, 30)
        job = self.jobs.get((project.user_id, render_id))
        if job is None:
            return
        if then == "submit again":
            self.submit_render(0, which, render_id, PLAIN_DRAFT, 30)
        if then == "cancel at work":
            self.let_pass(job.starts_ms)
        if then != "wait":
            self.cancel(0, which, render_id)
        for moment_ms in (job.ends_ms, job.ends_ms + int(self.given.render_url_life_s * 1000)):
            self.let_pass(moment_ms)
            self.poll(0, which, render_id)
            self.poll(6, which, render_id)

    @precondition(lambda self: self.world.timeline.next_ms(work_only=True) is not None)
    @rule()
    def finish_work(self) -> None:
        """Somebody waits until no turn and no render is under way."""
        for _ in range(1000):
            due_ms = self.world.timeline.next_ms(work_only=True)
            if due_ms is None:
                return
            self.let_pass(due_ms)
        raise AssertionError("work comes to an end")

    @rule()
    def write_down_and_read_back(self) -> None:
        content = written(self.world)
        self.twin = snapshot.thaw(content).world
        assert self.twin == self.world, "a snapshot read back is the world"
        assert written(self.twin) == content, "a snapshot of a snapshot is the same bytes"


def run_machine(phases: tuple[Phase, ...] = (Phase.generate,)) -> None:
    """The same examples everywhere and always. Raises what the first broken law raises."""
    given = settings(
        max_examples=150,
        stateful_step_count=30,
        phases=phases,
        derandomize=True,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(WorldMachine, settings=given)


def test_the_world_keeps_its_laws() -> None:
    """Whatever clients do, in whatever order, at whatever time: no law of the world is broken."""
    run_machine((Phase.generate, Phase.shrink))


def test_uploads_are_told_as_the_table_says() -> None:
    """Each URL of the machine's table has the type, or meets the refusal, that the table gives."""
    for url, expected in URLS.items():
        try:
            found: Any = uploads.from_url(url, "a", BASE).file_type
        except ServiceError as refusal:
            found = type(refusal)
        assert found == expected
