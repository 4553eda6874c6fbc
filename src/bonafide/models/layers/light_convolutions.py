"""The convolutions of the light convolutional network, which keep the larger of two maps.

Wu et al. (2018), "A Light CNN for Deep Face Representation with Noisy Labels",
https://arxiv.org/abs/1511.02683, in the sizes of Lavrentyeva et al. (2019), "STC Antispoofing Systems for the
ASVspoof2019 Challenge", https://arxiv.org/abs/1904.05576.
"""

from typing import Any, Final, final

import torch
from torch import Tensor, nn

from bonafide.types import FeatureShape, InputError

MAPS: Final = 32  # of the last convolution
SIDE: Final = 16  # four poolings, each halves bins and frames, rounding down


class _Larger(torch.autograd.Function):
    """The larger of the two halves of the channels; where both are equal, the second learns.

    The gradient of `torch.maximum` takes eight passes over the maps to share it out between equals, and is
    nearly half of the cost of a light convolutional network on a CPU. Here it takes three.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> Tensor:
        first, second = maps.chunk(2, dim=1)
        ctx.save_for_backward(first > second)
        return torch.maximum(first, second)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (won,) = ctx.saved_tensors
        kept = gradients[0] * won
        return torch.cat([kept, gradients[0] - kept], dim=1)


@final
class MaxFeatureMap(nn.Module):
    """Keeps the larger of the two halves of the channels: a competition instead of a threshold.

    Shape:
        `[batch, 2 * channels, ...]` → `[batch, channels, ...]`.
    """

    def forward(self, maps: Tensor) -> Tensor:
        """`[batch, 2 * channels, ...]` → `[batch, channels, ...]`."""
        if torch.compiler.is_compiling():  # it fuses the passes by itself
            return torch.maximum(*maps.chunk(2, dim=1))
        larger: Tensor = _Larger.apply(maps)  # type: ignore[no-untyped-call]
        return larger


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
class LightConvolutions(nn.Module):
    """Nine max-feature-map convolutions and four poolings.

    Args:
        channels: of the image.

    Shape:
        `[batch, channels, bins, frames]` → `[batch, 32, bins // 16, frames // 16]`.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            MaxConvolution(channels, 32, 5),
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
            MaxConvolution(32, MAPS, 3),
            nn.MaxPool2d(2),
        )

    def forward(self, image: Tensor) -> Tensor:
        """`[batch, channels, bins, frames]` → `[batch, 32, bins // 16, frames // 16]`."""
        # Channels last in memory makes this a third faster on large images. An image of one channel has both
        # layouts at once: `contiguous` would leave the choice to chance.
        maps: Tensor = self.layers(image.clone(memory_format=torch.channels_last))
        return maps


def refuse_unreadable(shape: FeatureShape) -> None:
    """Refuses what the convolutions cannot read.

    Raises:
        InputError: a waveform, or an image too small for four poolings.
    """
    if (shape.channels, shape.bins) == (1, 1):
        raise InputError("LCNN reads a time-frequency image, not a waveform; try frontend=lfcc.")
    if shape.bins < SIDE:
        raise InputError(
            f"LCNN pools four times and needs at least {SIDE} bins, not {shape.bins}; try frontend=lfcc."
        )
    if shape.frames < SIDE:
        raise InputError(
            f"LCNN pools four times and needs at least {SIDE} frames, not {shape.frames}; "
            "lengthen data.clip_seconds or choose a smaller hop."
        )


def refuse_dropout(share: float) -> None:
    """Refuses what is no share of values to leave out.

    Raises:
        InputError: below 0, or 1 and more.
    """
    if not 0 <= share < 1:
        raise InputError(f"model.dropout={share:g} is no share to leave out; choose 0 or more, below 1.")
