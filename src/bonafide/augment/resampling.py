"""A lower sample rate and back: what telephones, old recordings and other people's pipelines do."""

from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor
from torchaudio.functional import resample

from bonafide.augment.augmentation import Augmentation
from bonafide.types import InputError, Label


class ResamplingDrawn(NamedTuple):
    """Args:
    choice: `[batch]` int64, place among the rates.
    """

    choice: Tensor


@final
class Resampling(Augmentation[ResamplingDrawn]):
    """Resamples a clip to a lower rate and back, with long filters: nothing above half that rate is left.

    Args:
        sample_rate: in Hz.
        rates: lower rates in Hz to choose from, equally likely.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: no rates, or one that is not below that of the clips.

    Shape:
        `[batch, time]` → `[batch, time]`.
    """

    def __init__(
        self,
        sample_rate: int,
        rates: Sequence[int] = (8000, 11025),
        *,
        p: float = 1.0,
        only: Label | None = None,
    ) -> None:
        super().__init__(p, only)
        if not rates or not all(0 < rate < sample_rate and rate == int(rate) for rate in rates):
            raise InputError(
                f"augment: rates={list(rates)} of resampling must be whole and lie below the "
                f"{sample_rate} Hz of the clips; choose lower ones, such as [{sample_rate // 2}]"
            )
        self.sample_rate, self.rates = sample_rate, tuple(map(int, rates))

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> ResamplingDrawn:  # noqa: ARG002
        """See `Augmentation.draw`."""
        return ResamplingDrawn(torch.randint(len(self.rates), (batch,), generator=generator))

    def apply(self, x: Tensor, drawn: ResamplingDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`; a pass over all clips for each rate, and none for a clip."""
        made = x
        for place, rate in enumerate(self.rates):
            back = _resampled(_resampled(x, self.sample_rate, rate), rate, self.sample_rate)
            made = torch.where((drawn.choice == place)[:, None], back[:, : x.shape[-1]], made)
        return made


def _resampled(x: Tensor, before: int, after: int) -> Tensor:
    """With the filters that librosa calls `kaiser_best`."""
    made: Tensor = resample(
        x,
        before,
        after,
        lowpass_filter_width=64,
        rolloff=0.9475937167399596,
        resampling_method="sinc_interp_kaiser",
        beta=14.769656459379492,
    )
    return made
