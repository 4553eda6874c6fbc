"""The light convolutional network of anti-spoofing.

Lavrentyeva et al. (2019), "STC Antispoofing Systems for the ASVspoof2019 Challenge",
https://arxiv.org/abs/1904.05576, after Wu et al. (2018), https://arxiv.org/abs/1511.02683; in the sizes of
Xie et al. (2024), "The Codecfake Dataset and Countermeasures", https://arxiv.org/abs/2405.04880.
"""

from typing import Final, final

import torch
from torch import Tensor, nn

from bonafide.models.model import Model
from bonafide.types import FeatureShape, InputError

POOLINGS: Final = 4  # each halves bins and frames, rounding down


@final
class MaxFeatureMap(nn.Module):
    """Keeps the larger of the two halves of the channels: a competition instead of a threshold.

    Shape:
        `[batch, 2 * channels, ...]` → `[batch, channels, ...]`.
    """

    def forward(self, maps: Tensor) -> Tensor:
        """`[batch, 2 * channels, ...]` → `[batch, channels, ...]`."""
        first, second = maps.chunk(2, dim=1)
        return torch.maximum(first, second)


@final
class MaxConvolution(nn.Module):
    """A convolution that keeps the size of the image, then the max-feature-map.

    Args:
        inputs: channels in.
        outputs: channels out, half of what is convolved.
        kernel: odd side of the square kernel.

    Shape:
        `[batch, inputs, bins, frames]` → `[batch, outputs, bins, frames]`.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, 2 * outputs, kernel, padding=kernel // 2)
        self.activation = MaxFeatureMap()

    def forward(self, image: Tensor) -> Tensor:
        """`[batch, inputs, bins, frames]` → `[batch, outputs, bins, frames]`."""
        maps: Tensor = self.activation(self.convolution(image))
        return maps


def _normalization(channels: int) -> nn.BatchNorm2d:
    """Batch normalisation without scale and shift: the next convolution has its own."""
    return nn.BatchNorm2d(channels, affine=False)


@final
class LCNN(Model):
    """Nine max-feature-map convolutions and a small head, on any image of at least 16 × 16.

    Args:
        shape: of the features; one or more channels.
        classes: 1 or 2 logits.
        dropout: share of the flattened maps that a training step leaves out; the layer behind it holds most
            of the parameters.
        embedding: width of the layer before the logits.

    Raises:
        InputError: the features are a waveform, or too small for four poolings.

    Shape:
        `[batch, channels, bins, frames]` → `[batch, classes]`.
    """

    def __init__(
        self, shape: FeatureShape, classes: int = 2, *, dropout: float = 0.7, embedding: int = 256
    ) -> None:
        super().__init__(shape, classes)
        _check(shape)
        self.maps = nn.Sequential(
            MaxConvolution(shape.channels, 32, 5),
            nn.MaxPool2d(2),
            MaxConvolution(32, 32, 1),
            _normalization(32),
            MaxConvolution(32, 48, 3),
            nn.MaxPool2d(2),
            _normalization(48),
            MaxConvolution(48, 48, 1),
            _normalization(48),
            MaxConvolution(48, 64, 3),
            nn.MaxPool2d(2),
            MaxConvolution(64, 64, 1),
            _normalization(64),
            MaxConvolution(64, 32, 3),
            _normalization(32),
            MaxConvolution(32, 32, 1),
            _normalization(32),
            MaxConvolution(32, 32, 3),
            nn.MaxPool2d(2),
        )
        side = 2**POOLINGS
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(32 * (shape.bins // side) * (shape.frames // side), 160),
            MaxFeatureMap(),
            nn.Linear(80, embedding),
            nn.Linear(embedding, classes),
        )

    def forward(self, features: Tensor) -> Tensor:
        """`[batch, channels, bins, frames]` → `[batch, classes]`, unnormalised."""
        maps = self.maps(features)  # [batch, 32, bins // 16, frames // 16]
        logits: Tensor = self.head(maps)
        return logits


def _check(shape: FeatureShape) -> None:
    if (shape.channels, shape.bins) == (1, 1):
        raise InputError("LCNN reads a time-frequency image, not a waveform; try frontend=lfcc.")
    side = 2**POOLINGS
    if shape.bins < side:
        raise InputError(
            f"LCNN pools {POOLINGS} times and needs at least {side} bins, not {shape.bins}; "
            "try frontend=lfcc."
        )
    if shape.frames < side:
        raise InputError(
            f"LCNN pools {POOLINGS} times and needs at least {side} frames, not {shape.frames}; "
            "lengthen data.clip_seconds or choose a smaller hop."
        )
