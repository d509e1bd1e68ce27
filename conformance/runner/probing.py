"""Does a client scale its waits? Seen on the wire, before a run relies on it."""

from dataclasses import dataclass, replace
from itertools import pairwise

from conformance.client import Spec
from conformance.runner.bench import Play
from conformance.runner.playing import play, scenarios


@dataclass(frozen=True, slots=True)
class Probe:
    scales: bool
    why: str = ""


#: Scenarios in which a documented client waits half a minute, and the operation before and after that wait.
WAITS = (("rate-limited-once", "issue_anonymous_token"), ("render-fails-once", "get_render"))
WAIT_S = 30


def probe(spec: Spec, how: Play) -> Probe:
    """Whether this client's waits are scaled by NEMO_TIME_RATE, seen on the wire at that rate. Raises ServeError."""
    hurried = replace(how, deadline_s=how.deadline_s or 3 * WAIT_S / how.rate + 6, jobs=len(WAITS))
    traces = play(spec, scenarios([name for name, _ in WAITS]), hurried)
    waited = []
    for trace, (_, operation) in zip(traces, WAITS, strict=True):
        asked = trace.of(operation)
        waited += [(b.at_ms - a.over_ms) / 1000 for a, b in pairwise(asked)]
        if trace.outcome.get("how") == "not started":
            return Probe(True)  # that is told at length by the run itself
    if any(WAIT_S * 0.95 <= seconds <= WAIT_S * 2 + how.rate for seconds in waited):
        return Probe(True)
    if any(seconds < WAIT_S * 0.95 for seconds in waited):
        return Probe(
            False, f"the client waited {min(waited):.0f} virtual seconds where 30 are due, which tells nothing of its clock"
        )
    return Probe(False, "the client does not scale its waits by NEMO_TIME_RATE, as far as the wire shows")
