"""The settings of a world, in one place: each typed, with its default, meaning, basis and source.

Defaults are the seeds'; where those are silent, the vendor's; where both are, our assumption, marked so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any, Literal

Basis = Literal["seed", "vendor", "observed", "assumed"]
Span = tuple[float, float]


class SettingError(ValueError):
    """A setting that does not exist or cannot have this value. The message names both, and the nearest right word."""


def knob(
    default: Any,
    doc: str,
    basis: Basis,
    source: str,
    *,
    choices: tuple[str, ...] = (),
    low: float = 0,
    high: float = 1e15,
    pattern: str = "",
) -> Any:
    """A field of `Settings`: its default, what it means, on what it rests (basis and source), which values are allowed."""
    return field(
        default=default,
        metadata={"doc": doc, "basis": basis, "source": source, "choices": choices, "low": low, "high": high, "pattern": pattern},
    )


MIB = 2**20
DAY_S = 86400.0
CENTURY_S = 36525 * DAY_S


@dataclass(frozen=True, slots=True)
class Settings:
    profile: str = knob(
        "plain",
        "plain: one fixed telling; strict: what the documents leave open varies by seed",
        "assumed",
        "ours",
        choices=("plain", "strict"),
    )
    strict_off: tuple[str, ...] = knob(
        (),
        "variations that the strict profile leaves alone",
        "assumed",
        "ours",
        choices=(
            "key_order",
            "extra_fields",
            "whitespace",
            "escapes",
            "numbers",
            "header_case",
            "id_shapes",
            "url_shapes",
            "heartbeat_rhythm",
            "granularity",
            "draft_keys",
        ),
    )
    public_url: str = knob(
        "",
        "base URL written into answers; empty: as the client addressed us; else, with no slash at its end: http(s)://HOST[:PORT][/PATH]",
        "assumed",
        "undocumented",
        pattern=r"(https?://[A-Za-z0-9\[][A-Za-z0-9._~%:\]-]*(/[A-Za-z0-9._~%:@!$&'()*+,;=-]+)*)?",
    )

    # streams
    dialect: str = knob(
        "vendor",
        "how events are spelt: vendor-typed, ADK events, bare text",
        "vendor",
        "vendor 4.4, the only statement of event bodies; C19",
        choices=("vendor", "adk", "text"),
    )
    heartbeat_forms: tuple[str, ...] = knob(
        ("json", "empty"),
        "forms of a heartbeat, used in turn; mixed: any of them, by seed",
        "seed",
        "seeds, SSE table: heartbeat / empty data:",
        choices=("json", "empty", "space", "word", "event", "comment", "mixed"),
    )
    heartbeat_interval_s: float = knob(10.0, "longest silence before a heartbeat", "assumed", "undocumented", low=0.1, high=3600)
    merge_parts: bool = knob(False, "adk: a text and the tool call after it share one event", "observed", "ADK 1.4.2 to 2.13.0")
    partials: bool = knob(False, "a text comes in pieces marked partial, then whole", "observed", "ADK 1.4.2 to 2.13.0")
    line_end: str = knob(
        "lf",
        "line ends of the stream; mixed changes by seed",
        "observed",
        "WHATWG HTML 9.2.5 allows all three",
        choices=("lf", "crlf", "cr", "mixed"),
    )
    bom: bool = knob(False, "the stream begins with a byte order mark", "assumed", "WHATWG HTML 9.2.5: one is skipped")
    colon_space: str = knob(
        "yes",
        "a space after the colon of a field",
        "assumed",
        "WHATWG HTML 9.2.6: one is removed",
        choices=("yes", "no", "mixed"),
    )
    comments: str = knob(
        "none",
        "comment lines before each event, or inside it too",
        "assumed",
        "WHATWG HTML 9.2.6: ignored",
        choices=("none", "before", "inside"),
    )
    sse_fields: tuple[str, ...] = knob(
        (),
        "further fields of each event",
        "assumed",
        "WHATWG HTML 9.2.6; the documented dialects have none",
        choices=("event", "id", "retry", "unknown"),
    )
    data_lines: str = knob(
        "one",
        "the JSON of an event on one data line, or on many",
        "assumed",
        "WHATWG HTML 9.2.6: joined by LF",
        choices=("one", "many"),
    )
    spice: tuple[str, ...] = knob(
        (),
        "difficult characters in an extra member of each event",
        "assumed",
        "all are legal inside a line",
        choices=("ls", "ps", "nel", "nul", "controls", "emoji", "long"),
    )
    last_blank_line: bool = knob(
        True,
        "the last event is closed by a blank line; without it a correct parser drops that event",
        "assumed",
        "WHATWG HTML 9.2.6: incomplete events are discarded",
    )
    chunks: str = knob(
        "event",
        "what is written at once: event, events:N, bytes:N, lines, random, hostile, at:N,N,...",
        "assumed",
        "HTTP leaves it open",
        pattern=r"event|lines|random|hostile|(events|bytes):[1-9]\d{0,5}|at:\d{1,9}(,\d{1,9}){0,99}",
    )
    chunk_gap_ms: int = knob(0, "virtual ms between the chunks of one event", "assumed", "a slow network", high=3_600_000)
    silent_rate: float = knob(0.3, "share of edits that end without a word", "seed", "seeds: about 30 % of edits", high=1)
    silent_run_max: int = knob(
        2, "most silent edits in a row in one session", "assumed", "a bound, so that a seed cannot be unlucky for ever", high=1000
    )
    temporary_issue_rate: float = knob(
        0.0, "share of turns that end with a needless 'temporary issue' text", "vendor", "vendor 4.4 to 1.9", high=1
    )
    two_stage: bool = knob(
        True, "a generation tells the raw video first, then adds music, title and effects", "vendor", "vendor 4.4; C24"
    )
    concurrent_turns: str = knob(
        "allow",
        "a second message while a turn runs: both run, the second waits, or it is refused (409)",
        "assumed",
        "undocumented; the vendor warns of double work",
        choices=("allow", "queue", "refuse"),
    )
    strict_adk: bool = knob(
        False, "/run_sse demands app_name and user_id and refuses unknown keys inside a part (422)", "assumed", "ADK 2.13.0; C4"
    )

    # errors
    error_status: str = knob(
        "mixed",
        "HTTP status of codes 1001 1002 2001 4001 4002: mixed: 401 for 1001 and 200 else; ok: always 200; http: 401 404 402 415 413",
        "assumed",
        "documented nowhere",
        choices=("mixed", "ok", "http"),
    )
    no_credits: str = knob(
        "json",
        "2001 is told as a JSON answer, or as text inside the stream",
        "assumed",
        "vendor 4.4 has the backend supply the link",
        choices=("json", "stream"),
    )
    attribution: str = knob(
        "export",
        "where missing X-Skill-* headers give 402: at export, everywhere but the token call, or never",
        "seed",
        "seeds: omitting them triggers a 402 on export; C11",
        choices=("export", "everywhere", "never"),
    )
    top_level_copy: bool = knob(
        False,
        "repeat the members of data at top level, for clients that look there",
        "assumed",
        "two public clients read there; C14",
    )

    # accounts, tokens, limits
    plan: str = knob(
        "trial",
        "plan of anonymous accounts: trial and paid may export, free gives 402",
        "assumed",
        "seeds promise a first MP4, and 402 on the free plan; C22",
        choices=("trial", "free", "paid"),
    )
    free_credits: int = knob(100, "credits of a new anonymous account", "seed", "seeds: 100 free credits")
    token_life_s: float = knob(7 * DAY_S, "life of a token", "seed", "seeds: 7 days; C8", high=CENTURY_S)
    anonymous_scopes: tuple[str, ...] = knob(
        ("*",),
        "scopes of an anonymous token; *: all",
        "vendor",
        "vendor init to 1.7; later read,write,upload, with which the seeds could not export; C9",
        choices=("*", "read", "write", "upload", "render"),
    )
    client_tokens: int = knob(1, "tokens a client id may take in its window; 0: no limit", "seed", "seeds: 1 token/client/7 days")
    client_window_s: float = knob(7 * DAY_S, "window of that limit", "seed", "seeds: 1 token/client/7 days", high=CENTURY_S)
    address_tokens: int = knob(
        0,
        "tokens one address may take in its window; 0: no limit",
        "assumed",
        "vendor 1.3 has 10, C15; off, since all local clients share one address",
    )
    address_window_s: float = knob(7 * DAY_S, "window of that limit", "vendor", "vendor 1.3; C15", high=CENTURY_S)
    claim_life_s: float = knob(7 * DAY_S, "life of a claim token", "vendor", "vendor 1.9", high=CENTURY_S)
    cost_generation: int = knob(100, "credits of a generation", "vendor", "vendor 4.4: about 100 a clip")
    cost_edit: int = knob(50, "credits of editing", "vendor", "vendor 4.4: about 50 a session")
    edit_charge: str = knob(
        "session",
        "the first edit of a session is charged, or every one",
        "vendor",
        "vendor 4.4: about 50 a session",
        choices=("session", "turn"),
    )

    # state and uploads
    initial_draft: str = knob(
        "empty", "draft before the first edit: {}, null or absent", "assumed", "undocumented", choices=("empty", "null", "absent")
    )
    upload_limit_bytes: int = knob(500 * MIB, "largest upload", "seed", "seeds: 500 MB; C27", low=1)
    upload_files: int = knob(50, "most files or URLs in one upload", "assumed", "a bound", low=1, high=1000)
    upload_check: str = knob(
        "content",
        "a file must be one of the 13 formats by name and content, or by name alone",
        "assumed",
        "seeds name the formats, not the check",
        choices=("content", "name"),
    )
    body_limit_bytes: int = knob(4 * MIB, "largest JSON body (413 beyond)", "assumed", "a bound", low=1024, high=256 * MIB)

    # renders
    render_shape: str = knob(
        "superset",
        "a render's answer: both documented shapes at once, data.outputUrl only, or output.url only",
        "assumed",
        "both are documented; C1",
        choices=("superset", "data", "top"),
    )
    render_outcomes: tuple[str, ...] = knob(
        (),
        "how the next renders end, in order; completed when used up",
        "vendor",
        "vendor, all versions",
        choices=("completed", "failed"),
    )
    duplicate_render: str = knob(
        "refuse",
        "a render id used again: refused, or the existing job is told",
        "vendor",
        "vendor 4.4; C3",
        choices=("refuse", "existing"),
    )
    render_url_life_s: float = knob(
        0.0, "how long a render's link works; 0: for ever", "assumed", "undocumented; C26", high=CENTURY_S
    )

    # durations, virtual seconds
    text_s: Span = knob((5.0, 15.0), "a turn of words only", "vendor", "vendor 4.4", high=86400)
    edit_s: Span = knob((10.0, 30.0), "an edit", "vendor", "vendor 4.4", high=86400)
    generation_s: Span = knob((100.0, 300.0), "a generation", "vendor", "vendor 4.4", high=86400)
    render_s: Span = knob((30.0, 90.0), "a render", "seed", "seeds: 30-90 seconds", high=86400)


FIELDS = {f.name: f for f in fields(Settings)}


def changed(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """These settings with `changes`: values of the right type, or strings as typed after `--setting name=`.

    Raises SettingError, naming the setting and what it allows.
    """
    return replace(settings, **{name: _read(name, value) for name, value in changes.items()})


def _read(name: str, value: Any) -> Any:
    if name not in FIELDS:
        near = get_close_matches(name, FIELDS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise SettingError(f"there is no setting {name!r}{hint}")
    default = FIELDS[name].default
    meta = FIELDS[name].metadata
    try:
        parsed = _parse(default, value)
    except (TypeError, ValueError, OverflowError):
        raise SettingError(f"setting {name}: {value!r} is not {_wanted(name)}") from None
    words = parsed if isinstance(parsed, tuple) else (parsed,)
    for word in words:
        if meta["choices"] and word not in meta["choices"]:
            near = get_close_matches(str(word), meta["choices"], 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise SettingError(f"setting {name}: {word!r} is not one of {', '.join(meta['choices'])}{hint}")
        if isinstance(word, int | float) and not isinstance(word, bool) and not meta["low"] <= word <= meta["high"]:
            raise SettingError(f"setting {name}: {word:g} is not between {meta['low']:g} and {meta['high']:g}")
    if meta["pattern"] and not re.fullmatch(meta["pattern"], parsed):
        raise SettingError(f"setting {name}: {parsed!r} is not of the form {FIELDS[name].metadata['doc'].rpartition(': ')[2]}")
    if name == "heartbeat_forms" and not parsed:
        raise SettingError("setting heartbeat_forms: at least one form is needed")
    if name.endswith("_s") and isinstance(parsed, tuple) and parsed[0] > parsed[1]:
        raise SettingError(f"setting {name}: {parsed[0]:g} is more than {parsed[1]:g}")
    return parsed


def _parse(default: Any, value: Any) -> Any:
    if isinstance(default, bool):
        if isinstance(value, bool):
            return value
        words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
        if str(value).lower() not in words:
            raise ValueError
        return words[str(value).lower()]
    if isinstance(default, int):
        number = float(value)
        if number != int(number) or isinstance(value, bool):
            raise ValueError
        return int(number)
    if isinstance(default, float):
        if isinstance(value, bool):
            raise ValueError
        return float(value)
    if isinstance(default, tuple) and default and isinstance(default[0], float):
        pair = (
            value.replace("..", "-").split("-")
            if isinstance(value, str)
            else list(value)
            if isinstance(value, list | tuple)
            else [value]
        )
        low, high = (pair * 2)[:2] if len(pair) == 1 else pair
        return float(low), float(high)
    if isinstance(default, tuple):
        items = [w.strip() for w in value.split(",") if w.strip()] if isinstance(value, str) else list(value)
        if not all(isinstance(w, str) for w in items):
            raise ValueError
        return tuple(items)
    if not isinstance(value, str):
        raise TypeError
    return value


def _wanted(name: str) -> str:
    default = FIELDS[name].default
    if isinstance(default, bool):
        return "true or false"
    if isinstance(default, int):
        return "a whole number"
    if isinstance(default, float):
        return "a number"
    if name.endswith("_s"):
        return "a span like 10-30"
    return "a word" if isinstance(default, str) else "words joined by commas"
