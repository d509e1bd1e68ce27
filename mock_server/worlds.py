"""The worlds of a process: made on first use or when asked, deleted, reset, checkpointed, rewound, forked."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec

from mock_server import faults
from mock_server.blobs import Blobs
from mock_server.domain import world as service
from mock_server.domain.errors import Conflict, NotFound, Unprocessable
from mock_server.domain.settings import FIELDS, changed
from mock_server.journal import Journal, Sink, reconcile
from mock_server.pacing import Checkpoint, Clock, Live
from mock_server.recipe import START_MS, Recipe, token_or_nothing
from mock_server.snapshot import Snapshot, freeze, thaw
from mock_server.store import Kept, Origin, StateError, Store

MOST_WORLDS = 5_000
MOST_CHECKPOINTS = 64
__all__ = ["START_MS", "Recipe", "Worlds"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,63}")


def moved(frozen: bytes, name: str, new: str) -> bytes:
    """A snapshot whose file URLs, and base URLs of turns, lead to another world: the first one may be deleted."""
    old = b"" if name == "default" else f"/w/{name}".encode()
    there = f"/w/{new}".encode()
    frozen = re.sub(rb'(https?://[^/"\\]+)' + re.escape(old) + rb"/cdn/", rb"\1" + there + rb"/cdn/", frozen)
    return re.sub(rb'("base_url":"https?://[^/"\\]+)' + re.escape(old) + rb'"', rb"\1" + there + rb'"', frozen)


class Worlds:
    def __init__(
        self, recipe: Recipe | None = None, blobs: Blobs | None = None, sink: Sink | None = None, store: Store | None = None
    ):
        """With a store, the worlds in it go on, and nobody else may open it meanwhile. Raises StateError."""
        self.recipe = recipe or Recipe()
        self.blobs = blobs or Blobs()
        self.sink = sink
        self.store = store
        self.live: dict[str, Live] = {}
        self.recipes: dict[str, Recipe] = {}
        self.origins: dict[str, Origin] = {}
        if store is not None:
            try:
                store.claim()
                self._recall(store)
            except StateError:
                store.close()
                raise

    def _recall(self, store: Store) -> None:
        """The worlds of an earlier process. Raises StateError."""
        for name, kept in store.worlds().items():
            live = self._recalled(store, kept)
            store.recall(live.journal)
            live.kept = store.checkpoints(name)
        if self.sink is not None:
            try:
                reconcile(self.sink, [live.journal for live in self.live.values()])
            except OSError as error:
                raise StateError(
                    f"{self.sink.path} may be newer than {store.path}, but cannot be read: {error.strerror}"
                ) from None
        for live in self.live.values():
            live.keep = partial(self.keep, live)
            live.take_note()

    def _recalled(self, store: Store, kept: Kept) -> Live:
        """Raises StateError."""
        with store.reading():
            now, recipe = thaw(kept.snapshot), msgspec.json.decode(kept.recipe, type=Recipe)
            if kept.beginning is not None:
                thaw(kept.beginning)
        recipe = replace(recipe, journal_bytes=self.recipe.journal_bytes)
        return self._enter(now, recipe, Clock(kept.policy, kept.rate), Origin(kept.recipe, kept.beginning))

    def _enter(self, now: Snapshot, recipe: Recipe, clock: Clock, origin: Origin) -> Live:
        """Raises Conflict when there are too many."""
        world = now.world
        if len(self.live) >= MOST_WORLDS:
            raise Conflict(f"there are {MOST_WORLDS} worlds; delete some")
        live = Live(world, clock, Journal(world.name, self.sink, recipe.journal_bytes))
        live.faults = now.faults
        self.live[world.name], self.recipes[world.name], self.origins[world.name] = live, recipe, origin
        return live

    def _begin(self, now: Snapshot, recipe: Recipe, clock: Clock, origin: Origin) -> Live:
        """Raises Conflict when there are too many."""
        live = self._enter(now, recipe, clock, origin)
        if self.store is not None:
            live.keep = partial(self.keep, live)
        live.take_note()
        return live

    def at(self, name: str) -> Live:
        """The world of that name, made now if need be. Raises NotFound for what cannot be a name, Conflict when there are too many."""
        return self.live.get(name) or self.create(name)

    def known(self, name: str) -> Live:
        """Raises NotFound."""
        if name not in self.live:
            raise NotFound(f"there is no world {name[:80]!r}")
        return self.live[name]

    def create(
        self,
        name: str,
        seed: str | None = None,
        settings: Mapping[str, Any] | None = None,
        on_top: Mapping[str, Any] | None = None,
        **clock: Any,
    ) -> Live:
        """Raises NotFound, Conflict, SettingError. Without a seed of its own a world's is made of the process's and its name.

        `on_top` are the settings of the scenario that `clock` may name; a run token does not repeat them.
        """
        if not NAME.fullmatch(name):
            raise NotFound(f"{name[:80]!r} cannot be the name of a world: letters, digits, . _ ~ - and at most 64")
        if name in self.live:
            raise Conflict(f"there is a world {name!r} already")
        own = f"{self.recipe.seed}/{name}" if name != "default" else self.recipe.seed
        recipe = replace(
            self.recipe, seed=own if seed is None else seed, settings=changed(self.recipe.settings, settings or {}), **clock
        )
        world = service.create(name, recipe.seed, changed(recipe.settings, on_top or {}), recipe.start_ms)
        unlike = {key: value for key, field in FIELDS.items() if (value := getattr(world.settings, key)) != field.default}
        clock = {"policy": recipe.policy, "rate": recipe.rate}
        told = {"seed": recipe.seed, "settings": unlike, "clock": clock, "start_ms": recipe.start_ms}
        service.note(world, "world.created", name, token=token_or_nothing(recipe), **told)
        origin = Origin(msgspec.json.encode(recipe))
        return self._begin(Snapshot(world, faults.book(world.seed)), recipe, Clock(recipe.policy, recipe.rate), origin)

    def delete(self, name: str) -> None:
        live = self.known(name)
        live.close("control")
        del self.live[name], self.recipes[name], self.origins[name]
        if self.store is not None:
            self.store.delete(name)
        self.sweep()

    def reset(self, name: str) -> Live:
        """As it began: same seed, same settings, same instant. The journal goes on."""
        live, recipe = self.known(name), self.recipes[name]
        if (frozen := self.origins[name].snapshot) is not None:
            begun = thaw(frozen)
            begun.world.name = name
        else:
            fresh = service.create(name, recipe.seed, recipe.settings, recipe.start_ms)
            begun = Snapshot(fresh, faults.book(fresh.seed))
        service.note(begun.world, "world.reset", name)
        live.clock.policy, live.clock.rate = recipe.policy, recipe.rate
        live.replace(begun.world, begun.faults)
        live.take_note()
        self.sweep()
        return live

    def begins_here(self, name: str) -> None:
        """What the world is now, it is after a reset."""
        live = self.known(name)
        self.origins[name] = replace(self.origins[name], snapshot=freeze(live.world, live.faults))

    def checkpoint(self, name: str, label: str) -> None:
        """Raises Conflict when there are too many."""
        live = self.known(name)
        if len(live.kept) >= MOST_CHECKPOINTS and label not in live.kept:
            raise Conflict(f"a world keeps at most {MOST_CHECKPOINTS} checkpoints")
        live.kept[label] = Checkpoint(freeze(live.world, live.faults), frozenset(live.world.blobs.values()))
        service.note(live.world, "world.checkpoint", label)
        live.take_note()

    def rewind(self, name: str, label: str) -> Live:
        """Back to a checkpoint: records, time and dice. Raises NotFound."""
        live = self.known(name)
        if label not in live.kept:
            known = ", ".join(live.kept) or "none"
            raise NotFound(f"world {name!r} has no checkpoint {label[:80]!r}; it has: {known}")
        kept = thaw(live.kept[label].content)
        service.note(kept.world, "world.rewound", label)
        live.replace(kept.world, kept.faults)
        live.take_note()
        return live

    def fork(self, name: str, new: str, label: str | None = None) -> Live:
        """A copy under another name, from now or from a checkpoint; it meets the same fate if asked the same."""
        live = self.known(name)
        if new in self.live:
            raise Conflict(f"there is a world {new!r} already")
        if not NAME.fullmatch(new):
            raise Unprocessable(f"{new[:80]!r} cannot be the name of a world")
        if label is not None and label not in live.kept:
            raise NotFound(f"world {name!r} has no checkpoint {label[:80]!r}")
        frozen = live.kept[label].content if label is not None else freeze(live.world, live.faults)
        kept = thaw(moved(frozen, name, new))
        kept.world.name = new
        service.note(kept.world, "world.forked", name)
        return self._begin(kept, self.recipes[name], Clock(live.clock.policy, live.clock.rate), self.origins[name])

    def sweep(self) -> None:
        """Drop the files that no world and no checkpoint refers to."""
        used = {blob for live in self.live.values() for blob in live.world.blobs.values()}
        for live in self.live.values():
            used.update(*(one.blobs for one in live.kept.values()))
        self.blobs.keep_only(used)

    def keep(self, live: Live) -> None:
        """Write the world down, where a state file was asked for, unless it was deleted meanwhile."""
        if self.store is not None and self.live.get(live.world.name) is live:
            self.store.keep(live, self.origins[live.world.name])

    def end_streams(self) -> None:
        """The process ends: open streams are told so, and have ended when their tasks have. `close` comes after them."""
        for live in self.live.values():
            if not live.closed:
                live.close("shutdown")
            self.keep(live)

    def close(self) -> None:
        self.end_streams()
        if self.store is not None:
            self.store.close()
            self.store = None  # who was waiting and goes on now has nothing to write to
        self.blobs.close()
