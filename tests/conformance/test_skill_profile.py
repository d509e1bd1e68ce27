"""Profiles: the five known by name, and those read from a document."""

from pathlib import Path

import pytest

from conformance.skill import SkillError, profile
from conformance.skill.profile import names

SKILLS = Path(__file__).parents[2] / "fixtures" / "skills"
SEEDS = ("music-to-a", "ai-add-music-to", "add-music-to-best", "video-music-generator")


def write(folder: Path, text: str) -> str:
    path = folder / "SKILL.md"
    path.write_text(text, "utf-8")
    return str(path)


@pytest.mark.parametrize("name", [*SEEDS, "nemo-video"])
def test_known_by_name(name):
    known = profile(name)

    assert known.name == name and known.version
    assert name in names()
    assert {"NV-003", "NV-021", "NV-037", "NV-103"} <= known.carries
    assert all(rule.startswith("NV-") and 1 <= int(rule[3:]) <= 121 for rule in known.carries)


def test_what_the_four_say_differently():
    a, b, c, d = (profile(name) for name in SEEDS)

    assert [p.session_body for p in (a, b, c, d)] == ["language", "either", "either", "either"]
    assert [p.claim_s for p in (a, b, c, d)] == [(30, 60), (30, 60), (20, 40), (30, 60)]
    assert ["NV-048" in p.carries for p in (a, b, c, d)] == [True, False, True, False]
    assert ["NV-100" in p.carries for p in (a, b, c, d)] == [False, True, False, True]
    assert not any("NV-071" in p.carries or "NV-104" in p.carries for p in (a, b, c, d))
    assert {"NV-071", "NV-104"} <= profile("nemo-video").carries


@pytest.mark.parametrize(("number", "name"), list(enumerate(SEEDS)))
def test_a_document_that_says_the_same_in_other_words_has_the_same_profile(number, name):
    read, known = profile(str(SKILLS / f"s{number}-equivalent.md")), profile(name)

    assert read.carries == known.carries
    assert (read.session_body, read.claim_s, read.platforms, read.source_env_wins) == (
        known.session_body, known.claim_s, known.platforms, known.source_env_wins,
    )  # fmt: skip


def test_platform_by_install_path():
    seed, vendor = profile("add-music-to-best"), profile("nemo-video")

    assert seed.platform("/home/u/.clawhub/skills/x") == "clawhub"
    assert seed.platform("/home/u/.cursor/skills/x") == "cursor"
    assert seed.platform("/opt/x") == "unknown"
    assert seed.platform("/home/u/.clawhub", "github") == "clawhub"
    assert vendor.platform("/home/u/.clawhub", "github") == "github"


def test_platforms_and_environment_as_the_document_says(tmp_path):
    read = profile(
        write(
            tmp_path,
            "---\nname: a\nversion: 1.10\n---\nX-Skill-Platform: env `SKILL_SOURCE` if set, else by path: `~/.openclaw/skills/` → `openclaw`, else unknown\n",
        )
    )

    assert (read.name, read.version) == ("a", "1.10")
    assert read.source_env_wins and read.platform("/root/.openclaw/skills/a") == "openclaw"


@pytest.mark.parametrize(
    "front",
    [
        "name: a-b\nversion: '2.0'\n",
        'name: "a-b"  # slug\nversion: 2.0  # current\n',
        "name: a-b\nmetadata:\n  version: '2.0'\n",
        'name: a-b\nmetadata: {"openclaw": {"version": "2.0"}}\n',
        "name: a-b\nversion: 2.0\ndescription: use it for: clips\n",
        "name: a-b\nversion: 2.0\nmetadata: {broken\n",
    ],
)
def test_frontmatter_in_the_forms_of_the_wild(tmp_path, front):
    read = profile(write(tmp_path, f"---\n{front}---\n# A\nNEMO_TOKEN\n"))

    assert (read.name, read.version) == ("a-b", "2.0")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# A\nNEMO_TOKEN", r"SKILL\.md:1: .*`name:`.*no frontmatter"),
        ("---\nname: a\n---\n", r"SKILL\.md:1: .*`version:`"),
        ("---\nversion: 1\n", r"SKILL\.md:1: .*`name:`.*never closed"),
        ("---\nname:\nversion: 1\nx: [\n---\n", r"SKILL\.md:5: .*`name:`.*no YAML"),
        ("---\n- a\n---\n", r"SKILL\.md:2: .*a list, not"),
        ("", r"SKILL\.md:1: "),
    ],
)
def test_frontmatter_that_cannot_do_names_file_and_line(tmp_path, text, said):
    with pytest.raises(SkillError, match=said):
        profile(write(tmp_path, text))


def test_a_folder_stands_for_its_document(tmp_path):
    write(tmp_path, "---\nname: a\nversion: 1\n---\n")

    assert profile(str(tmp_path)).name == "a"


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(SkillError, match="did you mean music-to-a"):
        profile("music-to-b")


def test_a_rule_said_and_unsaid_is_not_carried(tmp_path):
    text = (SKILLS / "vendor-good.md").read_text("utf-8")

    assert "NV-061" in profile(str(SKILLS / "vendor-good.md")).carries
    assert "NV-061" not in profile(write(tmp_path, text + "\nWhen nothing comes, send the message again.\n")).carries
