"""A whole world with its faults as JSON bytes, and back: for checkpoints, forks and the state file."""

from dataclasses import dataclass

import msgspec

from mock_server.domain.world import World
from mock_server.faults import FaultBook


@dataclass(slots=True)
class Snapshot:
    """Records, time and dice of a world, and the book of its faults with its own dice."""

    world: World
    faults: FaultBook


_decoder = msgspec.json.Decoder(Snapshot)


def freeze(world: World, faults: FaultBook) -> bytes:
    return msgspec.json.encode(Snapshot(world, faults))


def thaw(content: bytes) -> Snapshot:
    """Raises msgspec.ValidationError for what is no snapshot of this version."""
    return _decoder.decode(content)
