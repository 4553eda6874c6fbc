"""The header of a plain WAV file, read without opening the file as audio.

Corpora have hundreds of thousands of them, and libsndfile spends several times as long on each. What is
not plain is left to it: compressed or extensible formats, RF64, audio that begins beyond the bytes looked at,
a file that is shorter than it says.
"""

import struct
from typing import Final, NamedTuple

_PLAIN: Final = {(1, 8): "PCM_U8", (1, 16): "PCM_16", (1, 24): "PCM_24", (1, 32): "PCM_32", (3, 32): "FLOAT"}
"""Format code and bits of a sample."""


class Plain(NamedTuple):
    """Args:
    frames: samples of each channel.
    sample_rate: in Hz.
    channels: how many.
    encoding: as libsndfile names it.
    start: byte at which the samples begin.
    width: bytes of one sample of all channels.
    """

    frames: int
    sample_rate: int
    channels: int
    encoding: str
    start: int
    width: int


def plain(beginning: bytes, size: int) -> Plain | None:
    """What a plain WAV file holds; None if libsndfile had better look.

    Args:
        beginning: the first bytes of the file.
        size: of the file in bytes.
    """
    if beginning[:4] != b"RIFF" or beginning[8:12] != b"WAVE":
        return None
    place, form = 12, None
    while place + 8 <= len(beginning):
        name, length = struct.unpack_from("<4sI", beginning, place)
        if name == b"fmt " and length >= 16 and place + 24 <= len(beginning):
            form = struct.unpack_from("<HHIIHH", beginning, place + 8)
        elif name == b"data":
            return _filled(form, place + 8, length) if place + 8 + length <= size else None
        place += 8 + length + length % 2
    return None


def _filled(form: tuple[int, ...] | None, start: int, length: int) -> Plain | None:
    if form is None:
        return None
    code, channels, rate, _, width, bits = form
    encoding = _PLAIN.get((code, bits))
    if encoding is None or not channels or not rate or width != channels * bits // 8 or length % width:
        return None
    return Plain(length // width, rate, channels, encoding, start, width)
