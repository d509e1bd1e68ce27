"""What the four seed skills say of the service, statement by statement.

S0 music-to-a, S1 ai-add-music-to, S2 add-music-to-best, S3 video-music-generator. A test's docstring names the place.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path
from statistics import mean

import httpx
import pytest

from mock_server.domain.settings import Settings
from mock_server.media.mp4 import write_mp4
from mock_server.media.probe import FORMATS, probe

DAY_S = 86400
SAMPLES = Path(__file__).parents[2] / "fixtures" / "media" / "samples"
CLIP = write_mp4(width=640, height=360, fps=25, duration_ms=4000, colour=(10, 120, 200), audio=True)
NO_SILENCE = {"silent_rate": 0}


def events(answer: httpx.Response) -> list[dict]:
    """The JSON events of a vendor-typed stream."""
    found = [block.removeprefix("data:").strip() for block in answer.text.split("\n\n")]
    return [json.loads(data) for data in found if data.startswith("{")]


def texts(answer: httpx.Response) -> list[str]:
    return [event["content"] for event in events(answer) if event["type"] == "text"]


# set-up


def test_free_token(visit):
    """S0-S3 set-up: POST with X-Client-Id gives data.token, 100 free credits, 7 days."""
    visitor = visit()

    answer = visitor.http.post("api/auth/anonymous-token", headers={"X-Client-Id": "another"}).json()

    assert answer["code"] == 0
    assert answer["data"]["token"].startswith("nmv_usr_")
    assert answer["data"]["credits"] == 100
    now = datetime.fromtimestamp(visitor.server.worlds.at(visitor.world).world.now_ms / 1000).astimezone()
    assert datetime.fromisoformat(answer["data"]["expires_at"]) - now == timedelta(days=7)


@pytest.mark.parametrize("body", [{"task_name": "project"}, {"task_name": "project", "language": "zh"}])
def test_session_with_and_without_language(visit, body):
    """S1-S3 set-up: a body with task_name alone; S0 and all lists: with language. Both give a session_id."""
    answer = visit().http.post("api/tasks/me/with-session/nemo_agent", json=body).json()

    assert answer["code"] == 0
    assert isinstance(answer["data"]["session_id"], str)
    assert int(answer["data"]["session_id"]) > 2**53


# endpoints


@pytest.mark.parametrize("extra", [{}, {"app_name": "nemo_agent"}, {"app_name": "nemo_agent", "user_id": "me"}])
def test_a_message_is_answered_by_a_stream(visit, extra):
    """S0, S2: session_id and new_message.parts[0].text; S1, S3: app_name too. The answer is text/event-stream and ends by closing."""
    visitor = visit()
    body = {**extra, "session_id": visitor.session_id, "new_message": {"parts": [{"text": "what can you do?"}]}}

    answer = visitor.http.post("run_sse", json=body, headers={"Accept": "text/event-stream"})

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert texts(answer)


def test_upload_by_multipart_and_by_url(visit):
    """S0-S3: multipart file or JSON with URLs; the files appear in the state's video_infos."""
    visitor = visit()

    by_file = visitor.upload_files(("clip.mp4", CLIP)).json()["data"]["files"][0]
    by_url = visitor.upload("https://media.example/travel.mov").json()["data"]["files"][0]

    assert (by_file["width"], by_file["height"], by_file["duration"], by_file["fps"]) == (640, 360, 4.0, 25.0)
    assert [info["cdn_url"] for info in visitor.state()["video_infos"]] == [by_file["cdn_url"], by_url["cdn_url"]]
    assert httpx.get(by_file["cdn_url"]).content == CLIP


def test_credits_have_three_figures(visit):
    """S0-S3: available, frozen, total."""
    assert visit().credits() == {"available": 100, "frozen": 0, "total": 100}


def test_state_has_draft_and_media(visit):
    """S1, S3: draft, video_infos, generated_media."""
    visitor = visit(**NO_SILENCE)
    visitor.upload_files(("clip.mp4", CLIP))
    visitor.say("add calm background music")

    state = visitor.state()

    assert state["draft"]["t"] and state["video_infos"] and state["generated_media"]


