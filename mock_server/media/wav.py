"""WAVE: bytes of sound by bytes a second; RF64 (EBU Tech 3306) where 32 bits do not hold the size."""

from mock_server.media.found import Found, ratio
from mock_server.media.riff import chunks
from mock_server.media.source import Source

UNKNOWN = (0, 0xFFFFFFFF)  # what those write who do not know the size yet
PLAIN = (0x0001, 0x0003, 0xFFFE)  # PCM, float, extensible: every block is one sample


def read(source: Source, found: Found) -> None:
    found.format = "wav"
    tag = rate = bytes_a_second = samples = long_size = 0
    for chunk in chunks(source, 12, source.size):
        if chunk.kind == b"ds64":
            (long_size,) = source.unpack("<8xQ", chunk.start)
        elif chunk.kind == b"fmt ":
            tag, _, rate, bytes_a_second, block = source.unpack("<HHIIH", chunk.start)
            bytes_a_second = (tag in PLAIN and rate * block) or bytes_a_second
        elif chunk.kind == b"fact":
            (samples,) = source.unpack("<I", chunk.start)
        elif chunk.kind == b"data":
            size = (long_size or source.size) if chunk.size in UNKNOWN else chunk.size
            size = min(size, source.size - chunk.start)
            found.duration_s = ratio(size, bytes_a_second)
            break
    if tag not in PLAIN and samples not in UNKNOWN:
        found.duration_s = ratio(samples, rate)  # compressed sound is counted in `fact`
