"""What `probe` finds in samples of every format, in crafted ones, and in damaged ones of any kind."""

import io
import json
import shutil
import struct
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.media.probe import FORMATS, Media, probe, probe_stream
from mock_server.media.source import MOST_BYTES, MOST_READS, Damaged, Source

SAMPLES = Path(__file__).parents[3] / "fixtures" / "media" / "samples"


def _media(
    format: str, duration_s: float | None = None, width: int | None = None, height: int | None = None, fps: float | None = None
) -> Media:
    return Media(format, FORMATS[format], duration_s, width, height, fps)


EXPECTED = {
    "video.mp4": _media("mp4", 0.8, 64, 48, 25),
    "moov-last.mp4": _media("mp4", 0.6, 64, 48, 25),
    "rotated.mp4": _media("mp4", 0.4, 48, 64, 25),
    "wide-pixels.mp4": _media("mp4", 0.4, 85, 48, 25),
    "ntsc.mp4": _media("mp4", 0.501, 64, 48, 29.97),
    "uneven.mp4": _media("mp4", 0.8, 64, 48, 18.75),
    "fragmented.mp4": _media("mp4", 0.823, 64, 48, 24.293),
    "fragmented-after-moov.mp4": _media("mp4", 0.8, 64, 48, 25),
    "fragmented-sidx.mp4": _media("mp4", 0.8, 64, 48, 25),
    "video.mov": _media("mov", 0.6, 64, 48, 25),
    "video.avi": _media("avi", 0.6, 64, 48, 15),
    "video.webm": _media("webm", 0.6, 64, 48, 25),
    "live.webm": _media("webm", 0.8, 64, 48, 25),
    "sound-alone.webm": _media("webm", 0.508),
    "video.mkv": _media("mkv", 0.625, 64, 48, 25),
    "piped.mkv": _media("mkv", 0.4, 85, 48, 25),
    "picture.jpg": _media("jpg", None, 64, 48),
    "turned.jpg": _media("jpg", None, 48, 64),
    "picture.png": _media("png", None, 64, 48),
    "animated.png": _media("png", 0.5, 32, 24, 10),
    "picture.gif": _media("gif", None, 64, 48),
    "animated.gif": _media("gif", 0.5, 32, 24, 10),
    "picture.webp": _media("webp", None, 64, 48),
    "lossless.webp": _media("webp", None, 64, 48),
    "see-through.webp": _media("webp", None, 64, 48),
    "animated.webp": _media("webp", 0.5, 32, 24, 4),
    "sound.mp3": _media("mp3", 0.549),
    "vbr.mp3": _media("mp3", 0.549),
    "bare.mp3": _media("mp3", 0.549),
    "low-rate.mp3": _media("mp3", 0.576),
    "sound.wav": _media("wav", 0.5),
    "piped.wav": _media("wav", 0.5),
    "long.wav": _media("wav", 0.5),
    "adpcm.wav": _media("wav", 0.51),
    "sound.m4a": _media("m4a", 0.5),
    "sound-alone.mp4": _media("m4a", 0.5),
    "sound.aac": _media("aac", 0.557),
}
BYTES = {name: (SAMPLES / name).read_bytes() for name in EXPECTED}


