"""Lifecycles as tables: (state, what happens) -> next state. A move that is not in the table is illegal.

Renders and tokens derive their state from facts and times, so theirs are the tables that tests hold those facts against.
"""

Table = dict[tuple[str, str], str]

TURN: Table = {
    ("waiting", "start"): "running",
    ("running", "end"): "ended",
    ("running", "fail"): "failed",
}

HOLD: Table = {
    ("held", "settle"): "settled",
    ("held", "release"): "released",
}

RENDER: Table = {
    ("pending", "start"): "processing",
    ("pending", "cancel"): "cancelled",
    ("processing", "complete"): "completed",
    ("processing", "fail"): "failed",
}

TOKEN: Table = {
    ("valid", "expire"): "expired",
    ("valid", "revoke"): "revoked",
    ("expired", "revoke"): "revoked",
}

LIFECYCLES: dict[str, Table] = {"turn": TURN, "hold": HOLD, "render": RENDER, "token": TOKEN}


class IllegalMove(Exception):
    """A step that its lifecycle does not have: always a defect of ours, never of a client."""


def move(table: Table, state: str, happening: str) -> str:
    """The next state. Raises IllegalMove."""
    if (state, happening) not in table:
        raise IllegalMove(f"{happening!r} is not possible in state {state!r}")
    return table[state, happening]


def printed(name: str) -> str:
    """One lifecycle as aligned lines `state  happening  next state`."""
    rows = [(state, happening, after) for (state, happening), after in LIFECYCLES[name].items()]
    widths = [max(len(row[i]) for row in rows) for i in range(2)]
    return "\n".join(f"{a:<{widths[0]}}  --{b:-<{widths[1]}}->  {c}" for a, b, c in rows)
