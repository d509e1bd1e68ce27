"""Renders: one export job each. Its status is derived from facts and the time, never stored."""

from dataclasses import dataclass
from typing import Any

#: H.264, up to 1080x1920 (seeds); we read it as: short side at most 1080, long side at most 1920 (assumed).
SHORT, LONG = 1080, 1920
LONGEST_MS = 2 * 3600 * 1000


@dataclass(slots=True)
class Picture:
    """What the file will be."""

    width: int
    height: int
    fps: int
    duration_ms: int
    audio: bool


@dataclass(slots=True)
class Render:
    id: str
    user_id: str
    session_id: str
    asset_id: str
    filename: str
    cdn_url: str
    picture: Picture
    submitted_ms: int
    starts_ms: int
    ends_ms: int
    error: str = ""  # not empty: it fails at ends_ms
    cancelled_ms: int | None = None


def status(render: Render, now_ms: int) -> str:
    """pending, processing, completed, failed or cancelled: see lifecycle.RENDER."""
    if render.cancelled_ms is not None:
        return "cancelled"
    if now_ms < render.starts_ms:
        return "pending"
    if now_ms < render.ends_ms:
        return "processing"
    return "failed" if render.error else "completed"


def progress(render: Render, now_ms: int) -> int:
    """0 to 100: 5 when submitted (the vendor's sample), 100 only when completed."""
    state = status(render, now_ms)
    if state == "completed":
        return 100
    if state in ("pending", "cancelled"):
        return 5
    span = max(1, render.ends_ms - render.submitted_ms)
    return min(99, max(5, 100 * (min(now_ms, render.ends_ms) - render.submitted_ms) // span))


def picture_of(draft: dict[str, Any], canvas: tuple[int, int], fps: int) -> Picture | str:
    """What a submitted draft renders to, read through the documented keys alone; or why it cannot be rendered.

    The draft is what a client sent: anything may be in it, and nothing in it raises.
    """
    tracks = [t for t in _list(draft.get("t")) if isinstance(t, dict)]
    filled = [t for t in tracks if _list(t.get("sg"))]
    if not filled:
        return "the draft has no segments: nothing to render"
    total = _number(draft.get("d")) or max(_span(t) for t in filled)
    if total <= 0:
        return "the draft has no duration"
    if total > LONGEST_MS:
        return "the draft is longer than two hours"
    meta = draft.get("m")
    meta = meta if isinstance(meta, dict) else {}
    width, height = _number(meta.get("width")) or canvas[0], _number(meta.get("height")) or canvas[1]
    width, height = fitted(width, height)
    audio = any(t.get("tt") == 1 for t in filled)
    return Picture(width, height, fps, total, audio)


def fitted(width: int, height: int) -> tuple[int, int]:
    """Scaled down to the service's frame, both sides even and at least 16."""
    short, long = sorted((width, height))
    scale = min(1.0, SHORT / short, LONG / long)
    return max(16, int(width * scale) // 2 * 2), max(16, int(height * scale) // 2 * 2)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: Any) -> int:
    """A positive finite number as int, else 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**53:
        return 0
    return int(value)


def _span(track: dict[str, Any]) -> int:
    return sum(_number(s.get("d")) for s in _list(track.get("sg")) if isinstance(s, dict))