class Counted(io.BytesIO):
    """Bytes, and how many of them were asked for in how many reads."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reads = self.read_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.reads += 1
        self.read_bytes += len(data)
        return data


class Endless(Counted):
    """`data`, zeros behind it, and a claim of `length` bytes in all."""

    def __init__(self, data: bytes, length: int) -> None:
        super().__init__(data)
        self.length, self.position = length, 0

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self.position = self.length + offset if whence == io.SEEK_END else offset
        return self.position

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None and 0 <= size <= MOST_BYTES
        super().seek(self.position)
        real = super().read(size)
        self.read_bytes += size - len(real)
        return real.ljust(size, b"\0")


def check(stream: Counted) -> Media | None:
    """Probe, and hold the answer and the work to what is promised of any content."""
    media = probe_stream(stream)
    assert stream.reads <= MOST_READS and stream.read_bytes <= MOST_BYTES
    if media is not None:
        assert media.file_type == FORMATS[media.format]
        assert media.duration_s is None or 0 < media.duration_s <= 1e8
        assert media.fps is None or 0 < media.fps <= 1e4
        assert all(side is None or 0 < side < 2**31 for side in (media.width, media.height))
    return media


# the samples


def test_every_sample_is_expected_and_every_format_has_one() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == set(EXPECTED)
    assert {media.format for media in EXPECTED.values()} == set(FORMATS)


@pytest.mark.parametrize("name", EXPECTED)
def test_sample(name: str) -> None:
    assert probe(SAMPLES / name) == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_headers_are_few(name: str) -> None:
    assert _reads(BYTES[name]) < 250


def test_a_stated_length_saves_the_walk_over_the_fragments() -> None:
    assert _reads(fragmented(*[moof(5)] * 1000, mehd=struct.pack(">4xI", 7000))) < 100
    assert _reads(fragmented(*[moof(5)] * 1000, index=sidx(1000 * len(moof(5)), 7000))) < 100


def test_a_still_png_is_not_walked_over() -> None:
    assert _reads(BYTES["picture.png"][:-12] + struct.pack(">I4sI", 0, b"IDAT", 0) * 1000) < 10


def _reads(data: bytes) -> int:
    stream = Counted(data)
    assert probe_stream(stream) is not None
    return stream.reads


#: What ffprobe does not tell of these, or tells otherwise.
FFPROBE_BLIND = {
    "animated.webp": "reads no animated WebP",
    "turned.jpg": "does not apply the orientation of Exif",
    "picture.gif": "gives a still its delay",
}


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed: nothing to compare with")
@pytest.mark.parametrize("name", sorted(EXPECTED.keys() - FFPROBE_BLIND.keys()))
def test_ffprobe_agrees(name: str) -> None:
    told, media = _ffprobe()[name], probe(SAMPLES / name)
    assert media is not None
    if "duration" in told["format"]:
        assert media.duration_s == pytest.approx(float(told["format"]["duration"]), abs=0.001)
    pictures = [stream for stream in told["streams"] if stream["codec_type"] == "video"]
    assert bool(pictures) == (media.width is not None)
    if pictures:
        assert (media.width, media.height) == _shown(pictures[0])
    if pictures and media.fps:
        assert media.fps == pytest.approx(float(Fraction(pictures[0]["avg_frame_rate"])), abs=0.001)


@cache
def _ffprobe() -> dict[str, Any]:
    """What ffprobe says of every sample it is asked of, all at once: most of its time is its start."""

    def told(name: str) -> Any:
        command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", str(SAMPLES / name)]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    names = [name for name in EXPECTED if name not in FFPROBE_BLIND]
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(names, pool.map(told, names), strict=True))


def _shown(stream: dict[str, Any]) -> tuple[int, int]:
    """A stream's size with square pixels, after rotation."""
    aspect = Fraction(stream.get("sample_aspect_ratio", "1:1").replace(":", "/"))
    size = round(stream["width"] * aspect), stream["height"]
    turned = any(side.get("rotation", 0) % 180 for side in stream.get("side_data_list", []))
    return size[::-1] if turned else size


# samples changed, and crafted content


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def matrix(*, turned: bool = False) -> bytes:
    one = 0x10000
    return struct.pack(">9i", *((0, one, 0, -one, 0, 0) if turned else (one, 0, 0, 0, one, 0)), 0, 0, 0x40000000)


def mvhd(ticks: int, *, version: int = 0, turned: bool = False) -> bytes:
    times = struct.pack(">QQIQ", 0, 0, 1000, ticks) if version else struct.pack(">IIII", 0, 0, 1000, ticks)
    return box(b"mvhd", bytes([version, 0, 0, 0]), times, bytes(16), matrix(turned=turned), bytes(28))


def trak(
    kind: bytes,
    ticks: int,
    *,
    number: int = 1,
    enabled: bool = True,
    runs: tuple[tuple[int, int], ...] = (),
    claimed: int | None = None,
    version: int = 0,
) -> bytes:
    """A track of 64 x 48 pixels and 1000 ticks a second; `claimed` entries in its table of `runs` (samples, ticks)."""
    table = struct.pack(">4xI", len(runs) if claimed is None else claimed) + b"".join(struct.pack(">II", *run) for run in runs)
    shown = struct.pack(">II", 64 << 16, 48 << 16) if kind == b"vide" else bytes(8)
    long = "Q" if version else "I"
    return box(
        b"trak",
        box(
            b"tkhd", struct.pack(f">B2xB{long}{long}I4x{long}", version, enabled, 0, 0, number, ticks), bytes(16), matrix(), shown
        ),
        box(
            b"mdia",
            box(b"mdhd", struct.pack(f">B3x{long}{long}I{long}I", version, 0, 0, 1000, ticks, 0)),
            box(b"hdlr", bytes(8), kind, bytes(13)),
            box(b"minf", box(b"stbl", box(b"stts", table))),
        ),
    )


def ftyp(brand: bytes) -> bytes:
    return box(b"ftyp", brand, bytes(4))


def movie(brand: bytes, *tracks: bytes, ticks: int = 500) -> bytes:
    """A file without its samples: type, movie header, tracks."""
    return ftyp(brand) + box(b"moov", mvhd(ticks), *tracks)


