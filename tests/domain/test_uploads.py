"""Uploads: thirteen formats by name, names that are safe everywhere, and figures made up from a URL."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.errors import Unprocessable, UnsupportedFile
from mock_server.domain.uploads import FILE_TYPES, cdn_url, format_by_name, from_url, refuse_name, safe_name, told

BASE = "http://mock.test:8080/w/one"

NAMES = {
    "clip.mp4": "mp4",
    "CLIP.MP4": "mp4",
    "a.b.webm": "webm",
    "C:\\videos\\clip.mov": "mov",
    "/home/me/导出.png": "png",
    "photo.jpeg": None,
    "clip": None,
    ".mp4": None,
    "clip.mp4.exe": None,
    "clip.": None,
    "": None,
}


@pytest.mark.parametrize("name", NAMES)
def test_format_by_name(name: str) -> None:
    """The suffix says the format, in any case and on any system's path; `jpeg` is not among the thirteen."""
    assert format_by_name(name) == NAMES[name]


def test_the_seeds_formats() -> None:
    """Thirteen, and a refusal lists them all."""
    assert list(FILE_TYPES) == ["mp4", "mov", "avi", "webm", "mkv", "jpg", "png", "gif", "webp", "mp3", "wav", "m4a", "aac"]
    assert all(form in str(refuse_name("x.exe")) for form in FILE_TYPES)


@given(st.text(max_size=200))
def test_a_safe_name_is_safe(name: str) -> None:
    """It is never empty or long, stays one part of a path, needs no quoting in a header, and making it safe again changes nothing."""
    safe = safe_name(name)

    assert 0 < len(safe) <= 120
    assert not set(safe) & set('/\\"<>?*:|\r\n\t\0 ;')
    assert safe_name(safe) == safe


@pytest.mark.parametrize("form", FILE_TYPES)
def test_a_long_name_keeps_its_format(form: str) -> None:
    """Names up to 120 characters stay whole; longer ones lose what stands before the suffix."""
    for length in range(110, 130):
        name = "n" * (length - len(form) - 1) + f".{form}"
        safe = safe_name(name)
        assert (safe == name) == (length <= 120)
        assert len(safe) == min(length, 120) and format_by_name(safe) == form


@given(st.text(min_size=1, max_size=60))
def test_a_files_url_leads_to_its_name(name: str) -> None:
    """Whatever the name, its URL is ASCII, and taken apart gives the name again."""
    filename = safe_name(name)

    url = cdn_url(BASE, "a1b2", filename)

    assert url.isascii() and url.startswith(f"{BASE}/cdn/a1b2/")
    assert unquote(urlsplit(url).path.rpartition("/")[2]) == filename


URLS = {
    "https://files.test/clip.mp4": ("clip.mp4", "video", "mp4"),
    "HTTP://FILES.TEST/CLIP.MOV?x=1#y": ("CLIP.MOV", "video", "mov"),
    "https://files.test/a/b/%E5%AF%BC%E5%87%BA.png": ("导出.png", "image", "png"),
    "https://user:pw@files.test:99/song.mp3": ("song.mp3", "audio", "mp3"),
    "https://files.test/watch": ("watch.mp4", "video", "mp4"),
    "https://files.test/": ("files.test.mp4", "video", "mp4"),
    "https://files.test": ("files.test.mp4", "video", "mp4"),
    "https://[::1]/clip.gif": ("clip.gif", "image", "gif"),
}
REFUSED = {
    "": Unprocessable,
    "clip.mp4": Unprocessable,
    "//files.test/clip.mp4": Unprocessable,
    "ftp://files.test/clip.mp4": Unprocessable,
    "file:///home/me/clip.mp4": Unprocessable,
    "data:video/mp4;base64,AAAA": Unprocessable,
    "https:///clip.mp4": Unprocessable,
    "https://[::1/clip.mp4": Unprocessable,
    "https://files.test/photo.jpeg": UnsupportedFile,
    "https://files.test/setup.exe": UnsupportedFile,
    "https://files.test/clip.mp4/page.html": UnsupportedFile,
}


@pytest.mark.parametrize("url", URLS)
def test_a_url_is_taken_by_its_name(url: str) -> None:
    """The last part of its path is the name; without a suffix it counts as mp4."""
    asset = from_url(url, "a1b2", BASE)

    assert (asset.filename, asset.file_type, asset.format) == URLS[url]
    assert (asset.id, asset.source, asset.generated) == ("a1b2", "url", False)


@pytest.mark.parametrize("url", REFUSED)
def test_a_url_is_refused(url: str) -> None:
    """What is no http URL breaks the contract; what is none of the formats is an unsupported file."""
    with pytest.raises(REFUSED[url]):
        from_url(url, "a1b2", BASE)


@given(st.text(max_size=60) | st.text(max_size=60).map("https://files.test/{}".format))
def test_no_url_breaks_anything(url: str) -> None:
    """Any text is refused, or gives a file whose name, format and figures fit each other."""
    try:
        asset = from_url(url, "a1b2", BASE)
    except (Unprocessable, UnsupportedFile):
        return
    assert format_by_name(asset.filename) == asset.format and FILE_TYPES[asset.format] == asset.file_type
    figures = told(asset)
    assert ("duration" in figures) == (asset.file_type != "image")
    assert ("width" in figures) == ("height" in figures) == (asset.file_type != "audio")
    assert ("fps" in figures) == (asset.file_type == "video")
    assert None not in figures.values()
    assert from_url(url, "other", BASE).hash == asset.hash


def test_figures_come_from_the_url_alone() -> None:
    """The same URL always gives the same figures, another one others."""
    first, again, other = (told(from_url(f"https://files.test/{name}.mp4", "a", BASE)) for name in ("one", "one", "two"))
    assert first == again and first["hash"] != other["hash"]


def test_what_an_upload_is_told_as() -> None:
    """Seconds as a float, pixels, frames a second, a hash of 32 hex digits."""
    assert told(from_url("https://files.test/one.mp4", "a1b2", BASE)) == {
        "filename": "one.mp4",
        "file_type": "video",
        "cdn_url": "http://mock.test:8080/w/one/cdn/a1b2/one.mp4",
        "duration": 80.42,
        "width": 1080,
        "height": 1920,
        "fps": 30.0,
        "hash": "24db129ed9ff21820a5b479656b9fc9d",
    }
