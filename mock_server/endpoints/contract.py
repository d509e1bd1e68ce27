"""The contract itself."""

from mock_server import contract
from mock_server.domain.world import World
from mock_server.values import Call, Reply


def get_contract(world: World, call: Call) -> Reply:
    return Reply(contract.served(call.query.get("v", "3.2")))
