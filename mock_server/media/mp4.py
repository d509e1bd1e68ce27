"""Real, playable MP4 files without an encoder: what the mock hands out as render results and generated music.

The picture is one colour, the sound is silence, and the same arguments give the same bytes, so a file is its own
fixture. `moov` stands before `mdat`: a player can start before it has the whole file.
Clauses are those of ISO/IEC 14496-12 unless another part is named.
"""

from collections.abc import Iterable
from colorsys import hsv_to_rgb
from hashlib import blake2b
from itertools import groupby, zip_longest
from struct import pack, unpack
from typing import NamedTuple

from .h264 import GOP, groups, parameter_sets

MAX_SIDE = 4096
MAX_DURATION_MS = 4 * 3600 * 1000  # keeps durations and offsets in the 32 bits of version 0 boxes
MAX_FPS = 172  # H.264 A.3.1: in no level are frames closer than 1/172 s

SAMPLE_RATE = 48000  # a whole number of samples per millisecond
AAC_FRAME = 1024
#: ISO/IEC 14496-3 4.4.2.1: raw_data_block of a single_channel_element with max_sfb 0, then ID_END.
SILENCE = b"\0\0\0\7"
#: ISO/IEC 14496-3 1.6.2.1: AudioSpecificConfig of AAC-LC (2), 48 kHz (index 3), one channel.
AAC_CONFIG = (2 << 11 | 3 << 7 | 1 << 3).to_bytes(2, "big")

IDENTITY = pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


class Track(NamedTuple):
    """What is told of a track in `moov`, and its samples in `mdat`."""

    handler: bytes  # vide or soun
    entry: bytes  # the sample entry box
    size: tuple[int, int]  # of the picture; zero for sound
    timescale: int
    tick: int  # what one sample lasts
    sizes: list[int]  # of the samples, in bytes
    sync: list[int]  # numbers from 1 of the samples one can start at; empty: all
    chunks: list[tuple[int, bytes]]  # how many samples, and these


def write_mp4(*, width: int, height: int, fps: int, duration_ms: int, colour: tuple[int, int, int], audio: bool) -> bytes:
    """An MP4 of one colour: H.264 Constrained Baseline, and silent mono AAC-LC of the same length if `audio`.

    `width` and `height` are samples, 2 to 4096, odd ones rounded down to even; `fps` is 1 to 172; `duration_ms` is 1 to
    four hours, of which max(1, round(duration_ms * fps / 1000)) frames are made; `colour` is R, G, B of 0 to 255.
    Anything else raises ValueError.
    """
    width, height = _even("width", width), _even("height", height)
    _within("fps", fps, 1, MAX_FPS)
    _within("duration_ms", duration_ms, 1, MAX_DURATION_MS)
    if len(colour) != 3:
        raise ValueError(f"colour has {len(colour)} parts, not three")
    for part, value in zip(("red", "green", "blue"), colour, strict=True):
        _within(part, value, 0, 255)

    frames = max(1, round(duration_ms * fps / 1000))
    tracks = [_video(width, height, fps, frames, colour)]
    if audio:
        # One chunk of sound for each group of pictures, up to the same instant.
        ends = [min(start + GOP, frames) for start in range(0, frames, GOP)]
        tracks.append(_silence(_ceil(end * SAMPLE_RATE, fps * AAC_FRAME) for end in ends))
    return _movie(b"isom", (b"isom", b"iso2", b"avc1", b"mp41"), fps * 1000, frames * 1000, tracks)


def write_m4a(*, duration_ms: int) -> bytes:
    """An audio-only MP4 of silence, mono AAC-LC; `duration_ms` is 1 to four hours, or ValueError is raised."""
    _within("duration_ms", duration_ms, 1, MAX_DURATION_MS)
    samples = duration_ms * SAMPLE_RATE // 1000
    return _movie(b"M4A ", (b"M4A ", b"mp42", b"isom"), SAMPLE_RATE, samples, [_silence([_ceil(samples, AAC_FRAME)])])


