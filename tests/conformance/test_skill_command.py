"""`skill` on the command line: text, JSON, SARIF, exit status."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from conformance.skill.command import skill

SKILLS = Path(__file__).parents[2] / "fixtures" / "skills"
EXPECTED = yaml.safe_load((SKILLS / "expected.yaml").read_text("utf-8"))


def run(*words):
    return CliRunner().invoke(skill, [str(word) for word in words], catch_exceptions=False)


@pytest.mark.parametrize("name", ["vendor-good.md", "f02-scrubbed.md", "f10-generate.md", "f15-advertising.md"])
def test_exit_status(name):
    assert [run(SKILLS / name, "--level", by).exit_code for by in ("seed", "vendor")] == EXPECTED[name]["status"]


def test_lines_that_editors_jump_to():
    said = run(SKILLS / "f03-frozen.md").stdout

    assert f"{SKILLS / 'f03-frozen.md'}:33:18: NV-029 POST /api/upload-video" in said
    assert "9 broken, 0 advice" in said.splitlines()[-2]


def test_vendor_rules_are_advice_until_asked_for():
    path = SKILLS / "f02-scrubbed.md"

    assert "NV-016 advice (vendor)" in run(path).stdout
    assert "NV-016 The link" in run(path, "--level", "vendor").stdout


def test_several_files_worst_counts(tmp_path):
    good, bad, none = SKILLS / "vendor-good.md", SKILLS / "f11-run.md", SKILLS / "f15-advertising.md"

    assert run(good, none).exit_code == 0
    assert run(good, bad, none).exit_code == 1
    gone = run(good, tmp_path / "GONE.md")
    assert (
        gone.exit_code == 2
        and "GONE.md: cannot be read: No such file" in gone.stderr
        and "vendor-good.md: 0 broken" in gone.stdout
    )
    assert run().exit_code == 2
    assert run(good, "--level", "mine").exit_code == 2
    assert run(tmp_path).exit_code == 2


def test_json():
    rows = json.loads(run(SKILLS / "f02-scrubbed.md", SKILLS / "f15-advertising.md", "--json").stdout)

    assert [row["read"] for row in rows] == [True, False]
    link = next(finding for finding in rows[0]["findings"] if finding["rule"] == "NV-016")
    assert (link["verdict"], link["level"], link["basis"], link["counts"], link["line"]) == (
        "broken",
        "must",
        "vendor",
        False,
        38,
    )
    assert any(finding["verdict"] == "met" for finding in rows[0]["findings"])


def test_sarif(tmp_path):
    target = tmp_path / "skills.sarif"
    files = [SKILLS / f"{name}.md" for name in ("f02-scrubbed", "f03-frozen", "f14-edit", "f15-advertising", "f16-inlinecode")]
    run(*files, "--sarif", target)
    log = json.loads(target.read_text("utf-8"))

    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json") and len(log["runs"]) == 1
    driver, results = log["runs"][0]["tool"]["driver"], log["runs"][0]["results"]
    assert driver["name"] == "nemovideo-conformance" and driver["version"]
    assert len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"])
    for result in results:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert (result["kind"], result["level"]) in (("fail", "error"), ("fail", "note"), ("open", "none"))
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"].startswith("file:///") and place["region"]["startLine"] >= 1
        assert place["region"].get("startColumn", 1) >= 1
    assert sum(result["level"] == "error" for result in results) > 20


def test_a_place_that_cannot_be_written_is_told():
    said = run(SKILLS / "vendor-good.md", "--sarif", "/nowhere/at/all.sarif")

    assert said.exit_code == 2 and "/nowhere/at/all.sarif: cannot be written" in said.stderr
