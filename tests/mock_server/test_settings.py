"""Each setting of a world does what it says."""

import json
from datetime import datetime

import httpx
import pytest

from mock_server.domain.settings import FIELDS, SettingError, Settings, changed
from mock_server.domain.variations import VARIATIONS
from mock_server.media.mp4 import write_mp4
from tests.mock_server.conftest import Visitor

DAY_S = 86400
SEA = "make a 10 second video about the sea"
CLIP = write_mp4(width=64, height=64, fps=25, duration_ms=2000, colour=(1, 2, 3), audio=False)

CHECKS = {}


def check(*names):
    def keep(function):
        CHECKS.update(dict.fromkeys(names, function))
        return function

    return keep


def ready(visitor: Visitor) -> Visitor:
    visitor.upload_files(("clip.mp4", CLIP))
    return visitor


def span_s(visitor: Visitor, message: str) -> float:
    """Virtual seconds that a turn takes."""
    live = visitor.server.worlds.at(visitor.world)
    before = live.world.now_ms
    visitor.say(message)
    return (live.world.now_ms - before) / 1000


@check("profile", "strict_off")
def profile(visit):
    """strict varies something, unless it is switched off; test_strict.py looks at each variation."""
    varied = [
        visitor.server.worlds.at(visitor.world).world.varied
        for visitor in (visit(), visit(profile="strict"), visit(profile="strict", strict_off=VARIATIONS))
    ]
    assert varied[0] == varied[2] == ()
    assert varied[1]


@check("public_url")
def public_url(visit):
    """URLs in answers begin as told."""
    visitor = visit(public_url="https://cdn.test/x")
    assert visitor.upload("https://a.test/a.mp4").json()["data"]["files"][0]["cdn_url"].startswith("https://cdn.test/x/cdn/")


@check("dialect")
def dialect(visit):
    """The same turn in three spellings."""
    for name, said in (("vendor", '"type":"text"'), ("adk", '"author":"nemo_agent"'), ("text", 'data: {"text"')):
        assert said in visit(dialect=name).say("what can you do?").text


@check("heartbeat_forms")
def heartbeat_forms(visit):
    """Each form appears as it is."""
    mixed = visit(heartbeat_forms="mixed", heartbeat_interval_s=1).say(SEA).text
    assert all(f"\n\n{form}\n\n" in mixed for form in ('data: {"type":"heartbeat"}', "data: heartbeat", ": heartbeat"))
    wire = {
        "json": 'data: {"type":"heartbeat"}',
        "empty": "data:",
        "space": "data: ",
        "word": "data: heartbeat",
        "event": "event: heartbeat\ndata:",
        "comment": ": heartbeat",
    }
    for form, lines in wire.items():
        assert f"\n\n{lines}\n\n" in visit(heartbeat_forms=form).say(SEA).text


@check("heartbeat_interval_s")
def heartbeat_interval_s(visit):
    """A shorter interval gives more heartbeats."""
    rare, often = (visit(heartbeat_interval_s=s, heartbeat_forms="json").say(SEA).text.count("heartbeat") for s in (60, 2))
    assert often > 5 * rare


@check("silent_rate", "silent_run_max")
def silence(visit):
    """With rate 1 every edit is silent but one after each run of the bound."""
    visitor = ready(visit(silent_rate=1, silent_run_max=3, cost_edit=0))
    silent = [
        '"type":"text"' not in visitor.say(f"set the music volume to {30 + n}%" if n else "add music").text for n in range(9)
    ]
    assert silent == [True, True, True, False, True, True, True, False, True]


@check("temporary_issue_rate")
def temporary_issue_rate(visit):
    """A needless apology ends each turn."""
    assert "temporary issue" in ready(visit(temporary_issue_rate=1, silent_rate=0)).say("add music").text
    assert "temporary issue" not in ready(visit(silent_rate=0)).say("add music").text


@check("two_stage")
def two_stage(visit):
    """Music and title come by themselves, or do not."""
    kinds = []
    for on in (True, False):
        visitor = visit(two_stage=on)
        visitor.say(SEA)
        kinds.append({track["tt"] for track in visitor.state()["draft"]["t"]})
    assert kinds[0] > kinds[1] == {0}


