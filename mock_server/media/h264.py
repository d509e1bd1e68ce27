"""A one-colour film as an H.264 elementary stream, without an encoder.

Clauses are those of ITU-T H.264 (ISO/IEC 14496-10). The trick is that a macroblock predicted from its neighbours
without a residual costs one byte, and a whole picture that repeats the last one costs seven: only the first
macroblock of an IDR picture carries samples.
"""

import re
from itertools import cycle, islice

#: Pictures from one IDR picture to the next: how far a seek may have to decode.
GOP = 250
#: log2_max_frame_num_minus4 is 0 below, the least that 7.4.2.1.1 allows.
MAX_FRAME_NUM = 16

#: Table A-1: level_idc, MaxMBPS, MaxFS. Levels that differ from the one before in bit rate alone are left out.
LEVELS = (
    (10, 1485, 99), (11, 3000, 396), (12, 6000, 396), (13, 11880, 396),
    (21, 19800, 792), (22, 20250, 1620), (30, 40500, 1620), (31, 108000, 3600),
    (32, 216000, 5120), (40, 245760, 8192), (42, 522240, 8704), (50, 589824, 22080),
    (51, 983040, 36864), (52, 2073600, 36864), (60, 4177920, 139264), (61, 8355840, 139264), (62, 16711680, 139264),
)  # fmt: skip


def level_idc(wide: int, high: int, fps: int) -> int:
    """The lowest level for pictures of `wide` x `high` macroblocks; ValueError when none is high enough.

    A.3.1 limits macroblocks per second, macroblocks per picture, and both sides to the root of 8 * MaxFS.
    """
    for level, per_second, per_picture in LEVELS:
        if wide * high * fps <= per_second and wide * high <= per_picture and max(wide, high) ** 2 <= 8 * per_picture:
            return level
    raise ValueError(f"no H.264 level holds {wide * 16}x{high * 16} at {fps} frames per second")


