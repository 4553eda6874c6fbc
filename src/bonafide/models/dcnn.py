"""The dilated convolutional network on wavelet packets.

Gasenzer and Wolter (2024), "Towards generalizing deep-audio fake detection networks",
https://arxiv.org/abs/2305.13033: convolutions over time and frequency, then dilated ones whose channels are
the time steps.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Final, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.models.model import Network
from bonafide.types import FeatureShape, InputError

POOLINGS: Final = 3  # each halves bins and frames, rounding down
BORDER: Final = 2  # that the first convolution adds in all to bins and to frames
MAPS: Final = 64  # of the last convolution over time and frequency
DILATED: Final = ((3, 1, 1), (5, 2, 2), (7, 2, 4))  # kernel, padding, dilation
LOST: Final = 24  # rows, and columns, that the dilated convolutions take off

PUBLISHED_SLOTS: Final = (0, 1, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18)
"""Numbers of the layers that have weights, up to the last pooling; the missing ones are poolings."""

COUNTER: Final = "num_batches_tracked"
"""Counts the updates of a batch normalisation; only a momentum of None reads it."""


@final
class ShiftedConv2d(nn.Conv2d):
    """A convolution that learns, on a CPU, as one product with shifted copies of the image.

    For an image of one channel or a few: there torch's convolution is slow at the gradient of its weights,
    and the copies, one for each of the taps, are not much beside the output.
    Without a gradient, or on a GPU, it is the usual convolution, as are the names of its weights.

    Args:
        inputs: channels in.
        outputs: channels out.
        kernel: rows and columns.
        padding: zeros on each side.

    Shape:
        `[batch, inputs, rows, columns]` → `[batch, outputs, rows + 2 padding - kernel + 1, columns + …]`.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, *, padding: int) -> None:
        super().__init__(inputs, outputs, kernel, padding=padding)
        self.taps, self.border = kernel, padding

    def forward(self, image: Tensor) -> Tensor:
        """`[batch, inputs, rows, columns]` → `[batch, outputs, rows', columns']`, channels last in memory."""
        learns = torch.is_grad_enabled() and self.weight.requires_grad
        if image.device.type != "cpu" or not learns:
            return super().forward(image)
        image = F.pad(image, [self.border] * 4)
        rows, columns = (size - self.taps + 1 for size in image.shape[2:])
        shifted = [
            image[:, :, row : row + rows, column : column + columns]
            for row in range(self.taps)
            for column in range(self.taps)
        ]
        patches = torch.stack(shifted, dim=-1).movedim(1, 3)  # [batch, rows', columns', inputs, taps²]
        return F.conv2d(patches.flatten(3).movedim(3, 1), self.weight.flatten(1)[..., None, None], self.bias)


