"""Profiles: what a client that was given one skill document was told, and so what it can be held to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal

from conformance.skill.finding import SkillError

SessionBody = Literal["task_name", "language", "either"]
ELSEWHERE = "unknown"


@dataclass(frozen=True)
class Profile:
    """`platforms` maps a fragment of the install path to the value of X-Skill-Platform; elsewhere it is `unknown`.

    `source_env_wins`: whether the environment's SKILL_SOURCE goes before the path. `session_body`: whether the document
    shows the body of create_session with task_name alone, with language, or both ways. `claim_s`: how long it says a job
    takes, in seconds. `carries`: the ids of the rules that its text states. `slots`: which sentence of the generator's
    families stands at each place, A to J; only for documents known by name.
    """

    name: str
    version: str
    platforms: Mapping[str, str]
    source_env_wins: bool
    session_body: SessionBody
    claim_s: tuple[int, int] | None
    carries: frozenset[str]
    slots: Mapping[str, str] = field(default_factory=dict)

    def platform(self, install_path: str, source_env: str | None = None) -> str:
        """The value X-Skill-Platform should have for a skill installed there, with SKILL_SOURCE set so."""
        if self.source_env_wins and source_env:
            return source_env
        path = install_path.replace("\\", "/").rstrip("/") + "/"
        return next((value for fragment, value in self.platforms.items() if fragment in path), ELSEWHERE)


def names() -> list[str]:
    """The skills known by name."""
    return list(_named())


def profile(word: str) -> Profile:
    """The profile of a skill known by name, or of the SKILL.md (or the folder of one) at a path.

    Raises SkillError: no such name or file, or a document without a name or version in its frontmatter.
    """
    if word in _named():
        return _named()[word]
    path = Path(word)
    if path.is_dir():
        path = path / "SKILL.md"
    if path.is_file():
        return of_file(path)
    near = get_close_matches(word, names(), 1, 0.6)
    meant = f"; did you mean {near[0]}?" if near else ""
    raise SkillError(word, None, f"no such file, and no skill known by that name ({', '.join(names())}){meant}")


def of_file(path: Path) -> Profile:
    """The profile of the document at `path`, by the same reading as the checker's. Raises SkillError."""
    from conformance.skill import facts
    from conformance.skill.checker import judge
    from conformance.skill.document import read

    document = read(path)
    front = document.frontmatter
    for key in ("name", "version"):
        if getattr(front, key) is None:
            line, why = front.damage or (
                front.lines.get(key, 1),
                "there is no frontmatter" if not front.end else "it is not there",
            )
            wanted = f"the frontmatter should say `{key}:`, which X-Skill-{'Source' if key == 'name' else 'Version'} repeats"
            raise SkillError(path, line, f"{wanted}; {why}")
    findings = judge(document)
    broken = {finding.rule for finding in findings if finding.verdict == "broken"}
    return Profile(
        name=str(front.name),
        version=str(front.version),
        platforms=facts.platforms(document),
        source_env_wins=facts.source_env_wins(document),
        session_body=facts.session_body(document),
        claim_s=facts.claim_s(document),
        carries=frozenset(finding.rule for finding in findings if finding.verdict == "met") - broken,
    )


@cache
def _named() -> Mapping[str, Profile]:
    import yaml

    text = Path(__file__).with_name("profiles.yaml").read_text("utf-8")
    rows: dict[str, Any] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))["profiles"]
    return {name: _from_row(name, row) for name, row in rows.items()}


def _from_row(name: str, row: Mapping[str, Any]) -> Profile:
    claim = row.get("claim_s")
    return Profile(
        name=name,
        version=row["version"],
        platforms=row["platforms"],
        source_env_wins=row["source_env_wins"],
        session_body=row["session_body"],
        claim_s=(claim[0], claim[1]) if claim else None,
        carries=frozenset(f"NV-{number:03}" for number in row["carries"]),
        slots=row["slots"],
    )
