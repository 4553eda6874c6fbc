"""The spectrogram of a clip as small as a stamp, to be shown beside its player."""

import io
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from bonafide.figures.style import styled

SIZE: Final = (280, 84)
"""On a page, in CSS pixels; the picture is half as fine again, for screens that show more."""

_WINDOW: Final = 0.025  # seconds
_RANGE: Final = 80.0  # dB below the loudest


def thumbnail(waveform: NDArray[np.float32], sample_rate: int) -> bytes:
    """JPEG of the magnitudes in decibels, from 0 Hz below to half the sample rate above.

    Args:
        waveform: `[time]`.
        sample_rate: in Hz.
    """
    length = max(2, round(_WINDOW * sample_rate))
    hop = max(1, min(length // 2, len(waveform) // (2 * SIZE[0])))
    transform = ShortTimeFFT(
        hann(length, sym=False), hop=hop, fs=sample_rate, mfft=2 ** (length - 1).bit_length()
    )
    padded = np.pad(waveform, (0, max(0, length - len(waveform))))
    power = np.square(np.abs(transform.stft(padded.astype(np.float64))))
    level = 10 * np.log10(np.maximum(power, 1e-12))
    with styled():
        figure = Figure(figsize=(SIZE[0] / 100, SIZE[1] / 100))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.imshow(
            level, origin="lower", aspect="auto", cmap="magma", vmin=level.max() - _RANGE, vmax=level.max()
        )
        image = io.BytesIO()
        figure.savefig(image, format="jpeg", dpi=150, pil_kwargs={"quality": 60})
    return image.getvalue()
