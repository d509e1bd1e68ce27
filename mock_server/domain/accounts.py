"""Who somebody is, and how many tokens a client id or an address may take (seeds: 1 token/client/7 days)."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(slots=True)
class Account:
    """One user. `plan` None: as the world's setting says."""

    user_id: str
    kind: Literal["anonymous", "registered"] = "anonymous"
    plan: str | None = None


@dataclass(slots=True)
class Windows:
    """When each key (client id or address) took its tokens, in ms."""

    taken_ms: dict[str, list[int]] = field(default_factory=dict)


def free_at_ms(windows: Windows, key: str, now_ms: int, tokens: int, window_ms: int) -> int | None:
    """None when `key` may take a token now, else the instant from which it may. `tokens` 0 means no limit."""
    recent = [at for at in windows.taken_ms.get(key, []) if now_ms - at < window_ms]
    if tokens == 0 or len(recent) < tokens:
        return None
    return recent[-tokens] + window_ms


def take(windows: Windows, key: str, now_ms: int, window_ms: int) -> None:
    """Count a token; what is older than the window is forgotten. Keys stay in the order of their last token."""
    recent = [at for at in windows.taken_ms.pop(key, []) if now_ms - at < window_ms]
    windows.taken_ms[key] = [*recent, now_ms]