def test_export(visit, tmp_path):
    """S0-S3: render id and draft in, `completed` and a download URL out; H.264 up to 1080x1920, within 30-90 seconds."""
    visitor = visit(**NO_SILENCE)
    visitor.upload_files(("clip.mp4", CLIP))
    visitor.say("add calm background music")
    order = {"format": "mp4", "quality": "high"}

    assert visitor.render(output=order).json()["status"] == "pending"
    polls = [visitor.poll() for _ in range(2)]

    assert [poll["status"] for poll in polls] == ["processing", "completed"]
    taken_ms = polls[-1]["data"]["completedAt"] - polls[-1]["data"]["createdAt"]
    assert 30_000 <= taken_ms <= 90_000
    file = tmp_path / "out.mp4"
    file.write_bytes(httpx.get(polls[-1]["output"]["url"]).content)
    media = probe(file)
    assert media is not None and media.format == "mp4" and media.width and media.height
    canvas = visitor.state()["draft"]["m"]
    assert (media.width, media.height) == (canvas["width"], canvas["height"])
    assert min(media.width, media.height) <= 1080 and max(media.width, media.height) <= 1920
    assert round((media.duration_s or 0) * 1000) == visitor.state()["draft"]["d"]
    assert b"avc1" in file.read_bytes()


@pytest.mark.parametrize("kind", FORMATS)
def test_accepted_formats(visit, kind):
    """S0-S3: the thirteen formats, as files and as URLs."""
    visitor = visit()
    sample = next(path for path in SAMPLES.iterdir() if path.suffix == f".{kind}")

    by_file = visitor.upload_files((sample.name, sample.read_bytes())).json()
    by_url = visitor.upload(f"https://media.example/a.{kind}").json()

    assert by_file["code"] == by_url["code"] == 0
    assert by_file["data"]["files"][0]["file_type"] == by_url["data"]["files"][0]["file_type"] == FORMATS[kind]


def test_me_is_whoever_holds_the_token(visit):
    """S0-S3 paths say `me`: another token does not see the session."""
    visitor = visit()
    other = visitor.http.post("api/auth/anonymous-token", headers={"X-Client-Id": "other"}).json()["data"]["token"]

    answer = visitor.http.get(
        f"api/state/nemo_agent/me/{visitor.session_id}/latest", headers={"Authorization": f"Bearer {other}"}
    ).json()

    assert answer["code"] == 1002


# attribution


@pytest.mark.parametrize("missing", ["X-Skill-Source", "X-Skill-Version", "X-Skill-Platform"])
def test_missing_attribution_is_402_on_export(visit, missing):
    """S0-S3: omitting the three headers triggers 402 on export, and nowhere else."""
    visitor = visit()
    visitor.say("make a 10 second video about the sea")
    del visitor.http.headers[missing]

    assert visitor.credits()["total"] == 0
    answer = visitor.render()

    assert answer.status_code == 402
    assert missing.lower() in answer.json()["message"].lower()


# draft


def test_draft_field_mapping(visit):
    """S0-S3: t tracks, tt type (0 video, 1 audio, 7 text), sg segments, d duration in ms, m metadata."""
    visitor = visit(**NO_SILENCE, edit_charge="session")
    visitor.upload_files(("clip.mp4", CLIP))
    visitor.say("add lo-fi background music at 35%")
    visitor.say('add a title "Urban Dreams" for the first 3 seconds')

    draft = visitor.state()["draft"]

    assert [track["tt"] for track in draft["t"]] == [0, 1, 7]
    assert all(segment["d"] > 0 for track in draft["t"] for segment in track["sg"])
    assert draft["d"] == 4000
    assert draft["t"][2]["sg"][0]["d"] == 3000
    assert "Urban Dreams" in json.dumps(draft["t"][2]["sg"][0]["m"])
    assert {"title", "width", "height"} <= draft["m"].keys()


# streams


