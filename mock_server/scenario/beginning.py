"""A world that begins as a scenario says."""

from collections.abc import Collection
from typing import Any, NamedTuple

from mock_server import faults
from mock_server.domain import world as service
from mock_server.domain.world import World
from mock_server.pacing import Live
from mock_server.scenario.nouns import Scenario, StartingAccount
from mock_server.worlds import Worlds

#: Where those were who took their tokens before the client came (RFC 5737).
ELSEWHERE = "192.0.2.{}"


class Begun(NamedTuple):
    """A world, and the variables that its client must be given besides the base URL."""

    live: Live
    environment: dict[str, str]


def begin(worlds: Worlds, scenario: Scenario, name: str, keep: Collection[str] = (), **recipe: Any) -> Begun:
    """The world `name`, new. Members of a `recipe` given here (seed, policy, rate, start_ms) win over the scenario's, and so do
    those settings of the process that `keep` names. Raises ServiceError, SettingError.
    """
    told = {"policy": scenario.policy, "rate": scenario.rate, "start_ms": scenario.start_ms}
    options = {key: value for key, value in told.items() if value is not None} | recipe
    seed = options.pop("seed", scenario.seed or worlds.recipe.seed)
    on_top = {key: value for key, value in scenario.settings.items() if key not in keep}
    live = worlds.create(
        name, seed, on_top=on_top, scenario=scenario.name if scenario.shipped else f"{scenario.name}.yaml", **options
    )
    world = live.world
    for number, client_id in enumerate(scenario.client_ids):
        service.issue_anonymous_token(world, client_id, ELSEWHERE.format(number % 256))
    environment = {account.env: _open(world, account) for account in scenario.accounts}
    environment.pop("", None)
    if scenario.client_ids:
        environment["NEMO_CLIENT_ID"] = scenario.client_ids[0]
    world.scripted.turns += scenario.turns
    world.scripted.renders += scenario.renders
    world.scripted.draft += scenario.draft
    for fault in scenario.faults:
        faults.arm(live.faults, fault, world.now_ms)
    service.note(world, "scenario.begun", scenario.name)
    live.advance(world.now_ms)
    worlds.begins_here(name)
    return Begun(live, environment)


def _open(world: World, told: StartingAccount) -> str:
    """The account with its token; gives the token."""
    given = world.settings
    account = service.open_account(world, told.kind, told.plan, given.free_credits if told.credits is None else told.credits)
    usual = ("*",) if told.kind == "registered" else given.anonymous_scopes
    life_s = given.token_life_s if told.life_s is None else told.life_s
    token = service.issue_token(world, account, told.scopes or usual, 0 if told.state == "expired" else life_s)
    if told.state == "revoked":
        service.revoke_token(world, token.value)
    return token.value
