"""A fork stands by itself: its files can be fetched when the world it came from is gone."""

import httpx
import pytest

from mock_server.media.mp4 import write_mp4
from mock_server.worlds import moved

CLIP = write_mp4(width=64, height=64, fps=25, duration_ms=2000, colour=(1, 2, 3), audio=False)


def test_files_of_a_fork_are_its_own(visit):
    """Upload, edit, fork, delete the first: every URL in the fork's state leads to the fork, and answers."""
    visitor = visit(silent_rate=0)
    visitor.upload_files(("clip.mp4", CLIP))
    visitor.say("add calm background music")
    fork = f"{visitor.world}-fork"
    visitor.server.do(lambda: visitor.server.worlds.fork(visitor.world, fork))
    visitor.server.do(lambda: visitor.server.worlds.delete(visitor.world))

    url = f"{visitor.server.world_url(fork)}/api/state/nemo_agent/me/{visitor.session_id}/latest"
    state = httpx.get(url, headers={"Authorization": f"Bearer {visitor.token}"}).json()["data"]["state"]

    found = [info["cdn_url"] for info in state["video_infos"]] + [s["src"] for t in state["draft"]["t"] for s in t["sg"]]
    assert len(found) == 4 and all(f"/w/{fork}/cdn/" in one for one in found)
    assert [httpx.get(one).status_code for one in found] == [200] * 4
    assert httpx.get(found[0]).content == CLIP


@pytest.mark.parametrize(
    ("name", "told", "expected"),
    [
        ("default", "http://h:1/cdn/a/b.mp4", "http://h:1/w/new/cdn/a/b.mp4"),
        ("default", "http://h:1/w/other/cdn/a/b.mp4", "http://h:1/w/other/cdn/a/b.mp4"),
        ("old", "http://h:1/w/old/cdn/a/b.mp4", "http://h:1/w/new/cdn/a/b.mp4"),
        ("old", "http://h:1/w/older/cdn/a/b.mp4", "http://h:1/w/older/cdn/a/b.mp4"),
        ("old", "https://elsewhere/films/b.mp4", "https://elsewhere/films/b.mp4"),
    ],
)
def test_only_urls_of_the_first_world_move(name, told, expected):
    """URLs of other worlds and of other places stay as they are."""
    assert moved(f'{{"cdn_url":"{told}"}}'.encode(), name, "new") == f'{{"cdn_url":"{expected}"}}'.encode()
