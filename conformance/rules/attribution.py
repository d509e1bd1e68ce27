"""The three headers that say which skill a client follows: all of them, true, everywhere."""

from collections.abc import Iterator

from conformance.catalogue import Cost, Evidence, broken, met, rule
from conformance.rules.tokens import ASK, SECURED, calls
from conformance.trace import Exchange, Trace

SOURCE, VERSION, PLATFORM = HEADERS = ("X-Skill-Source", "X-Skill-Version", "X-Skill-Platform")
#: What is told by where a copy was cloned from, and not by where it lies.
SNIFFED = ("github", "gitlab", "bitbucket", "gitee", "git")


def lacking(one: Exchange) -> list[str]:
    return [name for name in HEADERS if not _value(one, name)]


def _value(one: Exchange, name: str) -> str:
    return one.headers.get(name.lower(), "").strip()


def _telling(trace: Trace, name: str) -> list[Exchange]:
    """Calls with that header. Documents show it on no call for a token, and demand it on all: both will do, but not a wrong one."""
    return [one for one in trace.of(ASK, *SECURED) if _value(one, name)]


def _allowed(trace: Trace) -> set[str]:
    """Platforms that may be meant; the environment's word counts where there is one (C10)."""
    given = str(trace.env.get("SKILL_SOURCE") or "")
    return {*map(str, trace.skill.get("platforms", ())), *([given] if given else [])}


@rule(
    21,
    "attribution-on-every-call",
    "Every call carries X-Skill-Source, X-Skill-Version and X-Skill-Platform, uploads, polls and downloads too.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, C11",
    seen="wire",
)
def everywhere(trace: Trace) -> Iterator[Evidence]:
    # A submission that was refused for it is rule 27's; links lead to storage, which is not the API.
    asked = [one for one in calls(trace) if one.operation != "submit_render" or one.code != 402]
    if bare := [one for one in asked if lacking(one)]:
        why = f"{bare[0].operation} lacked {', '.join(lacking(bare[0]))}; calls without all three: {len(bare)} of {len(asked)}"
        yield broken(why, bare[0], cost=Cost(words="without them an export is refused with 402"))
    elif asked:
        yield met(f"calls with the three headers: {len(asked)} of {len(asked)}", asked[0])


def _same(trace: Trace, name: str, wanted: str) -> Iterator[Evidence]:
    told = _telling(trace, name)
    if not wanted or not told:
        return
    if wrong := [one for one in told if _value(one, name) != wanted]:
        yield broken(f"{name} was {_value(wrong[0], name)[:80]!r}, not {wanted!r}", wrong[0])
    else:
        yield met(f"{name} was {wanted!r}", told[0])


@rule(
    22,
    "source-is-the-name-of-the-skill",
    "X-Skill-Source is the name in the skill's frontmatter.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire",
)
def source(trace: Trace) -> Iterator[Evidence]:
    yield from _same(trace, SOURCE, str(trace.skill.get("name") or ""))


@rule(
    23,
    "version-is-that-of-the-skill",
    "X-Skill-Version is the version in the skill's frontmatter, read when it runs and without quotes.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire",
)
def version(trace: Trace) -> Iterator[Evidence]:
    yield from _same(trace, VERSION, str(trace.skill.get("version") or ""))


@rule(
    24,
    "platform-by-install-path",
    "X-Skill-Platform is clawhub, cursor or unknown by where the skill is installed, unless SKILL_SOURCE says more.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, vendor 1.9, C10",
    seen="wire",
)
def platform(trace: Trace) -> Iterator[Evidence]:
    told, allowed = _telling(trace, PLATFORM), _allowed(trace)
    wrong = [one for one in told if _value(one, PLATFORM) not in allowed and not _sniffed(trace, one)]
    if not allowed or not told:
        return
    if wrong:
        yield broken(f"{PLATFORM} was {_value(wrong[0], PLATFORM)[:80]!r}, none of {', '.join(sorted(allowed))}", wrong[0])
    elif _value(told[0], PLATFORM) in allowed:
        yield met(f"{PLATFORM} was {_value(told[0], PLATFORM)!r}", told[0])


def _sniffed(trace: Trace, one: Exchange) -> bool:
    return _value(one, PLATFORM).lower() in SNIFFED and _value(one, PLATFORM) not in _allowed(trace)


@rule(
    25,
    "platform-is-not-sniffed",
    "The platform is not taken from a git remote: where a copy was cloned from does not say where it runs.",
    level="MUST",
    basis="vendor",
    sources="vendor 1.7, C10",
    seen="wire",
)
def not_sniffed(trace: Trace) -> Iterator[Evidence]:
    told = _telling(trace, PLATFORM)
    if sniffed := [one for one in told if _sniffed(trace, one)]:
        yield broken(f"{PLATFORM} was {_value(sniffed[0], PLATFORM)!r}, which a git remote says and no install path", sniffed[0])
    elif told:
        yield met(f"{PLATFORM} was {_value(told[0], PLATFORM)[:80]!r}, which no git remote says", told[0])


@rule(
    26,
    "attribution-stays-the-same",
    "The values of the three headers are the same in all calls.",
    level="SHOULD",
    basis="assumed",
    sources="C10",
    seen="wire",
)
def constant(trace: Trace) -> Iterator[Evidence]:
    for name in HEADERS:
        told = _telling(trace, name)
        other = next((one for one in told if _value(one, name) != _value(told[0], name)), None)
        if other is not None and not _judged(trace, name, told):
            yield broken(f"{name} was {_value(told[0], name)[:80]!r}, then {_value(other, name)[:80]!r}", told[0], other)
            return
        if other is not None or len(told) < 2:
            return
    yield met(f"the same in {len(told)} calls", told[0], told[-1])


def _judged(trace: Trace, name: str, told: list[Exchange]) -> bool:
    """Whether rules 22 to 25 know what is right: then one of two values is wrong, and that is their case."""
    if name == PLATFORM:
        return bool(trace.skill) and any(_value(one, name) not in _allowed(trace) for one in told)
    return bool(trace.skill)


@rule(
    27,
    "refused-export-is-checked-for-headers",
    "When an export is refused with 402, the three headers are checked first: a submission that lacked them is sent again with them.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, C11",
    seen="wire",
)
def checked(trace: Trace) -> Iterator[Evidence]:
    for blocked in trace.of("submit_render"):
        if blocked.code != 402:
            continue
        again = next((one for one in trace.after(blocked.line, "submit_render") if not lacking(one)), None)
        if not lacking(blocked):
            yield met("refused with 402, with all three headers sent: they are not the reason", blocked)
        elif again is not None:
            yield met(f"refused with 402 for lack of {', '.join(lacking(blocked))}, and sent again with them", blocked, again)
        elif trace.finished:
            cost = Cost(requests=1, words="the export was lost, and nothing was wrong with the plan")
            yield broken(
                f"refused with 402 for lack of {', '.join(lacking(blocked))}, and not sent again with them", blocked, cost=cost
            )