def ycbcr(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    """Y, Cb, Cr in the narrow 8-bit range of full-range 8-bit R, G, B, by the matrix of BT.709 (E.2.1, value 1)."""
    red, green, blue = (part / 255 for part in colour)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return (
        round(16 + 219 * luma),
        round(128 + 224 * (blue - luma) / (2 * (1 - 0.0722))),
        round(128 + 224 * (red - luma) / (2 * (1 - 0.2126))),
    )


def bits(width: int, value: int) -> str:
    """u(n) of 7.2, as a text of 0 and 1."""
    return f"{value:0{width}b}"


def golomb(value: int) -> str:
    """ue(v) of 9.1; se(v) is only ever 0 here, which is the same bit."""
    code = f"{value + 1:b}"
    return "0" * (len(code) - 1) + code


def packed(text: str) -> bytes:
    """Text of 0 and 1, of whole bytes, as those bytes."""
    return int(text, 2).to_bytes(len(text) // 8, "big")


def closed(text: str) -> bytes:
    """The same with the stop bit and alignment of 7.3.2.11 behind it."""
    text += "1"
    return packed(text + "0" * (-len(text) % 8))


def nal(header: int, rbsp: bytes) -> bytes:
    """A NAL unit with emulation prevention (7.4.1), without a start code or length."""
    return bytes([header]) + re.sub(rb"\0\0(?=[\0-\3])", b"\0\0\3", rbsp)


def macroblocks(width: int, height: int) -> tuple[int, int]:
    """Macroblocks across and down that cover so many luma samples."""
    return (width + 15) // 16, (height + 15) // 16


def parameter_sets(width: int, height: int, fps: int) -> tuple[bytes, bytes]:
    """The sequence and picture parameter set NAL units of a Constrained Baseline stream (7.3.2.1, 7.3.2.2, A.2.1.1).

    `width` and `height` are even. Bytes 1 to 3 of the first are profile_idc, constraint flags and level_idc.
    """
    wide, high = macroblocks(width, height)
    crop = [(wide * 16 - width) // 2, (high * 16 - height) // 2]  # CropUnitX and CropUnitY are 2 in 4:2:0 frames
    vui = [
        "1", bits(8, 1),                                             # square samples
        "0",                                                         # no overscan_info
        "1", bits(3, 5), "0", "1", bits(8, 1) * 3,                   # narrow range; primaries, transfer, matrix: BT.709
        "0",                                                         # no chroma_loc_info
        "1", bits(32, 1), bits(32, 2 * fps), "1",                    # a frame lasts two ticks; fixed_frame_rate_flag
        "0", "0", "0",                                               # no HRD, no pic_struct
        "1", "1", *map(golomb, (0, 0, 8, 8, 0, 1)),                  # nothing reordered, one frame buffered: no delay
    ]  # fmt: skip
    sps = [
        bits(8, 66), bits(8, 0b11000000), bits(8, level_idc(wide, high, fps)),
        golomb(0),                                                   # seq_parameter_set_id
        golomb(0),                                                   # log2_max_frame_num_minus4
        golomb(2),                                                   # pic_order_cnt_type: output order is decoding order
        golomb(1), "0",                                              # one reference frame, no gaps in frame_num
        golomb(wide - 1), golomb(high - 1),
        "1", "1",                                                    # frame_mbs_only_flag, direct_8x8_inference_flag
        "1" + golomb(0) + golomb(crop[0]) + golomb(0) + golomb(crop[1]) if any(crop) else "0",
        "1", *vui,
    ]  # fmt: skip
    pps = [
        golomb(0), golomb(0),                                        # pic_ and seq_parameter_set_id
        "0", "0",                                                    # CAVLC, no bottom_field_pic_order
        golomb(0), golomb(0), golomb(0),                             # one slice group, one reference each way
        "0", bits(2, 0),                                             # no weighted prediction
        golomb(0), golomb(0), golomb(0),                             # init QP, init QS, chroma QP offset
        "1", "0", "0",                                               # deblocking_filter_control_present_flag
    ]  # fmt: skip
    return nal(0x67, closed("".join(sps))), nal(0x68, closed("".join(pps)))


def slice_start(slice_type: int, frame_num: int, marking: str) -> str:
    """A slice header (7.3.3) for the parameter sets above; `marking` is what stands between frame_num and QP.

    Deblocking is off (disable_deblocking_filter_idc 1): a picture of one colour has no edges to smooth.
    """
    return golomb(0) + golomb(slice_type) + golomb(0) + bits(4, frame_num) + marking + golomb(0) + golomb(1)


def idr_picture(wide: int, high: int, colour: tuple[int, int, int], idr_pic_id: int) -> bytes:
    """An IDR picture NAL unit, all of one Y, Cb, Cr: macroblock 0 as I_PCM, the rest by DC prediction from it.

    Each of the rest is I_16x16_2_0_0 (Table 7-11) with chroma DC prediction, no QP delta, and an empty luma DC block.
    """
    start = slice_start(7, 0, golomb(idr_pic_id) + "00") + golomb(25)
    start += "0" * (-len(start) % 8)  # pcm_alignment_zero_bit; the NAL header is a whole byte
    samples = bytes([colour[0]] * 256 + [colour[1]] * 64 + [colour[2]] * 64)
    predicted = golomb(3) + golomb(0) + golomb(0)
    # 9.2.1: an I_PCM block counts 16 coefficients, so its two neighbours have nC = 16 and the long coeff_token.
    plain, beside = predicted + "1", predicted + "000011"
    blocks = [plain] * (wide * high)
    for neighbour in ([1] if wide > 1 else []) + ([wide] if high > 1 else []):
        blocks[neighbour] = beside
    return nal(0x65, packed(start) + samples + closed("".join(blocks[1:])))


def repeat_picture(wide: int, high: int, frame_num: int) -> bytes:
    """A P picture NAL unit in which every macroblock is skipped: the picture before, once more.

    With no motion anywhere the predicted vector of a skipped macroblock is zero (8.4.1.1).
    """
    return nal(0x61, closed(slice_start(5, frame_num, "000") + golomb(wide * high)))


def groups(width: int, height: int, colour: tuple[int, int, int]) -> tuple[list[bytes], list[bytes]]:
    """Two groups of `GOP` pictures (one NAL unit each) that play in turn, of R, G, B `colour`.

    They differ in idr_pic_id, which must change from one IDR picture to the next (7.4.3).
    """
    wide, high = macroblocks(width, height)
    repeats = [repeat_picture(wide, high, number) for number in range(MAX_FRAME_NUM)]
    tail = list(islice(cycle(repeats), 1, GOP))
    first, second = (idr_picture(wide, high, ycbcr(colour), number) for number in (0, 1))
    return [first, *tail], [second, *tail]
