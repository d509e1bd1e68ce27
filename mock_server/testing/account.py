"""A world told to a reader, in a report or a refusal; and to a judge, as a trace."""

from typing import TYPE_CHECKING

from mock_server import faults
from mock_server.recipe import token_or_nothing
from mock_server.testing.exchanges import Entry, table

if TYPE_CHECKING:
    from mock_server.testing.world import MockWorld


def account(world: "MockWorld") -> str:
    """How the world began, its newest requests, what never fired, what is open."""
    recipe = world.service.worlds.recipes.get(world.name)
    token = token_or_nothing(recipe) if recipe else ""
    scenario = f", scenario {world.scenario.name}" if world.scenario else ""
    unfired = ", ".join(armed.fault.name or armed.fault.what for armed in faults.unfired(world.live.faults))
    lines = [
        f"world {world.name}, seed {world.live.world.seed}{scenario}; {world.now_s:g} virtual s after its beginning",
        *table(world.requests(), world.start_ms),
        *([f"faults that never fired: {unfired}"] if unfired else []),
        waiting(world),
        *([f"begin so by hand: nemovideo-mock replay {token}"] if token else []),
    ]
    return "\n".join(lines)


def so_far(world: "MockWorld") -> str:
    told = world.requests()
    rows = [f"\n{line}" for line in table(told[-5:], world.start_ms)]
    return f"{waiting(world)}; " + ("the last requests:" + "".join(rows) if told else "there was no request at all")


def waiting(world: "MockWorld") -> str:
    """A sentence: which exchanges are open, and when something is due."""
    still = [f"{one.method} {one.path}" for one in world.requests() if one.ended_ms is None]
    due_ms = world.service.do(world.live.next_ms)
    due = "nothing is due" if due_ms is None else f"the next thing is due at {(due_ms - world.start_ms) / 1000:g} s"
    what = f"open: {', '.join(still)}" if still else "no exchange is open"
    return f"{what}; {due}, and the {world.clock} clock says {world.now_s:g} s"


def trace(world: "MockWorld") -> list[Entry]:
    """What the client was given, the journal, and what was said, in order."""
    told = world.scenario
    covers = [word for word in told.covers if word.startswith("rule ")] if told else []
    env = {"NEMO_API_URL": f"{world.service.opened}/w/{world.name}", **world.variables}
    given = {"kind": "given", "at_ms": world.start_ms, "scenario": told.name if told else "", "covers": covers}
    rows = sorted([*((entry["seq"], entry) for entry in world.journal()), *world.noted], key=lambda row: row[0])
    return [{**given, "env": env, "rate": world.live.clock.rate}, *(entry for _, entry in rows)]
