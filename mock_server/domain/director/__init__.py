"""The director: turns a message about a video into a script. Rules and tables, no model: equal words give equal turns.

`understand` reads the message, the writers change a private copy of the draft, `changes` says it as effects,
`stage` lays it out in time. Nothing here knows how a draft is stored or a stream is spelt.
"""

from .direct import direct
from .stage import with_heartbeats

__all__ = ["direct", "with_heartbeats"]
