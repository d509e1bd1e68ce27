"""The workflows that each of the four seed skills describes, end to end, by a client that follows that skill."""

import pytest

from conformance import runner
from conformance.client import Spec
from conformance.result import Held, result
from conformance.skill.profile import profile
from tests.conformance.kit import broken

RATE = 300.0  # nothing here is judged by upper bounds
SKILLS = ("music-to-a", "ai-add-music-to", "add-music-to-best", "video-music-generator")
#: Upload, edit, download; several files in one session; a rough cut, a look at it, a refinement.
WORKFLOWS = {"quick edit": "free-first-video", "batch": "batch-of-three-clips", "iterative": "exports-in-a-row"}


@pytest.mark.parametrize("name", SKILLS)
def test_the_workflows_of_a_skill(name: str) -> None:
    skill = profile(name)
    how = runner.Play(rate=RATE, skill=runner.skill_of(skill))

    traces = runner.play(Spec(make=broken().client(None)), runner.scenarios(WORKFLOWS.values()), how)

    found = result("", Held(skill.name, skill.version, skill.carries), RATE, traces, ())
    assert [one.rule.id for one in found.findings if one.verdict == "broken"] == []
    assert {"NV-021", "NV-022", "NV-023", "NV-024"} <= {
        one.rule.id for one in found.findings if one.verdict == "met" and one.binds
    }
    for trace in traces:
        assert {one.headers.get("x-skill-source") for one in trace.exchanges} == {name}
        assert {one.headers.get("x-skill-version") for one in trace.exchanges} == {skill.version}
        assert len(trace.sessions) == 1 and [one.status for one in trace.of("get_file")]
    claim = skill.claim_s
    assert claim is not None and 0 < claim[0] < claim[1] <= 60


def test_attribution_of_another_skill_is_found() -> None:
    """A client that says it is music-to-a, judged as one that follows video-music-generator."""
    skill = profile("video-music-generator")
    (trace,) = runner.play(Spec(make=broken().client(None)), runner.scenarios(["silent-edit"]), runner.Play(rate=RATE))
    trace.given["skill"] = {"name": skill.name, "version": "9.9.9", "platforms": ["clawhub"]}

    found = result("", Held(skill.name, skill.version, skill.carries), RATE, [trace], ())
    assert {"NV-022", "NV-023", "NV-024"} <= {one.rule.id for one in found.findings if one.fails}
