"""Noise that sounds like the background of the gap."""

from typing import final

import numpy as np
from scipy.signal import get_window

from bonafide.audio import frames
from bonafide.corpora.synthesis.transforms import Signal, filter_frames
from bonafide.manipulation.inpainter import Inpainter
from bonafide.manipulation.level import rms
from bonafide.manipulation.stage import Waveform
from bonafide.types import InputError

_WINDOW = 0.032  # seconds of the spectra


@final
class Noise(Inpainter):
    """Gaussian noise with the spectrum and the level of the surroundings.

    The power spectrum on either side is Welch's (1967); between them it runs straight in decibels from the
    one to the other, and so does the level. At an edge of the clip the other side counts alone.

    Args:
        context_seconds: of the surroundings on either side.

    Raises:
        InputError: no surroundings are left.
    """

    def __init__(self, context_seconds: float = 1.0) -> None:
        if not 0.05 <= context_seconds <= 60:
            raise InputError(f"inpainter.context_seconds={context_seconds}: give 0.05 to 60 s")
        self.context_seconds = context_seconds

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "noise"

    def fill(
        self, masked: Waveform, sample_rate: int, start: int, end: int, *, caption: str, seed: int
    ) -> Waveform:
        """See `Inpainter.fill`."""
        del caption
        reach, hop = frames.to_samples(self.context_seconds, sample_rate), round(_WINDOW / 4 * sample_rate)
        length = 4 * hop
        sides = [masked[max(0, start - reach) : start], masked[end : end + reach]]
        heard = [side.astype(np.float64) for side in sides if side.size >= length]
        if not heard:
            raise InputError(
                f"leaves less than {1000 * length / sample_rate:.0f} ms beside its region, too little to "
                "take a spectrum from; choose a shorter selector.longest"
            )
        before, after = _magnitude(heard[0], length), _magnitude(heard[-1], length)
        size = end - start
        white = np.random.default_rng(seed).standard_normal(size + length)  # its ends fade
        way = np.clip((np.arange(1 + white.size // hop) * hop - length / 2) / size, 0.0, 1.0)[:, None]
        made = filter_frames(white, before ** (1 - way) * after**way, hop)[length // 2 :][:size]
        first, last = max(rms(heard[0]), 1e-6), max(rms(heard[-1]), 1e-6)
        level = first * (last / first) ** np.linspace(0.0, 1.0, size)
        filled = masked.copy()
        steady = made / level
        filled[start:end] = steady / rms(steady) * level
        return filled


def _magnitude(wave: Signal, length: int) -> Signal:
    """Root of Welch's power spectrum, white noise of variance 1 giving 1: `[time]` → `[1 + length]`."""
    taper = get_window("hann", length)
    cut = np.lib.stride_tricks.sliding_window_view(wave, length)[:: length // 2]
    # Twice as many points as samples: room for the filter to ring.
    power = np.mean(np.abs(np.fft.rfft(cut * taper, 2 * length, axis=-1)) ** 2, axis=0) / np.sum(taper**2)
    return np.asarray(np.sqrt(np.maximum(power, 1e-14)), np.float64)
