"""The reference client under seeds of the strict profile: prints what it saw go wrong. `python tests/conformance/strict_seeds.py 1000`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

TOP = Path(__file__).parents[2]
sys.path[:0] = [str(TOP), str(TOP / "fixtures" / "clients" / "reference")]

from mock_server.domain.settings import Settings, changed  # noqa: E402  # the paths come first
from mock_server.serve import Running, running  # noqa: E402
from mock_server.worlds import Recipe, Worlds  # noqa: E402

SPOKEN = [
    "make a 5 second video about the sea",
    'add a title "Urban Dreams" for the first 2 seconds',
    "show tracks",
    "把音乐音量调到20%",
    "credits",
    "export",
]
SETTINGS = changed(Settings(), {"profile": "strict", "free_credits": 1000})


def failures(server: Running, seed: int, home: Path) -> Iterator[str]:
    """One conversation in a world of that seed; a line for each thing a user would complain about."""
    from assistant import Assistant

    server.do(lambda: server.worlds.create(f"s{seed}", seed=str(seed)))
    told: list[str] = []
    names = {"NEMO_API_URL": server.world_url(f"s{seed}"), "HOME": str(home), "NEMO_TIME_RATE": "500"}
    client = Assistant(names | {"SKILL_NAME": "music-to-a", "SKILL_VERSION": "1.0.0"}, home, told.append)
    answers = []
    for message in SPOKEN:
        told.clear()
        client.answer(message, [])
        answers.append("\n".join(told))
    live = server.worlds.at(f"s{seed}")
    statuses = [entry["status"] for entry in server.do(lambda: list(live.journal.entries(kind="response")))]
    wanted = [("sea", 0), ("Urban Dreams", 1), ("Urban Dreams", 2), ("20%", 3), ("850", 4), (".mp4", 5)]
    yield from (
        f"answer {place} lacks {words!r}: {answers[place][:300]!r}" for words, place in wanted if words not in answers[place]
    )
    yield from (f"a request was answered {status}" for status in statuses if status >= 300)
    yield from (f"a secret was shown: {answer[:200]!r}" for answer in answers if "nmv_usr_" in answer or '{"code"' in answer)
    server.do(lambda: server.worlds.delete(f"s{seed}"))


def run(seeds: range) -> list[str]:
    """Everything that went wrong, a line each with its seed."""
    import os

    found = []
    with (
        TemporaryDirectory() as folder,
        running(Worlds(Recipe(policy="instant", settings=SETTINGS)), control_port=None) as server,
    ):
        here = Path.cwd()
        os.chdir(folder)  # the client saves what it exports where it stands
        try:
            for seed in seeds:
                home = Path(folder, f"home{seed}")
                home.mkdir()
                found += [f"seed {seed}: {line}" for line in failures(server, seed, home)]
        finally:
            os.chdir(here)
    return found


if __name__ == "__main__":
    wrong = run(range(int(sys.argv[1])))
    print("\n".join(wrong) or f"{sys.argv[1]} seeds of the strict profile, nothing wrong")
    sys.exit(bool(wrong))
