"""White noise."""

from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor

from bonafide.augment.augmentation import Augmentation
from bonafide.augment.level import add_at
from bonafide.augment.uniform import uniform
from bonafide.types import Label


class WhiteNoiseDrawn(NamedTuple):
    """Args:
    noise: `[batch, time]`.
    snr_db: `[batch]`.
    """

    noise: Tensor
    snr_db: Tensor


@final
class WhiteNoise(Augmentation[WhiteNoiseDrawn]):
    """Adds Gaussian noise at a signal-to-noise ratio of the clip's own.

    Args:
        snr_db: range; Gasenzer and Wolter (2024) take 30 to 40.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: the range has no meaning.

    Shape:
        `[batch, time]` → `[batch, time]`.
    """

    def __init__(
        self, snr_db: Sequence[float] = (10, 40), *, p: float = 1.0, only: Label | None = None
    ) -> None:
        super().__init__(p, only)
        self.snr_db = uniform("snr_db", snr_db)

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> WhiteNoiseDrawn:
        """See `Augmentation.draw`."""
        return WhiteNoiseDrawn(
            torch.randn(batch, samples, generator=generator), self.snr_db.draw(generator, batch)
        )

    def apply(self, x: Tensor, drawn: WhiteNoiseDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`."""
        return add_at(x, drawn.noise, drawn.snr_db)
