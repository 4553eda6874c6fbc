"""Low-pass: what narrow channels, old microphones and thrifty codecs leave of a recording."""

from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor

from bonafide.augment import windowed_sinc
from bonafide.augment.augmentation import Augmentation
from bonafide.augment.filtering import filtered
from bonafide.augment.uniform import uniform
from bonafide.types import Label


class LowPassDrawn(NamedTuple):
    """Args:
    cut_hz: `[batch]`.
    """

    cut_hz: Tensor


@final
class LowPass(Augmentation[LowPassDrawn]):
    """Takes away what lies above a frequency, without a change of phase; silence surrounds the clips.

    Args:
        sample_rate: in Hz.
        cut_hz: range.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: the range has no meaning, or lies above half the sample rate.

    Shape:
        `[batch, time]` → `[batch, time]`.
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        cut_hz: Sequence[float] = (3000, 7000),
        p: float = 1.0,
        only: Label | None = None,
    ) -> None:
        super().__init__(p, only)
        self.sample_rate = sample_rate
        self.cut = uniform("cut_hz", cut_hz, 0, sample_rate / 2)

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> LowPassDrawn:  # noqa: ARG002
        """See `Augmentation.draw`."""
        return LowPassDrawn(self.cut.draw(generator, batch))

    def apply(self, x: Tensor, drawn: LowPassDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`."""
        return filtered(x, windowed_sinc.low_pass(drawn.cut_hz, self.sample_rate)[:, None])