def moof(
    samples: int,
    *,
    track: int = 1,
    start: int | None = None,
    durations: tuple[int, ...] = (),
    default: int | None = 40,
    version: int = 1,
) -> bytes:
    """A fragment of a track, and its samples; `durations` come with sizes."""
    header = struct.pack(">II", 0x01, track) + bytes(8) if default is None else struct.pack(">III", 0x08, track, default)
    time = box(b"tfdt", struct.pack(">B3xQ" if version else ">B3xI", version, start)) if start is not None else b""
    run = struct.pack(">III", 0x305, samples, 0) + bytes(4) + b"".join(struct.pack(">II", ticks, 9) for ticks in durations)
    run = run if durations else struct.pack(">II", 0, samples)
    return box(b"moof", box(b"traf", box(b"tfhd", header), time, box(b"trun", run))) + box(b"mdat", bytes(9))


def fragmented(*moofs: bytes, mehd: bytes = b"", index: bytes = b"", sound: bytes = b"") -> bytes:
    trex = b"".join(box(b"trex", struct.pack(">4xIIIII", number, 1, 20, 0, 0)) for number in (1, 2))
    extends = box(b"mvex", box(b"mehd", mehd) if mehd else b"", trex)
    return ftyp(b"iso5") + box(b"moov", mvhd(0), trak(b"vide", 0), sound, extends) + index + b"".join(moofs)


def sidx(size: int, ticks: int) -> bytes:
    return box(b"sidx", struct.pack(">4xIIII2xHIII", 1, 1000, 0, 0, 1, size, ticks, 0))


