"""Convolution with the impulse response of a room, level and alignment kept."""

import torch
from scipy.fft import next_fast_len
from torch import Tensor

from bonafide.augment.level import norm, scaled_to


def reverberated(waveform: Tensor, response: Tensor) -> Tensor:
    """Each clip in its room, with the energy that it had.

    Args:
        waveform: `[batch, time]`.
        response: `[batch, taps]`, the direct sound at tap 0.

    Returns:
        `[batch, time]`.
    """
    time = waveform.shape[-1]
    size = next_fast_len(time + response.shape[-1] - 1, real=True)
    wet = torch.fft.irfft(torch.fft.rfft(waveform, n=size) * torch.fft.rfft(response, n=size), n=size)
    return scaled_to(wet[:, :time], norm(waveform))