@final
class ActivatedPool(nn.Module):
    """A parametric rectifier with one slope, then the largest of two by two.

    As long as the slope is above 0 the rectifier rises and may come after the maximum, which leaves it a
    quarter of the work: on a CPU a third of a training step. Compiled for a CPU, it is a maximum over
    axes, which the compiler joins with the rectifier; equal largest values then share the gradient.

    Shape:
        `[batch, channels, rows, columns]` → `[batch, channels, rows // 2, columns // 2]`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.activation = nn.PReLU()
        self.pool = nn.MaxPool2d(2)

    def forward(self, maps: Tensor) -> Tensor:
        """`[batch, channels, rows, columns]` → `[batch, channels, rows // 2, columns // 2]`."""
        slope = self.activation.weight.detach()
        if torch.compiler.is_compiling() and slope.device.type == "cpu":
            return _largest(self.activation(maps))
        # Asking another device for the slope would wait for it, and a compiled graph cannot branch on it.
        rises = not torch.compiler.is_compiling() and slope.device.type == "cpu" and slope.item() > 0
        layers = (self.pool, self.activation) if rises else (self.activation, self.pool)
        for layer in layers:
            maps = layer(maps)
        return maps


def _largest(maps: Tensor) -> Tensor:
    """Of two by two: `[batch, channels, rows, columns]`, channels last → `[…, rows // 2, columns // 2]`."""
    rows, columns = maps.shape[2] // 2, maps.shape[3] // 2
    pixels = maps.permute(0, 2, 3, 1)[:, : 2 * rows, : 2 * columns]
    squares = pixels.unflatten(1, (rows, 2)).unflatten(3, (columns, 2))  # type: ignore[no-untyped-call]
    largest: Tensor = squares.amax((2, 4))  # [batch, rows, columns, channels]
    return largest.permute(0, 3, 1, 2)


def _stage(
    inputs: int, outputs: int, kernel: int = 3, *, padding: int, pool: bool = False, norm: bool = True
) -> list[nn.Module]:
    """Convolution, activation, and normalisation without scale and shift: the next layer has its own."""
    return [nn.Conv2d(inputs, outputs, kernel, padding=padding), *_behind(outputs, pool=pool, norm=norm)]


def _behind(maps: int, *, pool: bool = False, norm: bool = True) -> list[nn.Module]:
    """What follows a convolution to this many maps."""
    layers: list[nn.Module] = [ActivatedPool() if pool else nn.PReLU()]
    if norm:
        layers.append(nn.BatchNorm2d(maps, affine=False))
    return layers


@final
class DCNN(Network):
    """Six convolutions over time and frequency, three dilated ones that mix time steps, and a mean over time.

    Args:
        shape: of the features; one or more channels.
        classes: 1 or 2 logits.
        channels: that the first five convolutions give; the sixth gives 64.
        dropout: share of the values that a training step leaves out between the two parts.
        time_dropout: the same behind the dilated convolutions, and gone with them.
        dilation: false drops the dilated convolutions, as the paper does to show what they are good for;
            then six bins are enough.

    Raises:
        InputError: the features are a waveform, or too small for the poolings and the dilated convolutions;
            or an option makes no sense.

    Shape:
        `[batch, channels, bins, frames]` → `[batch, classes]`.
    """

    def __init__(
        self,
        shape: FeatureShape,
        classes: int = 2,
        *,
        channels: Sequence[int] = (64, 64, 96, 128, 32),
        dropout: float = 0.6,
        time_dropout: float = 0.2,
        dilation: bool = True,
    ) -> None:
        super().__init__(shape, classes)
        _check(shape, dilation=dilation)
        _check_options(channels, {"dropout": dropout, "time_dropout": time_dropout})
        first, second, third, fourth, fifth = channels
        self.image = nn.Sequential(
            ShiftedConv2d(shape.channels, first, 3, padding=2),
            *_behind(first, pool=True),
            *_stage(first, second, 1, padding=0),
            *_stage(second, third, padding=1, pool=True),
            *_stage(third, fourth, padding=1),
            *_stage(fourth, fifth, padding=1),
            *_stage(fifth, MAPS, padding=1, pool=True, norm=False),
            nn.Dropout(dropout),
        )
        steps, bins = _pooled(shape.frames), _pooled(shape.bins)
        self.time = nn.Sequential()
        self.size = MAPS * bins
        if dilation:
            for kernel, padding, spread in DILATED:
                self.time.append(nn.BatchNorm2d(steps))
                self.time.append(nn.Conv2d(steps, steps, kernel, padding=padding, dilation=spread))
                self.time.append(nn.PReLU())
            self.time.append(nn.Dropout(time_dropout))
            self.size = (MAPS - LOST) * (bins - LOST)
        self.head = nn.Linear(self.size, classes)

    @property
    def width(self) -> int:
        """Size of the embedding."""
        return self.size

    def embed(self, features: Tensor) -> Tensor:
        """`[batch, channels, bins, frames]` → `[batch, width]`.

        The mean over time is taken before the linear head instead of behind it, which gives the same.
        """
        # Convolutions, rectifiers and poolings run about twice as fast with the channels last in memory. An
        # image of one channel has both layouts at once: `contiguous` would leave the choice to chance.
        image = features.transpose(2, 3).clone(memory_format=torch.channels_last)
        maps = self.image(image)  # [batch, 64, steps, bins']
        steps = self.time(maps.transpose(1, 2).contiguous())  # [batch, steps, 40, bins' - 24]
        embedding: Tensor = steps.flatten(2).mean(dim=1)
        return embedding

    def renamed(self, published: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The released weights, layer by layer in the order of the file.

        Their names count for the slots of the layers only: those tell whether the poolings stand where they
        stand here, which the released weights for the wavelet coif4 do not. Their logits are of (bona fide,
        spoof). The scalars that standardized their features were not released.

        Args:
            published: in the order of the file, without `module.` before its names.

        Raises:
            InputError: other layers, another order, or one logit asked for.
        """
        if self.classes != 2:
            raise InputError("the released weights of DCNN give two logits; set model.classes to 2.")
        own = [(name, value) for name, value in self.state_dict().items() if not name.endswith(COUNTER)]
        theirs = [(name, value) for name, value in published.items() if not name.endswith(COUNTER)]
        for ours, other in zip_longest(own, theirs):
            if ours is None or other is None or _form(*ours) != _form(*other):
                raise InputError(
                    f"these are not the released weights of this DCNN: {_said(other)} stands where "
                    f"{_said(ours)} should; choose the front end and clip length that they were trained with."
                )
        pairs = [(ours, other) for (ours, _), (other, _) in zip(own, theirs, strict=True)]
        numbers = [re.findall(r"\.(\d+)\.\w+$", other) for ours, other in pairs if ours.startswith("image.")]
        slots = list(dict.fromkeys(int(slot) for found in numbers for slot in found))
        if slots and tuple(slot - slots[0] for slot in slots) != PUBLISHED_SLOTS:
            raise InputError(
                f"these weights belong to another sequence of layers: from {pairs[0][1]} on they have the "
                f"slots {slots}, not {list(PUBLISHED_SLOTS)}; take those for sym5 or the STFT."
            )
        found = {ours: published[other] for ours, other in pairs}
        return found | {name: found[name].flip(0) for name in ("head.weight", "head.bias")}


