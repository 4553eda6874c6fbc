"""A front end with a pre-trained encoder, as far as checkpoints know one."""

import hashlib
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor, nn

from bonafide.frontends.frontend import Frontend, ParameterGroup
from bonafide.frontends.legend import Legend
from bonafide.types import FeatureShape

HIDDEN = 32


@final
class Frozen(Frontend):
    """An encoder of 20,000 weights that its source decides, and a gain.

    Args:
        sample_rate: of the waveforms, in Hz.
        source: what the encoder is read from; a name that stands for its bytes.
        freeze: false fine-tunes the encoder, at a tenth of the rate.
        gain: train the gain.
    """

    def __init__(
        self, sample_rate: int, *, source: str = "one", freeze: bool = True, gain: bool = True
    ) -> None:
        super().__init__(sample_rate)
        self.digest, self.freeze = hashlib.sha256(source.encode()).hexdigest(), freeze
        self.encoder = nn.Sequential(nn.Linear(640, HIDDEN), nn.BatchNorm1d(HIDDEN, affine=False))
        generator = torch.Generator().manual_seed(int(self.digest[:8], 16))
        with torch.no_grad():
            for weight in self.encoder.parameters():
                weight.copy_(0.1 * torch.randn(weight.shape, generator=generator))
        self.encoder.requires_grad_(not freeze)
        self.gain = nn.Parameter(torch.ones(HIDDEN), requires_grad=gain)

    @property
    def external(self) -> Mapping[str, str]:
        return {"encoder.": self.digest} if self.freeze else {}

    def parameter_groups(self) -> list[ParameterGroup]:
        tuned = [] if self.freeze else [ParameterGroup(list(self.encoder.parameters()), 0.1)]
        gain = [ParameterGroup([self.gain], 1.0)] if self.gain.requires_grad else []
        return [*tuned, *gain]

    def train(self, mode: bool = True) -> "Frozen":
        super().train(mode)
        self.encoder.train(mode and not self.freeze)
        return self

    def shape(self, samples: int) -> FeatureShape:
        return FeatureShape(1, HIDDEN, samples // 160)

    def times(self, samples: int) -> Tensor:
        return torch.arange(samples // 160, dtype=torch.float64) * 160 / self.sample_rate

    def legend(self) -> Legend:
        return Legend("row", "value")

    def forward(self, waveform: Tensor) -> Tensor:
        frames = nn.functional.pad(waveform, (240, 240)).unfold(-1, 640, 160)
        states = self.encoder(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        features: Tensor = (self.gain * states).mT[:, None]
        return features
