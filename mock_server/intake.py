"""Multipart uploads, parsed while they arrive: memory stays flat, and a limit stops the reading where it is crossed."""

import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from mock_server.blobs import Blobs, fingerprint
from mock_server.domain.errors import FileTooLarge, Unprocessable
from mock_server.domain.uploads import format_by_name, refuse_name
from mock_server.media.probe import probe
from mock_server.values import Upload

# The parser warns on every odd byte; our refusal says it to whom it concerns.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)

#: What part headers and boundaries may add to the files themselves.
FRAMING_BYTES = 64 * 1024
MOST_PARTS = 1000
MOST_HEADER_BYTES = 16 * 1024


def too_large(limit_bytes: int) -> FileTooLarge:
    limit = f"{limit_bytes // 2**20} MB" if limit_bytes >= 2**20 else f"{limit_bytes} bytes"
    return FileTooLarge(f"file too large: at most {limit}; compress or trim it")


class Intake:
    """Callbacks of the parser. Files of the field `files` go to blobs, all else is counted and dropped."""

    def __init__(self, boundary: bytes, blobs: Blobs, limit_bytes: int, most_files: int) -> None:
        self.blobs = blobs
        self.limit_bytes = limit_bytes
        self.most_files = most_files
        self.kept: list[tuple[str, str, int]] = []  # filename, blob, size
        self.fields: list[str] = []
        self.header = (b"", b"")
        self.headers: dict[bytes, bytes] = {}
        self.header_bytes = 0
        self.file: BinaryIO | None = None
        self.size = 0
        self.filename = self.blob = ""
        self.whole = False
        callbacks: Any = {
            "on_part_begin": self.part_begins,
            "on_header_field": self.header_name,
            "on_header_value": self.header_value,
            "on_header_end": self.header_ends,
            "on_headers_finished": self.headers_end,
            "on_part_data": self.data,
            "on_part_end": self.part_ends,
            "on_end": self.ends,
        }
        self.parser = MultipartParser(boundary, callbacks)

    def part_begins(self) -> None:
        self.header, self.headers, self.header_bytes = (b"", b""), {}, 0

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self.header = (self.header[0] + data[start:end], self.header[1])

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self.header = (self.header[0], self.header[1] + data[start:end])

    def _count_header(self, size: int) -> None:
        self.header_bytes += size
        if self.header_bytes > MOST_HEADER_BYTES:
            raise Unprocessable("the headers of a multipart part are too long")

    def header_ends(self) -> None:
        self.headers[self.header[0].lower()] = self.header[1]
        self.header = (b"", b"")

    def headers_end(self) -> None:
        _, options = parse_options_header(self.headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        self.fields.append(name)
        if len(self.fields) > MOST_PARTS:
            raise Unprocessable(f"more than {MOST_PARTS} parts")
        if name != "files":
            return
        if b"filename" not in options:
            raise Unprocessable("the part 'files' has no filename: send it as a file, e.g. curl -F files=@clip.mp4")
        self.filename = options[b"filename"].decode("utf-8", "replace")
        if format_by_name(self.filename) is None:
            raise refuse_name(self.filename)
        if len(self.kept) >= self.most_files:
            raise Unprocessable(f"at most {self.most_files} files in one upload")
        self.blob, self.file = self.blobs.new()
        self.size = 0

    def data(self, data: bytes, start: int, end: int) -> None:
        if self.file is None:
            return
        self.size += end - start
        if self.size > self.limit_bytes:
            raise too_large(self.limit_bytes)
        self.blobs.took(end - start)
        self.file.write(memoryview(data)[start:end])

    def part_ends(self) -> None:
        if self.file is not None:
            self.file.close()
            self.kept.append((self.filename, self.blob, self.size))
            self.file = None

    def ends(self) -> None:
        self.whole = True

    def give_up(self) -> None:
        if self.file is not None:
            self.file.close()
            self.kept.append((self.filename, self.blob, self.size))
        self.blobs.drop(blob for _, blob, _ in self.kept)


async def receive(
    content_type: str, chunks: AsyncIterator[bytes], blobs: Blobs, limit_bytes: int, most_files: int
) -> list[Upload]:
    """The files of a multipart body. Raises FileTooLarge, UnsupportedFile, TooLarge, Unprocessable; then nothing is kept."""
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not 0 < len(boundary) <= 200:
        raise Unprocessable("the multipart Content-Type has no boundary; let the HTTP library set this header by itself")
    intake = Intake(boundary, blobs, limit_bytes, most_files)
    try:
        total = 0
        async for chunk in chunks:
            total += len(chunk)
            if total > limit_bytes + FRAMING_BYTES:
                raise too_large(limit_bytes)
            intake.parser.write(chunk)
        if not intake.whole:
            raise Unprocessable("the multipart body ends before its last boundary")
        if not intake.kept:
            raise _no_files(intake.fields)
        return [_upload(blobs, *kept) for kept in intake.kept]
    except FormParserError as error:
        intake.give_up()
        raise Unprocessable(f"the multipart body cannot be read: {error}") from None
    except BaseException:
        with suppress(OSError):
            intake.give_up()
        raise


def _no_files(fields: list[str]) -> Unprocessable:
    row: dict[str, Any] = {"loc": ["body", "files"], "message": "is missing"}
    if fields:
        row["meant"] = f"you sent {fields[0][:80]!r}; the field is called 'files'"
    return Unprocessable("body.files: is missing" + (f" ({row['meant']})" if fields else ""), [row])


def _upload(blobs: Blobs, filename: str, blob: str, size: int) -> Upload:
    path = blobs.path(blob)
    return Upload(filename, size, fingerprint(path, size), blob, probe(path))
