"""`alone.py [--limit NAME] COMMAND...`: the command, where the only network is a loopback: what leaks goes nowhere. A program, not a test.

--limit sets user.NAME to 0 there, as an administrator would for a whole machine.
"""

import os
import sys
from pathlib import Path

from mock_server.intercept import inside

words = sys.argv[1:]
limits = []
while words[0] == "--limit":
    limits.append(words[1])
    words = words[2:]
try:
    inside.own_namespaces(user=True)
    inside.raise_loopback()
    for name in limits:
        Path(f"/proc/sys/user/{name}").write_text("0")
except (inside.Failed, OSError) as error:
    print(f"no namespaces here: {error}", file=sys.stderr)
    sys.exit(77)
os.execvp(words[0], words)
