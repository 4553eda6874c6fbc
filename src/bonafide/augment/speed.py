"""Speed, after Ko et al. (2015), "Audio augmentation for speech recognition": tempo and pitch together."""

from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor
from torchaudio.functional import resample

from bonafide.augment.augmentation import Augmentation
from bonafide.types import InputError, Label

_STEPS = 100  # factors are told apart to a hundredth, which keeps the resampling filters short


class SpeedDrawn(NamedTuple):
    """Args:
    choice: `[batch]` int64, place among the factors.
    """

    choice: Tensor


@final
class Speed(Augmentation[SpeedDrawn]):
    """Plays a clip faster or slower by resampling; a shorter one is repeated, a longer one cut.

    Args:
        factors: to choose from, equally likely; above 1 is faster and higher.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: no factors, or one that is not from 0.5 to 2 in steps of 0.01.

    Shape:
        `[batch, time]` → `[batch, time]`.
    """

    moves = True

    def __init__(
        self, factors: Sequence[float] = (0.9, 1.0, 1.1), *, p: float = 1.0, only: Label | None = None
    ) -> None:
        super().__init__(p, only)
        wrong = [factor for factor in factors if not 0.5 <= factor <= 2 or round(_STEPS * factor, 6) % 1]
        if wrong or not factors:
            raise InputError(
                f"augment: factors={list(factors)} of speed must be from 0.5 to 2 in steps of {1 / _STEPS}; "
                "the usual ones are [0.9, 1.0, 1.1]"
            )
        self.factors = tuple(factors)

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> SpeedDrawn:  # noqa: ARG002
        """See `Augmentation.draw`."""
        return SpeedDrawn(torch.randint(len(self.factors), (batch,), generator=generator))

    def apply(self, x: Tensor, drawn: SpeedDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`; a pass over all clips for each factor, and none for a clip."""
        made = x
        for place, factor in enumerate(self.factors):
            if factor != 1:
                played = _repeated(resample(x, round(_STEPS * factor), _STEPS), x.shape[-1])
                made = torch.where((drawn.choice == place)[:, None], played, made)
        return made


def _repeated(waveform: Tensor, length: int) -> Tensor:
    """Over and over, cut to `length`."""
    return waveform.repeat(1, -(-length // waveform.shape[-1]))[:, :length]
