"""The process and its worlds: made, deleted, reset, checkpointed, rewound, forked; and their settings."""

import os
from typing import Any

import msgspec

from mock_server import __version__
from mock_server.control.asked import Asked, instant, moment, nearest
from mock_server.domain import renders
from mock_server.domain import world as service
from mock_server.domain.errors import NotFound, Unprocessable
from mock_server.domain.settings import FIELDS, Settings
from mock_server.pacing import Live
from mock_server.worlds import NAME

Json = dict[str, Any]

UNFINISHED = ("pending", "processing")


class _Timeline(msgspec.Struct):
    now_ms: int


class _World(msgspec.Struct):
    timeline: _Timeline


class _Frozen(msgspec.Struct):
    """The little of a snapshot that the list of checkpoints tells: the rest, which may be megabytes, is passed over."""

    world: _World


_glimpse = msgspec.json.Decoder(_Frozen)


async def get_ledger(asked: Asked) -> Json:
    from mock_server.ledger import as_data

    wanted = {name: asked.query[name] for name in ("kind", "basis") if name in asked.query}
    return {"rows": [row for row in as_data() if all(row[name] == value for name, value in wanted.items())]}


async def get_process(asked: Asked) -> Json:
    return {"version": __version__, "url": asked.url, "pid": os.getpid(), "worlds": len(asked.worlds.live)}


# worlds


async def list_worlds(asked: Asked) -> Json:
    for live in asked.worlds.live.values():
        live.catch_up()
    return {"worlds": [line_of(asked, live) for live in asked.worlds.live.values()]}


async def create_world(asked: Asked) -> Json:
    """Raises Unprocessable, Conflict, SettingError."""
    worlds, body = asked.worlds, asked.body
    options = dict(body.get("clock", {}))
    if "start" in body:
        options["start_ms"] = moment("body.start", body["start"])
    seed = str(body["seed"]) if "seed" in body else None
    live = worlds.create(fit_name(body["name"]), seed, body.get("settings"), **options)
    worlds.keep(live)
    return world_of(asked, live)


async def get_world(asked: Asked) -> Json:
    return world_of(asked, asked.live)


async def delete_world(asked: Asked) -> Json:
    name, streams = asked.path["name"], asked.live.streams()
    asked.worlds.delete(name)
    await asked.live.gone(streams)
    return {"deleted": name}


async def reset_world(asked: Asked) -> Json:
    streams = asked.live.streams()
    asked.worlds.reset(asked.path["name"])
    await asked.live.gone(streams)
    return world_of(asked, asked.live)


async def list_checkpoints(asked: Asked) -> Json:
    return {"checkpoints": [checkpoint_of(asked.live, label) for label in asked.live.checkpoints]}


async def make_checkpoint(asked: Asked) -> Json:
    """Raises Conflict when there are too many."""
    label = asked.body["label"]
    asked.worlds.checkpoint(asked.path["name"], label)
    return checkpoint_of(asked.live, label)


async def rewind_world(asked: Asked) -> Json:
    """Raises NotFound."""
    streams = asked.live.streams()
    asked.worlds.rewind(asked.path["name"], fit_label(asked, asked.body["label"]))
    await asked.live.gone(streams)
    return world_of(asked, asked.live)


async def fork_world(asked: Asked) -> Json:
    """Raises NotFound, Unprocessable, Conflict."""
    label = asked.body.get("label")
    if label is not None:
        fit_label(asked, label)
    live = asked.worlds.fork(asked.path["name"], fit_name(asked.body["name"]), label)
    asked.worlds.keep(live)
    return world_of(asked, live)


def fit_name(name: str) -> str:
    """Raises Unprocessable."""
    if not NAME.fullmatch(name):
        raise Unprocessable(f"body.name: {name[:80]!r} cannot be the name of a world: letters, digits, . _ ~ - and at most 64")
    return name


def fit_label(asked: Asked, label: str) -> str:
    """Raises NotFound."""
    known = asked.live.checkpoints
    if label not in known:
        raise NotFound(f"world {asked.path['name']!r} has no checkpoint {label[:80]!r}{nearest(label, known)}")
    return label


def line_of(asked: Asked, live: Live) -> Json:
    """A world in a few words."""
    world, clock = live.world, live.clock
    return {
        "name": world.name,
        "url": asked.url if world.name == "default" else f"{asked.url}/w/{world.name}",
        "seed": world.seed,
        "now": instant(world.now_ms),
        "now_ms": world.now_ms,
        "clock": {"policy": clock.policy, "rate": clock.rate},
    }


def world_of(asked: Asked, live: Live) -> Json:
    """A world with what is in it."""
    world = live.world
    return {
        **line_of(asked, live),
        "accounts": len(world.accounts),
        "sessions": len(world.sessions),
        "turns_running": sum(turn.state == "running" for turn in world.turns.values()),
        "renders": len(world.renders),
        "renders_unfinished": sum(renders.status(one, world.now_ms) in UNFINISHED for one in world.renders.values()),
        "streams": len(live.streams()),
        "journal": live.journal.span()._asdict(),
        "checkpoints": list(live.checkpoints),
    }


def checkpoint_of(live: Live, label: str) -> Json:
    frozen = live.checkpoints[label]
    at_ms = _glimpse.decode(frozen).world.timeline.now_ms
    return {"label": label, "at": instant(at_ms), "at_ms": at_ms, "size_bytes": len(frozen)}


# settings


async def get_settings(asked: Asked) -> Json:
    return {"settings": {name: setting_of(asked.live.world.settings, name) for name in FIELDS}}


async def change_settings(asked: Asked) -> Json:
    """Raises SettingError."""
    world = asked.live.world
    service.change_settings(world, asked.body)
    now = {name: getattr(world.settings, name) for name in asked.body}
    service.note(world, "world.settings", world.name, changed=now)
    return await get_settings(asked)


def setting_of(settings: Settings, name: str) -> Json:
    meta, default = FIELDS[name].metadata, FIELDS[name].default
    return {
        "value": getattr(settings, name),
        "default": default,
        **{key: meta[key] for key in ("doc", "basis", "source", "choices")},
        "range": [meta["low"], meta["high"]] if is_number(default) else None,
    }


def is_number(default: Any) -> bool:
    """Whether a setting is a number, or a span of two."""
    one = default[0] if isinstance(default, tuple) and default else default
    return isinstance(one, int | float) and not isinstance(one, bool)
