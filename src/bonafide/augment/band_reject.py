"""Band-reject: a stretch of frequencies taken away, such as 5 to 8 kHz, where many detectors listen."""

from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor

from bonafide.augment import windowed_sinc
from bonafide.augment.augmentation import Augmentation
from bonafide.augment.filtering import filtered
from bonafide.augment.uniform import uniform
from bonafide.types import InputError, Label


class BandRejectDrawn(NamedTuple):
    """Args:
    low_hz: `[batch]`.
    high_hz: `[batch]`.
    """

    low_hz: Tensor
    high_hz: Tensor


@final
class BandReject(Augmentation[BandRejectDrawn]):
    """Takes away what lies between two frequencies, without a change of phase; silence surrounds the clips.

    Args:
        sample_rate: in Hz.
        low_hz: range of the lower edge.
        high_hz: range of the upper edge; at half the sample rate nothing above is left.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: a range has no meaning or lies above half the sample rate, or the two overlap.

    Shape:
        `[batch, time]` → `[batch, time]`.
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        low_hz: Sequence[float] = (4000, 6000),
        high_hz: Sequence[float] = (7000, 8000),
        p: float = 1.0,
        only: Label | None = None,
    ) -> None:
        super().__init__(p, only)
        self.sample_rate = sample_rate
        self.low = uniform("low_hz", low_hz, 0, sample_rate / 2)
        self.high = uniform("high_hz", high_hz, 0, sample_rate / 2)
        if self.low.high > self.high.low:
            raise InputError(
                f"augment: low_hz={list(low_hz)} reaches above high_hz={list(high_hz)}; keep the lower edge "
                "below the upper one"
            )

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> BandRejectDrawn:  # noqa: ARG002
        """See `Augmentation.draw`."""
        return BandRejectDrawn(self.low.draw(generator, batch), self.high.draw(generator, batch))

    def apply(self, x: Tensor, drawn: BandRejectDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`."""
        low, high = (windowed_sinc.low_pass(edge, self.sample_rate) for edge in drawn)
        kept = low - high
        kept[:, kept.shape[-1] // 2] += 1  # what passes is all less the band
        return filtered(x, kept[:, None])
