"""Scenarios played with a client: a world each, side by side, under a real clock at a rate; a trace of each.

The only part of the kit that knows the mock server.
"""

from conformance.runner.bench import Bench, Play, Skill, bench, skill_of
from conformance.runner.conversation import Conversation
from conformance.runner.playing import names, play, rules_of, scenarios, trouble
from conformance.runner.probing import Probe, probe
from conformance.runner.strays import strays_ended
from conformance.runner.visiting import Visit, chat, reference_client
from conformance.trace import Trace
from mock_server.scenario import ScenarioError

__all__ = [
    "Bench",
    "Conversation",
    "Play",
    "Probe",
    "ScenarioError",
    "Skill",
    "Trace",
    "Visit",
    "bench",
    "chat",
    "names",
    "play",
    "probe",
    "reference_client",
    "rules_of",
    "scenarios",
    "skill_of",
    "strays_ended",
    "trouble",
]
