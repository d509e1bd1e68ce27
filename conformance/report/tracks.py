"""A draft as a picture: a row for each track, its segments on an axis of seconds."""

from collections.abc import Iterator
from html import escape
from typing import Any

from conformance.report.lines import short
from conformance.report.masking import masked

#: Documented track types (seeds). Everything else is drawn as "other".
KINDS = {0: "video", 1: "audio", 7: "title"}
LEFT, WIDTH, ROW = 54, 460, 22
#: Names under which a segment's start and name have been seen; none is documented (API.md b), so the place in the row is a guess.
STARTS, NAMES = ("s", "st", "at", "o", "start", "offset"), ("n", "nm", "lb", "name", "label", "title")


def picture(draft: dict[str, Any], title: str) -> str:
    """SVG of a draft; "" of an empty one."""
    rows = list(_rows(draft))
    if not rows:
        return ""
    end_ms = max([start + length for _, segments in rows for start, length, _ in segments] + [1])
    height = ROW * len(rows) + 20
    parts = [f'<svg class="tracks" viewBox="0 0 {LEFT + WIDTH + 10} {height}" role="img" aria-label="{escape(title)}">']
    for number, (kind, segments) in enumerate(rows):
        y = ROW * number
        parts.append(f'<text class="kind" x="0" y="{y + 15}">{kind}</text>')
        for start, length, name in segments:
            x, width = LEFT + WIDTH * start / end_ms, max(2.0, WIDTH * length / end_ms)
            words = escape(masked(short(name, max(1, int(width / 6)))))
            told = escape(masked(f"{name} ({start / 1000:g}-{(start + length) / 1000:g} s)"))
            parts.append(
                f'<g class="seg {kind}"><title>{told}</title><rect x="{x:.1f}" y="{y + 2}" width="{width:.1f}" height="{ROW - 4}" rx="2"/>'
                f'<text x="{x + 4:.1f}" y="{y + 15}">{words}</text></g>'
            )
    parts += [
        f'<text class="axis" x="{LEFT + WIDTH * part / 4:.0f}" y="{height - 4}">{end_ms * part / 4000:g}s</text>'
        for part in range(5)
    ]
    return "".join([*parts, "</svg>"])


def _rows(draft: dict[str, Any]) -> Iterator[tuple[str, list[tuple[float, float, str]]]]:
    tracks = draft.get("t")
    for track in tracks if isinstance(tracks, list) else []:
        if not isinstance(track, dict):
            continue
        segments, clock = [], 0.0
        told = track.get("sg")
        for one in told if isinstance(told, list) else []:
            if isinstance(one, dict):
                start, length = _number(one, STARTS, clock), _number(one, ("d",), 0.0)
                clock = start + length
                meta = one.get("m")
                text = meta.get("text") if isinstance(meta, dict) else None
                segments.append((start, length, str(text or next((one[key] for key in NAMES if one.get(key)), "clip"))))
        kind = track.get("tt")
        yield (KINDS.get(kind, "other") if isinstance(kind, int) else "other"), segments


def _number(one: dict[str, Any], keys: tuple[str, ...], default: float) -> float:
    found = (one[key] for key in keys if isinstance(one.get(key), int | float) and not isinstance(one[key], bool))
    return float(next(found, default))