def _form(name: str, value: Tensor) -> tuple[str, list[int]]:
    return name.rpartition(".")[2], list(value.shape)


def _said(entry: tuple[str, Tensor] | None) -> str:
    return "nothing" if entry is None else f"{entry[0]} {list(entry[1].shape)}"


def _pooled(size: int) -> int:
    """Bins or frames behind the poolings."""
    return (size + BORDER) // 2**POOLINGS


def _check(shape: FeatureShape, *, dilation: bool) -> None:
    if (shape.channels, shape.bins) == (1, 1):
        raise InputError("DCNN reads a time-frequency image, not a waveform; try frontend=wavelet_packets.")
    least = 2**POOLINGS - BORDER
    bins = least + 2**POOLINGS * LOST if dilation else least
    if shape.bins < bins:
        without = " or model.dilation=false" if least <= shape.bins else ""
        raise InputError(
            f"DCNN needs at least {bins} bins, not {shape.bins}; try frontend=wavelet_packets{without}."
        )
    if shape.frames < least:
        raise InputError(
            f"DCNN needs at least {least} frames, not {shape.frames}; "
            "lengthen data.clip_seconds or choose a smaller hop."
        )


def _check_options(channels: Sequence[int], shares: Mapping[str, float]) -> None:
    if len(channels) != 5 or min(channels) < 1:
        raise InputError(
            f"model.channels lists the channels of five convolutions, not {list(channels)}; "
            "try model.channels=[64,64,96,128,32]."
        )
    for name, share in shares.items():
        if not 0 <= share < 1:
            raise InputError(f"model.{name}={share:g} is no share to leave out; choose 0 or more, below 1.")
