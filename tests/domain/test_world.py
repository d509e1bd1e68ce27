"""A world as a whole: what it forgets when it is full, whose files are whose, and that equal worlds are equal."""

from typing import Any

import pytest

from mock_server.domain import world as service
from mock_server.domain.accounts import Account
from mock_server.domain.errors import (
    BadToken,
    ExportBlocked,
    MissingClientId,
    NotFound,
    RateLimited,
    SessionNotFound,
    Unprocessable,
    UnsupportedFile,
)
from mock_server.domain.renders import Render
from mock_server.domain.scene import VIDEO, Segment, Track
from mock_server.domain.settings import Settings, changed
from mock_server.domain.world import World

BASE = "http://mock.test"
START_MS = 1773964800000
DAY_MS = 86_400_000
DRAFT = {"t": [{"tt": 0, "sg": [{"d": 5000}]}], "d": 5000}


def create(**given: Any) -> World:
    return service.create("w", "1", changed(Settings(), given), START_MS)


def enter(world: World, client_id: str = "ann", address: str = "1.1.1.1") -> tuple[Account, str]:
    """Somebody new, and the header that opens."""
    token = service.issue_anonymous_token(world, client_id, address)
    return world.accounts[token.user_id], f"Bearer {token.value}"


def export(world: World, account: Account, render_id: str) -> Render:
    session = next((s for s in world.sessions.values() if s.user_id == account.user_id), None)
    session = session or service.create_session(world, account, "project", "en")
    return service.submit_render(world, account, session, render_id, DRAFT, {}, BASE)


# tokens


@pytest.mark.parametrize("client_id", [None, "", "<uuid>", "UUID", "${CLIENT_ID}", "your-uuid", "xxxx"])
def test_a_client_id_is_one_of_ones_own(client_id: str | None) -> None:
    """None, or what a document has in its place, gives no token and takes nothing from a window."""
    world = create()
    with pytest.raises(MissingClientId):
        service.issue_anonymous_token(world, client_id, "1.1.1.1")
    assert (world.accounts, world.clients.taken_ms) == ({}, {})


def test_the_second_token_comes_after_seven_days() -> None:
    """One a client id; the next at the very instant the window ends, which is when the first one does."""
    world = create()
    account, header = enter(world)
    service.advance(world, START_MS + 7 * DAY_MS - 1)
    assert service.authenticate(world, header, "read") is account
    with pytest.raises(RateLimited, match="1 token per client per 7 days"):
        enter(world)

    service.advance(world, START_MS + 7 * DAY_MS)

    with pytest.raises(BadToken, match="expired"):
        service.authenticate(world, header, "read")
    assert enter(world)[0].user_id != account.user_id


def test_a_refused_token_counts_for_no_window() -> None:
    """An address that is full does not use up a client id, and says since when and for how long."""
    world = create(address_tokens=2, address_window_s=60)
    enter(world, "ann")
    enter(world, "ben")
    with pytest.raises(RateLimited, match="2 tokens per address per 60 s"):
        enter(world, "cleo")
    assert world.happened[-1].detail == {"window": "address", "free_at_ms": START_MS + 60_000}

    enter(world, "cleo", "2.2.2.2")


def test_where_there_is_no_limit_nothing_is_remembered() -> None:
    """The default has none for addresses, so a busy one costs no memory."""
    world = create()
    for number in range(20):
        enter(world, f"client {number}")
    assert (world.addresses.taken_ms, len(world.clients.taken_ms)) == ({}, 20)


def test_revoking_is_for_good_and_for_known_tokens() -> None:
    """A revoked token says so; again changes nothing; an unknown one is not found."""
    world = create()
    _, header = enter(world)
    token = service.revoke_token(world, header.removeprefix("Bearer "))
    service.advance(world, START_MS + 1000)
    service.revoke_token(world, token.value)

    assert token.revoked_ms == START_MS
    with pytest.raises(BadToken, match="revoked"):
        service.authenticate(world, header, "")
    with pytest.raises(NotFound):
        service.revoke_token(world, "nmv_usr_MOCKother")


