"""Values of an edit: what is uploaded, what lies on the tracks. `drafts` changes them, `director` reads them.

Only the track types and the short keys `t tt sg d m` are documented (seeds); all else here is our model of it.
"""

from dataclasses import dataclass, field
from typing import Any

VIDEO, AUDIO, TEXT = 0, 1, 7


@dataclass(slots=True)
class Asset:
    """An uploaded or generated file, as `video_infos` and an upload's answer tell it."""

    id: str
    filename: str
    file_type: str  # video, image, audio
    format: str  # one of the 13 documented ones
    cdn_url: str
    duration_s: float | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    hash: str = ""
    generated: bool = False
    source: str = "upload"  # upload, url, generated


@dataclass(slots=True)
class Segment:
    """A stretch of one asset, or a text, on a track. Times in ms on the timeline."""

    id: str
    start_ms: int
    duration_ms: int
    name: str = ""
    src: str = ""
    text: str = ""
    volume: float | None = None  # 0 to 1; None where sound makes no sense
    speed: float = 1.0
    source_start_ms: int = 0
    style: dict[str, Any] = field(default_factory=dict)  # colour, size, position, animation, transition, filter, fades


@dataclass(slots=True)
class Track:
    id: str
    type: int  # VIDEO, AUDIO, TEXT
    name: str = ""
    segments: list[Segment] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """The timeline. Its duration is derived: see `drafts.duration_ms`."""

    title: str = ""
    width: int = 1080
    height: int = 1920
    fps: int = 30
    tracks: list[Track] = field(default_factory=list)
