"""AAC in ADTS (ISO/IEC 14496-3, 1.A.3.2): frame headers."""

from mock_server.media.frames import Frame

RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
SAMPLES = 1024  # of a raw data block


def header(head: bytes) -> Frame | None:
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    rate = head[2] >> 2 & 15
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if rate >= len(RATES) or length < 7:
        return None
    return Frame(length, SAMPLES * ((head[6] & 3) + 1), RATES[rate])
