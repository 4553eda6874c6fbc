"""Fewer bits: what old sound cards, small files and careless exports do to a recording."""

from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor

from bonafide.augment.augmentation import Augmentation
from bonafide.augment.uniform import uniform
from bonafide.types import Label


class QuantizationDrawn(NamedTuple):
    """Args:
    bits: `[batch]` int64.
    """

    bits: Tensor


@final
class Quantization(Augmentation[QuantizationDrawn]):
    """Rounds samples to the steps of a linear PCM, without dither; what is louder than full scale is clipped.

    A step is `2 ** (1 - bits)` of full scale, and zero is one of the levels.

    Args:
        bits: range, both ends included; 8 is the least that files have, and each bit less is 6 dB more noise.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: the range has no meaning.

    Shape:
        `[batch, time]` → `[batch, time]`.
    """

    def __init__(self, bits: Sequence[float] = (4, 8), *, p: float = 1.0, only: Label | None = None) -> None:
        super().__init__(p, only)
        self.bits = uniform("bits", bits, 2, 16)

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> QuantizationDrawn:  # noqa: ARG002
        """See `Augmentation.draw`."""
        return QuantizationDrawn(self.bits.draw_whole(generator, batch))

    def apply(self, x: Tensor, drawn: QuantizationDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`."""
        levels = 2.0 ** (drawn.bits[:, None] - 1)
        return torch.round(x * levels).clamp(-levels, levels - 1) / levels
