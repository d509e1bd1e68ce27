"""Uploads by file and by URL, and the files behind the CDN URLs."""

from typing import Any

from mock_server.domain import uploads
from mock_server.domain import world as service
from mock_server.domain.errors import Unprocessable, UnsupportedFile
from mock_server.domain.scene import Asset
from mock_server.domain.world import World
from mock_server.values import Call, FileReply, Reply, Upload


def upload_files(world: World, call: Call) -> Reply:
    session = service.find_session(world, call.caller, call.path["session_id"])
    if call.uploads:
        assets = [_asset(world, call.base_url, upload) for upload in call.uploads]
        world.blobs.update({asset.id: upload.blob for asset, upload in zip(assets, call.uploads, strict=True)})
    else:
        if len(call.body["urls"]) > world.settings.upload_files:
            raise Unprocessable(f"body.urls: at most {world.settings.upload_files} at once")
        assets = service.assets_from_urls(world, call.body["urls"], call.base_url)
    service.add_assets(world, session, assets)
    data: dict[str, Any] = {"files": [uploads.told(asset) for asset in assets], "session_state_applied": True}
    return Reply({"code": 0, "data": data})


def _asset(world: World, base_url: str, upload: Upload) -> Asset:
    """Raises UnsupportedFile."""
    by_name = uploads.format_by_name(upload.filename)
    if by_name is None:
        raise uploads.refuse_name(upload.filename)
    media = upload.media
    if media is None and world.settings.upload_check == "content":
        raise UnsupportedFile(
            f"unsupported file type: {upload.filename[:120]!r} is named {by_name}, but its content is none of "
            f"{', '.join(uploads.FILE_TYPES)}"
        )
    kind = media.format if media else by_name
    asset_id, filename = service.new_asset_id(world), uploads.safe_name(upload.filename)
    return Asset(
        id=asset_id,
        filename=filename,
        file_type=media.file_type if media else uploads.FILE_TYPES[kind],
        format=kind,
        cdn_url=service.cdn_url(world, base_url, asset_id, filename),
        duration_s=round(media.duration_s, 3) if media and media.duration_s is not None else None,
        width=media.width if media else None,
        height=media.height if media else None,
        fps=round(media.fps, 3) if media and media.fps is not None else None,
        hash=upload.hash,
    )


def get_file(world: World, call: Call) -> FileReply:
    return FileReply(service.find_file(world, call.path["asset_id"], call.path["filename"]))
