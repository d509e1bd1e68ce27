"""One row a target, and the table of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import east_asian_width


@dataclass(frozen=True, slots=True)
class Row:
    """`met` None: nothing is aimed at, the figure stands for comparison."""

    what: str
    measured: str
    compared: str
    target: str
    met: bool | None


HEAD = ("what", "measured", "ratio or bound", "target", "met")


def printed(rows: Iterable[Row]) -> str:
    lines: list[tuple[str, ...]] = [HEAD, *((r.what, r.measured, r.compared, r.target, _MET[r.met]) for r in rows)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(HEAD))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "  ".join(cell + " " * (w - _width(cell)) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def at_least(what: str, measured: str, value: float, least: float) -> Row:
    """A ratio to be reached. It is not rounded up: 0.499 misses 0.50."""
    return Row(what, measured, f"{int(value * 1000) / 1000:.3f}", f">= {least:.2f}", value >= least)


def at_most(what: str, measured: str, value: float, most: float, unit: str) -> Row:
    shown = f"{value:,.2f}" if value < 10 else f"{value:,.1f}"
    return Row(what, measured, f"{shown} {unit}", f"<= {most:,g} {unit}", value <= most)


_MET = {True: "yes", False: "NO", None: "-"}


def _width(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
