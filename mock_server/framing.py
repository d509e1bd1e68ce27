"""Events to bytes: a view, which changes nothing of what happened.

Each event becomes one `data:` line and a blank line (API.md (c): no `event:`, `id:` or `retry:` in the documented dialects),
a heartbeat takes one of its forms in turn.
"""

from typing import Any

import msgspec

from mock_server.domain.ids import Dice, uuid
from mock_server.domain.script import Event
from mock_server.domain.settings import Settings
from mock_server.domain.turns import Told, Turn

_encode = msgspec.json.Encoder().encode

HEARTBEATS = {
    "json": b'data: {"type":"heartbeat"}\n\n',
    "empty": b"data:\n\n",
    "space": b"data: \n\n",
    "word": b"data: heartbeat\n\n",
    "event": b"event: heartbeat\ndata:\n\n",
    "comment": b": heartbeat\n\n",
}


def frame(settings: Settings, turn: Turn, number: int, beats: int) -> bytes:
    """Bytes of event `number` (from 0) of a turn, before which `beats` heartbeats were told."""
    told = turn.told[number]
    if told.event.kind == "heartbeat":
        forms = settings.heartbeat_forms
        return HEARTBEATS[forms[beats % len(forms)]]
    return b"data: " + _encode(_DIALECTS[settings.dialect](told, turn, number)) + b"\n\n"


def vendor(told: Told, turn: Turn, number: int) -> dict[str, Any]:
    """The vendor's typed events (API.md (c), D1)."""
    event = told.event
    match event.kind:
        case "tool_call":
            return {"type": "tool_call", "name": event.name, "args": event.data}
        case "tool_result":
            return {"type": "tool_result", "name": event.name, "result": event.data}
        case "error":
            return {"type": "error", "content": event.text}
        case _:
            return {"type": "text", "content": event.text}


def adk(told: Told, turn: Turn, number: int) -> dict[str, Any]:
    """Events of the agent server whose route this is (API.md (c), D2)."""
    event = told.event
    dice = Dice(f"adk/{turn.id}/{number}")
    common = {
        "invocationId": "e-" + uuid(Dice(f"adk/{turn.id}"), "invocation"),
        "author": "nemo_agent",
        "actions": {"stateDelta": {}, "artifactDelta": {}, "requestedAuthConfigs": {}, "requestedToolConfirmations": {}},
        "id": uuid(dice, "event"),
        "timestamp": told.at_ms / 1000,
    }
    if event.kind == "error":
        return {"errorCode": "SERVICE_ERROR", "errorMessage": event.text, **common}
    role = "user" if event.kind == "tool_result" else "model"
    answer = {"content": {"parts": [_adk_part(event)], "role": role}, **common}
    if event.kind == "tool_call":
        answer["longRunningToolIds"] = []
    return answer


def _adk_part(event: Event) -> dict[str, Any]:
    match event.kind:
        case "tool_call":
            return {"functionCall": {"id": event.call_id, "args": event.data, "name": event.name}}
        case "tool_result":
            return {"functionResponse": {"id": event.call_id, "name": event.name, "response": event.data}}
        case _:
            return {"text": event.text}


def text(told: Told, turn: Turn, number: int) -> dict[str, Any]:
    """Bare text (API.md (c), D3); tools have no form of their own there."""
    event = told.event
    match event.kind:
        case "tool_call":
            return {"tool": event.name, "args": event.data}
        case "tool_result":
            return {"tool": event.name, "result": event.data}
        case "error":
            return {"error": event.text}
        case _:
            return {"text": event.text}


_DIALECTS = {"vendor": vendor, "adk": adk, "text": text}
