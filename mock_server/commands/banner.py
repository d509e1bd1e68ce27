"""What is said when a server answers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from mock_server import __version__

if TYPE_CHECKING:
    from mock_server.recipe import Recipe
    from mock_server.serve import Doors


def banner(doors: "Doors", recipe: "Recipe", exports: Mapping[str, str]) -> str:
    """Of a mock with worlds; `exports` are further variables for the client."""
    from mock_server.recipe import token_or_nothing

    lines = "".join(f"\n  export {name}={value}" for name, value in exports.items())
    pace = f"real, x{recipe.rate:g}" if recipe.policy == "real" else recipe.policy
    bold = click.style
    return f"""{bold("nemovideo-mock", bold=True)} {__version__}: a local stand-in. Nothing here reaches the real service.

  API       {bold(doors.url, fg="green")}   (other worlds: {doors.url}/w/NAME)
  control   {doors.control_url}
  clock     {pace}      seed {recipe.seed}      profile {recipe.settings.profile}
  replay    {token_or_nothing(recipe) or "(settings too long for a token: use a scenario file)"}

Paste this where your client runs:

  export NEMO_API_URL={doors.url}{lines}

and, for a client that has the host written into it, replace https://mega-api-prod.nemovideo.ai by that URL. Then try:

  curl -sX POST $NEMO_API_URL/api/auth/anonymous-token -H "X-Client-Id: my-first-client"

Ctrl-C ends it."""


def playing(doors: "Doors", what: str) -> str:
    """Of a recording."""
    return f"Playing {what}\n\n  export NEMO_API_URL={doors.url}\n\nCtrl-C ends it."