def colour_of(key: str) -> tuple[int, int, int]:
    """R, G, B (0 to 255) of a bright colour that depends on `key` alone: any hue, never near grey, black or white."""
    hue, saturation, value = (part / 2**16 for part in unpack(">3H", blake2b(key.encode(), digest_size=6).digest()))
    red, green, blue = hsv_to_rgb(hue, 0.6 + 0.4 * saturation, 0.6 + 0.4 * value)
    return round(255 * red), round(255 * green), round(255 * blue)


def _within(name: str, value: int, low: int, high: int) -> None:
    # A frame rate or duration out of JSON may well be a float.
    if not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} is {value!r}, not a whole number from {low} to {high}")


def _even(name: str, value: int) -> int:
    """`value` rounded down to even: 4:2:0 pictures cannot be cropped to an odd size (H.264 7.4.2.1.1)."""
    _within(name, value, 2, MAX_SIDE)
    return value - value % 2


def _ceil(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)


def _video(width: int, height: int, fps: int, frames: int, colour: tuple[int, int, int]) -> Track:
    # ISO/IEC 14496-15: a sample is NAL units behind their lengths, here of four bytes.
    pictures = [[pack(">I", len(unit)) + unit for unit in group] for group in groups(width, height, colour)]
    joined, lengths = [b"".join(group) for group in pictures], [[len(sample) for sample in group] for group in pictures]
    chunks: list[tuple[int, bytes]] = []
    sizes: list[int] = []
    for number, start in enumerate(range(0, frames, GOP)):
        group, count = number % 2, min(GOP, frames - start)
        sizes += lengths[group][:count]
        chunks.append((count, joined[group] if count == GOP else b"".join(pictures[group][:count])))
    entry = _avc1(width, height, *parameter_sets(width, height, fps))
    return Track(b"vide", entry, (width, height), fps * 1000, 1000, sizes, list(range(1, frames + 1, GOP)), chunks)


def _silence(ends: Iterable[int]) -> Track:
    """A track of silent AAC frames in chunks that end after so many of them."""
    chunks: list[tuple[int, bytes]] = []
    done = 0
    for end in ends:
        if end > done:  # a last group of few pictures may lie within the AAC frame before
            chunks.append((end - done, SILENCE * (end - done)))
        done = end
    return Track(b"soun", _mp4a(), (0, 0), SAMPLE_RATE, AAC_FRAME, [len(SILENCE)] * done, [], chunks)


def _movie(major: bytes, brands: tuple[bytes, ...], timescale: int, duration: int, tracks: list[Track]) -> bytes:
    """A whole file that presents each track for `duration`, in units of `timescale`."""
    turns = zip_longest(*(track.chunks for track in tracks))
    chunks = [(number, chunk[1]) for turn in turns for number, chunk in enumerate(turn) if chunk]

    def moov(at: int) -> bytes:
        offsets: list[list[int]] = [[] for _ in tracks]
        for number, data in chunks:
            offsets[number].append(at)
            at += len(data)
        return _box(
            b"moov",
            _full(b"mvhd", 0, pack(">IIIIIH10x", 0, 0, timescale, duration, 0x10000, 0x100), IDENTITY, bytes(24),
                  pack(">I", len(tracks) + 1)),
            *(_trak(number, track, duration, offset)
              for number, (track, offset) in enumerate(zip(tracks, offsets, strict=True), start=1)),
        )  # fmt: skip

    ftyp = _box(b"ftyp", major, pack(">I", 0x200), *brands)
    # The size of moov does not depend on the offsets in it.
    head = moov(len(ftyp) + len(moov(0)) + 8)
    return b"".join((ftyp, head, _box(b"mdat", *(data for _, data in chunks))))