def test_the_end_of_a_token_is_noted_unless_it_was_revoked() -> None:
    """token.expired at its instant, once."""
    world = create(client_tokens=2)
    enter(world)
    _, header = enter(world)
    service.revoke_token(world, header.removeprefix("Bearer "))

    service.advance(world, START_MS + 8 * DAY_MS)

    assert [note.at_ms for note in world.happened if note.what == "token.expired"] == [START_MS + 7 * DAY_MS]


def test_a_claim_token_is_reused_for_its_life() -> None:
    """The same one for a session until it ends, then another; only the session's own task can be claimed, by its owner."""
    world = create(claim_life_s=60)
    account, _ = enter(world)
    session, other = (service.create_session(world, account, name, "en") for name in ("one", "two"))
    stranger, _ = enter(world, "ben")
    claim = service.issue_claim_token(world, account, session.task_id, session.session_id)

    service.advance(world, START_MS + 59_999)
    assert service.issue_claim_token(world, account, session.task_id, session.session_id) is claim
    assert service.issue_claim_token(world, account, other.task_id, other.session_id) is not claim
    with pytest.raises(Unprocessable):
        service.issue_claim_token(world, account, other.task_id, session.session_id)
    with pytest.raises(SessionNotFound):
        service.issue_claim_token(world, stranger, session.task_id, session.session_id)

    service.advance(world, START_MS + 60_000)
    assert service.issue_claim_token(world, account, session.task_id, session.session_id) is not claim


# files


def test_one_of_our_own_urls_uploads_the_same_file() -> None:
    """Its figures and its bytes are the real ones, under an id of its own."""
    world = create()
    account, _ = enter(world)
    session = service.create_session(world, account, "project", "en")
    (first,) = service.assets_from_urls(world, ["https://files.test/clip.mp4"], BASE)
    first.duration_s, world.blobs[first.id] = 12.5, "7"
    service.add_assets(world, session, [first])

    (second,) = service.assets_from_urls(world, [first.cdn_url], BASE)

    assert second.id != first.id and second.cdn_url != first.cdn_url
    assert (second.duration_s, second.hash, world.blobs[second.id]) == (12.5, first.hash, "7")


def test_one_bad_url_spoils_the_upload() -> None:
    """Nothing is kept of the good ones before it."""
    world = create()
    account, _ = enter(world)
    session = service.create_session(world, account, "project", "en")
    (known,) = service.assets_from_urls(world, ["https://files.test/clip.mp4"], BASE)
    world.blobs[known.id] = "7"
    service.add_assets(world, session, [known])

    with pytest.raises(UnsupportedFile):
        service.assets_from_urls(world, [known.cdn_url, "https://files.test/setup.exe"], BASE)

    assert (session.assets, world.blobs) == ([known], {known.id: "7"})


def test_a_file_is_found_by_id_and_name() -> None:
    """Both must fit; a forgotten session takes its files along."""
    world = create()
    account, _ = enter(world)
    session = service.create_session(world, account, "project", "en")
    (asset,) = service.assets_from_urls(world, ["https://files.test/clip.mp4"], BASE)
    world.blobs[asset.id] = "7"
    service.add_assets(world, session, [asset])
    assert service.find_file(world, asset.id, "clip.mp4") is asset
    for wrong in ((asset.id, "other.mp4"), ("other", "clip.mp4")):
        with pytest.raises(NotFound):
            service.find_file(world, *wrong)

    service.forget_session(world, session.session_id)

    assert (world.files, world.blobs) == ({}, {})


def test_a_renders_file_is_there_when_it_is_completed() -> None:
    """Not before, and with a bound on its link not for ever."""
    world = create(render_url_life_s=60)
    account, _ = enter(world)
    render = export(world, account, "render_1")
    for now_ms, there in (
        (render.ends_ms - 1, False),
        (render.ends_ms, True),
        (render.ends_ms + 59_999, True),
        (render.ends_ms + 60_000, False),
    ):
        service.advance(world, now_ms)
        if there:
            assert service.find_file(world, render.asset_id, render.filename) is render
        else:
            with pytest.raises(NotFound):
                service.find_file(world, render.asset_id, render.filename)


