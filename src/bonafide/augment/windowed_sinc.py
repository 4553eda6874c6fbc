"""Filters without a change of phase: sincs under a window of Kaiser (1974), as SoX's `sinc` makes them.

Oppenheim and Schafer, "Discrete-Time Signal Processing", 3rd edition, section 7.5.3: how long a filter must
be, and how its window is shaped, for an attenuation and a width of its edges.
"""

from math import ceil, pi
from typing import Final

import torch
from torch import Tensor

ATTENUATION_DB: Final = 80.0
EDGE_HZ: Final = 300.0
"""From passing to stopping; the gain is one half in the middle."""
BETA: Final = 0.1102 * (ATTENUATION_DB - 8.7)


def taps(sample_rate: int) -> int:
    """Length of a filter, odd."""
    return ceil((ATTENUATION_DB - 8) / (2.285 * 2 * pi * EDGE_HZ / sample_rate)) // 2 * 2 + 1


def low_pass(cut_hz: Tensor, sample_rate: int) -> Tensor:
    """Impulse responses `[batch, taps]` of cut-offs `[batch]` in Hz; at half the rate all passes."""
    count = taps(sample_rate)
    place = torch.arange(count, device=cut_hz.device) - count // 2
    share = 2 * cut_hz[:, None] / sample_rate
    window = torch.kaiser_window(count, periodic=False, beta=BETA, device=cut_hz.device)
    return share * torch.sinc(share * place) * window
