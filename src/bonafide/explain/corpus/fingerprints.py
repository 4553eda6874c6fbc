"""Fingerprints of generators: what is left in the spectrum when what is said averages out.

Wavelet packets after Gasenzer and Wolter (2024), https://openreview.net/forum?id=RGewtLtvHz; of images, Marra
et al. (2019), https://arxiv.org/abs/1812.11842. A clip gives the mean absolute coefficient of each packet, or
the magnitude of each line of its Fourier transform; a system gives the mean over its clips. What a generator
leaves behind is the difference of the logarithms to its bona fide reference.
"""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bonafide.frontends.packet_tree import PacketTree

FLOOR: Final = 1e-12
"""Added to magnitudes before a logarithm."""

Values = NDArray[np.float64]


def packets(waveform: Tensor, tree: PacketTree) -> Tensor:
    """Mean absolute coefficient of each packet, `[batch, time]` → `[batch, 2**level]`."""
    coefficients: Tensor = tree(waveform)
    return coefficients.abs().mean(-1)


def lines(waveform: Tensor) -> Tensor:
    """Magnitudes of the Fourier transform of whole clips, `[batch, time]` → `[batch, time // 2 + 1]`."""
    spectrum: Tensor = torch.fft.rfft(waveform)
    return spectrum.abs()


def packet_hertz(sample_rate: int, level: int) -> Values:
    """Middle of the band of each packet, lowest first."""
    return np.asarray((np.arange(2**level) + 0.5) * sample_rate / 2 / 2**level, np.float64)


def line_hertz(sample_rate: int, samples: int) -> Values:
    """Frequency of each line of the transform of so many samples."""
    return np.asarray(np.fft.rfftfreq(samples, 1 / sample_rate), np.float64)


def decibels(fingerprint: Values, reference: Values) -> Values:
    """Difference of two fingerprints in dB: 20 log10 of their ratio.

    >>> decibels(np.array([1.0, 0.1]), np.array([1.0, 1.0])).round(6).tolist()
    [0.0, -20.0]
    """
    return np.asarray(20 / np.log(10) * natural(fingerprint, reference), np.float64)


def natural(fingerprint: Values, reference: Values) -> Values:
    """Difference of natural logarithms, as published."""
    return np.asarray(np.log(fingerprint + FLOOR) - np.log(reference + FLOOR))


def coarse(differences: Values, bands: int = 1024) -> Values:
    """Mean of neighbours, `[systems, values]` → `[systems, bands]`: chance cancels, a line still shows."""
    if differences.shape[1] <= bands:
        return differences
    starts = np.linspace(0, differences.shape[1], bands, endpoint=False).astype(np.int64)
    count = np.diff(np.append(starts, differences.shape[1]))
    return np.asarray(np.add.reduceat(differences, starts, axis=1) / count, np.float64)


def similarity(one: Values, other: Values) -> Values:
    """Correlation of the difference fingerprints of generators: alike in the shape of what they leave behind.

    Generators that are compared with the same recordings share the chance in these, which alone correlates
    their differences at one half. So what one generator leaves behind in one half of the utterances is
    compared with what another leaves in the other half; a generator's own value says how stable its
    fingerprint is.

    Args:
        one: differences in one half of the utterances, `[systems, values]`.
        other: in the other half; the same again for plain correlations.

    Returns:
        `[systems, systems]` from −1 to 1, symmetric; not a number for a system that differs nowhere.
    """
    sides = [side - side.mean(axis=1, keepdims=True) for side in (one, other)]
    norms = [np.sqrt((side**2).sum(axis=1)) for side in sides]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = sides[0] @ sides[1].T / np.outer(*norms)
    found = (found + found.T) / 2
    return np.asarray(np.clip(found, -1, 1), np.float64)
