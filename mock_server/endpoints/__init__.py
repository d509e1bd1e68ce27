"""One function an operation, named like its operationId: (world, call) -> reply."""

from collections.abc import Callable

from mock_server.domain.world import World
from mock_server.endpoints import auth, chat, contract, renders, sessions, uploads
from mock_server.values import AnyReply, Call

Endpoint = Callable[[World, Call], AnyReply]

ENDPOINTS: dict[str, Endpoint] = {
    "issue_anonymous_token": auth.issue_anonymous_token,
    "issue_claim_token": auth.issue_claim_token,
    "create_session": sessions.create_session,
    "get_state": sessions.get_state,
    "get_credits": sessions.get_credits,
    "run_sse": chat.run_sse,
    "upload_files": uploads.upload_files,
    "get_file": uploads.get_file,
    "submit_render": renders.submit_render,
    "get_render": renders.get_render,
    "cancel_render": renders.cancel_render,
    "download_render": renders.download_render,
    "get_contract": contract.get_contract,
}

#: Operations of the render proxy: their refusals also say `success: false`.
RENDER = frozenset(("submit_render", "get_render", "cancel_render", "download_render"))