# renders


@pytest.mark.parametrize(
    ("kind", "own", "setting", "allowed"),
    [
        ("anonymous", None, "trial", True),
        ("anonymous", None, "free", False),
        ("anonymous", "paid", "free", True),
        ("anonymous", "free", "trial", False),
        ("registered", None, "free", True),
        ("registered", "free", "trial", False),
    ],
)
def test_the_plan_decides_on_export(kind: Any, own: str | None, setting: str, allowed: bool) -> None:
    """The account's own plan, else the world's setting for the anonymous; the registered have paid."""
    world = create(plan=setting)
    account = service.open_account(world, kind, own, 0)
    if allowed:
        assert export(world, account, "render_1").error == ""
    else:
        with pytest.raises(ExportBlocked):
            export(world, account, "render_1")


def test_two_accounts_may_choose_the_same_render_id() -> None:
    """Ids are the client's own choice; each finds its own job, and its file bears its id."""
    world = create()
    ann, ben = enter(world, "ann")[0], enter(world, "ben")[0]
    mine, other = export(world, ann, "render_1"), export(world, ben, "render_1")

    assert service.find_render(world, ann, "render_1") is mine
    assert service.find_render(world, ben, "render_1") is other
    assert (mine.filename, mine.asset_id != other.asset_id) == ("render_1.mp4", True)


def test_outcomes_come_in_the_order_of_the_setting() -> None:
    """The first render fails, the second completes, and so do all after the list."""
    world = create(render_outcomes=("failed", "completed"))
    account, _ = enter(world)
    jobs = [export(world, account, f"render_{number}") for number in range(3)]
    assert [bool(job.error) for job in jobs] == [True, False, False]


FRAME_RATES: list[tuple[Any, int]] = [
    (24, 24),
    (1, 1),
    (60, 60),
    (29.97, 30),
    (61, 30),
    (0, 30),
    (True, 30),
    ("24", 30),
    (None, 30),
]


@pytest.mark.parametrize(("wanted", "made"), FRAME_RATES)
def test_a_render_has_the_frame_rate_asked_for(wanted: Any, made: int) -> None:
    """From 1 to 60; what is none is the draft's own."""
    world = create()
    account, _ = enter(world)
    session = service.create_session(world, account, "project", "en")

    render = service.submit_render(world, account, session, "render_1", DRAFT, {"fps": wanted}, BASE)

    assert render.picture.fps == made


def test_a_draft_that_cannot_be_rendered_fails_in_its_time() -> None:
    """It is taken, works, and then says why."""
    world = create()
    account, _ = enter(world)
    session = service.create_session(world, account, "project", "en")
    render = service.submit_render(world, account, session, "render_1", {}, {}, BASE)

    service.advance(world, render.ends_ms)

    assert world.happened[-1].what == "render.failed"
    assert "no segments" in world.happened[-1].detail["error"]


# state


def test_the_canvas_is_told_once_there_is_a_picture() -> None:
    """Width, height and ratio in lowest terms; empty before the first track."""
    world = create()
    account, _ = enter(world)
    session = service.create_session(world, account, "project", "en")
    assert service.canvas_of(session) == {}

    session.draft.tracks.append(Track("v", VIDEO, "Video", [Segment("s", 0, 1000)]))
    for size, ratio in (((1080, 1920), "9:16"), ((1920, 1080), "16:9"), ((1000, 1000), "1:1"), ((1081, 1920), "1081:1920")):
        session.draft.width, session.draft.height = size
        assert service.canvas_of(session) == {"width": size[0], "height": size[1], "ratio": ratio}


# what it notes


