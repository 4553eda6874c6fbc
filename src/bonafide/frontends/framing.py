"""Frames at equal distances, the first centred on the first sample: what all spectral front ends share."""

from abc import abstractmethod
from typing import Final, Literal

import torch
from torch import Tensor

from bonafide.frontends.frontend import Frontend
from bonafide.types import FeatureShape, InputError

Padding = Literal["reflect", "zero"]
"""What a frame that reaches over an edge of the clip finds there: the clip mirrored, or nothing."""

BLOCK: Final = 2**19
"""Samples taken at once on a CPU: what comes of more does not stay in its cache and takes half as long again.
An accelerator takes all clips at once."""


class Framed(Frontend):
    """A front end with one channel and frames centred at multiples of `hop`, in single precision throughout.

    Args:
        sample_rate: of the waveforms, in Hz.
        bins: rows of the features.
        length: samples in a frame.
        hop: samples between frames.

    Shape:
        `[batch, time]` → `[batch, 1, bins, 1 + time // hop]`; an odd `length` reaches one sample less far, so
        `1 + (time - 1) // hop`.

    Raises:
        InputError: a frame of fewer than two samples, or no hop.
    """

    def __init__(self, sample_rate: int, *, bins: int, length: int, hop: int) -> None:
        super().__init__(sample_rate)
        name = type(self).__name__
        if length < 2:
            raise InputError(f"{name} cannot take frames of {length} samples; use at least 2.")
        if hop < 1:
            raise InputError(f"{name} cannot move by hop={hop} samples; use at least 1.")
        self.bins = bins
        self.length = length
        self.hop = hop

    @abstractmethod
    def features(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` float32 without autocast → `[batch, frames, bins]`, as a transform leaves it."""

    def shape(self, samples: int) -> FeatureShape:
        """One channel, all bins, a frame for every hop that begins within the clip.

        Raises:
            InputError: the clip is shorter than one frame.
        """
        if samples < self.length:
            found = f"a clip of {samples} samples is shorter than one frame of {self.length}"
            raise InputError(f"{found}; lengthen data.clip_seconds.")
        return FeatureShape(1, self.bins, 1 + (samples - self.length % 2) // self.hop)

    def times(self, samples: int) -> Tensor:
        """Centre of each frame in seconds, `[frames]` float64; the first is centred on the first sample."""
        return torch.arange(self.shape(samples).frames, dtype=torch.float64) * self.hop / self.sample_rate

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, 1, bins, frames]`, float32 under autocast too."""
        batch, samples = waveform.shape
        self.shape(samples)
        at_once = max(1, BLOCK // samples if waveform.device.type == "cpu" else batch)
        with torch.autocast(waveform.device.type, enabled=False):
            blocks = [self.features(block) for block in torch.split(waveform.float(), at_once)]
            return torch.cat(blocks).transpose(-2, -1)[:, None]