def riff(form: bytes, *chunks: tuple[bytes, bytes], size: int = 0) -> bytes:
    body = b"".join(struct.pack("<4sI", kind, size or len(data)) + data for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + form + body


def _strl(kind: bytes, scale: int, rate: int, length: int, *, width: int = 64, height: int = 48) -> bytes:
    """A stream of an AVI: its LIST without the chunk's own header."""
    header = struct.pack("<4s16xII4xI", kind, scale, rate, length)
    return riff(b"strl", (b"strh", header), (b"strf", struct.pack("<Iii", 40, width, height)))[8:]


def avi(*streams: bytes) -> bytes:
    """Of 32 x 24, 10 frames and 25 a second by its main header."""
    main = struct.pack("<I12xI12xII", 40_000, 10, 32, 24)
    return riff(b"AVI ", (b"LIST", riff(b"hdrl", (b"avih", main), *((b"LIST", stream) for stream in streams))[8:]))


def ebml(number: int, *parts: bytes, unsized: bool = False) -> bytes:
    body = b"".join(parts)
    size = (2**56 - 1 if unsized else len(body)) | 1 << 56
    return number.to_bytes((number.bit_length() + 7) // 8, "big") + size.to_bytes(8, "big") + body


DOC = ebml(0x1A45DFA3, ebml(0x4282, b"matroska"))
ROLLED = ebml(0xE0, ebml(0xB0, b"\x40"), ebml(0xBA, b"\x30"), ebml(0x7670, ebml(0x7675, struct.pack(">f", -90))))


def cluster(time: int, *blocks: bytes) -> bytes:
    return ebml(0x1F43B675, ebml(0xE7, bytes([time])), *blocks)


def block(number: int, track: int, offset: int, data: bytes = b"") -> bytes:
    """A Block or SimpleBlock, by `number`."""
    return ebml(number, struct.pack(">Bhx", 0x80 | track, offset) + data)


LIVE = (
    ebml(0x1549A966, ebml(0x2AD7B1, (2 * 10**6).to_bytes(3, "big"))),
    ebml(0x1654AE6B, ebml(0xAE, ebml(0xD7, b"\x02"), ebml(0x83, b"\x02")), ebml(0xAE, ebml(0xD7, b"\x01"), ebml(0x83, b"\x01"))),
    cluster(10, block(0xA3, 1, 0), block(0xA3, 2, 1), block(0xA3, 1, 20), block(0xA3, 1, 10)),
    cluster(50, ebml(0xA0, block(0xA1, 1, 5), ebml(0x9B, b"\x0a")), block(0xA3, 2, 0, b"\x1f\x43\xb6\x75\x84\xec\x82\0\0")),
)


def gif(*delays_cs: int | None) -> bytes:
    """A GIF of 2 x 3 with a frame for each delay; without a control block for None."""
    screen = b"GIF89a" + struct.pack("<HHBBB", 2, 3, 0x80, 0, 0) + bytes(6)
    image = b"\x2c" + struct.pack("<HHHHB", 0, 0, 2, 3, 0) + b"\x02\x02\x4c\x01\0"
    controls = ["" if cs is None else f"21f904 00 {struct.pack('<H', cs).hex()} 00 00" for cs in delays_cs]
    return screen + b"".join(bytes.fromhex(control) + image for control in controls) + b"\x3b"


def jpeg(*, orientation: bytes, directory: int = 8) -> bytes:
    tiff = b"II*\0" + struct.pack("<I", directory) + b"\x01\0" + orientation
    exif = b"Exif\0\0" + tiff
    size = struct.pack(">HBHHB", 8, 8, 3, 2, 0)
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", 2 + len(exif)) + exif + b"\xff\xff\xff\xc2" + size


def exif(orientation: int) -> bytes:
    """An entry of a little-endian directory."""
    return struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)


def adts(length: int, *, blocks: int = 1) -> bytes:
    """A frame of `length` bytes and `blocks` times 1024 samples, 48000 a second."""
    head = 0xFFF1 << 40 | 3 << 34 | 1 << 30 | length << 13 | blocks - 1
    return head.to_bytes(7, "big").ljust(length, b"\0")


def id3(size: int, data: bytes = b"") -> bytes:
    return b"ID3\x04\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + data


def changed(name: str, old: bytes, new: bytes) -> bytes:
    assert old in BYTES[name]
    return BYTES[name].replace(old, new)


def unsized_clusters(data: bytes) -> bytes:
    """Matroska with the size of every cluster unknown, as browsers record it."""
    first, *rest = data.split(b"\x1f\x43\xb6\x75")
    for body in rest:
        length = 9 - body[0].bit_length()
        first += b"\x1f\x43\xb6\x75" + ((1 << 7 * length + 1) - 1).to_bytes(length, "big") + body[length:]
    return first


CRAFTED: dict[str, tuple[bytes, Media | None]] = {
    # ISO base media
    "64-bit times": (
        ftyp(b"isom") + box(b"moov", mvhd(2500, version=1), trak(b"vide", 99, runs=((75, 33),))),
        _media("mp4", 2.5, 64, 48, 30.303),
    ),
    "64-bit times of a track": (
        movie(b"isom", trak(b"vide", 2**33, version=1, runs=((8, 2**30),)), ticks=0),
        _media("mp4", 2**33 / 1000, 64, 48),
    ),
    "a track header without a size": (changed("video.mp4", b"\0\x40\0\0\0\x30\0\0", bytes(8)), EXPECTED["video.mp4"]),
    "the movie is turned, not the track": (
        ftyp(b"isom") + box(b"moov", mvhd(500, turned=True), trak(b"vide", 500)),
        _media("mp4", 0.5, 48, 64),
    ),
    "unknown length: the longest track's": (
        movie(b"isom", trak(b"soun", 300, number=2), trak(b"vide", 400, runs=((10, 40),)), ticks=2**32 - 1),
        _media("mp4", 0.4, 64, 48, 25),
    ),
    "tracks without length: as long as their samples": (
        movie(b"isom", trak(b"vide", 0, runs=((10, 40), (5, 20))), ticks=0),
        _media("mp4", 0.5, 64, 48, 30),
    ),
    "QuickTime without a type": (
        box(b"wide") + box(b"mdat", bytes(9)) + box(b"moov", mvhd(500), trak(b"vide", 500)),
        _media("mov", 0.5, 64, 48),
    ),
    "a first box like QuickTime's, and no movie": (box(b"free", bytes(99)), None),
    "chapter pictures in a sound file": (
        movie(b"M4A ", trak(b"soun", 500), trak(b"vide", 500, number=2, enabled=False)),
        _media("m4a", 0.5),
    ),
    "an enabled picture track goes first": (
        movie(b"isom", trak(b"vide", 500, enabled=False, runs=((1, 500),)), trak(b"vide", 500, number=2, runs=((10, 50),))),
        _media("mp4", 0.5, 64, 48, 20),
    ),
    "a film that calls itself sound": (movie(b"M4A ", trak(b"vide", 500)), _media("mp4", 0.5, 64, 48)),
    "a 64-bit box size before the movie": (
        ftyp(b"isom") + struct.pack(">I4sQ", 1, b"mdat", 20) + bytes(4) + box(b"moov", mvhd(500), trak(b"vide", 500)),
        _media("mp4", 0.5, 64, 48),
    ),
    "the movie is cut off": (movie(b"isom", trak(b"vide", 500, runs=((10, 50),)))[:-40], _media("mp4", 0.5, 64, 48)),
    "only the type is left": (ftyp(b"mp42"), _media("mp4")),
    "fragments without times": (fragmented(moof(5), moof(10)), _media("mp4", 0.6, 64, 48, 25)),
    "fragments that start late": (
        fragmented(moof(5, start=90_000), moof(5, start=90_200)),
        _media("mp4", 0.4, 64, 48, 25),
    ),
    "fragments with a gap": (fragmented(moof(5, start=0), moof(5, start=800)), _media("mp4", 1.0, 64, 48, 25)),
    "fragments with every duration": (fragmented(moof(3, durations=(40, 80, 30))), _media("mp4", 0.15, 64, 48, 20)),
    "fragments under a stated length": (fragmented(moof(5), mehd=struct.pack(">4xI", 7000)), _media("mp4", 7.0, 64, 48, 25)),
    "fragments under a stated length of 64 bits": (
        fragmented(moof(5), mehd=struct.pack(">B3xQ", 1, 2**33)),
        _media("mp4", 2**33 / 1000, 64, 48, 25),
    ),
    "fragments with 32-bit times": (fragmented(moof(5, start=0), moof(5, start=400, version=0)), _media("mp4", 0.6, 64, 48, 25)),
    "fragments under the movie's defaults": (fragmented(moof(5, default=None)), _media("mp4", 0.1, 64, 48, 50)),
    "fragments of sound that starts later and ends last": (
        fragmented(moof(5, start=100), moof(9, track=2, start=200), sound=trak(b"soun", 0, number=2)),
        _media("mp4", 0.46, 64, 48, 25),
    ),
    "fragments of no track": (fragmented(moof(5), moof(9, track=7)), _media("mp4", 0.2, 64, 48, 25)),
    "fragments under an index, and an index of random access": (
        fragmented(moof(5), index=sidx(len(moof(5)), 6000)) + box(b"mfra", bytes(9)),
        _media("mp4", 6.0, 64, 48, 25),
    ),
    "fragments under an index": (
        fragmented(moof(5), index=sidx(len(moof(5)), 6000)),
        _media("mp4", 6.0, 64, 48, 25),
    ),
    "fragments under an index of a part": (
        fragmented(moof(5), moof(5), index=sidx(50, 6000)),
        _media("mp4", 0.4, 64, 48, 25),
    ),
    "HEIC": (ftyp(b"heic") + box(b"meta", bytes(20)), None),
    "AVIF": (ftyp(b"avif") + box(b"meta", bytes(20)), None),
    # Matroska
    "live, no frame rate told": (changed("live.webm", b"\x23\xe3\x83", b"\x23\xe3\x84"), _media("webm", 0.76, 64, 48, 25)),
    "live, clusters of unknown size": (unsized_clusters(BYTES["live.webm"]), _media("webm", 0.8, 64, 48, 25)),
    "live, told by groups, in ticks of 2 ms, with the number of a cluster in a block": (
        DOC + ebml(0x18538067, *LIVE, unsized=True),
        _media("mkv", 0.11, fps=50),
    ),
    "live, and the last cluster far from the end": (BYTES["live.webm"] + bytes(2**23 + 2**20), _media("webm", None, 64, 48, 25)),
    "turned by its projection": (
        DOC + ebml(0x18538067, ebml(0x1654AE6B, ebml(0xAE, ebml(0xD7, b"\x01"), ebml(0x83, b"\x01"), ROLLED)), unsized=True),
        _media("mkv", None, 48, 64),
    ),
    "information behind the clusters": (
        DOC
        + ebml(
            0x18538067,
            ebml(0x1F43B675, ebml(0xE7, b"\0")),
            ebml(0x1549A966, ebml(0x4489, struct.pack(">d", 1500))),
            ebml(0x1654AE6B),
        ),
        _media("mkv", 1.5),
    ),
    "a length that is no number": (
        DOC + ebml(0x18538067, ebml(0x1549A966, ebml(0x4489, struct.pack(">d", float("nan"))))),
        _media("mkv"),
    ),
    "an infinite length": (
        DOC + ebml(0x18538067, ebml(0x1549A966, ebml(0x4489, struct.pack(">f", float("inf"))))),
        _media("mkv"),
    ),
    "EBML of another kind": (changed("video.webm", b"webm", b"wobm"), None),
    # RIFF
    "AVI with its top row first": (
        changed("video.avi", struct.pack("<Iii", 40, 64, 48), struct.pack("<Iii", 40, 64, -48)),
        EXPECTED["video.avi"],
    ),
    "AVI with sound that lasts longer": (
        avi(_strl(b"vids", 1, 15, 9), _strl(b"auds", 2, 88200, 44100), _strl(b"txts", 1, 1, 99)),
        _media("avi", 1.0, 64, 48, 15),
    ),
    "AVI with a film that lasts longer": (
        avi(_strl(b"auds", 2, 88200, 44100), _strl(b"vids", 1, 15, 30)),
        _media("avi", 2.0, 64, 48, 15),
    ),
    "AVI of streams that say nothing": (
        avi(_strl(b"vids", 0, 0, 0, width=0, height=0)),
        _media("avi", 0.4, 32, 24, 25),
    ),
    "AVI cut off in its streams": (BYTES["video.avi"][:100], _media("avi", 0.6, 64, 48, 15)),
    "WAVE without sound": (riff(b"WAVE", (b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8))), _media("wav")),
    "WAVE of floats, whose bytes a second are wrong": (
        riff(b"WAVE", (b"fmt ", struct.pack("<HHIIHH", 3, 1, 8000, 1, 4, 32)), (b"data", bytes(4000))),
        _media("wav", 0.125),
    ),
    "WAVE of no size": (changed("sound.wav", struct.pack("<4sI", b"data", 4000), b"data\0\0\0\0"), EXPECTED["sound.wav"]),
    "RF64 with something behind": (BYTES["long.wav"] + bytes(2000), EXPECTED["long.wav"]),
    "WAVE cut off in its sound": (BYTES["sound.wav"][:-2000], _media("wav", 0.25)),
    "RIFF of another kind": (riff(b"ACON", (b"anih", bytes(36))), None),
    "WebP, one frame": (
        riff(b"WEBP", (b"VP8X", b"\x02\0\0\0\x01\0\0\x02\0\0"), (b"ANMF", bytes(12) + b"\x64\0\0\0")),
        _media("webp", None, 2, 3),
    ),
    # pictures
    "GIF, hurried frames": (gif(0, 1, None, 5), _media("gif", 0.35, 2, 3, 11.429)),
    "GIF, colours of its own": (
        gif(10, 20).replace(b"\x03\0\0\x02\x02", b"\x03\0\x80" + bytes(6) + b"\x02\x02"),
        _media("gif", 0.3, 2, 3, 6.667),
    ),
    "GIF, one frame": (gif(50), _media("gif", None, 2, 3)),
    "GIF cut off in its third frame": (gif(10, 10, 10)[:-4], _media("gif", 0.3, 2, 3, 10)),
    "GIF cut off in its screen": (gif()[:8], _media("gif")),
    **{
        f"JPEG, orientation {n}": (jpeg(orientation=exif(n)), _media("jpg", None, *((3, 2) if 4 < n < 9 else (2, 3))))
        for n in range(10)
    },
    "JPEG, Exif's directory elsewhere": (jpeg(orientation=exif(8), directory=2**32 - 1), _media("jpg", None, 2, 3)),
    "JPEG cut off before its size": (BYTES["picture.jpg"][:30], _media("jpg")),
    "PNG, a delay in no units": (changed("animated.png", b"\0\x01\0\x0a", b"\0\x14\0\0"), _media("png", 1.0, 32, 24, 5)),
    # sound
    "MP3 behind two tags": (id3(3, b"abc") + id3(300, bytes(300)) + BYTES["bare.mp3"], EXPECTED["bare.mp3"]),
    "MP3 behind a tag and rubbish": (id3(3, b"abc") + b"\xff\xfb\x90 rubbish" + BYTES["bare.mp3"], EXPECTED["bare.mp3"]),
    "MP3 behind a big tag": (
        id3(2**21 + 2**14 + 2**7 - 1, bytes(2**21 + 2**14 + 2**7 - 1)) + BYTES["bare.mp3"],
        EXPECTED["bare.mp3"],
    ),
    "MP3 behind a tag with a footer": (b"ID3\x04\0\x10\0\0\0\x01a3DI" + bytes(7) + BYTES["bare.mp3"], EXPECTED["bare.mp3"]),
    "MP3 behind zeros": (bytes(999) + BYTES["bare.mp3"], EXPECTED["bare.mp3"]),
    "MP3 behind rubbish alone": (b"rubbish" + BYTES["bare.mp3"], None),
    "MP3 before an APE tag": (
        BYTES["bare.mp3"] + b"APETAGEX" + struct.pack("<III", 2000, 32, 0) + bytes(8),
        _media("mp3", 0.549),
    ),
    "MP3 before an APE tag with a header": (
        BYTES["bare.mp3"] + bytes(232) + b"APETAGEX" + struct.pack("<IIII", 2000, 232, 0, 0x80000000) + bytes(8),
        _media("mp3", 0.549),
    ),
    "MP3 cut off in its first frame": (id3(3, b"abc") + BYTES["bare.mp3"][:50], _media("mp3")),
    "MP3 cut off in its tag": (id3(999, b"abc"), _media("mp3")),
    "MP3 with VBRI": (BYTES["bare.mp3"][:36] + b"VBRI" + struct.pack(">10xI", 20) + BYTES["bare.mp3"][54:], _media("mp3", 0.522)),
    "MP3 of more frames than fit": (
        changed("vbr.mp3", b"Xing\0\0\0\x0f\0\0", b"Xing\0\0\0\x0f\xff\xff"),
        _media("mp3", 0.575),  # the frames counted, the one that claims with them
    ),
    "MP3 whose header does not count": (changed("vbr.mp3", b"Xing\0\0\0\x0f", b"Xing\0\0\0\x0e"), _media("mp3", 0.575)),
    "MP3 of MPEG 1": (bytes.fromhex("fffb9044").ljust(417, b"\0") * 10, _media("mp3", 0.261)),
    "MP3 of MPEG 1, padded": (bytes.fromhex("fffb9244").ljust(418, b"\0") * 10, _media("mp3", 0.261)),
    "MP3 of MPEG 2": (bytes.fromhex("fff340c4").ljust(104, b"\0") * 10, _media("mp3", 0.261)),
    "MP3 of MPEG 2.5": (bytes.fromhex("ffe310c4").ljust(52, b"\0") * 10, _media("mp3", 0.522)),
    "MP3 of a bit rate that is not": (bytes.fromhex("fffbf044").ljust(417, b"\0") * 10, None),
    "MP3 of a sample rate that is not": (bytes.fromhex("fffb9c44").ljust(417, b"\0") * 10, None),
    "MP3 of a version that is not": (bytes.fromhex("ffeb9044").ljust(417, b"\0") * 10, None),
    "MP3, a single frame": (BYTES["bare.mp3"][:104], _media("mp3", 0.026)),
    "MPEG audio layer II": (bytes.fromhex("fffd4404") + bytes(413) + bytes.fromhex("fffd4404") + bytes(413), None),
    "AAC behind a tag": (id3(3, b"abc") + BYTES["sound.aac"], EXPECTED["sound.aac"]),
    "AAC of long frames": (adts(7777, blocks=4) + adts(4095, blocks=1) + adts(7, blocks=4), None),
    "AAC of long frames of several blocks": (
        adts(7777, blocks=4) + adts(4095, blocks=4) + adts(8, blocks=4),
        _media("aac", 0.256),
    ),
    "AAC cut off in its last frame": (BYTES["sound.aac"][:-1], _media("aac", 0.511)),
    # none of the 13
    "nothing": (b"", None),
    "one byte": (b"\xff", None),
    "text": (b"Hello, world. " * 99, None),
    "UTF-16 text": ("\ufeffHello, world.".encode("utf-16-le"), None),
    "PDF": (b"%PDF-1.7\n" + bytes(999), None),
    "ZIP": (b"PK\x03\x04" + bytes(26) + BYTES["bare.mp3"], None),
    "FLAC behind a tag": (id3(3, b"abc") + b"fLaC" + bytes(999), None),
    "zeros": (bytes(99_999), None),
}


