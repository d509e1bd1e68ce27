"""What the strict profile varies: each legal by the clause it names, chosen by the world's seed, and switched off alone.

A client that passes under many seeds depends on nothing that the documents leave open. Nothing is drawn per
request: a world spells in one way from its first answer to its last, so a failure can be looked at twice.
"""

from dataclasses import dataclass, replace

from mock_server.domain.ids import Dice
from mock_server.domain.settings import FIELDS, Settings


@dataclass(frozen=True, slots=True)
class Variation:
    """`clause` allows it; `does` says it in a line."""

    clause: str
    does: str


VARIATIONS: dict[str, Variation] = {
    "key_order": Variation("RFC 8259, 4: the members of an object are unordered", "members of JSON objects in another order"),
    "extra_fields": Variation("no document says that answers are closed", "further members in answers and events"),
    "whitespace": Variation("RFC 8259, 2: white space is insignificant", "JSON answers over several lines"),
    "escapes": Variation("RFC 8259, 7: any character may be escaped", "letters outside ASCII as \\u escapes"),
    "numbers": Variation(
        "RFC 8259, 6: a fraction may be written in several ways", "30.0 as 30 and the other way round, in seconds and frame rates"
    ),
    "header_case": Variation("RFC 9110, 5.1: field names are case-insensitive", "Content-Type in other cases"),
    "id_shapes": Variation(
        "ids are opaque; only session ids have a documented shape", "task, user and file ids of other lengths"
    ),
    "url_shapes": Variation("no document says what a file's URL looks like", "file URLs with a query"),
    "heartbeat_rhythm": Variation("no document says how often", "another interval, and the forms in another order"),
    "granularity": Variation("no document says how much one text event holds", "a text told in several events"),
    "draft_keys": Variation(
        "only t tt sg d m are documented", "other names for the draft's undocumented keys, further keys, unknown track types"
    ),
}


def chosen(settings: Settings, dice: Dice) -> tuple[str, ...]:
    """The variations of a world: none in the plain profile; else each by the toss of a coin, the last one always if none fell."""
    if settings.profile != "strict":
        return ()
    allowed = [name for name in VARIATIONS if name not in settings.strict_off]
    picked = tuple(name for name in allowed if dice.chance(name) < 0.6)
    return picked or tuple(allowed[-1:])


def varied_settings(settings: Settings, varied: tuple[str, ...], dice: Dice) -> Settings:
    """The settings as they take effect, of those that were given."""
    if "heartbeat_rhythm" not in varied:
        return settings
    interval_s = round(settings.heartbeat_interval_s * dice.between("interval", 0.4, 1.4), 1)
    low_s, high_s = (FIELDS["heartbeat_interval_s"].metadata[end] for end in ("low", "high"))
    forms = settings.heartbeat_forms
    return replace(settings, heartbeat_interval_s=min(max(interval_s, low_s), high_s), heartbeat_forms=(*forms[::-1], *forms[:1]))