@check("concurrent_turns")
def concurrent_turns(visit):
    """A second message while a turn runs: 409, or it waits, or both run."""
    for policy, running in (("refuse", 1), ("queue", 1), ("allow", 2)):
        visitor = ready(visit("manual", concurrent_turns=policy))
        body = {"session_id": visitor.session_id, "new_message": {"parts": [{"text": "add music"}]}}
        with visitor.http.stream("POST", "run_sse", json=body), visitor.http.stream("POST", "run_sse", json=body) as second:
            assert second.status_code == (409 if policy == "refuse" else 200)
            session = visitor.server.worlds.at(visitor.world).world.sessions[visitor.session_id]
            assert len(session.running) == running
            visitor.pass_time(600)
            assert session.edits == (1 if policy == "refuse" else 2)


@check("strict_adk")
def strict_adk(visit):
    """app_name and user_id become compulsory."""
    assert visit(strict_adk=True).say("hello").status_code == 422
    assert visit().say("hello").status_code == 200


@check("error_status")
def error_status(visit):
    """The status of an unknown session."""
    statuses = [visit(error_status=s).http.get("api/state/nemo_agent/me/1/latest").status_code for s in ("mixed", "ok", "http")]
    assert statuses == [200, 200, 404]


@check("no_credits")
def no_credits(visit):
    """2001 as JSON, or as words inside the stream with the link to register."""
    assert visit(free_credits=0).say(SEA).json()["code"] == 2001
    visitor = visit(free_credits=0, no_credits="stream")
    assert f"?bind={visitor.user_id}" in visitor.say(SEA).text


@check("attribution")
def attribution(visit):
    """Where three missing headers give 402."""
    found = {}
    for where in ("export", "everywhere", "never"):
        visitor = visit(attribution=where)
        visitor.say(SEA)
        for name in ("X-Skill-Source", "X-Skill-Version", "X-Skill-Platform"):
            del visitor.http.headers[name]
        body = {"id": "r", "sessionId": visitor.session_id, "draft": {}}
        found[where] = (
            visitor.http.get("api/credits/balance/simple").status_code,
            visitor.http.post("api/render/proxy/lambda", json=body).status_code,
        )
    assert found == {"export": (200, 402), "everywhere": (402, 402), "never": (200, 200)}


@check("top_level_copy")
def top_level_copy(visit):
    """Members of data stand at top level as well."""
    answer = visit(top_level_copy=True).http.get("api/credits/balance/simple").json()
    assert answer["available"] == answer["data"]["available"] == 100


@check("plan")
def plan(visit):
    """The free plan may not export."""
    statuses = []
    for name in ("trial", "paid", "free"):
        visitor = visit(plan=name)
        visitor.say(SEA)
        statuses.append(visitor.render().status_code)
    assert statuses == [200, 200, 402]


@check("free_credits", "cost_generation")
def credits_and_cost(visit):
    """A generation costs what is set, of what was given."""
    visitor = visit(free_credits=30, cost_generation=7)
    visitor.say(SEA)
    assert visitor.credits()["total"] == 23


@check("cost_edit", "edit_charge")
def cost_edit(visit):
    """Editing is charged once a session, or each turn."""
    for charge, left in (("session", 90), ("turn", 80)):
        visitor = ready(visit(cost_edit=10, edit_charge=charge))
        visitor.say("add music")
        visitor.say("set the music volume to 40%")
        assert visitor.credits()["total"] == left


@check("token_life_s")
def token_life_s(visit):
    """A token ends when its life is over, to the millisecond."""
    visitor = visit(token_life_s=60)
    visitor.pass_time(59.999)
    assert visitor.http.get("api/credits/balance/simple").status_code == 200
    visitor.pass_time(0.001)
    assert visitor.http.get("api/credits/balance/simple").json()["code"] == 1001


@check("anonymous_scopes")
def anonymous_scopes(visit):
    """Without the scope render, export is forbidden."""
    visitor = visit(anonymous_scopes="read,write,upload")
    visitor.say(SEA)
    assert visitor.render().status_code == 403
    assert visit(anonymous_scopes=["read", "write"]).upload("https://a.test/a.mp4").status_code == 403


