"""Sound as a short MP3, a lossy format that every browser plays, at any rate of speech."""

import io
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from bonafide.types import InputError

RATES: Final = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""Sample rates that MPEG-1, MPEG-2 and MPEG-2.5 layer III have, in Hz."""

# Between 0, the highest bit rate of the sample rate's kind, and 1: about 48 kbit/s of mono at 16 kHz.
_COMPRESSION: Final = 0.75


def rate(sample_rate: int) -> int:
    """The MP3 rate that loses nothing of a sample rate, or the highest there is.

    >>> rate(16_000), rate(20_000), rate(96_000)
    (16000, 22050, 48000)
    """
    return next((held for held in RATES if held >= sample_rate), RATES[-1])


def encode(waveform: NDArray[np.float32], sample_rate: int) -> bytes:
    """A mono waveform as an MP3 file; what is beyond full scale is clipped.

    Args:
        waveform: `[time]`.
        sample_rate: in Hz, one of `RATES`.

    Raises:
        InputError: there is no such rate, or the libsndfile at hand cannot write MP3.
    """
    file = io.BytesIO()
    try:
        soundfile.write(
            file,
            np.clip(waveform, -1, 1),
            sample_rate,
            format="MP3",
            subtype="MPEG_LAYER_III",
            compression_level=_COMPRESSION,
            bitrate_mode="CONSTANT",
        )
    except (soundfile.LibsndfileError, ValueError, TypeError) as error:
        raise InputError(
            f"no MP3 of {sample_rate} Hz can be written ({str(error).rstrip('.')}); resample to one of "
            f"{', '.join(map(str, RATES))} Hz, or install the wheel of soundfile"
        ) from error
    return file.getvalue()
