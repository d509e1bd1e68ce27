"""Skill documents: what a client following one would do wrong (`check`), and what it was told (`profile`)."""

from pathlib import Path

from conformance.skill.finding import Finding, SkillError
from conformance.skill.profile import Profile, profile

__all__ = ["Finding", "Profile", "SkillError", "check", "profile"]


def check(path: Path) -> list[Finding]:
    """All findings of the document at `path`, by line. Empty when it says nothing about the API. Raises SkillError."""
    from conformance.skill.checker import judge
    from conformance.skill.document import read

    return judge(read(path))
