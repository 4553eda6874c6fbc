"""Contrast, as SoX names it: a gentle waveshaper that makes quiet parts louder."""

from collections.abc import Sequence
from math import pi
from typing import NamedTuple, final

import torch
from torch import Tensor

from bonafide.augment.augmentation import Augmentation
from bonafide.augment.uniform import uniform
from bonafide.types import Label


class ContrastDrawn(NamedTuple):
    """Args:
    amount: `[batch]`.
    """

    amount: Tensor


@final
class Contrast(Augmentation[ContrastDrawn]):
    """`sin(θ + amount / 750 sin 4θ)` with `θ = π x / 2`, an amount for each clip.

    The formula is that of `torchaudio.functional.contrast`, which takes one amount for all; the range is that
    of Gasenzer and Wolter (2024), https://openreview.net/forum?id=RGewtLtvHz.

    Args:
        amount: range between 0 and 100; even 0 changes the waveform, as a sine of it.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: the range has no meaning.

    Shape:
        `[batch, time]` → `[batch, time]`, in [-1, 1].
    """

    def __init__(
        self, amount: Sequence[float] = (5, 20), *, p: float = 1.0, only: Label | None = None
    ) -> None:
        super().__init__(p, only)
        self.amount = uniform("amount", amount, 0, 100)

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> ContrastDrawn:  # noqa: ARG002
        """See `Augmentation.draw`."""
        return ContrastDrawn(self.amount.draw(generator, batch))

    def apply(self, x: Tensor, drawn: ContrastDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`."""
        angle = x * (pi / 2)
        return torch.sin(angle + drawn.amount[:, None] / 750 * torch.sin(4 * angle))
