"""Where the bytes of uploads are kept: files in one folder, outside of every world, so that worlds can be copied and undone."""

import shutil
from collections.abc import Callable, Iterable
from hashlib import blake2b
from pathlib import Path
from tempfile import mkdtemp
from typing import BinaryIO

from mock_server.domain.errors import TooLarge

DEFAULT_LIMIT_BYTES = 8 * 2**30
_SAMPLE = 2**20


class Blobs:
    """`folder` None: a private temporary one, made when first needed and removed by `close`."""

    def __init__(self, folder: Path | None = None, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self.folder = folder
        self.temporary = folder is None
        self.arriving: set[str] = set()  # of uploads under way: no world refers to them yet
        self.limit_bytes = limit_bytes
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            numbers = [int(p.name) for p in folder.iterdir() if p.name.isdecimal()]
            self.size_bytes = sum(p.stat().st_size for p in folder.iterdir())
            self.made = max(numbers, default=0)
        else:
            self.size_bytes = self.made = 0

    def path(self, key: str) -> Path:
        return self._root() / key

    def _root(self) -> Path:
        if self.folder is None:
            self.folder = Path(mkdtemp(prefix="nemovideo-mock-"))
        return self.folder

    def new(self) -> tuple[str, BinaryIO]:
        """A key and an open file to write to."""
        self.made += 1
        key = str(self.made)
        self.arriving.add(key)
        return key, self.path(key).open("wb", buffering=0)

    def took(self, size: int) -> None:
        """Count bytes that were written. Raises TooLarge when all uploads together exceed the bound."""
        if self.size_bytes + size > self.limit_bytes:
            raise TooLarge(f"this mock keeps at most {self.limit_bytes} bytes of uploads; delete worlds or restart it")
        self.size_bytes += size

    def arrived(self, keys: Iterable[str]) -> None:
        """A world refers to them now."""
        self.arriving.difference_update(keys)

    def drop(self, keys: Iterable[str]) -> None:
        for key in set(keys):
            self.arriving.discard(key)
            path = self.path(key)
            if path.exists():
                self.size_bytes -= path.stat().st_size
                path.unlink()

    def keep_only(self, keys: Iterable[str]) -> None:
        """Remove what no world refers to any more."""
        if self.folder is not None:
            kept = set(keys) | self.arriving
            self.drop(p.name for p in self.folder.iterdir() if p.name.isdecimal() and p.name not in kept)

    def made_file(self, name: str, make: Callable[[], bytes]) -> Path:
        """A generated file, made once; `name` must say all that its content depends on."""
        path = self._root() / f"made-{blake2b(name.encode(), digest_size=16).hexdigest()}"
        if not path.exists():
            path.write_bytes(make())
        return path

    def close(self) -> None:
        if self.temporary and self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None


def fingerprint(path: Path, size: int) -> str:
    """32 hex digits from the size, the first and the last MiB: reading 500 MB again would double the cost of an upload."""
    digest = blake2b(str(size).encode(), digest_size=16)
    with path.open("rb") as file:
        digest.update(file.read(_SAMPLE))
        if size > _SAMPLE:
            file.seek(max(_SAMPLE, size - _SAMPLE))
            digest.update(file.read(_SAMPLE))
    return digest.hexdigest()