def test_gui_words(visit):
    """S0-S3: the backend speaks as if there were a GUI: click, open, drag, preview, Export; in Chinese 点击, 打开, 拖拽, 导出."""
    visitor = visit(**NO_SILENCE, cost_edit=0, cost_generation=0)
    visitor.upload_files(("clip.mp4", CLIP))
    english = " ".join(
        text
        for message in [
            "export the video",
            "how many credits are left?",
            "add music",
            "what is on the timeline?",
            "put my clip on the timeline",
        ]
        for text in texts(visitor.say(message))
    ).lower()
    chinese = " ".join(
        text for message in ["导出视频", "加一段轻快的音乐", "时间线上有什么？"] for text in texts(visitor.say(message))
    )

    assert any(word in english for word in ("click",))
    assert any(word in english for word in ("open", "preview in timeline", "drag"))
    assert "export" in english
    assert any(word in chinese for word in ("点击", "打开", "拖拽"))
    assert "导出" in chinese


def test_kinds_of_events(visit):
    """S0-S3 stream table: text, tool call and result, heartbeat or empty data; then the stream closes."""
    visitor = visit(**NO_SILENCE)

    answer = visitor.say("make a 15 second video about the sea")

    kinds = {event["type"] for event in events(answer)}
    assert {"text", "tool_call", "tool_result", "heartbeat"} <= kinds
    assert "data:\n\n" in answer.text


def test_about_30_percent_of_edits_are_silent_and_change_the_draft(visit):
    """S0-S3: about 30 % of edits return no text; the state then shows that the edit was applied."""
    visitor = visit(cost_edit=0)
    visitor.upload_files(("clip.mp4", CLIP))
    visitor.say("add calm background music")
    silent, run = [], 0
    for number in range(120):
        before = visitor.state()["draft"]
        silent.append(not texts(visitor.say(f"set the music volume to {20 + number % 60}%")))
        assert visitor.state()["draft"] != before
        run = run + 1 if silent[-1] else 0
        assert run <= Settings().silent_run_max

    assert 0.18 < mean(silent) < 0.42


# errors


def test_1001_after_seven_days(visit):
    """S0-S3: tokens expire after 7 days; then 1001, and the same client id gets a new one."""
    visitor = visit()
    visitor.pass_time(7 * DAY_S - 1)
    assert visitor.credits()["total"] == 100
    visitor.pass_time(1)

    answer = visitor.http.get("api/credits/balance/simple")
    again = visitor.http.post("api/auth/anonymous-token", headers={"X-Client-Id": "visitor"})

    assert answer.json()["code"] == 1001
    assert again.json()["code"] == 0


@pytest.mark.parametrize(
    "path", ["api/state/nemo_agent/me/{}/latest", "run_sse", "api/upload-video/nemo_agent/me/{}", "api/render/proxy/lambda"]
)
def test_1002_for_an_unknown_session(visit, path):
    """S0-S3: 1002 session not found, wherever a session is named."""
    visitor, unknown = visit(), "5529798706024415232"
    bodies = {
        "run_sse": {"session_id": unknown, "new_message": {"parts": [{"text": "x"}]}},
        "api/render/proxy/lambda": {"id": "r", "sessionId": unknown, "draft": {}},
        "api/upload-video/nemo_agent/me/{}": {"urls": ["https://media.example/a.mp4"]},
    }

    answer = visitor.http.request("POST" if path in bodies else "GET", path.format(unknown), json=bodies.get(path))

    assert answer.json()["code"] == 1002


def test_2001_when_the_purse_is_spent(visit):
    """S0-S3: 2001 no credits; the id for ?bind= is told by create-session and state."""
    visitor = visit()
    visitor.say("make a 10 second video about the sea")
    assert visitor.credits() == {"available": 0, "frozen": 0, "total": 0}

    answer = visitor.say("make a 10 second video about hills")

    assert answer.json()["code"] == 2001
    told = visitor.http.get(f"api/state/nemo_agent/me/{visitor.session_id}/latest").json()["data"]["user_id"]
    assert told == visitor.user_id and told.startswith("anon_")