def _trak(number: int, track: Track, duration: int, offsets: list[int]) -> bytes:
    """A track box; `duration` is in the timescale of the movie, and the edit list cuts the track to it (8.6.6)."""
    samples = len(track.sizes)
    video = track.handler == b"vide"
    width, height = track.size
    header = _full(b"vmhd", 1, bytes(8)) if video else _full(b"smhd", 0, bytes(4))
    name = b"VideoHandler\0" if video else b"SoundHandler\0"
    return _box(
        b"trak",
        # Flags 3: enabled, and used in the presentation (8.3.2.3).
        _full(b"tkhd", 3, pack(">IIIIIQHHHH", 0, 0, number, 0, duration, 0, 0, 0, 0 if video else 0x100, 0), IDENTITY,
              pack(">II", width << 16, height << 16)),
        _box(b"edts", _full(b"elst", 0, pack(">IIiHH", 1, duration, 0, 1, 0))),
        _box(
            b"mdia",
            _full(b"mdhd", 0, pack(">IIIIHH", 0, 0, track.timescale, samples * track.tick, 0x55C4, 0)),  # language und
            _full(b"hdlr", 0, pack(">I4s12x", 0, track.handler), name),
            _box(
                b"minf",
                header,
                _box(b"dinf", _full(b"dref", 0, pack(">I", 1), _full(b"url ", 1))),  # 1: in this same file (8.7.2.3)
                _box(
                    b"stbl",
                    _full(b"stsd", 0, pack(">I", 1), track.entry),
                    _full(b"stts", 0, pack(">III", 1, samples, track.tick)),
                    *([_full(b"stss", 0, _table(track.sync))] if track.sync else []),
                    _stsc([count for count, _ in track.chunks]),
                    _stsz(track.sizes),
                    _full(b"stco", 0, _table(offsets)),
                ),
            ),
        ),
    )  # fmt: skip


def _stsc(counts: list[int]) -> bytes:
    """8.7.4: one entry where the number of samples in a chunk changes."""
    entries: list[bytes] = []
    first = 1
    for count, run in groupby(counts):
        entries.append(pack(">III", first, count, 1))
        first += len(list(run))
    return _full(b"stsc", 0, pack(">I", len(entries)), *entries)


def _stsz(sizes: list[int]) -> bytes:
    """8.7.3.2: samples of one size need no table."""
    if len(set(sizes)) == 1:
        return _full(b"stsz", 0, pack(">II", sizes[0], len(sizes)))
    return _full(b"stsz", 0, bytes(4), _table(sizes))


def _avc1(width: int, height: int, sps: bytes, pps: bytes) -> bytes:
    """AVCSampleEntry of ISO/IEC 14496-15 for NAL lengths of four bytes, with the colours of 12.1.5 beside it."""
    return _box(
        b"avc1",
        pack(">6xH16xHHIIIH32xHh", 1, width, height, 72 << 16, 72 << 16, 0, 1, 24, -1),
        _box(b"avcC", b"\1", sps[1:4], b"\xff\xe1", pack(">H", len(sps)), sps, b"\1", pack(">H", len(pps)), pps),
        _box(b"colr", b"nclx", pack(">HHHB", 1, 1, 1, 0)),
    )


def _mp4a() -> bytes:
    """ISO/IEC 14496-14 5.6: a sample entry with its ES descriptor (14496-1 7.2.6.5)."""
    rate = 8 * len(SILENCE) * SAMPLE_RATE // AAC_FRAME
    # 0x40: MPEG-4 audio; 0x15: an audio stream, downstream.
    config = _descriptor(4, pack(">BBHBII", 0x40, 0x15, 0, len(SILENCE), rate, rate), _descriptor(5, AAC_CONFIG))
    stream = _descriptor(3, pack(">HB", 0, 0), config, _descriptor(6, b"\2"))
    return _box(b"mp4a", pack(">6xH8xHH4xI", 1, 1, 16, SAMPLE_RATE << 16), _full(b"esds", 0, stream))


def _descriptor(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes([tag, len(body)]) + body  # all are shorter than 128 bytes


def _table(numbers: list[int]) -> bytes:
    """How many numbers, and these, in 32 bits each."""
    return pack(f">{len(numbers) + 1}I", len(numbers), *numbers)


def _box(kind: bytes, *parts: bytes) -> bytes:
    return b"".join((pack(">I4s", 8 + sum(map(len, parts)), kind), *parts))


def _full(kind: bytes, flags: int, *parts: bytes) -> bytes:
    """A FullBox (4.2) of version 0."""
    return _box(kind, pack(">I", flags), *parts)
