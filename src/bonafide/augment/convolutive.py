"""Linear and non-linear convolutive noise, after Tak et al. (2022), "RawBoost", section 3.1.

What cables, amplifiers and loudspeakers do: a filter on the waveform, and weaker ones on its powers.
"""

from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor

from bonafide.augment.filtering import filtered
from bonafide.augment.level import no_louder_than_full_scale
from bonafide.augment.notch import Notches, NotchFilters
from bonafide.augment.uniform import Uniform, uniform
from bonafide.types import InputError


class ConvolutiveDrawn(NamedTuple):
    """Args:
    notches: a filter of each power of the waveform.
    """

    notches: Notches


@final
class Convolutive:
    """`y = Σ h_i * x^i` with a notch filter `h_i` for each power, without its mean.

    As in the published code, the result comes one sample early. It is divided by its peak where that
    exceeds 1.

    Args:
        filters: what they look like.
        order: highest power; 1 is linear.
        gain_db: highest gain of the filter of the first power.
        nonlinear_drop_db: by which those of the others lie lower.

    Raises:
        InputError: no powers, or a range without meaning.
    """

    def __init__(
        self,
        filters: NotchFilters,
        *,
        order: int = 5,
        gain_db: Sequence[float] = (0, 0),
        nonlinear_drop_db: Sequence[float] = (5, 20),
    ) -> None:
        if order < 1:
            raise InputError(f"augment: order={order} leaves no power of the waveform; choose at least 1")
        first = uniform("gain_db", gain_db)
        drop = uniform("nonlinear_drop_db", nonlinear_drop_db)
        others = Uniform(first.low - drop.low, first.high - drop.high)
        self.filters = filters
        self.gains_db = [first, *[others] * (order - 1)]

    def draw(self, batch: int, generator: torch.Generator) -> ConvolutiveDrawn:
        """Filters of each clip."""
        return ConvolutiveDrawn(self.filters.draw(batch, self.gains_db, generator))

    def apply(self, waveform: Tensor, drawn: ConvolutiveDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`."""
        made = filtered(waveform, self.filters.responses(drawn.notches), advance=1)
        return no_louder_than_full_scale(made - made.mean(dim=-1, keepdim=True))
