"""A turn while it is being thought out: the draft as it will be, the acts that lead there, the words about it."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from typing import Any

from ..ids import Dice
from ..scene import Asset, Draft, Segment, Track
from ..script import Effect
from ..settings import Settings
from .changes import changes
from .phrases import PHRASES
from .stage import Act


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
    committed: Draft = field(default_factory=Draft)
    fresh: list[Effect] = field(default_factory=list)  # add_asset effects of the act in the making

    def __post_init__(self) -> None:
        self.committed = deepcopy(self.draft)

    def say(self, key: str, **values: Any) -> str:
        """A phrase of the table in the language of the turn; where there are several, one by the dice."""
        variants = PHRASES[key][1 if self.chinese else 0]
        return self.dice.pick("phrase", variants).format(**values)

    def did(self, key: str, **values: Any) -> None:
        self.done.append(self.say(key, **values))

    def answer(self, key: str, **values: Any) -> None:
        text = self.say(key, **values)
        if text not in self.answers:
            self.answers.append(text)

    def id(self, kind: str) -> str:
        return f"{kind}_{self.dice.hex('item_id', 8)}"

    def commit(self, tool: str, args: dict[str, Any], *, say: str = "", result: dict[str, Any] | None = None, weight: float = 1.0) -> None:
        """Whatever changed since the last commit is what this use of a tool does."""
        effects = self.fresh + changes(self.committed, self.draft)
        self.acts.append(Act(tool, args, {"status": "success", **(result or {})}, say, effects, weight))
        self.committed, self.fresh = deepcopy(self.draft), []

    def changed(self) -> bool:
        return any(act.effects for act in self.acts)

    def generate_asset(self, filename: str, file_type: str, duration_ms: int, width: int | None = None, height: int | None = None) -> Asset:
        """New media; told to the world by the effect add_asset of the next commit."""
        asset_id = self.id("gen")
        asset = Asset(
            id=asset_id,
            filename=filename,
            file_type=file_type,
            format=filename.rpartition(".")[2],
            cdn_url=self.new_asset_url(asset_id, filename),
            duration_s=duration_ms / 1000,
            width=width,
            height=height,
            fps=float(self.draft.fps) if file_type == "video" else None,
            generated=True,
            source="generated",
        )
        self.assets.append(asset)
        self.fresh.append(Effect("add_asset", asdict(asset)))
        return asset

    def lay(self, type: int, track_name: str, segment: Segment) -> Segment:
        """Put a segment on the track of that type and name, or, where its time is taken, on a further one."""
        for track in self.draft.tracks:
            free = all(s.start_ms >= segment.start_ms + segment.duration_ms or s.start_ms + s.duration_ms <= segment.start_ms for s in track.segments)
            if track.type == type and track.name == track_name and free:
                track.segments.append(segment)
                track.segments.sort(key=lambda s: s.start_ms)
                return segment
        index = sum(1 for t in self.draft.tracks if t.type <= type)
        self.draft.tracks.insert(index, Track(self.id("track"), type, track_name, [segment]))
        return segment
