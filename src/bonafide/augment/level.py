"""Levels: peaks, norms, and sounds added at a ratio of them. Silence stays silence, never NaN."""

import torch
from torch import Tensor


def norm(waveform: Tensor) -> Tensor:
    """`[..., time]` → `[..., 1]`, the square root of the energy."""
    size: Tensor = torch.linalg.vector_norm(waveform, dim=-1, keepdim=True)
    return size


def ratio(above: Tensor, below: Tensor) -> Tensor:
    """A quotient, 0 where the divisor is 0."""
    return torch.where(below > 0, above / torch.where(below > 0, below, 1), 0)


def no_louder_than_full_scale(waveform: Tensor) -> Tensor:
    """`[..., time]` divided by its peak where that exceeds 1."""
    return waveform / waveform.abs().amax(dim=-1, keepdim=True).clamp(min=1)


def scaled_to(sound: Tensor, wanted: Tensor) -> Tensor:
    """`[..., time]` times what gives it a norm, `wanted` `[..., 1]`."""
    return sound * ratio(wanted, norm(sound))


def add_at(waveform: Tensor, noise: Tensor, snr_db: Tensor) -> Tensor:
    """The waveform with noise whose energy lies below its own by a signal-to-noise ratio.

    Args:
        waveform: `[batch, time]`.
        noise: `[batch, time]`, of any level.
        snr_db: `[batch]`.
    """
    return waveform + scaled_to(noise, norm(waveform) * 10 ** (-snr_db[:, None] / 20))
