"""A turn while it is being thought out: the draft as it will be, the acts that lead there, the words about it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ..ids import Dice
from ..scene import Asset, Draft, Segment, Track
from ..script import Effect
from ..settings import Settings
from . import timeline
from .changes import changes
from .numbers import Times
from .phrases import PHRASES
from .stage import Act
from .taste import TABLES
from .tools import EDITOR


@dataclass(slots=True)
class Plan:
    """`draft` and `assets` are private copies that the writers change; `commit` turns the change into an act."""

    draft: Draft
    assets: list[Asset]
    settings: Settings
    dice: Dice
    chinese: bool
    new_asset_url: Callable[[str, str], str]
    acts: list[Act] = field(default_factory=list)
    done: list[str] = field(default_factory=list)  # what changed, a line each
    answers: list[str] = field(default_factory=list)  # what was asked, or cannot be done
    answered: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    wanted: frozenset[str] = frozenset()  # names of all intents of the turn
    spared: frozenset[str] = frozenset()  # concepts that a new video shall be without
    hint: str = ""  # the key of the phrase that says what to click next
    added: str = ""  # what a new video got besides its pictures, in words; the hint may speak of it
    committed: Draft = field(default_factory=Draft)
    unlaid: frozenset[str] = frozenset()  # sources of uploads that were nowhere on the draft at the start
    fresh: list[Effect] = field(default_factory=list)  # add_asset effects of the act in the making

    def __post_init__(self) -> None:
        self.committed = timeline.copied(self.draft)
        laid = {s.src for t in self.draft.tracks for s in t.segments}
        self.unlaid = frozenset(a.cdn_url for a in self.assets if not a.generated) - laid

    # --- words

    def say(self, key: str, **values: Any) -> str:
        """A phrase of the table in the language of the turn; where there are several, one by the dice."""
        variants = PHRASES[key][self.chinese]
        return self.dice.pick("phrase", variants).format(**values)

    def did(self, key: str, **values: Any) -> None:
        self.done.append(sentence(self.say(key, **values)))

    def answer(self, key: str, **values: Any) -> None:
        """Say something besides what changed, each thing once."""
        if (key, values) not in self.answered:
            self.answered.append((key, values))
            self.answers.append(sentence(self.say(key, **values)))

    def called(self, table: str, key: str) -> str:
        """The name of a choice of `taste` in the language of the turn."""
        choice = TABLES[table][key]
        return choice.name_zh if self.chinese else choice.name

    def listed(self, names: Sequence[str]) -> str:
        """ "music, a title and colour"."""
        comma, last = ("、", "和") if self.chinese else (", ", " and ")
        return last.join(part for part in (comma.join(names[:-1]), names[-1] if names else "") if part)

    def span(self, start_ms: int, end_ms: int) -> str:
        """A stretch of time in words: "0-10 s"."""
        return f"{seconds(start_ms)}-{seconds(end_ms)}" + (" 秒" if self.chinese else " s")

    def names(self, segments: Sequence[Segment]) -> str:
        """At most eight of them, in quotation marks."""
        return ("、" if self.chinese else ", ").join(f"“{s.name}”" if self.chinese else f"'{s.name}'" for s in segments[:8])

    def long(self, ms: int) -> str:
        return seconds(ms) + (" 秒" if self.chinese else " s")

    # --- the draft

    def new_id(self, kind: str) -> str:
        """A new id, unlike all in the draft."""
        taken = (
            {s.id for t in self.draft.tracks for s in t.segments}
            | {t.id for t in self.draft.tracks}
            | {a.id for a in self.assets}
        )
        while (made := f"{kind}_{self.dice.hex('item_id', 8)}") in taken:
            pass
        return made

    def new_segment_id(self) -> str:
        return self.new_id("seg")

    def track_name(self, role: str) -> str:
        _, english, chinese = timeline.ROLES[role]
        return chinese if self.chinese else english

    def stretch(self, times: Times) -> tuple[int, int] | None:
        """The part of the draft that a clause names, ms; all of it if none. None if it lies outside."""
        total = timeline.total_ms(self.draft)
        start, stop = 0, total
        if times.ranged:
            start, stop = times.start or 0, total if times.end is None else times.end
        elif times.first is not None:
            stop = times.first
        elif times.last is not None:
            start = total - times.last
        elif times.at is not None:
            start, stop = times.at, times.at + times.length if times.length else total
        elif times.length is not None:
            stop = times.length
        start, stop = max(start, 0), min(stop, total)
        return (start, stop) if start < stop else None

    def lay(self, role: str, segment: Segment) -> Segment:
        """Put a segment on the first track of that role where its time is free, else on a new one."""
        type = timeline.ROLES[role][0]
        for track in self.draft.tracks:
            taken = any(s.start_ms < timeline.end(segment) and segment.start_ms < timeline.end(s) for s in track.segments)
            if timeline.role(track) == role and not taken:
                track.segments.append(segment)
                track.segments.sort(key=lambda s: s.start_ms)
                return segment
        index = sum(1 for t in self.draft.tracks if t.type <= type)
        self.draft.tracks.insert(index, Track(self.new_id("track"), type, self.track_name(role), [segment]))
        return segment

    def generate_asset(self, filename: str, file_type: str, duration_ms: int, size: tuple[int, int] | None = None) -> Asset:
        """New media; told to the world by the effect add_asset of the next commit."""
        asset_id = self.new_id("gen")
        asset = Asset(
            id=asset_id,
            filename=filename,
            file_type=file_type,
            format=filename.rpartition(".")[2],
            cdn_url=self.new_asset_url(asset_id, filename),
            duration_s=duration_ms / 1000,
            width=size[0] if size else None,
            height=size[1] if size else None,
            fps=float(self.draft.fps) if size else None,
            hash=self.dice.hex("asset_hash", 32),
            generated=True,
            source="generated",
        )
        self.assets.append(asset)
        self.fresh.append(Effect("add_asset", asdict(asset)))
        return asset

    # --- the acts

    def commit(self, tool: str, args: dict[str, Any], *, say: str = "", weight: float = 1.0, **result: Any) -> None:
        """Whatever changed since the last commit is what this use of a tool does."""
        effects = self.fresh + changes(self.committed, self.draft, self.unlaid)
        self.acts.append(Act(tool, args, {"status": "success", **result}, say, effects, weight))
        self.committed, self.fresh = timeline.copied(self.draft), []

    def edit(self, operation: str, **args: Any) -> None:
        """Commit with the tool that all edits of the timeline go through; nothing, if nothing changed."""
        if self.fresh or self.committed != self.draft:
            self.commit(EDITOR, {"operation": operation, **args}, tracks=len(self.draft.tracks))

    def settle(self) -> None:
        """Drop what a writer changed and, having thought better of it, did not commit."""
        if self.fresh or self.draft != self.committed:
            self.draft, self.fresh = timeline.copied(self.committed), []

    def changed(self) -> bool:
        return any(act.effects for act in self.acts)


def sentence(text: str) -> str:
    """With a capital at its start."""
    return text[:1].upper() + text[1:]


def seconds(ms: int) -> str:
    """Milliseconds as seconds with at most one decimal: 10000 is "10", 2500 "2.5"."""
    return f"{round(ms / 1000, 1):g}" if ms < 10**9 else str(round(ms / 1000))
