"""A run again: from its token, from its journal, through HAR."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from random import Random

import httpx
import pytest

from mock_server import har
from mock_server.domain.settings import Settings, changed
from mock_server.recipe import Recipe, TokenError, read_token, token_of
from mock_server.recording import RecordingError, entries_of, exchanges
from tests.mock_server.conftest import ATTRIBUTION
from tests.mock_server.test_cli import serving

RUNS = Path(__file__).parent / "runs.py"


#: `make certify` takes a thousand.
HOW_MANY = 1000 if os.environ.get("CERTIFY") else 100


def test_random_runs_are_the_same_in_another_process():
    """Token in, transcript out: random runs give the same hashes in two processes of unlike hash seeds.

    A transcript holds status, headers, chunk boundaries and the world's journal with its virtual times.
    """
    done = [
        subprocess.Popen(
            [sys.executable, str(RUNS), str(HOW_MANY)],
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONHASHSEED": seed},
            cwd=RUNS.parents[2],
        )
        for seed in ("1", "2")
    ]
    outputs = [process.communicate(timeout=170)[0] for process in done]

    assert [process.returncode for process in done] == [0, 0]
    assert outputs[0] == outputs[1]
    assert len(set(outputs[0].splitlines())) == len(outputs[0].splitlines()) == HOW_MANY


@pytest.mark.parametrize("seed", range(40))
def test_a_token_says_how_a_world_begins(seed):
    """What goes in comes out, within 80 characters; a damaged one is refused."""
    dice = Random(seed)
    wanted = dice.choice([{}, {"dialect": "adk"}, {"profile": "strict"}, {"silent_rate": 1, "edit_s": "1-2"}])
    recipe = Recipe(
        str(dice.randrange(10**6)),
        changed(Settings(), wanted),
        dice.choice(["real", "manual", "instant"]),
        dice.choice([1.0, 20.0]),
    )
    token = token_of(recipe)

    assert len(token) <= 80
    assert read_token(token) == recipe
    spoilt = token[:10] + ("A" if token[10] != "A" else "B") + token[11:]
    with pytest.raises(TokenError):
        read_token(spoilt)


def test_too_many_settings_want_a_file():
    """A token that would be longer than 80 characters is not made."""
    with pytest.raises(TokenError, match="scenario file"):
        token_of(
            Recipe(settings=changed(Settings(), {"public_url": "https://example.test/" + hashlib.sha256(b"x").hexdigest() * 2}))
        )


# playing a journal


def walk(url: str) -> list[tuple[int, str, bytes]]:
    """A short workflow; what was answered, whole."""
    seen = []
    with httpx.Client(base_url=url, headers=ATTRIBUTION, timeout=30) as client:

        def ask(method: str, path: str, **more: object) -> httpx.Response:
            answer = client.request(method, path, **more)
            seen.append((answer.status_code, answer.headers.get("content-type", ""), answer.content))
            return answer

        token = ask("POST", "api/auth/anonymous-token", headers={"X-Client-Id": "walker"}).json()["data"]["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        session = ask("POST", "api/tasks/me/with-session/nemo_agent", json={"task_name": "豆腐"}).json()["data"]["session_id"]
        ask(
            "POST",
            "run_sse",
            json={"session_id": session, "new_message": {"parts": [{"text": "make a 5 second video about the sea"}]}},
        )
        draft = ask("GET", f"api/state/nemo_agent/me/{session}/latest").json()["data"]["state"]["draft"]
        ask("POST", "api/render/proxy/lambda", json={"id": "render_1", "sessionId": session, "draft": draft})
        ask("GET", "api/render/proxy/lambda/render_1")
        done = ask("GET", "api/render/proxy/lambda/render_1").json()
        ask("GET", httpx.URL(done["output"]["url"]).raw_path.decode().lstrip("/"))
        ask("GET", "api/v1/generate")
    return seen


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[int, str, bytes]]]:
    """A journal file and what its client saw."""
    folder = tmp_path_factory.mktemp("recorded")
    with serving(folder, "--clock", "instant", "--journal", str(folder / "run.jsonl")) as (_, ready):
        seen = walk(ready["url"])
    return folder / "run.jsonl", seen


@pytest.mark.parametrize("mode", ["strict", "lenient", "through HAR"])
def test_a_journal_answers_as_recorded(recorded, tmp_path, mode):
    """The same client sees the same bytes, matched strictly or leniently, or after a trip through HAR."""
    journal, seen = recorded
    if mode == "through HAR":
        made = subprocess.run(
            [sys.executable, "-m", "mock_server", "har", "export", "--keep-secrets", str(journal)],
            capture_output=True,
            text=True,
            check=True,
        )
        journal = tmp_path / "run.har"
        journal.write_text(made.stdout)
    words = ["replay", str(journal), *(["--lenient"] if mode == "lenient" else [])]
    with serving(tmp_path, command=words) as (_, ready):
        again = walk(ready["url"])

    assert again == seen


def test_a_stranger_is_told_what_the_recording_expects(recorded, tmp_path):
    """Strict: another request is 409 with the difference; the recording waits for the right one."""
    journal, _ = recorded
    with serving(tmp_path, command=["replay", str(journal)]) as (_, ready):
        wrong = httpx.get(f"{ready['url']}/api/credits/balance/simple")
        right = httpx.post(f"{ready['url']}/api/auth/anonymous-token")

    assert wrong.status_code == 409
    assert "POST /api/auth/anonymous-token" in wrong.json()["message"]
    assert right.json()["code"] == 0


def test_a_token_is_served_again(tmp_path):
    """`replay TOKEN` begins the world that `serve` printed the token of."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with serving(tmp_path / "a", "--clock", "instant", "--seed", "42") as (_, ready):
        first = walk(ready["url"])
    token = token_of(Recipe(seed="42", policy="instant"))
    with serving(tmp_path / "b", command=["replay", token]) as (_, ready):
        second = walk(ready["url"])

    strip = [tuple(part for part in answer if b"127.0.0.1" not in answer[2]) for answer in first]
    assert strip == [tuple(part for part in answer if b"127.0.0.1" not in answer[2]) for answer in second]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"not json\n", ":1: "), (b'{"seq": 1}\n', ":1: "), (b'{"log": {"entries": [{}]}}', "HAR"), (b"", "no exchange")],
)
def test_files_that_are_no_recording(tmp_path, content, said):
    """One line with file and place, exit 2."""
    file = tmp_path / "x.jsonl"
    file.write_bytes(content)

    done = subprocess.run(
        [sys.executable, "-m", "mock_server", "replay", str(file), "--port", "0"], capture_output=True, text=True
    )

    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr


