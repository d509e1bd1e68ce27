"""What a reader has found so far. It fills this in as it goes, so that damage later in the file costs nothing found before."""

from dataclasses import dataclass
from math import isfinite

from mock_server.media.source import Source

#: Beyond these a number is damage, not a length, size or rate: three years, what a PNG may have, a high-speed camera.
MOST_SECONDS = 10.0**8
MOST_PIXELS = 2**31 - 1
MOST_FPS = 10.0**4


@dataclass(slots=True)
class Found:
    """`format` is empty until the content is known to be one of the 13."""

    format: str = ""
    duration_s: float | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None


def ratio(above: float, below: float) -> float | None:
    """`above / below`, or None where that is no number."""
    return above / below if below else None


def measure(value: float | None, most: float) -> float | None:
    """A positive number of at most `most`, to three decimals (milliseconds, and 29.97 for 30000/1001); None for anything else."""
    if value is None or not isfinite(value) or not 0 < value <= most:
        return None
    return round(value, 3) or None


def pixels(value: int | None) -> int | None:
    return value if value and 0 < value <= MOST_PIXELS else None


def animate(source: Source, found: Found, frames: int, seconds: float, position: int) -> None:
    """Enter an animation of which `frames` frames, `seconds` long, were counted up to byte `position`.

    A single frame is a still, whatever delay it has. Where the count was given up, the rest of the file is like its start.
    """
    if frames > 1:
        found.duration_s = seconds * (source.size / position if source.weary else 1)
        found.fps = ratio(frames, seconds)


def shown_s(delay_s: float) -> float:
    """How long a frame is shown: browsers give those of 10 ms or less 100 ms, and so do decoders."""
    return delay_s if delay_s > 0.01 else 0.1