@pytest.mark.parametrize("name", CRAFTED)
def test_crafted(name: str) -> None:
    data, expected = CRAFTED[name]
    assert check(Counted(data)) == expected


# content made to be slow


HUGE = 2**62
SLOW: dict[str, Callable[[], Counted]] = {
    "a box of 2^60 bytes": lambda: Counted(ftyp(b"isom") + struct.pack(">I4sQ", 1, b"mdat", 2**60) + bytes(99)),
    "a box of 2^64 - 1 bytes in a file of 2^62": lambda: Endless(
        ftyp(b"isom") + struct.pack(">I4sQ", 1, b"mdat", 2**64 - 1), HUGE
    ),
    "100 000 empty boxes": lambda: Counted(ftyp(b"isom") + box(b"free") * 10**5),
    "100 000 empty tracks": lambda: Counted(movie(b"isom", box(b"trak") * 10**5)),
    "a table of 2^32 runs": lambda: Counted(movie(b"isom", trak(b"vide", 500, runs=((1, 1),), claimed=2**32 - 1))),
    "a table of 100 000 runs": lambda: Counted(movie(b"isom", trak(b"vide", 500, runs=((1, 40),) * 10**5))),
    "runs of 2^32 samples": lambda: Counted(fragmented(*[moof(2**32 - 1, durations=(40,) * 70_000)] * 60)),
    "boxes a thousand deep": lambda: Counted(ftyp(b"isom") + _nested(lambda body: box(b"moov", body), 1000)),
    "an empty file of 2^62 bytes": lambda: Endless(b"", HUGE),
    "elements a thousand deep": lambda: Counted(DOC + _nested(lambda body: ebml(0x18538067, body), 1000)),
    "100 000 empty elements": lambda: Counted(DOC + ebml(0x18538067, b"\xec\x80" * 10**5)),
    "100 000 starts of clusters": lambda: Counted(
        DOC + ebml(0x18538067, ebml(0x1F43B675, ebml(0xA3, b"\x81\0\0\0")), b"\x1f\x43\xb6\x75\x80" * 10**5, unsized=True)
    ),
    "a live film of 2^62 bytes": lambda: Endless(BYTES["live.webm"], HUGE),
    "100 000 empty chunks": lambda: Counted(riff(b"AVI ", (b"LIST", b"hdrl" + b"JUNK\0\0\0\0" * 10**5))),
    "a chunk of 2^32 bytes": lambda: Counted(riff(b"WAVE", (b"junk", bytes(99)), size=2**32 - 1)),
    "a picture of fill bytes": lambda: Counted(b"\xff\xd8" + b"\xff" * 10**5),
    "a PNG of 2^62 bytes": lambda: Endless(BYTES["animated.png"][:60], HUGE),
    "a GIF of sub-blocks": lambda: Counted(gif(10)[:-3] + b"\x01\x01" * 10**5),
    "a tag of rubbish": lambda: Counted(id3(3, b"abc") + b"\xff\xfb" * 10**5),
    "a tag before the end of a file of 2^62": lambda: Endless(id3(2**28 - 1), HUGE),
    "the smallest frames": lambda: Counted(bytes.fromhex("fff15c4000e0fc") * 10**5),
}


