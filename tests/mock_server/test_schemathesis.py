"""The contract against the application: every operation, every check, links followed, the stream included."""

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from mock_server.app import create_app
from mock_server.domain import world as service
from mock_server.domain.settings import Settings, changed
from mock_server.worlds import Recipe, Worlds

EASY = {"client_tokens": 0, "text_s": "0-0", "edit_s": "0-0", "generation_s": "0-0", "render_s": "0-0", "free_credits": 1_000_000}

#: 402 is the documented answer to a submit without attribution, which is optional in the schema for just that reason.
CONFIG = SchemathesisConfig.from_dict(
    {"checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", 401, 402, 403, 404, 409, 429]}}}
)

worlds = Worlds(Recipe(policy="instant", settings=changed(Settings(), EASY)))
schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(worlds), config=CONFIG)

LIMITS = settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@schema.auth()
class Bearer:
    """A token of the world; schemathesis also tries without, and wants a refusal then."""

    def get(self, case, context):
        world = worlds.at("default").world
        return service.issue_anonymous_token(world, "schemathesis", "127.0.0.1").value

    def set(self, case, data, context):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schema.parametrize()
@LIMITS
def test_operation(case):
    """Every answer is one the contract declares, and what it forbids is refused."""
    case.call_and_validate()


Machine = schema.as_state_machine()


class TestLinks(Machine.TestCase):
    """Sequences along the links of the contract hold too."""

    settings = settings(LIMITS, max_examples=15, stateful_step_count=6)
