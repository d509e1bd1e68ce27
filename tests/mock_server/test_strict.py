"""The strict profile varies what the documents leave open, and nothing else."""

import json
import socket

import httpx
import pytest

from mock_server.domain.settings import FIELDS
from mock_server.domain.variations import VARIATIONS
from mock_server.media.mp4 import write_mp4
from tests.mock_server.conftest import Visitor

CLIP = write_mp4(width=64, height=64, fps=25, duration_ms=2000, colour=(1, 2, 3), audio=False)


def only(name: str) -> dict:
    """Settings under which this variation alone can be chosen, and therefore is."""
    return {"profile": "strict", "strict_off": [other for other in VARIATIONS if other != name], "silent_rate": 0}


def tell(visitor: Visitor) -> None:
    visitor.upload_files(("clip.mp4", CLIP))
    visitor.say("add calm background music")
    visitor.say("what can you do?")


def raw_head(visitor: Visitor) -> bytes:
    with socket.create_connection((httpx.URL(visitor.server.url).host, httpx.URL(visitor.server.url).port), timeout=10) as peer:
        peer.sendall(f"GET /w/{visitor.world}/openapi.json HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
        received = b""
        while piece := peer.recv(65536):
            received += piece
    return received.partition(b"\r\n\r\n")[0]


def seen(visitor: Visitor) -> dict[str, object]:
    """What each variation would change, looked at in one world."""
    tell(visitor)
    credits = visitor.http.get("api/credits/balance/simple").text
    chinese = visitor.http.post("api/tasks/me/with-session/nemo_agent", json={"task_name": "豆腐"}).json()["data"]["session_id"]
    files = visitor.state()["video_infos"]
    return {
        "key_order": next(iter(json.loads(credits)["data"])) != "available",
        "extra_fields": len(json.loads(credits)) > 2,
        "whitespace": "\n" in credits,
        "escapes": "\\u" in visitor.http.get(f"api/state/nemo_agent/me/{chinese}/latest").text,
        "numbers": '"fps":25,' in visitor.http.get(f"api/state/nemo_agent/me/{visitor.session_id}/latest").text.replace(" ", ""),
        "header_case": b"content-type: application/json" not in raw_head(visitor),
        "id_shapes": len(visitor.task_id) != len("task_7c1e90"),
        "url_shapes": "?" in files[0]["cdn_url"],
        "heartbeat_rhythm": visitor.server.worlds.at(visitor.world).world.settings.heartbeat_interval_s != 10,
        "granularity": bool(visitor.journal("chunk")),  # one thing told, in several events
        "draft_keys": set(visitor.state()["draft"]["t"][0]) != {"id", "tt", "n", "sg"}
        or "s" not in visitor.state()["draft"]["t"][0]["sg"][0],
    }


@pytest.mark.parametrize("name", VARIATIONS)
def test_variation(visit, name):
    """Each variation, alone: it shows, no other does, the journal says so, and the files can still be fetched."""
    visitor = visit(**only(name))
    shown = seen(visitor)

    assert [variation for variation in VARIATIONS if shown[variation]] == [name]
    assert [e["detail"]["variations"] for e in visitor.journal("world") if e["what"] == "world.varied"] == [[name]]
    assert httpx.get(visitor.state()["video_infos"][0]["cdn_url"]).content == CLIP


def test_plain_varies_nothing(visit):
    """In the plain profile none of it shows."""
    shown = seen(visit(silent_rate=0))

    assert not [name for name in VARIATIONS if shown[name]]


def test_everything_at_once_still_works(visit):
    """A whole workflow in a world of the strict profile, and it varies by seed."""
    found = set()
    for _ in range(6):
        visitor = visit(profile="strict", silent_rate=0)
        tell(visitor)
        visitor.render()
        visitor.poll()
        done = visitor.poll()
        assert done["status"] == "completed"
        assert httpx.get(done["output"]["url"]).content[4:8] == b"ftyp"
        found.add(visitor.server.worlds.at(visitor.world).world.varied)
    assert found


def test_names_agree():
    """Every variation can be switched off alone, and names its clause."""
    assert FIELDS["strict_off"].metadata["choices"] == tuple(VARIATIONS)
    assert all(variation.clause and variation.does for variation in VARIATIONS.values())
