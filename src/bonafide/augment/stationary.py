"""Stationary, signal-independent noise, after Tak et al. (2022), "RawBoost", section 3.3.

What amplifiers and loose connectors add: coloured Gaussian noise.
"""

from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor

from bonafide.augment.filtering import filtered
from bonafide.augment.level import add_at
from bonafide.augment.notch import Notches, NotchFilters
from bonafide.augment.uniform import Uniform, uniform


class StationaryDrawn(NamedTuple):
    """Args:
    noise: `[batch, time]`, white.
    notches: one filter.
    snr_db: `[batch]`.
    """

    noise: Tensor
    notches: Notches
    snr_db: Tensor


@final
class Stationary:
    """White noise through a notch filter, added at a signal-to-noise ratio.

    The published code also sets the gain of the filter and the peak of the noise; the ratio undoes both.

    Args:
        filters: what they look like.
        snr_db: of the whole clip.

    Raises:
        InputError: the range has no meaning.
    """

    def __init__(self, filters: NotchFilters, *, snr_db: Sequence[float] = (10, 40)) -> None:
        self.filters = filters
        self.snr_db = uniform("snr_db", snr_db)

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> StationaryDrawn:
        """Noise, filter and ratio of each clip."""
        return StationaryDrawn(
            torch.randn(batch, samples, generator=generator),
            self.filters.draw(batch, [Uniform(0, 0)], generator),
            self.snr_db.draw(generator, batch),
        )

    def apply(self, waveform: Tensor, drawn: StationaryDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`."""
        coloured = filtered(drawn.noise, self.filters.responses(drawn.notches), advance=1)
        return add_at(waveform, coloured, drawn.snr_db)
