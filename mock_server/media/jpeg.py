"""JPEG: the frame header (ITU-T T.81, B.2.2), and the orientation of Exif."""

import struct

from mock_server.media.found import Found
from mock_server.media.source import Source

SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # these three are DHT, JPG and DAC (T.81, table B.1)
APP1 = 0xE1
BARE = {0x01, *range(0xD0, 0xD8)}  # TEM and RSTn have no length
LAST = {0xD9, 0xDA}  # the end of the image, and the start of a scan, behind which comes no frame header
FILL = 0xFF  # may stand before a marker's code any number of times (B.1.1.2)
ORIENTATION = 0x0112
TURNED = (5, 6, 7, 8)  # rows and columns change places (Exif 2.32, 4.6.4 A)


def read(source: Source, found: Found) -> None:
    found.format = "jpg"
    position, orientation = 2, None
    while True:
        first, code = source.unpack(">BB", position)
        if first != 0xFF or code in LAST:
            return
        if code == FILL:
            position += 1
            continue
        (length,) = source.unpack(">H", position + 2) if code not in BARE else (0,)
        if code == APP1 and orientation is None:
            orientation = _orientation(source, position + 4, length - 2)
        if code in SOF:
            height, width = source.unpack(">HH", position + 5)
            found.width, found.height = (height, width) if orientation in TURNED else (width, height)
            return
        position += 2 + length


def _orientation(source: Source, start: int, length: int) -> int | None:
    """Exif's orientation, 1 to 8; None when this segment is not Exif, and 1 when it does not say."""
    if source.at(start, 6) != b"Exif\0\0":
        return None
    tiff = source.at(start + 6, length - 6)
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, directory)
        for entry in range(directory + 2, directory + 2 + 12 * count, 12):
            tag, value = struct.unpack_from(order + "H6xH", tiff, entry)
            if tag == ORIENTATION:
                return int(value)
    except struct.error:
        pass  # a damaged directory does not make a damaged picture
    return 1
