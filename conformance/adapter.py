"""A Python callable as a client: `python -m conformance.adapter package.module:name` speaks the protocol for it.

`name(env, show)` is called once: the environment of the conversation, and what shows a text to the user. It gives a callable
`answer(text, files)`, called for each message, or is itself an object with such a method.
"""

import json
import os
import sys
from importlib import import_module
from typing import Any


def load(word: str, folder: str = "") -> Any:
    """Modules are looked for in `folder` first. Raises ValueError with what is wrong."""
    module, _, name = word.partition(":")
    sys.path.insert(0, folder)
    try:
        found = import_module(module)
    except ImportError as error:
        raise ValueError(f"{word}: {error}") from None
    if not name or not hasattr(found, name):
        known = ", ".join(one for one in vars(found) if not one.startswith("_"))
        raise ValueError(f"{word}: write it like module:name; {module} has: {known[:200]}")
    return getattr(found, name)


def main(word: str, folder: str = "") -> int:
    try:
        make = load(word, folder)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    out = sys.stdout
    sys.stdout = sys.stderr  # what the callable prints is no line of the protocol

    def write(told: dict[str, str]) -> None:
        out.write(json.dumps(told, ensure_ascii=False) + "\n")
        out.flush()

    made = make(dict(os.environ), lambda text: write({"type": "say", "text": str(text)}))
    answer = getattr(made, "answer", made)
    for line in sys.stdin:
        told = json.loads(line)
        answer(told["text"], told["files"])
        write({"type": "done"})
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
