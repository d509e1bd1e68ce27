"""What the README tells people to type works as it stands: curl, jq and a shell."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mock_server.media.mp4 import write_mp4
from mock_server.media.probe import probe
from tests.mock_server.test_cli import serving

README = (Path(__file__).parents[2] / "README.md").read_text()
BLOCKS = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)

pytestmark = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("bash", "curl", "jq")), reason="bash, curl and jq are needed, and one is missing"
)


def shell(script: str, folder: Path) -> str:
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_the_first_minute_with_curl(tmp_path):
    """From a free token to an MP4 that lasts as long as the upload, with nothing but curl and jq."""
    (tmp_path / "clip.mp4").write_bytes(
        write_mp4(width=320, height=180, fps=25, duration_ms=3000, colour=(200, 80, 20), audio=True)
    )
    walk = next(block for block in BLOCKS if "anonymous-token" in block)
    with serving(tmp_path, "--clock", "instant") as (_, ready):
        told = shell(walk.replace("http://127.0.0.1:8747", ready["url"]).replace("sleep 30", "sleep 0"), tmp_path)

    assert '"type":"text"' in told and '"available":50' in told
    film = probe(tmp_path / "out.mp4")
    assert film is not None and film.format == "mp4" and film.duration_s == 3.0


def test_the_control_port_and_a_fault(tmp_path):
    """The blocks about worlds, time and faults answer as the text says."""
    with serving(tmp_path, "--clock", "manual") as (_, ready):
        blocks = [block.replace("http://127.0.0.1:8748", ready["control_url"]) for block in BLOCKS if "$CONTROL" in block]
        told = shell("\n".join([f"CONTROL={ready['control_url']}", *blocks]), tmp_path)

    assert '"now":"2026-03-20T00:00:30' in told.replace(" ", "")
    assert '"what":"reset"' in told.replace(" ", "")


@pytest.mark.parametrize(
    "line",
    sorted(
        set(
            re.findall(
                r"^nemovideo-(?:mock (?:scenario|ledger|settings|lifecycles)|conformance)[^#\n]*", "\n".join(BLOCKS), re.MULTILINE
            )
        )
    ),
)
def test_commands(line, tmp_path):
    """Each command of the recipes that needs no server runs."""
    command, *words = line.split()
    package = {"nemovideo-mock": "mock_server", "nemovideo-conformance": "conformance"}[command]
    words = [sys.executable if word == "python" else word for word in words]
    done = subprocess.run([sys.executable, "-m", package, *words], capture_output=True, text=True, cwd=Path(__file__).parents[2])

    assert done.returncode == 0, done.stderr
    assert done.stdout
