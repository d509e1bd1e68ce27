"""What an event looks like as JSON: three dialects of the same story.

No capture of the real stream is public. `vendor` is the only statement of event bodies (vendor 4.4), `adk` what the agent server
behind that route prints (measured on google/adk-python), `text` what the one public program that parses the stream expects.
"""

from typing import Any

from mock_server.domain.ids import Dice, uuid
from mock_server.domain.script import Event
from mock_server.domain.turns import Told, Turn

Payload = dict[str, Any]


def vendor(parts: list[Told], turn: Turn, number: int, partial: bool) -> Payload:
    """One typed object an event; it has no place for two parts."""
    event = parts[-1].event
    match event.kind:
        case "tool_call":
            payload: Payload = {"type": "tool_call", "name": event.name, "args": event.data}
        case "tool_result":
            payload = {"type": "tool_result", "name": event.name, "result": event.data}
        case "error":
            payload = {"type": "error", "content": event.text}
        case _:
            payload = {"type": "text", "content": event.text}
    return payload | ({"partial": True} if partial else {})


def adk(parts: list[Told], turn: Turn, number: int, partial: bool) -> Payload:
    """camelCase events of the agent server; text and a tool call may share one."""
    told = parts[-1]
    common: Payload = {
        "invocationId": "e-" + uuid(Dice(f"adk/{turn.id}"), "invocation"),
        "author": "nemo_agent",
        "actions": {"stateDelta": {}, "artifactDelta": {}, "requestedAuthConfigs": {}, "requestedToolConfirmations": {}},
        "id": uuid(Dice(f"adk/{turn.id}/{number}"), "event"),
        "timestamp": told.at_ms / 1000,
    }
    if told.event.kind == "error":
        return {"errorCode": "SERVICE_ERROR", "errorMessage": told.event.text, **common}
    role = "user" if told.event.kind == "tool_result" else "model"
    payload = {"content": {"parts": [_adk_part(part.event) for part in parts], "role": role}, **common}
    if any(part.event.kind == "tool_call" for part in parts):
        payload["longRunningToolIds"] = []
    return payload | ({"partial": True} if partial else {})


def _adk_part(event: Event) -> Payload:
    match event.kind:
        case "tool_call":
            return {"functionCall": {"id": event.call_id, "args": event.data, "name": event.name}}
        case "tool_result":
            return {"functionResponse": {"id": event.call_id, "name": event.name, "response": event.data}}
        case _:
            return {"text": event.text}


def text(parts: list[Told], turn: Turn, number: int, partial: bool) -> Payload:
    """Bare text; tools have no form of their own there (assumed)."""
    event = parts[-1].event
    match event.kind:
        case "tool_call":
            payload: Payload = {"tool": event.name, "args": event.data}
        case "tool_result":
            payload = {"tool": event.name, "result": event.data}
        case "error":
            payload = {"error": event.text}
        case _:
            payload = {"text": event.text}
    return payload | ({"partial": True} if partial else {})


DIALECTS = {"vendor": vendor, "adk": adk, "text": text}
