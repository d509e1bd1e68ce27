"""What a rule is worth to the reader: its level and what it rests on, as in the catalogue.

They are repeated here so that reading a document does not load 121 rules about traces; a test holds that both agree.
"""

from typing import Literal

from conformance.skill.finding import Finding, Level

Basis = Literal["seed", "vendor", "assumed"]


def _ids(*numbers: int) -> frozenset[str]:
    return frozenset(f"NV-{number:03}" for number in numbers)


SHOULD = _ids(5, 17, 18, 26, 31, 34, 43, 44, 45, 49, 66, 67, 79, 83, 89, 101, 109, 110, 111, 112, 118, 119, 120)
VENDOR = _ids(
    5, 13, 16, 17, 25, 34, 42, 43, 44, 45, 61, 62, 63, 64, 66, 71, 72, 73, 74, 75, 76, 77, 82, 85, 91, 96, 97,
    104, 106, 110, 111, 112, 113, 116, 118, 119, 120,
)  # fmt: skip
ASSUMED = _ids(10, 14, 20, 26, 33, 65, 67, 68, 69, 70, 83, 88, 89, 94, 117, 121)


def level(rule: str) -> Level:
    return "should" if rule in SHOULD else "must"


def basis(rule: str) -> Basis:
    """`seed`: the four reference skills say it. `vendor`: only the vendor's own documents. `assumed`: nobody; it follows."""
    return "vendor" if rule in VENDOR else "assumed" if rule in ASSUMED else "seed"


def counts(finding: Finding, by: str) -> bool:
    """Whether a finding makes a document wrong at the level `by`, "seed" or "vendor"; otherwise a broken one is advice."""
    return finding.verdict == "broken" and finding.level == "must" and basis(finding.rule) in ("seed", by)
