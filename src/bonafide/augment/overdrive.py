"""Overdrive: the soft clipping of an amplifier, with the settings of SoX's effect of that name.

The curve and the filter behind it are those of Smith, "Physical Audio Signal Processing", section "Soft
clipping", and "Introduction to Digital Filters", section "DC blocker",
https://ccrma.stanford.edu/~jos/pasp, https://ccrma.stanford.edu/~jos/filters; settings and defaults of
`overdrive` are documented at https://sox.sourceforge.net/sox.html.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, final

import torch
from scipy.fft import next_fast_len
from torch import Tensor

from bonafide.augment.augmentation import Augmentation
from bonafide.augment.uniform import uniform
from bonafide.types import Label

POLE: Final = 0.995  # of the filter that takes away the offset
COLOUR: Final = 200.0  # an offset of full scale
DRY: Final = 0.5
WET: Final = 0.75


class OverdriveDrawn(NamedTuple):
    """Args:
    gain_db: `[batch]`.
    colour: `[batch]`.
    """

    gain_db: Tensor
    colour: Tensor


@final
class Overdrive(Augmentation[OverdriveDrawn]):
    """Amplifies a clip into `x - x³ / 3`, which ends in 2/3 on both sides, and mixes it with the clip.

    `d` is the clip, `gain_db` louder and moved by `colour / 200`, through that curve;
    `y[n] = d[n] - d[n - 1] + 0.995 y[n - 1]` is without the offset; `0.5 x + 0.75 y` is what comes out, and
    what is louder than full scale is clipped.

    Args:
        gain_db: range; more is more distorted. SoX takes 20.
        colour: range from 0 to 100; more has more even harmonics. SoX takes 20.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: a range has no meaning.

    Shape:
        `[batch, time]` → `[batch, time]`.
    """

    def __init__(
        self,
        gain_db: Sequence[float] = (6, 20),
        *,
        colour: Sequence[float] = (20, 20),
        p: float = 1.0,
        only: Label | None = None,
    ) -> None:
        super().__init__(p, only)
        self.gain_db, self.colour = uniform("gain_db", gain_db, 0, 100), uniform("colour", colour, 0, 100)

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> OverdriveDrawn:  # noqa: ARG002
        """See `Augmentation.draw`."""
        return OverdriveDrawn(self.gain_db.draw(generator, batch), self.colour.draw(generator, batch))

    def apply(self, x: Tensor, drawn: OverdriveDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`."""
        gain = 10 ** (drawn.gain_db[:, None] / 20)
        driven = (x * gain + drawn.colour[:, None] / COLOUR).clamp(-1, 1)
        return (DRY * x + WET * _without_offset(driven - driven**3 / 3)).clamp(-1, 1)


def _without_offset(x: Tensor) -> Tensor:
    """`y[n] = x[n] - x[n - 1] + 0.995 y[n - 1]` as the sound less its exponential mean: no loop."""
    time = x.shape[-1]
    size = next_fast_len(2 * time, real=True)
    decay = POLE ** torch.arange(time, device=x.device, dtype=x.dtype)
    past = torch.fft.irfft(torch.fft.rfft(x, n=size) * torch.fft.rfft(decay, n=size), n=size)
    mean = torch.nn.functional.pad((1 - POLE) * past[..., : time - 1], (1, 0))
    return x - mean
