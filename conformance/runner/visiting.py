"""A person at one of the two ends: a client driven by hand, or the reference client talked to."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from conformance.client import Ending
from conformance.runner.bench import Bench, Play, bench, skill_of
from conformance.runner.conversation import Conversation
from conformance.skill.profile import Profile
from conformance.trace import Trace
from mock_server.scenario import Message, Scenario


class Visit:
    """A scenario served for a client that somebody else drives."""

    def __init__(self, it: Bench, how: Play, told: Scenario) -> None:
        self.conversation = Conversation(it, how, told, "observed")
        self.env = self.conversation.begin()

    def environment(self) -> Mapping[str, str]:
        """What the client must be told; it may reach the world without, if it is given the base URL otherwise."""
        return {name: value for name, value in self.env.items() if name.startswith(("NEMO_", "SKILL_"))}

    def file(self, name: str) -> Path:
        return self.conversation.home / name

    def said(self, message: Message) -> None:
        """The user is told to say this now."""
        self.conversation.wait_for(message)
        self.conversation.note_message(message)

    def over(self) -> Trace:
        return self.conversation.over(Ending("finished"))


def reference_client() -> Path | None:
    """Where the reference client lies: in the installed package, or in a checkout."""
    here = Path(__file__).parents[1]
    places = (here / "clients" / "reference", here.parent / "fixtures" / "clients" / "reference")
    return next((place for place in places if place.is_dir()), None)


def chat(client: Path, told: Scenario | None, rate: float, profile: Profile, folder: Path) -> int:
    """The exit status of the reference client, run on this terminal in that folder."""
    how = Play(rate=rate, skill=skill_of(profile))
    with bench() as it:
        conversation = Conversation(it, how, told or Scenario("chat", "a person talks to the reference client"), "chat")
        given = conversation.begin()
        env = {**os.environ, **{key: value for key, value in given.items() if key.startswith(("NEMO_", "SKILL_", "HOME"))}}
        return subprocess.run([sys.executable, str(client)], env=env, cwd=folder).returncode
