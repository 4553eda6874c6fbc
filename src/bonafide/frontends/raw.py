"""The waveform itself, for models that learn their own features."""

from typing import final

import torch
from torch import Tensor

from bonafide.frontends.frontend import Frontend
from bonafide.frontends.legend import Legend
from bonafide.types import FeatureShape, InputError


@final
class Raw(Frontend):
    """Hands the waveform on: one channel, one bin, one frame per sample.

    Args:
        sample_rate: of the waveforms, in Hz.

    Shape:
        `[batch, time]` → `[batch, 1, 1, time]`.

    >>> Raw(16000).shape(64600)
    FeatureShape(channels=1, bins=1, frames=64600)
    """

    def shape(self, samples: int) -> FeatureShape:
        """One frame per sample.

        Raises:
            InputError: the clip is empty.
        """
        if samples < 1:
            raise InputError(f"a clip of {samples} samples holds no audio; use clips of at least one sample.")
        return FeatureShape(1, 1, samples)

    def times(self, samples: int) -> Tensor:
        """Instant of each sample in seconds, `[samples]` float64."""
        return torch.arange(self.shape(samples).frames, dtype=torch.float64) / self.sample_rate

    def legend(self) -> Legend:
        """One row: the waveform."""
        return Legend("waveform", "amplitude")

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, 1, 1, time]`."""
        self.shape(waveform.shape[-1])
        return waveform[:, None, None, :]