def test_half_a_last_line_is_forgiven(recorded, tmp_path):
    """A killed process may leave one."""
    journal, _ = recorded
    file = tmp_path / "cut.jsonl"
    file.write_bytes(journal.read_bytes()[:-20])

    assert exchanges(entries_of(file))
    with pytest.raises(RecordingError):
        entries_of(Path(__file__))


# HAR


def test_exports_hold_no_secret(recorded):
    """Tokens and client ids are replaced, by the same word throughout."""
    journal, seen = recorded
    token = json.loads(seen[0][2])["data"]["token"]
    text = json.dumps(har.export(entries_of(journal)))

    assert token not in text and "walker" not in text
    assert set(re.findall(r"nmv_usr_\w+", text)) == {"nmv_usr_REDACTED1"}
    assert text.count("nmv_usr_REDACTED1") == len(seen)
    assert token in json.dumps(har.export(entries_of(journal), keep_secrets=True))


def test_har_is_of_version_1_2(recorded):
    """The members that the format demands are there, for each exchange."""
    log = har.export(entries_of(recorded[0]))["log"]

    assert (log["version"], len(log["entries"])) == ("1.2", len(recorded[1]))
    for entry in log["entries"]:
        assert entry.keys() == {"startedDateTime", "time", "request", "response", "cache", "timings"}
        assert entry["request"].keys() >= {
            "method",
            "url",
            "httpVersion",
            "cookies",
            "headers",
            "queryString",
            "headersSize",
            "bodySize",
        }
        assert entry["response"].keys() >= {
            "status",
            "statusText",
            "httpVersion",
            "cookies",
            "headers",
            "content",
            "redirectURL",
            "headersSize",
            "bodySize",
        }
        assert entry["timings"].keys() == {"send", "wait", "receive"}


def test_a_recording_is_held_against_the_contract(recorded, tmp_path):
    """The mock's own fits; one from elsewhere is told where it does not."""
    journal, _ = recorded
    document = har.export(entries_of(journal))
    assert [line for line in har.contradictions(har.entries(document)) if "no such operation" not in line] == []

    document["log"]["entries"][1]["response"]["content"]["text"] = '{"code": 0, "data": {"session_id": 12}}'
    document["log"]["entries"][3]["response"]["status"] = 418
    file = tmp_path / "odd.har"
    file.write_text(json.dumps(document))
    done = subprocess.run([sys.executable, "-m", "mock_server", "har", "check", str(file)], capture_output=True, text=True)

    assert done.returncode == 1
    assert "create_session" in done.stdout or "with-session" in done.stdout
    assert "418" in done.stdout and "/api/v1/generate" in done.stdout
