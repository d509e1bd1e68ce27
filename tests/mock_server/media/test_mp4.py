"""Written MP4 files are what they say: by their boxes, by ffprobe and ffmpeg, and in a browser."""

import json
import math
import shutil
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from fractions import Fraction
from hashlib import sha256
from itertools import islice
from pathlib import Path
from struct import unpack, unpack_from
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mock_server.media.mp4 import colour_of, write_m4a, write_mp4

COLOUR = (200, 40, 90)
GOP = 250

FFMPEG = pytest.mark.skipif(
    not (shutil.which("ffmpeg") and shutil.which("ffprobe")), reason="ffmpeg and ffprobe are not installed"
)
CHROMIUM = shutil.which("chromium")


# --- the boxes -------------------------------------------------------------------------------------------------------


def boxes(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Types and payloads of the boxes that fill `data` exactly."""
    at = 0
    while at < len(data):
        size, kind = unpack_from(">I4s", data, at)
        assert 8 <= size <= len(data) - at, f"{kind} of {size} bytes, {len(data) - at} left"
        yield kind.decode(), data[at + 8 : at + size]
        at += size


def inside(data: bytes, path: str) -> list[bytes]:
    """Payloads of all boxes at a path such as `moov/trak`."""
    name, _, rest = path.partition("/")
    found = [body for kind, body in boxes(data) if kind == name]
    return [deep for body in found for deep in inside(body, rest)] if rest else found


def only(data: bytes, path: str) -> bytes:
    (body,) = inside(data, path)
    return body


def words(body: bytes) -> tuple[int, ...]:
    """A FullBox payload as 32-bit numbers behind version and flags."""
    return unpack(f">{len(body) // 4 - 1}I", body[4:])


class Track(NamedTuple):
    handler: bytes
    timescale: int
    duration: int  # of the media
    presented: tuple[int, int]  # by tkhd and by the edit list
    chunks: list[int]  # offsets in the file
    samples: list[tuple[int, int]]  # offset in the file, size
    sync: tuple[int, ...] | None
    entry: bytes


def read_track(trak: bytes) -> Track:
    """A track as its tables tell it, which must agree on how many samples there are."""
    table = {kind: body for kind, body in boxes(only(trak, "mdia/minf/stbl"))}
    same, count = unpack_from(">II", table["stsz"], 4)
    sizes = [same] * count if same else list(words(table["stsz"])[2:])
    assert len(sizes) == count

    offsets = words(table["stco"])[1:]
    runs = words(table["stsc"])[1:]
    firsts = [*runs[0::3], len(offsets) + 1]
    assert firsts[0] == 1 and firsts == sorted(set(firsts))
    counts = [per for per, first, after in zip(runs[1::3], firsts, firsts[1:], strict=False) for _ in range(first, after)]
    assert len(counts) == len(offsets) and sum(counts) == count and min(counts) > 0
    samples = []
    remaining = iter(sizes)
    for at, per in zip(offsets, counts, strict=True):
        for size in islice(remaining, per):
            samples.append((at, size))
            at += size

    stts = words(table["stts"])[1:]
    assert sum(stts[0::2]) == count
    timescale, duration = words(only(trak, "mdia/mdhd"))[2:4]
    assert sum(number * tick for number, tick in zip(stts[0::2], stts[1::2], strict=True)) == duration
    edits, presented, start, rate = words(only(trak, "edts/elst"))
    assert (edits, start, rate) == (1, 0, 0x10000)
    sync = words(table["stss"])[1:] if "stss" in table else None
    return Track(
        only(trak, "mdia/hdlr")[8:12], timescale, duration, (words(only(trak, "tkhd"))[4], presented),
        list(offsets), samples, sync, table["stsd"][8:],
    )  # fmt: skip


def read_movie(data: bytes) -> tuple[Fraction, list[Track]]:
    """Duration in seconds, and tracks, of a file whose samples fill `mdat` without gap or overlap, chunks in turn."""
    assert [kind for kind, _ in boxes(data)] == ["ftyp", "moov", "mdat"]
    timescale, duration = words(only(data, "moov/mvhd"))[2:4]
    tracks = [read_track(trak) for trak in inside(data, "moov/trak")]
    at = len(data) - len(only(data, "mdat"))
    for offset, size in sorted(sample for track in tracks for sample in track.samples):
        assert offset == at
        at += size
    assert at == len(data)
    for track in tracks:
        assert track.presented == (duration, duration)
        lasts = Fraction(track.duration, track.timescale)
        presented = Fraction(duration, timescale)
        slack = Fraction(1024, 48000) if track.handler == b"soun" else 0
        assert lasts == presented or presented < lasts < presented + slack
    order = [number for _, number in sorted((at, number) for number, track in enumerate(tracks) for at in track.chunks)]
    assert order == [turn % len(tracks) for turn in range(len(order))]
    return Fraction(duration, timescale), tracks


# --- the bits --------------------------------------------------------------------------------------------------------


class Bits:
    """A reader of u(n) and ue(v) from a NAL unit behind its first byte."""

    def __init__(self, unit: bytes) -> None:
        self.text = "".join(f"{byte:08b}" for byte in unit[1:].replace(b"\0\0\3", b"\0\0"))
        self.at = 0

    def u(self, width: int) -> int:
        self.at += width
        return int(self.text[self.at - width : self.at], 2)

    def ue(self) -> int:
        zeros = self.text.index("1", self.at) - self.at
        self.at += zeros
        return self.u(zeros + 1) - 1


def whole(unit: bytes) -> bool:
    """Nothing in a NAL unit looks like a start code, nor like the end before one (H.264 7.4.1)."""
    return unit[-1] != 0 and not any(code in unit for code in (b"\0\0\0", b"\0\0\1", b"\0\0\2"))


def read_sps(entry: bytes) -> dict[str, int]:
    """Level, cropped width and height, and frame rate of the SPS in an avc1 entry."""
    sample_entry = only(entry, "avc1")
    config = only(sample_entry[78:], "avcC")
    assert config[4:6] == b"\xff\xe1"  # lengths of four bytes, one SPS
    (length,) = unpack_from(">H", config, 6)
    sps = config[8 : 8 + length]
    assert whole(sps) and sps[0] == 0x67 and sps[1:4] == config[1:4] and sps[1:3] == bytes([66, 0b11000000])
    bits = Bits(sps)
    bits.u(24)
    assert [bits.ue() for _ in range(4)] == [0, 0, 2, 1]
    bits.u(1)
    width, height = (bits.ue() + 1) * 16, (bits.ue() + 1) * 16
    assert bits.u(2) == 3
    if bits.u(1):
        left, right, top, bottom = (2 * bits.ue() for _ in range(4))
        width, height = width - left - right, height - top - bottom
    assert unpack_from(">HH", sample_entry, 24) == (width, height)
    assert bits.u(1) and bits.u(9) == 0x101  # VUI, square samples
    assert (bits.u(1), bits.u(1), bits.u(3), bits.u(1), bits.u(1), bits.u(24)) == (0, 1, 5, 0, 1, 0x010101)  # BT.709
    assert (bits.u(1), bits.u(1), bits.u(32)) == (0, 1, 1)
    ticks = bits.u(32)
    assert bits.u(1) == 1 and ticks % 2 == 0
    return {"level": sps[3], "width": width, "height": height, "fps": ticks // 2}


def check_pictures(data: bytes, track: Track) -> None:
    """Each sample is one slice behind its length; IDR pictures, frame_num and idr_pic_id go as H.264 7.4.3 asks."""
    assert track.sync == tuple(range(1, len(track.samples) + 1, GOP))
    seen: dict[bytes, tuple[int, int | None]] = {}
    for index, (at, size) in enumerate(track.samples):
        (length,) = unpack_from(">I", data, at)
        unit = data[at + 4 : at + size]
        assert length == len(unit)
        if unit not in seen:
            assert whole(unit)
            bits = Bits(unit[:32])
            slice_type = {0x65: 7, 0x61: 5}[unit[0]]
            assert [bits.ue() for _ in range(3)] == [0, slice_type, 0]
            seen[unit] = bits.u(4), bits.ue() if slice_type == 7 else None
        group, place = divmod(index, GOP)
        assert seen[unit] == (place % 16, None if place else group % 2)


def check_sound(track: Track) -> None:
    """The descriptors of the sample entry nest exactly (ISO/IEC 14496-1 7.2.6), and say AAC-LC, 48 kHz, mono."""
    stream = only(only(track.entry, "mp4a")[28:], "esds")[4:]
    assert stream[0] == 3 and stream[1] == len(stream) - 2 and stream[-3:] == b"\6\1\2"
    config = stream[5:-3]
    assert config[0] == 4 and config[1] == len(config) - 2 and config[2:4] == b"\x40\x15"
    assert config[15:] == bytes([5, 2, 0b00010_001, 0b1_0001_000])
    assert {size for _, size in track.samples} == {4}


def check_mp4(data: bytes, width: int, height: int, fps: int, duration_ms: int, audio: bool) -> None:
    frames = max(1, round(duration_ms * fps / 1000))
    seconds, tracks = read_movie(data)
    assert seconds == Fraction(frames, fps)
    assert [track.handler for track in tracks] == [b"vide", b"soun"][: 1 + audio]
    assert len(tracks[0].samples) == frames
    sps = read_sps(tracks[0].entry)
    assert (sps["width"], sps["height"], sps["fps"]) == (width - width % 2, height - height % 2, fps)
    check_pictures(data, tracks[0])
    if audio:
        check_sound(tracks[1])


sides = st.one_of(st.integers(2, 200), st.integers(2, 4096))
lengths = st.one_of(st.integers(1, 2000), st.integers(1, 20_000))


@given(sides, sides, st.integers(1, 172), lengths, st.booleans())
@example(2, 2, 1, 1, True)
@example(4096, 4096, 172, 1, True)
@example(4096, 16, 24, 100, False)
@example(16, 16, 172, 1459, True)  # a second group of one picture, which ends in the AAC frame of the one before
@example(64, 64, 30, 600_000, True)
@settings(max_examples=200, deadline=None)
def test_boxes_and_slices_of_any_film_are_consistent(width: int, height: int, fps: int, duration_ms: int, audio: bool) -> None:
    data = write_mp4(width=width, height=height, fps=fps, duration_ms=duration_ms, colour=COLOUR, audio=audio)
    check_mp4(data, width, height, fps, duration_ms, audio)


@given(st.integers(1, 4 * 3600 * 1000))
@example(1)
@example(64)  # three AAC frames exactly
@settings(max_examples=20, deadline=None)
def test_boxes_of_any_music_are_consistent(duration_ms: int) -> None:
    seconds, (track,) = read_movie(write_m4a(duration_ms=duration_ms))
    assert seconds == Fraction(duration_ms, 1000)
    assert track.handler == b"soun" and track.sync is None
    check_sound(track)


def test_a_film_of_four_hours_fits() -> None:
    data = write_mp4(width=16, height=16, fps=172, duration_ms=4 * 3600 * 1000, colour=COLOUR, audio=False)
    assert words(only(data, "moov/mvhd"))[2:4] == (172_000, 4 * 3600 * 172_000)


@pytest.mark.parametrize(
    ("width", "height", "fps", "level"),
    [
        (2, 2, 24, 10), (176, 144, 15, 10), (176, 144, 30, 11), (352, 288, 30, 13), (720, 480, 30, 30), (1280, 720, 30, 31),
        (1280, 720, 60, 32), (1920, 1080, 30, 40), (1080, 1920, 30, 40), (1920, 1080, 60, 42), (3840, 2160, 30, 51),
        (3840, 2160, 60, 52), (4096, 4096, 60, 60), (4096, 4096, 172, 62),
        (640, 480, 1, 22),  # few macroblocks a second, but too many in one picture for a lower level
        (4096, 16, 30, 40),  # few macroblocks, but too wide for a lower level
    ],
)  # fmt: skip
def test_level_is_the_lowest_that_allows_size_and_rate(width: int, height: int, fps: int, level: int) -> None:
    data = write_mp4(width=width, height=height, fps=fps, duration_ms=100, colour=COLOUR, audio=False)
    _, (track,) = read_movie(data)
    assert read_sps(track.entry)["level"] == level


def test_files_are_small_and_quick() -> None:
    def made(duration_ms: int) -> tuple[int, float]:
        began = time.process_time()
        data = write_mp4(width=1080, height=1920, fps=30, duration_ms=duration_ms, colour=COLOUR, audio=True)
        return len(data), time.process_time() - began

    assert made(10_000)[0] < 25_000
    assert made(600_000)[0] < 1_010_000
    assert min(made(600_000)[1] for _ in range(5)) < 0.05


def test_bytes_are_always_the_same() -> None:
    """A changed digest changes the ETag of every render: on purpose only."""
    film = write_mp4(width=640, height=362, fps=25, duration_ms=7500, colour=COLOUR, audio=True)
    assert sha256(film).hexdigest()[:16] == "3b8e061122ff0b2c"
    assert sha256(write_m4a(duration_ms=30_250)).hexdigest()[:16] == "97483dbfe779d3fb"


GOOD: dict[str, Any] = {"width": 640, "height": 360, "fps": 30, "duration_ms": 1000, "colour": COLOUR, "audio": True}


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("width", 1, "width is 1, not a whole number from 2 to 4096"),
        ("width", 4097, "width is 4097"),
        ("height", 0, "height is 0"),
        ("height", -2, "height is -2"),
        ("fps", 0, "fps is 0, not a whole number from 1 to 172"),
        ("fps", 173, "fps is 173"),
        ("fps", 29.97, "fps is 29.97"),
        ("duration_ms", 0, "duration_ms is 0"),
        ("duration_ms", 4 * 3600 * 1000 + 1, "duration_ms is 14400001"),
        ("duration_ms", 7.5, "duration_ms is 7.5"),
        ("colour", (0, 0), "colour has 2 parts"),
        ("colour", (256, 0, 0), "red is 256"),
        ("colour", (0, -1, 0), "green is -1"),
        ("colour", (0, 0, 0.5), "blue is 0.5"),
    ],
)
def test_bad_arguments_are_named(name: str, value: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        write_mp4(**(GOOD | {name: value}))


@pytest.mark.parametrize("duration_ms", [0, -1, 4 * 3600 * 1000 + 1])
def test_bad_length_of_music_is_named(duration_ms: int) -> None:
    with pytest.raises(ValueError, match=f"duration_ms is {duration_ms}"):
        write_m4a(duration_ms=duration_ms)


@given(st.text())
def test_colour_of_a_key_is_never_near_grey(key: str) -> None:
    colour = colour_of(key)
    assert colour == colour_of(key)
    assert all(0 <= part <= 255 for part in colour)
    assert max(colour) >= 152 and max(colour) - min(colour) >= 90


def test_colours_of_keys_are_spread() -> None:
    colours = [colour_of(f"render-{number}") for number in range(1000)]
    assert len(set(colours)) > 990
    for strongest in range(3):
        for weakest in {0, 1, 2} - {strongest}:
            sector = [one for one in colours if one[strongest] == max(one) and one[weakest] == min(one)]
            assert len(sector) > 100
    assert colour_of("task_0a1b2c") == (36, 202, 187)


# --- ffmpeg ----------------------------------------------------------------------------------------------------------

FILMS = [
    # width, height, fps, duration_ms, audio
    (1080, 1920, 30, 10_000, True),
    (1920, 1080, 25, 2_000, False),
    (640, 362, 25, 7_500, True),
    (1080, 1080, 60, 1_000, True),
    (1080, 1920, 24, 500, False),
    (641, 363, 30, 1_000, True),
    (2, 2, 24, 500, True),
    (2, 64, 30, 9_000, True),
    (64, 2, 30, 1, True),
    (4096, 4096, 30, 100, False),
    (176, 144, 172, 3_000, True),
    (176, 144, 11, 3_100, True),
    (64, 64, 24, 600_000, True),
    (64, 64, 60, 30_000, False),
]


def run(*command: str) -> bytes:
    """Standard output of a program that says nothing on standard error."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.stderr == b"" and done.returncode == 0, done.stderr.decode()
    return done.stdout


def probe(path: Path) -> dict[str, Any]:
    """Streams by kind, and `format`, with frames decoded and counted."""
    told = json.loads(run("ffprobe", "-v", "warning", "-count_frames", "-show_streams", "-show_format", "-of", "json", str(path)))
    return {stream["codec_type"]: stream for stream in told["streams"]} | {"format": told["format"]}


def near(pixels: bytes, colour: tuple[int, int, int], tolerance: int = 3) -> bool:
    """Every R, G, B of `pixels` is `colour` but for rounding on the way through narrow-range Y, Cb, Cr."""
    kinds = set(zip(pixels[0::3], pixels[1::3], pixels[2::3], strict=True))
    return all(abs(got - asked) <= tolerance for kind in kinds for got, asked in zip(kind, colour, strict=True))


@FFMPEG
@pytest.mark.parametrize(("width", "height", "fps", "duration_ms", "audio"), FILMS)
def test_ffmpeg_agrees(tmp_path: Path, width: int, height: int, fps: int, duration_ms: int, audio: bool) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(write_mp4(width=width, height=height, fps=fps, duration_ms=duration_ms, colour=COLOUR, audio=audio))
    frames = max(1, round(duration_ms * fps / 1000))
    seconds = frames / fps

    told = probe(path)
    assert set(told) == {"video", "format"} | ({"audio"} if audio else set())
    video = told["video"]
    assert (video["codec_name"], video["profile"], video["pix_fmt"]) == ("h264", "Constrained Baseline", "yuv420p")
    assert (video["width"], video["height"]) == (width // 2 * 2, height // 2 * 2)
    assert (video["color_range"], video["color_space"]) == ("tv", "bt709")
    assert (video["color_transfer"], video["color_primaries"]) == ("bt709", "bt709")
    assert video["avg_frame_rate"] == video["r_frame_rate"] == f"{fps}/1"
    assert video["nb_frames"] == video["nb_read_frames"] == str(frames)
    assert float(video["start_time"]) == 0
    assert float(video["duration"]) == pytest.approx(seconds, abs=1e-6)
    assert float(told["format"]["duration"]) == pytest.approx(seconds, abs=1e-6)
    if audio:
        sound = told["audio"]
        assert (sound["codec_name"], sound["profile"], sound["sample_rate"], sound["channels"]) == ("aac", "LC", "48000", 1)
        assert sound["nb_read_frames"] == sound["nb_frames"] == str(math.ceil(seconds * 48000 / 1024))
        assert float(sound["start_time"]) == 0
        assert float(sound["duration"]) == pytest.approx(seconds, abs=1 / 48000)

    # All streams decoded with a word about any damage, and the middle of every picture seen.
    middles = run(
        "ffmpeg", "-v", "warning", "-err_detect", "explode", "-i", str(path), "-map", "0", "-f", "null", "-",
        "-map", "0:v", "-vf", "crop=2:2", "-pix_fmt", "rgb24", "-f", "rawvideo", "pipe:",
    )  # fmt: skip
    assert len(middles) == frames * 2 * 2 * 3
    assert near(middles, COLOUR)


@FFMPEG
@pytest.mark.parametrize(
    ("width", "height", "colour"),
    [
        (1080, 1920, colour_of("task_0a1b2c")),
        (640, 362, (255, 0, 0)),
        (2, 2, (0, 255, 0)),
        (16, 48, (0, 0, 255)),
        (48, 16, (255, 255, 0)),
        (50, 34, (0, 0, 0)),
        (34, 50, (255, 255, 255)),
        (64, 64, (128, 128, 128)),
        (64, 64, (255, 0, 255)),
        (64, 64, (0, 255, 255)),
    ],
)
def test_every_pixel_is_of_the_colour(tmp_path: Path, width: int, height: int, colour: tuple[int, int, int]) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(write_mp4(width=width, height=height, fps=30, duration_ms=67, colour=colour, audio=False))
    pixels = run("ffmpeg", "-v", "warning", "-i", str(path), "-pix_fmt", "rgb24", "-f", "rawvideo", "pipe:")
    assert len(pixels) == 2 * width * height * 3
    assert near(pixels, colour)


@FFMPEG
@pytest.mark.parametrize("duration_ms", [1, 500, 30_250, 600_000])
def test_ffmpeg_agrees_on_music(tmp_path: Path, duration_ms: int) -> None:
    path = tmp_path / "music.m4a"
    path.write_bytes(write_m4a(duration_ms=duration_ms))
    told = probe(path)
    assert set(told) == {"audio", "format"}
    assert (told["audio"]["codec_name"], told["audio"]["profile"]) == ("aac", "LC")
    assert float(told["audio"]["duration"]) == float(told["format"]["duration"]) == duration_ms / 1000
    sound = run("ffmpeg", "-v", "warning", "-err_detect", "explode", "-i", str(path), "-f", "s16le", "pipe:")
    assert not any(sound)
    assert 0 <= len(sound) // 2 - duration_ms * 48 < 1024


# --- a browser -------------------------------------------------------------------------------------------------------

PAGE = """<!doctype html><pre id="facts">{}</pre><script>
const facts = {};
const tell = (more) => { document.getElementById("facts").textContent = JSON.stringify(Object.assign(facts, more)); };
const video = document.createElement("video"), music = new Audio();
const canvas = document.createElement("canvas"), context = canvas.getContext("2d", {willReadFrequently: true});
const shown = () => {  // a pixel of the lower right, or nothing while the frame is on its way to the compositor
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(video, 0, 0);
  const pixel = [...context.getImageData(canvas.width - 2, canvas.height - 2, 1, 1).data];
  return pixel[3] ? pixel : undefined;
};
video.preload = "auto";
video.onerror = () => tell({error: video.error.message});
video.onloadeddata = () => {
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  tell({duration: video.duration, width: video.videoWidth, height: video.videoHeight});
};
video.onseeked = () => tell({at: video.currentTime, ready: video.readyState});
music.onerror = () => tell({error: music.error.message});
music.onloadeddata = () => tell({music: music.duration});
video.src = "VIDEO";
music.src = "97483dbfe779d3fb";
// Looking again and again is also what holds virtual time back: without work to do it runs ahead of the decoder.
const watch = () => {
  const pixel = shown();
  if (facts.width && !facts.first && pixel) {
    tell({first: pixel});
    video.currentTime = 9;
  } else if (facts.at && pixel) {
    tell({later: pixel});
  }
  if (!facts.error && !(facts.later && facts.music)) setTimeout(watch, 4);
};
watch();
</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_browser_plays_and_seeks(tmp_path: Path) -> None:
    film = write_mp4(width=1080, height=1920, fps=30, duration_ms=10_000, colour=COLOUR, audio=True)
    page = PAGE.replace("VIDEO", "data:video/mp4;base64," + b64encode(film).decode())
    page = page.replace("97483dbfe779d3fb", "data:audio/mp4;base64," + b64encode(write_m4a(duration_ms=30_250)).decode())
    (tmp_path / "page.html").write_text(page)
    assert CHROMIUM
    dump = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=60000", "--dump-dom",
            (tmp_path / "page.html").as_uri(),
        ],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    facts = json.loads(dump.partition('<pre id="facts">')[2].partition("</pre>")[0])
    first, later = (facts.pop(name) for name in ("first", "later"))
    assert facts == {"duration": 10, "width": 1080, "height": 1920, "at": 9, "ready": 4, "music": 30.25}
    assert first[3] == later[3] == 255
    assert near(bytes(first[:3] + later[:3]), COLOUR)