@check("client_tokens", "client_window_s")
def client_window(visit):
    """So many tokens a client id within its window."""
    visitor = visit(client_tokens=2, client_window_s=10)
    ask = lambda: visitor.http.post("api/auth/anonymous-token", headers={"X-Client-Id": "visitor"}).status_code  # noqa: E731
    assert [ask(), ask()] == [200, 429]
    visitor.pass_time(10)
    assert ask() == 200


@check("address_tokens", "address_window_s")
def address_window(visit):
    """So many tokens an address, whatever the client id."""
    visitor = visit(address_tokens=2, address_window_s=10)
    ask = lambda n: visitor.http.post("api/auth/anonymous-token", headers={"X-Client-Id": f"c{n}"}).status_code  # noqa: E731
    assert [ask(1), ask(2)] == [200, 429]
    visitor.pass_time(10)
    assert ask(3) == 200


@check("claim_life_s")
def claim_life_s(visit):
    """A claim token is reused for its life, opens no API, and is another one afterwards."""
    visitor = visit(claim_life_s=100)
    body = {"task_id": visitor.task_id, "session_id": visitor.session_id}
    first = visitor.http.post("api/auth/claim-token", json=body).json()["data"]
    assert first["expires_in"] == 100
    assert (
        visitor.http.get("api/credits/balance/simple", headers={"Authorization": f"Bearer {first['claim_token']}"}).json()["code"]
        == 1001
    )
    visitor.pass_time(40)
    assert visitor.http.post("api/auth/claim-token", json=body).json()["data"] == {
        "claim_token": first["claim_token"],
        "expires_in": 60,
    }
    visitor.pass_time(60)
    assert visitor.http.post("api/auth/claim-token", json=body).json()["data"]["claim_token"] != first["claim_token"]


@check("initial_draft")
def initial_draft(visit):
    """{}, null or absent before the first edit."""
    assert visit().state()["draft"] == {}
    assert visit(initial_draft="null").state()["draft"] is None
    assert "draft" not in visit(initial_draft="absent").state()


@check("upload_limit_bytes")
def upload_limit_bytes(visit):
    """A file of exactly the limit is taken, one byte more is 4002."""
    assert visit(upload_limit_bytes=len(CLIP)).upload_files(("a.mp4", CLIP)).json()["code"] == 0
    assert visit(upload_limit_bytes=len(CLIP) - 1).upload_files(("a.mp4", CLIP)).json()["code"] == 4002


@check("upload_files")
def upload_files(visit):
    """So many files at once."""
    visitor = visit(upload_files=2)
    assert visitor.upload_files(*[("a.mp4", CLIP)] * 2).json()["code"] == 0
    assert visitor.upload_files(*[("a.mp4", CLIP)] * 3).status_code == 422
    assert visitor.upload(*["https://a.test/a.mp4"] * 3).status_code == 422


@check("upload_check")
def upload_check(visit):
    """By name alone, any content will do."""
    assert visit().upload_files(("a.mp4", b"text")).json()["code"] == 4001
    assert visit(upload_check="name").upload_files(("a.mp4", b"text")).json()["code"] == 0


@check("body_limit_bytes")
def body_limit_bytes(visit):
    """A longer JSON body is 413."""
    visitor = visit(body_limit_bytes=2000)
    assert visitor.say("x" * 1000).status_code == 200
    assert visitor.say("x" * 2000).status_code == 413


@check("render_shape")
def render_shape(visit):
    """Where status and link stand."""
    for shape, places in (("superset", (True, True)), ("data", (True, False)), ("top", (False, True))):
        visitor = visit(render_shape=shape)
        visitor.say(SEA)
        visitor.render()
        visitor.poll()
        answer = visitor.poll()
        assert ("outputUrl" in answer.get("data", {}), "url" in answer.get("output", {})) == places


@check("render_outcomes")
def render_outcomes(visit):
    """The first render fails, the second completes."""
    visitor = visit(render_outcomes="failed,completed")
    visitor.say(SEA)
    found = []
    for number in (1, 2):
        visitor.render(f"render_{number}")
        visitor.poll(f"render_{number}")
        found.append(visitor.poll(f"render_{number}"))
    assert [answer["status"] for answer in found] == ["failed", "completed"]
    assert found[0]["error"] and "output" not in found[0]
    assert visitor.http.get("api/render/proxy/render_1/download").status_code == 404


