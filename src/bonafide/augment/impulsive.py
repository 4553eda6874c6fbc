"""Impulsive, signal-dependent noise, after Tak et al. (2022), "RawBoost", section 3.2.

What clipping, bad contacts and quantisation do: some samples grow or shrink in proportion to themselves.
"""

from typing import NamedTuple, final

import torch
from torch import Tensor

from bonafide.augment.level import no_louder_than_full_scale
from bonafide.types import InputError


class ImpulsiveDrawn(NamedTuple):
    """Args:
    hits: `[batch]` int64, samples that are hit.
    position: `[batch, most]` int64, all different, of which the first `hits` are hit.
    factor: `[batch, most]` from -1 to 1, product of two uniform numbers.
    """

    hits: Tensor
    position: Tensor
    factor: Tensor


@final
class Impulsive:
    """`y = x + g x u v` at some samples, with `u` and `v` uniform from -1 to 1.

    Divided by its peak where that exceeds 1.

    Args:
        share: highest share of the samples that are hit; drawn uniformly from 0.
        gain: `g`.

    Raises:
        InputError: the share is none.
    """

    def __init__(self, *, share: float = 0.1, gain: float = 2.0) -> None:
        if not 0 <= share <= 1:
            raise InputError(f"augment: impulse_share={share} is no share of samples; choose one from 0 to 1")
        self.share, self.gain = share, gain

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> ImpulsiveDrawn:
        """Samples of each clip, drawn without replacement: those with the smallest of random keys."""
        count = (samples * self.share * torch.rand(batch, generator=generator)).long()
        most = int(samples * self.share)
        position = torch.rand(batch, samples, generator=generator).topk(most, largest=False).indices
        u, v = 2 * torch.rand(2, batch, most, generator=generator) - 1
        return ImpulsiveDrawn(count, position, u * v)

    def apply(self, waveform: Tensor, drawn: ImpulsiveDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`."""
        rank = torch.arange(drawn.position.shape[1], device=waveform.device)
        factor = torch.where(rank < drawn.hits[:, None], drawn.factor, 0).to(waveform.dtype)
        growth = torch.zeros_like(waveform).scatter(1, drawn.position, factor)
        return no_louder_than_full_scale(waveform + self.gain * waveform * growth)