def _nested(wrap: Callable[[bytes], bytes], depth: int) -> bytes:
    body = b""
    for _ in range(depth):
        body = wrap(body)
    return body


@pytest.mark.parametrize("name", SLOW)
def test_slow_content_is_bounded(name: str) -> None:
    check(SLOW[name]())


@pytest.mark.parametrize("count", [1, 2**20])
def test_a_source_ends(count: int) -> None:
    stream = Endless(b"", HUGE)
    source = Source(stream)
    with pytest.raises(Damaged):
        for turn in range(MOST_READS + 1):
            assert len(source.at(turn, count)) == count
    assert source.weary
    assert stream.reads <= MOST_READS and stream.read_bytes <= MOST_BYTES


def _again(name: str, split: bytes, times: int, trailer: int = 0) -> bytes:
    """A sample with what follows the first `split` repeated, without a `trailer` of so many bytes."""
    head, mark, tail = BYTES[name][: len(BYTES[name]) - trailer].partition(split)
    return head + (mark + tail) * times


LONG: dict[str, tuple[Callable[[], bytes], Media]] = {
    "AAC": (lambda: BYTES["sound.aac"] * 10_000, _media("aac", 5572.79)),
    "MP3": (lambda: BYTES["bare.mp3"] * 5000, _media("mp3", 21 * 1152 / 44100 * 5000)),
    "fragments": (lambda: fragmented(*[moof(5)] * 20_000), _media("mp4", 4000.0, 64, 48, 25)),
    "GIF": (lambda: gif(*[10] * 30_000), _media("gif", 3000.0, 2, 3, 10)),
    "WebP": (lambda: _again("animated.webp", b"ANMF", 60_000), _media("webp", 30_000.0, 32, 24, 4)),
    "PNG": (lambda: _again("animated.png", b"\0\0\0\x1afcTL", 10_000, trailer=12), _media("png", 5000.0, 32, 24, 10)),
}


