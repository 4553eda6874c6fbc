"""Louder and quieter."""

from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor

from bonafide.augment.augmentation import Augmentation
from bonafide.augment.uniform import uniform
from bonafide.types import Label


class GainDrawn(NamedTuple):
    """Args:
    gain_db: `[batch]`.
    """

    gain_db: Tensor


@final
class Gain(Augmentation[GainDrawn]):
    """Scales a clip; nothing is clipped.

    Args:
        gain_db: range; a detector that ignores level needs none.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: the range has no meaning.

    Shape:
        `[batch, time]` → `[batch, time]`.
    """

    def __init__(
        self, gain_db: Sequence[float] = (-12, 6), *, p: float = 1.0, only: Label | None = None
    ) -> None:
        super().__init__(p, only)
        self.gain_db = uniform("gain_db", gain_db)

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> GainDrawn:  # noqa: ARG002
        """See `Augmentation.draw`."""
        return GainDrawn(self.gain_db.draw(generator, batch))

    def apply(self, x: Tensor, drawn: GainDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`."""
        return x * 10 ** (drawn.gain_db[:, None] / 20)
