"""Samples in files: mono WAV in the encoding of the source, so that what is not touched stays to the bit."""

import hashlib
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import soundfile

from bonafide.audio import files
from bonafide.manipulation.stage import Waveform
from bonafide.types import InputError
from bonafide.whole import whole

_KEPT: Final = {"PCM_16": 16, "PCM_24": 24, "FLOAT": 0}
"""Bits of the encodings that are written; every sample of them is a float32 exactly."""
_LOST: Final = ("PCM_32", "DOUBLE")


class Clip(NamedTuple):
    """A source as it was read.

    Args:
        waveform: `[time]`.
        sample_rate: Hz.
        subtype: that results are written in, a key of `_KEPT`.
        as_is: the file is a mono WAV in that encoding already.
    """

    waveform: Waveform
    sample_rate: int
    subtype: str
    as_is: bool


def read(file: Path, channel: int | None) -> Clip:
    """A source with all its bits; compressed ones, and those of fewer bits, become 16-bit.

    Raises:
        InputError: the file cannot be read, is empty, or has more bits than are kept.
    """
    found = files.inspect(file, channel=channel, shortest_seconds=0.0, header_only=True)
    if found.problem:
        raise InputError(f"{file} {found.problem}")
    if found.encoding in _LOST:
        raise InputError(
            f"{file} holds {found.encoding} samples, which would lose bits; convert it to PCM_24 or FLOAT"
        )
    waveform = files.read(file, found.sample_rate, channel=channel)
    if waveform.size == 0:
        raise InputError(f"{file} holds no samples; leave it out")
    subtype = found.encoding if found.encoding in _KEPT else "PCM_16"
    as_is = found.container == "WAV" and found.channels == 1 and found.encoding == subtype
    return Clip(waveform, found.sample_rate, subtype, as_is)


def write(file: Path, waveform: Waveform, sample_rate: int, subtype: str) -> None:
    """Writes a file whole; what lies beyond full scale is clipped, unless samples are floats.

    Raises:
        InputError: it cannot be written.
    """
    samples: np.ndarray = waveform
    bits = _KEPT[subtype]
    if bits:
        scale = float(1 << (bits - 1))
        steps = np.clip(np.rint(waveform.astype(np.float64) * scale), -scale, scale - 1).astype(np.int32)
        samples = steps << (32 - bits)
    with whole(file) as part:
        soundfile.write(part, samples, sample_rate, format="WAV", subtype=subtype)


def digest(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