def test_what_happens_is_noted() -> None:
    """Who came, what was made, changed, held, settled and cancelled, each once, in order, at its instant."""
    world = create()
    account, header = enter(world)
    session = service.create_session(world, account, "project", "en")
    service.add_assets(world, session, service.assets_from_urls(world, ["https://files.test/clip.mp4"], BASE))
    service.issue_claim_token(world, account, session.task_id, session.session_id)
    service.start_turn(world, account, session, "Make a 5 second video of the sea", BASE)
    service.advance(world, START_MS + 600_000)
    export(world, account, "render_1")
    service.cancel_render(world, account, "render_1")
    export(world, account, "render_2")
    service.advance(world, START_MS + 900_000)
    service.revoke_token(world, header.removeprefix("Bearer "))
    service.forget_session(world, session.session_id)

    noted = [note.what for note in world.happened]

    assert list(dict.fromkeys(noted)) == [
        "account.opened",
        "token.issued",
        "session.created",
        "asset.added",
        "claim.issued",
        "credits.held",
        "turn.running",
        "media.changed",
        "draft.changed",
        "credits.settled",
        "turn.ended",
        "render.pending",
        "render.cancelled",
        "render.processing",
        "render.completed",
        "token.revoked",
        "session.forgotten",
    ]
    once = ("credits.held", "credits.settled", "turn.running", "turn.ended", "render.cancelled", "render.completed")
    assert [noted.count(what) for what in once] == [1] * len(once)
    assert [note.at_ms for note in world.happened] == sorted(note.at_ms for note in world.happened)


# bounds: what falls out is the oldest, and it is noted


def test_a_full_world_forgets_its_oldest_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its token, its session and what runs there; time goes on, and the others notice nothing."""
    monkeypatch.setattr(service, "MOST_ACCOUNTS", 2)
    world = create()
    oldest, header = enter(world, "ann")
    session = service.create_session(world, oldest, "project", "en")
    turn = service.start_turn(world, oldest, session, "hello", BASE)
    ben, ben_header = enter(world, "ben")

    enter(world, "cleo")
    service.advance(world, START_MS + DAY_MS)

    with pytest.raises(BadToken):
        service.authenticate(world, header, "read")
    assert service.authenticate(world, ben_header, "read") is ben
    assert (len(world.accounts), len(world.ledgers), len(world.tokens)) == (2, 2, 2)
    assert (world.sessions, world.turns, turn.ended_ms) == ({}, {}, START_MS)
    assert [note.what for note in world.happened if note.what.endswith("forgotten")] == [
        "client.forgotten",
        "session.forgotten",
        "account.forgotten",
    ]


def test_a_full_world_forgets_its_oldest_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients then meet 1002."""
    monkeypatch.setattr(service, "MOST_SESSIONS", 2)
    world = create()
    account, _ = enter(world)
    made = [service.create_session(world, account, "project", "en") for _ in range(3)]

    assert list(world.sessions) == [session.session_id for session in made[1:]]
    with pytest.raises(SessionNotFound):
        service.find_session(world, account, made[0].session_id)


def test_a_full_world_forgets_its_oldest_render(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its job and its file; what was due for it does nothing."""
    monkeypatch.setattr(service, "MOST_RENDERS", 2)
    world = create()
    account, _ = enter(world)
    jobs = [export(world, account, f"render_{number}") for number in range(3)]
    service.advance(world, START_MS + DAY_MS)

    assert len(world.renders) == len(world.files) == 2
    assert "render.forgotten" in [note.what for note in world.happened]
    with pytest.raises(NotFound):
        service.find_render(world, account, "render_0")
    with pytest.raises(NotFound):
        service.find_file(world, jobs[0].asset_id, jobs[0].filename)


def test_a_full_world_forgets_its_oldest_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are at most as many claims as sessions."""
    monkeypatch.setattr(service, "MOST_SESSIONS", 2)
    world = create(claim_life_s=1)
    account, _ = enter(world)
    session = service.create_session(world, account, "project", "en")
    for second in range(3):
        service.advance(world, START_MS + second * 1000)
        service.issue_claim_token(world, account, session.task_id, session.session_id)

    assert [claim.expires_ms - START_MS for claim in world.claims.values()] == [2000, 3000]
