"""Three towers of temporal convolutions, side by side.

Firc, Malinka and Hanáček (2024), "Deepfake Speech Detection: A Spectrogram Analysis",
https://doi.org/10.1145/3605098.3635911. A tower is the temporal convolutional network of Bai et al. (2018),
https://arxiv.org/abs/1803.01271, with the skip connections of WaveNet (van den Oord et al. 2016,
https://arxiv.org/abs/1609.03499).
"""

from typing import Final, Literal, final, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.models.model import Network
from bonafide.types import FeatureShape, InputError

Axis = Literal["time", "frequency"]
Pooling = Literal["average", "max"]
Join = Literal["position", "channel"]
Readout = Literal["flatten", "mean"]

KERNELS: Final = (3, 5, 7)  # one tower each
DILATIONS: Final = (1, 2, 4, 8, 16, 32)
FILTERS: Final = 64


@final
class CausalConvolution(nn.Module):
    """A dilated convolution that hears nothing to its right, a threshold, and the loss of whole channels.

    Args:
        inputs: channels in.
        kernel: taps, `dilation` steps apart.
        dilation: steps from one tap to the next.
        dropout: share of channels that a training step leaves out.

    Shape:
        `[batch, inputs, steps]` → `[batch, 64, steps]`.
    """

    def __init__(self, inputs: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.past = (kernel - 1) * dilation
        self.convolution = _initialized(nn.Conv1d(inputs, FILTERS, kernel, dilation=dilation))
        self.dropout = nn.Dropout1d(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, inputs, steps]` → `[batch, 64, steps]`."""
        maps: Tensor = self.dropout(self.convolution(F.pad(x, (self.past, 0))).relu())
        return maps


@final
class Tower(nn.Module):
    """Residual blocks of two causal convolutions, each block reaching twice as far back as the one before.

    What the tower gives is the sum of what the blocks add, before they add it to what they read.

    Args:
        inputs: channels in.
        kernel: taps of the convolutions; a step hears `1 + 126 (kernel - 1)` steps, itself the last.
        dropout: share of channels that a training step leaves out.

    Shape:
        `[batch, inputs, steps]` → `[batch, 64, steps]`.
    """

    def __init__(self, inputs: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.entry: nn.Module = nn.Identity()  # beside the first block
        if inputs != FILTERS:
            self.entry = _initialized(nn.Conv1d(inputs, FILTERS, 1))
        self.branches = nn.ModuleList(
            nn.Sequential(
                CausalConvolution(inputs if dilation == 1 else FILTERS, kernel, dilation, dropout),
                CausalConvolution(FILTERS, kernel, dilation, dropout),
            )
            for dilation in DILATIONS
        )

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, inputs, steps]` → `[batch, 64, steps]`."""
        first, *others = self.branches
        added = first(x)
        total: Tensor = added
        x = self.entry(x)
        for branch in others:
            x = (x + added).relu()
            added = branch(x)
            total = total + added
        return total


@final
class TCN(Network):
    """Hears features as a series through three towers of 3, 5 and 7 taps.

    The published detector reads its spectrograms sideways: it runs along frequency, and the instants are its
    channels (`axis="frequency"`).

    Args:
        shape: of the features; the bins of all channels are the channels of the series.
        classes: 1 or 2 logits.
        axis: what the convolutions run along: `"time"`, or `"frequency"`, as published.
        pooling: how `pool` neighbouring steps of a tower become one: `"average"` or `"max"`.
        pool: steps that become one.
        stride: steps between the poolings; the paper has 10 and 5, and 2 and 1 for `"max"`.
        join: the towers are put one behind the other (`"position"`, as published, so that the normalization
            does not tell them apart), or beside one another as 192 channels (`"channel"`).
        readout: `"flatten"` gives every position a weight of its own, as published; `"mean"` averages over
            the positions and so reads clips of any length.
        dropout: share of channels, and before the logits of values, that a training step leaves out.

    Raises:
        InputError: the features are a waveform or have fewer steps than are pooled; or a setting has no
            meaning.

    Shape:
        `[batch, channels, bins, frames]` → `[batch, classes]`.
    """

    def __init__(
        self,
        shape: FeatureShape,
        classes: int = 2,
        *,
        axis: Axis = "time",
        pooling: Pooling = "average",
        pool: int = 10,
        stride: int = 5,
        join: Join = "position",
        readout: Readout = "flatten",
        dropout: float = 0.2,
    ) -> None:
        super().__init__(shape, classes)
        _choose("axis", axis, get_args(Axis))
        _choose("pooling", pooling, get_args(Pooling))
        _choose("join", join, get_args(Join))
        _choose("readout", readout, get_args(Readout))
        _check(shape, axis, pool=pool, stride=stride)
        self.axis, self.join, self.readout = axis, join, readout
        across, steps = (shape.bins, shape.frames) if axis == "time" else (shape.frames, shape.bins)
        self.towers = nn.ModuleList(Tower(shape.channels * across, kernel, dropout) for kernel in KERNELS)
        self.pool = nn.AvgPool1d(pool, stride) if pooling == "average" else nn.MaxPool1d(pool, stride)
        joined = FILTERS if join == "position" else FILTERS * len(KERNELS)
        self.normalization = nn.BatchNorm1d(joined, eps=1e-3, momentum=0.01)
        self.dropout = nn.Dropout(dropout)
        pooled = (steps - pool) // stride + 1
        self._width = joined if readout == "mean" else len(KERNELS) * FILTERS * pooled
        self.head = nn.Linear(self._width, classes)
        nn.init.xavier_uniform_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    @property
    def width(self) -> int:
        """Size of the embedding: all that the pooled towers give, or its mean over the positions."""
        return self._width

    def embed(self, features: Tensor) -> Tensor:
        """`[batch, channels, bins, frames]` → `[batch, width]`."""
        image = features if self.axis == "time" else features.transpose(2, 3)
        series = image.flatten(1, 2)  # [batch, channels * across, steps]
        towers = [self.pool(tower(series)) for tower in self.towers]  # each [batch, 64, pooled]
        together = torch.cat(towers, dim=-1 if self.join == "position" else 1)
        joined: Tensor = self.dropout(self.normalization(together))
        return joined.mean(dim=-1) if self.readout == "mean" else joined.flatten(1)


def _initialized(convolution: nn.Conv1d) -> nn.Conv1d:
    """As He et al. (2015), https://arxiv.org/abs/1502.01852, which a tower without normalisation needs."""
    nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    assert convolution.bias is not None  # noqa: S101 - for the type checker
    nn.init.zeros_(convolution.bias)
    return convolution


def _choose(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InputError(f"TCN knows no {option}={value}; set model.{option} to {' or '.join(choices)}.")


def _check(shape: FeatureShape, axis: Axis, *, pool: int, stride: int) -> None:
    if (shape.channels, shape.bins) == (1, 1):
        raise InputError("TCN reads a spectrogram, not a waveform; try frontend=idsd_mel.")
    if pool < 1 or stride < 1:
        raise InputError(f"TCN cannot pool {pool} steps every {stride}; try model.pool=10 model.stride=5.")
    if axis == "time" and shape.frames < pool:
        raise InputError(
            f"TCN pools {pool} frames and the clip has {shape.frames}; lengthen data.clip_seconds or lower "
            "model.pool."
        )
    if axis == "frequency" and shape.bins < pool:
        raise InputError(
            f"TCN pools {pool} bins and the features have {shape.bins}; try frontend=idsd_mel or lower "
            "model.pool."
        )
