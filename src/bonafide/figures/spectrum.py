"""The spectrogram of a recording of any length, in as many columns as a picture has room for."""

from collections.abc import Iterable
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.signal.windows import hann

_COLUMNS: Final = 1200
_WINDOW: Final = 0.025  # seconds


class Spectrum(NamedTuple):
    """Levels over time and frequency.

    Args:
        level: `[bins, columns]` dB, the lowest frequency first.
        seconds: that the columns span.
        highest: frequency, in Hz.
    """

    level: NDArray[np.float32]
    seconds: float
    highest: float

    @classmethod
    def of(cls, blocks: Iterable[tuple[int, NDArray[np.float32]]], samples: int, sample_rate: int) -> Self:
        """The spectrogram of a recording that comes in blocks; one block is held at a time.

        A long recording is looked at in 1,200 places of 25 ms.

        Args:
            blocks: first sample and samples of each, in their order; they may overlap, and must leave no gap.
            samples: of all of them.
            sample_rate: in Hz.
        """
        length = max(2, round(_WINDOW * sample_rate))
        hop = max(1, length // 4, -(-samples // _COLUMNS))
        columns: list[NDArray[np.float32]] = []
        for start, block in blocks:
            first, stop = len(columns), -(-(start + len(block)) // hop)
            centre = np.arange(first, stop)[:, None] * hop - start
            around = np.clip(centre + np.arange(length) - length // 2, 0, len(block) - 1)
            bins = fft.rfft(block[around] * hann(length, sym=False), n=2 ** (length - 1).bit_length())
            columns += list((10 * np.log10(np.maximum(np.square(np.abs(bins)), 1e-12))).astype(np.float32))
        return cls(np.stack(columns, axis=1), len(columns) * hop / sample_rate, sample_rate / 2)