def test_4001_and_4002(visit):
    """S0-S3: 4001 unsupported file, 4002 file too large (500 MB)."""
    visitor = visit(upload_limit_bytes=len(CLIP) - 1)

    assert visitor.upload_files(("notes.pdf", b"%PDF-1.7")).json()["code"] == 4001
    assert visitor.upload_files(("clip.mp4", CLIP)).json()["code"] == 4002
    assert Settings().upload_limit_bytes == 500 * 2**20


def test_400_without_client_id(visit):
    """S0-S3: 400 missing X-Client-Id."""
    answer = visit().http.post("api/auth/anonymous-token")

    assert (answer.status_code, answer.json()["code"]) == (400, 400)


def test_402_on_the_free_plan(visit):
    """S0-S3: 402 free plan export blocked: a matter of the tier, not of credits."""
    visitor = visit(plan="free", cost_generation=0)
    visitor.say("make a 10 second video about the sea")

    answer = visitor.render()

    assert (answer.status_code, answer.json()["code"]) == (402, 402)
    assert "credit" not in answer.json()["message"]


def test_429_within_seven_days(visit):
    """S0-S3: 1 token a client in 7 days."""
    visitor = visit()

    def ask(client: str) -> int:
        return visitor.http.post("api/auth/anonymous-token", headers={"X-Client-Id": client}).status_code

    assert ask("visitor") == 429
    assert ask("someone else") == 200
    visitor.pass_time(7 * DAY_S - 1)
    assert ask("visitor") == 429
    visitor.pass_time(1)
    assert ask("visitor") == 200


@pytest.mark.parametrize(("style", "expected"), [("mixed", [401, 200, 200]), ("ok", [200, 200, 200]), ("http", [401, 404, 415])])
def test_http_status_of_codes_is_a_setting(visit, style, expected):
    """Which HTTP status carries a code is documented nowhere, so it can be chosen."""
    visitor = visit(error_status=style)

    answers = [
        visitor.http.get("api/credits/balance/simple", headers={"Authorization": "Bearer x"}),
        visitor.http.get("api/state/nemo_agent/me/1/latest"),
        visitor.upload_files(("a.txt", b"x")),
    ]

    assert [answer.status_code for answer in answers] == expected
    assert [answer.json()["code"] for answer in answers] == [1001, 1002, 4001]


# workflows


def test_quick_edit(visit):
    """S1-S3 workflows: upload, one edit, download an MP4."""
    visitor = visit(**NO_SILENCE)
    visitor.upload_files(("clip.mp4", CLIP))
    visitor.say("add background music that matches the mood of my video")
    visitor.render()
    visitor.poll(), visitor.poll()

    answer = visitor.http.get("api/render/proxy/render_1/download")

    assert answer.headers["content-type"] == "video/mp4"
    assert answer.content[4:8] == b"ftyp"


def test_batch(visit):
    """S1-S3 workflows: several files in one session, each with its own render."""
    visitor = visit(**NO_SILENCE, cost_edit=0)
    told = visitor.upload_files(("one.mp4", CLIP), ("two.mp4", CLIP), ("three.mp4", CLIP)).json()["data"]["files"]
    assert [file["filename"] for file in told] == ["one.mp4", "two.mp4", "three.mp4"]
    urls = []
    for number, message in enumerate(["add lo-fi music", "replace the music with jazz", "remove the music"]):
        visitor.say(message)
        visitor.render(f"render_{number}")
        visitor.poll(f"render_{number}"), visitor.poll(f"render_{number}")
        urls.append(visitor.poll(f"render_{number}")["data"]["outputUrl"])

    files = [httpx.get(url).content for url in urls]
    assert len(set(files)) == 3
    assert [b"mp4a" in file for file in files] == [True, True, False]


def test_iterative(visit):
    """S1-S3 workflows: the session keeps the timeline from one message to the next."""
    visitor = visit(**NO_SILENCE)
    visitor.upload_files(("clip.mp4", CLIP))
    visitor.say("add lo-fi music at 35%")
    first = visitor.state()["draft"]
    visitor.say('add a title "Urban Dreams"')
    second = visitor.state()["draft"]

    assert second["t"][: len(first["t"])] == first["t"]
    assert len(second["t"]) == len(first["t"]) + 1
