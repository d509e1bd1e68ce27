"""A whole world as JSON bytes, and back: for checkpoints, forks and the state file."""

import msgspec

from mock_server.domain.world import World

_decoder = msgspec.json.Decoder(World)


def freeze(world: World) -> bytes:
    return msgspec.json.encode(world)


def thaw(content: bytes) -> World:
    """Raises msgspec.ValidationError for what is no snapshot of this version."""
    return _decoder.decode(content)