@pytest.mark.parametrize("name", LONG)
def test_what_is_too_long_to_count_is_estimated(name: str) -> None:
    make, expected = LONG[name]
    stream = Counted(make())
    media = check(stream)
    assert stream.reads > MOST_READS // 2
    assert media is not None and media.duration_s == pytest.approx(expected.duration_s, rel=0.01)
    assert replace(media, duration_s=expected.duration_s) == expected


# damage of any kind


@pytest.mark.parametrize("name", EXPECTED)
def test_every_truncation(name: str) -> None:
    data = BYTES[name]
    for length in {*range(0, min(len(data), 600), 3), *range(0, len(data), 29)}:
        media = check(Counted(data[:length]))
        assert media is None or media.format in (EXPECTED[name].format, "mp4")


NUMBERS = [
    bytes(4),
    b"\xff" * 4,
    b"\xff" * 8,
    bytes(8),
    b"\0\0\0\1",
    b"\1\0\0\0",
    b"\x7f" + b"\xff" * 3,
    b"\x80" + bytes(3),
    b"\x10" + bytes(7),
]
EDITS = st.lists(
    st.tuples(st.integers(0, 4000), st.one_of(st.sampled_from(NUMBERS), st.binary(min_size=1, max_size=4))), max_size=6
)


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from(sorted(EXPECTED)), EDITS, st.integers(0, 8000))
def test_mutations(name: str, edits: list[tuple[int, bytes]], length: int) -> None:
    data = bytearray(BYTES[name])
    for position, patch in edits:
        position %= len(data)
        data[position : position + len(patch)] = patch
    check(Counted(bytes(data[:length] if length else data)))


OPENINGS = sorted({data[:count] for data in BYTES.values() for count in (4, 12, 40)} | {b"ID3", b"\xff\xfb", b"\xff\xf1", b""})


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from(OPENINGS), st.binary(max_size=300))
def test_random_bytes(opening: bytes, noise: bytes) -> None:
    check(Counted(opening + noise))
