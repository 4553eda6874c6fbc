"""Loudness as broadcasters measure it, ITU-R BS.1770-4, for a batch of several lengths at once.

https://www.itu.int/rec/R-REC-BS.1770. Its two filters are given there for 48 kHz; for any rate they are a
shelf and a high-pass of Bristow-Johnson's Audio EQ Cookbook, https://www.w3.org/TR/audio-eq-cookbook, as in
`torchaudio.functional.loudness`, which takes one length at a time and clips what the shelf raises above full
scale.
"""

from math import cos, pi, sin, sqrt
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import sosfilt
from torch import Tensor

_BLOCK: Final = 0.4  # seconds
_OVERLAP: Final = 0.75
_QUIET: Final = -70.0  # LUFS
_BELOW: Final = -10.0  # LU
_OFFSET: Final = -0.691
_SHELF: Final = (1500.0, sqrt(0.5), 4.0)  # Hz, quality, dB
_HIGHPASS: Final = (38.0, 0.5)


def loudness(waveform: Tensor, length: Tensor, sample_rate: int) -> Tensor:
    """Gated loudness of mono clips.

    Args:
        waveform: `[batch, time]`, with anything behind the end of a clip.
        length: `[batch]` int64, samples of each clip.
        sample_rate: in Hz.

    Returns:
        LUFS, `[batch]` float64; not a number below 0.4 s and where all is quieter than −70 LUFS.
    """
    size = round(_BLOCK * sample_rate)
    hop = round(size * (1 - _OVERLAP))
    if waveform.shape[1] < size:
        return waveform.new_full((len(waveform),), torch.nan, dtype=torch.float64)
    weighted = torch.from_numpy(sosfilt(_weighting(sample_rate), waveform.double().numpy(force=True)))
    weighted = weighted.to(waveform.device)
    total = torch.nn.functional.pad(weighted.square().cumsum(1), (1, 0))
    starts = torch.arange(0, waveform.shape[1] - size + 1, hop, device=waveform.device)
    energy = (total[:, starts + size] - total[:, starts]) / size
    heard = (starts + size <= length[:, None]) & (_lufs(energy) > _QUIET)
    heard &= _lufs(energy) > _lufs(_mean(energy, heard))[:, None] + _BELOW
    return _lufs(_mean(energy, heard))


def _weighting(sample_rate: int) -> NDArray[np.float64]:
    """The head's shelf and the high-pass, a row each."""
    hertz, quality, gain = _SHELF
    root = 10 ** (gain / 40)
    turn = 2 * pi * hertz / sample_rate
    slope, rest = 2 * sqrt(root) * sin(turn) / (2 * quality), (root - 1) * cos(turn)
    shelf = [
        root * (root + 1 + rest + slope),
        -2 * root * (root - 1 + (root + 1) * cos(turn)),
        root * (root + 1 + rest - slope),
        root + 1 - rest + slope,
        2 * (root - 1 - (root + 1) * cos(turn)),
        root + 1 - rest - slope,
    ]
    hertz, quality = _HIGHPASS
    turn = 2 * pi * hertz / sample_rate
    slope, rest = sin(turn) / (2 * quality), cos(turn)
    highpass = [(1 + rest) / 2, -1 - rest, (1 + rest) / 2, 1 + slope, -2 * rest, 1 - slope]
    return np.array([np.array(row) / row[3] for row in (shelf, highpass)])


def _lufs(energy: Tensor) -> Tensor:
    return _OFFSET + 10 * energy.clamp(min=1e-30).log10()


def _mean(energy: Tensor, heard: Tensor) -> Tensor:
    """Over the blocks that are heard; not a number if there are none."""
    return torch.where(heard, energy, 0).sum(1) / heard.sum(1)
