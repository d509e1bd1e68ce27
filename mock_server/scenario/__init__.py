"""Scenarios: files that say how a world begins, what happens in it, and which rules of a client that puts to the test.

`find` and `read` make a `Scenario` of a file, `begin` a world of a scenario, `recall` the text of a scenario of a journal.
"""

from mock_server.scenario.beginning import Begun, begin
from mock_server.scenario.nouns import Message, Scenario, StartingAccount, UserFile
from mock_server.scenario.reading import ScenarioError, find, folder, names, read, read_text, samples
from mock_server.scenario.recalling import RecallError, recall

__all__ = [
    "Begun",
    "Message",
    "RecallError",
    "Scenario",
    "ScenarioError",
    "StartingAccount",
    "UserFile",
    "begin",
    "find",
    "folder",
    "names",
    "read",
    "read_text",
    "recall",
    "samples",
]