@check("duplicate_render")
def duplicate_render(visit):
    """The same id again: refused, or the same job."""
    for policy, status in (("refuse", 409), ("existing", 200)):
        visitor = visit(duplicate_render=policy)
        visitor.say(SEA)
        visitor.render()
        assert visitor.render().status_code == status


@check("render_url_life_s")
def render_url_life_s(visit):
    """The link stops working."""
    visitor = visit(render_url_life_s=60)
    visitor.say(SEA)
    visitor.render()
    visitor.poll()
    url = visitor.poll()["output"]["url"]
    assert httpx.get(url).status_code == 200
    visitor.pass_time(60)
    assert httpx.get(url).status_code == 404


@check("text_s", "edit_s", "generation_s")
def durations(visit):
    """A turn takes as long as its kind says."""
    visitor = ready(visit(text_s=3, edit_s="40-41", generation_s="7-8", cost_edit=0, cost_generation=0))
    assert span_s(visitor, "what can you do?") == 3
    assert 40 <= span_s(visitor, "add music") <= 41
    assert 7 <= span_s(visitor, SEA) <= 8


@check("render_s")
def render_s(visit):
    """A render takes as long as set."""
    visitor = visit(render_s=600)
    visitor.say(SEA)
    visitor.render()
    visitor.poll()
    told = visitor.poll()["data"]
    assert told["completedAt"] - told["createdAt"] == 600_000


#: Those of the framing are held in test_framing.py.
FRAMING = {
    "merge_parts",
    "partials",
    "line_end",
    "bom",
    "colon_space",
    "comments",
    "sse_fields",
    "data_lines",
    "spice",
    "last_blank_line",
    "chunks",
    "chunk_gap_ms",
}


@pytest.mark.parametrize("name", [name for name in FIELDS if name not in FRAMING])
def test_setting(visit, name):
    """Each setting has a check here, and passes it."""
    CHECKS[name](visit)


def test_values_typed_as_strings_are_read():
    """What --setting can say."""
    read = changed(Settings(), {"edit_s": "1.5-2", "two_stage": "off", "heartbeat_forms": "word, comment", "free_credits": "5"})

    assert (read.edit_s, read.two_stage, read.heartbeat_forms, read.free_credits) == ((1.5, 2.0), False, ("word", "comment"), 5)


def test_a_public_url_and_scopes_as_typed():
    """An address may have a port and a path; scopes are words joined by commas."""
    for url in ("", "http://localhost", "https://cdn.test:8443/a/b-c", "http://[::1]:8747"):
        assert changed(Settings(), {"public_url": url}).public_url == url
    assert changed(Settings(), {"anonymous_scopes": "read, write,upload"}).anonymous_scopes == ("read", "write", "upload")
    assert Settings().anonymous_scopes == ("*",)


@pytest.mark.parametrize(
    "wrong",
    [{"edt_s": 1}, {"dialect": "x"}, {"dialect": 3}, {"free_credits": "1.5"}, {"free_credits": True}, {"two_stage": "maybe"}, {"silent_rate": -1},
     {"silent_rate": "nan"}, {"edit_s": "9-1"}, {"edit_s": "a-b"}, {"edit_s": [1, 2, 3]}, {"heartbeat_forms": ""}, {"heartbeat_forms": [1]}, {"upload_limit_bytes": "inf"},
     {"public_url": "garbage"}, {"public_url": "ftp://a.test"}, {"public_url": "https://"}, {"public_url": "https://a.test/"}, {"public_url": "http://a.test/x y"},
     {"anonymous_scopes": "banana"}, {"anonymous_scopes": "read,exprot"}, {"anonymous_scopes": 3}],
    ids=json.dumps,
)  # fmt: skip
def test_wrong_values_are_refused(wrong):
    """With the name of the setting in the message, and nothing else raised."""
    with pytest.raises(SettingError, match=next(iter(wrong))):
        changed(Settings(), wrong)


def test_dates_are_those_of_the_world(visit):
    """Date and expiry run on the world's clock."""
    visitor = visit()
    visitor.pass_time(DAY_S)
    answer = visitor.http.get("api/credits/balance/simple")

    assert datetime.strptime(answer.headers["date"], "%a, %d %b %Y %H:%M:%S GMT") == datetime(2026, 3, 21)
