"""What may be uploaded, and how an upload is told (seeds: 13 formats, 500 MB)."""

from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from mock_server.domain.errors import Unprocessable, UnsupportedFile
from mock_server.domain.ids import Dice
from mock_server.domain.scene import Asset

FILE_TYPES = {
    **dict.fromkeys(("mp4", "mov", "avi", "webm", "mkv"), "video"),
    **dict.fromkeys(("jpg", "png", "gif", "webp"), "image"),
    **dict.fromkeys(("mp3", "wav", "m4a", "aac"), "audio"),
}


def format_by_name(filename: str) -> str | None:
    """The documented format of a file name, or None. `jpeg` is not among the 13."""
    suffix = PurePosixPath(filename.replace("\\", "/")).suffix.lower().removeprefix(".")
    return suffix if suffix in FILE_TYPES else None


def safe_name(filename: str) -> str:
    """The last part of a name a client gave, without what has no place in a URL path or a header; a long one keeps its suffix."""
    name = PurePosixPath(filename.replace("\\", "/")).name
    name = "".join(c if c.isalnum() or c in "._-()" else "_" for c in name)
    return (name if len(name) <= 120 else name[:115] + name[-5:]) or "file"


def cdn_url(base_url: str, asset_id: str, filename: str) -> str:
    return f"{base_url}/cdn/{asset_id}/{quote(filename)}"


def refuse_name(filename: str) -> UnsupportedFile:
    return UnsupportedFile(f"unsupported file type: {filename[:120]!r}; accepted are {', '.join(FILE_TYPES)}")


def from_url(url: str, asset_id: str, base_url: str) -> Asset:
    """An upload by URL, never fetched: its figures are made up from the URL alone, so the same URL always gives the same.

    Raises Unprocessable for what is no http(s) URL, UnsupportedFile for a name outside the 13 formats.
    A URL whose path has no suffix at all counts as mp4 (assumed).
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise Unprocessable(f"{url[:200]!r} is not an http or https URL")
    name = PurePosixPath(unquote(parts.path)).name or host
    known = format_by_name(name)
    if known is None and PurePosixPath(name).suffix and parts.path.strip("/"):
        raise refuse_name(name)
    kind = known or "mp4"
    filename = safe_name(name if known else f"{safe_name(name)}.mp4")
    dice = Dice(url)
    file_type = FILE_TYPES[kind]
    width, height = dice.pick("size", [(1920, 1080), (1280, 720), (1080, 1920), (1080, 1080), (3840, 2160)])
    return Asset(
        id=asset_id,
        filename=filename,
        file_type=file_type,
        format=kind,
        cdn_url=cdn_url(base_url, asset_id, filename),
        duration_s=None if file_type == "image" else round(dice.between("duration", 5, 90), 2),
        width=None if file_type == "audio" else width,
        height=None if file_type == "audio" else height,
        fps=dice.pick("fps", [24.0, 25.0, 30.0]) if file_type == "video" else None,
        hash=dice.hex("hash", 32),
        source="url",
    )


def told(asset: Asset) -> dict[str, object]:
    """As an upload's answer and `video_infos` tell it: duration in seconds (vendor init, 4.4), nothing where nothing applies."""
    facts = {
        "filename": asset.filename,
        "file_type": asset.file_type,
        "cdn_url": asset.cdn_url,
        "duration": asset.duration_s,
        "width": asset.width,
        "height": asset.height,
        "fps": asset.fps,
        "hash": asset.hash,
    }
    return {key: value for key, value in facts.items() if value is not None}
