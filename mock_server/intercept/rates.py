"""How a command's own clock is sped up: by our hooks (Python, Node), by the system's faketime (others), or not at all."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

HOOKED = re.compile(r"(python|pypy)[\d.]*(t|w)?(\.exe)?|node(js)?(\.exe)?|np[mx]|tsx|yarn|pnpm")
ELF = b"\x7fELF"
HEAD_BYTES = 64 * 1024
#: What the holder prints, and then holds until its input ends.
TELL = 'printf "%s\\n" "$LD_PRELOAD" "$FAKETIME" "$FAKETIME_SHARED"; read -r _'
VARIABLES = ("LD_PRELOAD", "FAKETIME", "FAKETIME_SHARED")


@dataclass(frozen=True, slots=True)
class Pace:
    """How a command is sped up: by our hooks or by these variables; or `note` says in one line what cannot be."""

    hooks: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


class Faketime:
    """The system's faketime at a rate, begun when it is first needed: all who get its variables share one start.

    Its own way is to stand before a command, where it would keep signals and exit codes to itself.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.holder: subprocess.Popen[str] | None = None
        self.told: dict[str, str] = {}

    def variables(self) -> Mapping[str, str]:
        """Empty where there is no faketime."""
        if self.holder is None and (program := shutil.which("faketime")):
            self.holder = subprocess.Popen(
                [program, "-m", "-f", f"+0 x{self.rate:g}", "/bin/sh", "-c", TELL],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,  # Ctrl-C is not meant for it
            )
            lines = [self.holder.stdout.readline().strip() for _ in VARIABLES] if self.holder.stdout else []
            if all(lines):
                self.told = dict(zip(VARIABLES, lines, strict=True))
        return self.told

    def close(self) -> None:
        if self.holder is not None:
            with suppress(BrokenPipeError):
                self.holder.communicate(timeout=10)


def pace(argv: Sequence[str], environment: Mapping[str, str], faketime: Faketime) -> Pace:
    """Never both: a clock that is sped up twice runs away."""
    if faketime.rate == 1 or not argv:
        return Pace()
    found = shutil.which(argv[0], path=environment.get("PATH", os.defpath))
    if found is None or hooked(Path(found)):
        return Pace()
    name, times = Path(found).name, f"x{faketime.rate:g}"
    if without_libc(Path(found)):
        return Pace(note=f"--rate: {name} keeps its own clock, as Go and static programs do: only the world runs at {times}")
    if told := faketime.variables():
        before = environment.get("LD_PRELOAD")
        return Pace(hooks=False, variables={**told, "LD_PRELOAD": ":".join(filter(None, (told["LD_PRELOAD"], before)))})
    return Pace(note=f"--rate: only Python and Node started by {name} run at {times}: install 'faketime' for the others")


def hooked(program: Path) -> bool:
    """Whether it is a Python or a Node, or a script of one."""
    line = head(program, 256).partition(b"\n")[0].decode("utf-8", "replace")
    names = re.findall(r"[^\s/]+", line[2:]) if line.startswith("#!") else [program.name, program.resolve().name]
    return any(HOOKED.fullmatch(name) for name in names)


def without_libc(program: Path) -> bool:
    """Whether it is made by Go, or has no dynamic loader: a preloaded library has no hold on it."""
    seen = head(program, HEAD_BYTES)
    return seen.startswith(ELF) and (b"Go\x00\x00" in seen or b"Go build ID" in seen or b"/ld-" not in seen)


def head(program: Path, size: int) -> bytes:
    try:
        with program.open("rb") as file:
            return file.read(size)
    except OSError:
        return b""
