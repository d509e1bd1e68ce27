"""Print the table, or hold the mapping against the documents in a folder: exit 1 if anything is unmapped or stale."""

import sys
from pathlib import Path

from conformance.sentences import check, table


def main(arguments: list[str]) -> int:
    if len(arguments) > 1 or arguments[:1] in (["-h"], ["--help"]):
        print(
            "python -m conformance.sentences [FOLDER]   the table; or what in FOLDER/*.txt is unmapped or stale", file=sys.stderr
        )
        return 2
    if not arguments:
        print(table(), end="")
        return 0
    complaints = check(Path(arguments[0]))
    print("\n".join(complaints) or "nothing unmapped, nothing stale")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
