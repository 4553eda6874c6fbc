"""The spectrogram of a clip as small as a stamp, to be shown beside its player."""

import io
from typing import Final

import numpy as np
from matplotlib.image import imsave
from numpy.typing import NDArray
from scipy.signal.windows import hann

SIZE: Final = (280, 84)
"""On a page, in CSS pixels; the picture is half as fine again, for screens that show more."""

_COLUMNS, _ROWS = (side * 3 // 2 for side in SIZE)
_WINDOW: Final = 0.025  # seconds
_RANGE: Final = 80.0  # dB below the loudest


def thumbnail(waveform: NDArray[np.float32], sample_rate: int) -> bytes:
    """JPEG of the magnitudes in decibels, from 0 Hz below to half the sample rate above.

    Args:
        waveform: `[time]`.
        sample_rate: in Hz.
    """
    length = max(2, round(_WINDOW * sample_rate))
    sound = np.pad(waveform, (0, max(0, length - len(waveform)))).astype(np.float64)
    begins = np.linspace(0, len(sound) - length, _COLUMNS).astype(np.int64)
    frames = np.lib.stride_tricks.sliding_window_view(sound, length)[begins] * hann(length, sym=False)
    spectrum = np.fft.rfft(frames, n=2 ** max(8, (length - 1).bit_length()))
    edges = np.linspace(0, spectrum.shape[1], _ROWS, endpoint=False).astype(np.int64)
    power = np.maximum.reduceat(np.square(np.abs(spectrum)), edges, axis=1).T  # a tone must not pale
    level = 10 * np.log10(np.maximum(power, 1e-12))
    image = io.BytesIO()
    imsave(
        image, level, vmin=level.max() - _RANGE, vmax=level.max(), cmap="magma", format="jpeg",
        origin="lower", pil_kwargs={"quality": 60},
    )  # fmt: skip
    return image.getvalue()
