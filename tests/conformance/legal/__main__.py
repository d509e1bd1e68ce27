"""`python -m tests.conformance.legal 10000 [FIRST SEED]`: histories, what the rules say of them; status 1 when one objects."""

import sys

from tests.conformance.legal.judging import Judged, never_met, side_by_side, summary


def main(argv: list[str]) -> int:
    numbers = [int(word) for word in argv if word.isdecimal()]
    if len(numbers) != len(argv) or not 1 <= len(argv) <= 2 or not numbers[0]:
        print("usage: python -m tests.conformance.legal COUNT [FIRST SEED]", file=sys.stderr)
        return 2
    found = Judged()
    for portion in side_by_side(*numbers):
        found.add(portion)
        if sys.stderr.isatty():
            print(f"\r{found.count} histories", end="", file=sys.stderr, flush=True)
    print("\n".join(summary(found)))
    return 1 if found.objections or (found.count >= 10_000 and never_met(found)) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
