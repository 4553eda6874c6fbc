"""Root mean squares, which a region should share with what it replaces."""

import numpy as np
from numpy.typing import NDArray

FULL = 0.999  # of full scale, which 16 bits reach on one side only


def rms(wave: NDArray[np.floating]) -> float:
    """Root mean square: `[time]` → a number; 0 of nothing.

    >>> rms(np.array([3.0, -3.0]))
    3.0
    """
    return float(np.sqrt(np.mean(np.square(wave, dtype=np.float64)))) if wave.size else 0.0


def matched(wave: NDArray[np.floating], level: float) -> NDArray[np.float64]:
    """The sound at a root mean square, or as near to it as full scale allows; silence stays silence.

    >>> matched(np.array([1.0, -1.0]), 0.5).tolist()
    [0.5, -0.5]
    """
    found = rms(wave)
    if found == 0:
        return np.zeros(wave.shape)
    return np.asarray(wave, np.float64) * min(level / found, FULL / float(np.abs(wave).max()))
