"""Layers by the names that a list gives them, each made for what comes in.

`bonafide.models.sequential` says which there are.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, TypeAlias, final

import torch
from torch import Tensor, nn

from bonafide.models.layers.light_convolutions import MaxFeatureMap
from bonafide.types import InputError

Shape: TypeAlias = tuple[int, ...]  # of what a layer reads, without the batch
Sides: TypeAlias = int | Sequence[int]  # one for all axes, or one for each
Padding: TypeAlias = int | Sequence[int] | str


@final
class Permute(nn.Module):
    """Puts the axes in another order.

    Args:
        axes: 1, 2, … in the order wanted; the batch stays in front.
    """

    def __init__(self, axes: Sequence[int]) -> None:
        super().__init__()
        self.axes = tuple(axes)

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, a, b, c]` → `[batch, b, a, c]` for the axes 2, 1, 3."""
        turned = x.permute(0, *self.axes)
        return turned.clone(memory_format=torch.channels_last) if turned.dim() == 4 else turned


@final
class Mean(nn.Module):
    """The mean over one axis, which goes.

    Args:
        axis: from 1 up; 0 is the batch.
    """

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, a, b]` → `[batch, b]` for axis 1."""
        return x.mean(dim=self.axis)


@final
class Recurrent(nn.Module):
    """A recurrent layer that gives what it has at every step.

    Args:
        layer: reads the batch first.
    """

    def __init__(self, layer: nn.LSTM | nn.GRU) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, steps, width]` → `[batch, steps, features]`, twice as many features in both directions."""
        steps: Tensor = self.layer(x)[0]
        return steps


def made(place: str, options: Mapping[str, Any], shape: Shape) -> tuple[nn.Module, Shape]:
    """A layer for what comes in, and the shape of what it gives.

    Args:
        place: of the layer in the config.
        options: its name under `layer`, and its options.
        shape: of what comes in, without the batch.

    Raises:
        InputError: the name or an option is unknown, missing or makes no sense, or the layer cannot read it.
    """
    if not isinstance(options, Mapping) or "layer" not in options:
        raise InputError(f"{place} is {options!r} and names no layer; write {{layer: NAME, OPTION: VALUE}}.")
    given = dict(options)
    name = given.pop("layer")
    if not isinstance(name, str) or name not in LAYERS:
        raise InputError(f"{place}: there is no layer {name}; {_nearest(name, LAYERS)}.")
    _check_options(f"{place} ({name})", given, inspect.signature(LAYERS[name]).parameters)
    try:
        with torch.device("meta"):  # has shapes, but neither values nor costs
            trial = LAYERS[name](shape, **given)(torch.empty(2, *shape))
        return LAYERS[name](shape, **given), tuple(trial.shape[1:])
    except (ValueError, TypeError, RuntimeError, IndexError) as error:
        reason = (str(error).splitlines() or ["it fails"])[0].rstrip(".")
        raise InputError(
            f"{place} ({name}) cannot read {list(shape)}: {reason}; change it or a layer before it, or "
            "try another frontend."
        ) from error


def _check_options(place: str, given: Mapping[str, Any], known: Mapping[str, inspect.Parameter]) -> None:
    """Refuses options that the layer does not have, misses, or cannot mean."""
    takes = {option: parameter for option, parameter in known.items() if option != "shape"}
    for option, value in given.items():
        if option not in takes:
            raise InputError(f"{place} has no option {option}; {_nearest(option, takes)}.")
        words, suits = KINDS[takes[option].annotation]
        if not suits(value):
            raise InputError(f"{place}: {option}={value} should be {words}; change {option}.")
    for option, parameter in takes.items():
        if parameter.default is inspect.Parameter.empty and option not in given:
            words, _ = KINDS[parameter.annotation]
            raise InputError(f"{place} needs {option}; give it {words}.")


def _nearest(word: object, known: Mapping[str, object]) -> str:
    near = get_close_matches(str(word), known, 1)
    if near:
        return f"perhaps {near[0]} is meant"
    return f"choose from {', '.join(known)}" if known else "it takes none"


def _numbers(value: Any, least: int) -> bool:
    """Whether it is a whole number from `least` up, or a list of some."""
    values = value if isinstance(value, list | tuple) else [value]
    return bool(values) and all(type(number) is int and number >= least for number in values)


KINDS: Final[Mapping[Any, tuple[str, Callable[[Any], bool]]]] = {
    int: ("a whole number from 1 up", lambda value: type(value) is int and value >= 1),
    int | None: ("a whole number from 1 up", lambda value: type(value) is int and value >= 1),
    float: ("a number", lambda value: type(value) in {int, float}),
    bool: ("true or false", lambda value: type(value) is bool),
    Sides: ("whole numbers from 1 up, one or one for each axis", lambda value: _numbers(value, 1)),
    Padding: ("same or whole numbers", lambda value: value == "same" or _numbers(value, 0)),
    Sequence[int]: ("a list of axes", lambda value: type(value) in {list, tuple} and _numbers(value, 1)),
}
"""What the options of a layer may be, by their types, in words and as a test."""


def _axes(shape: Shape, *known: int) -> int:
    if len(shape) not in known:
        raise ValueError(f"it reads {' or '.join(str(count) for count in known)} axes of a clip")
    return len(shape)


def _check_sides(shape: Shape, *sides: Padding) -> None:
    for side in sides:
        if not isinstance(side, int | str) and len(side) not in {0, len(shape) - 1}:
            raise ValueError(f"{list(side)} is not for {len(shape) - 1} axes besides the channels")


def _conv(
    shape: Shape,
    *,
    channels: int | None = None,
    kernel: Sides = 3,
    stride: Sides = 1,
    padding: Padding = 0,
    dilation: Sides = 1,
    groups: int = 1,
    bias: bool = True,
) -> nn.Module:
    kind: Any = nn.Conv2d if _axes(shape, 2, 3) == 3 else nn.Conv1d
    _check_sides(shape, kernel, stride, padding, dilation)
    made: nn.Module = kind(shape[0], channels or shape[0], kernel, stride, padding, dilation, groups, bias)
    return made


def _pool(kinds: Sequence[Callable[..., nn.Module]]) -> Callable[..., nn.Module]:
    def make(shape: Shape, *, size: Sides = 2, stride: Sides = ()) -> nn.Module:
        two = _axes(shape, 2, 3) == 3
        _check_sides(shape, size, stride)
        return kinds[two](size, stride or None)

    return make


def _batch_norm(shape: Shape, *, affine: bool = True) -> nn.Module:
    kind = nn.BatchNorm2d if _axes(shape, 1, 2, 3) == 3 else nn.BatchNorm1d
    return kind(shape[0], affine=affine)


def _activation(kind: Callable[[], nn.Module]) -> Callable[..., nn.Module]:
    def make(shape: Shape) -> nn.Module:  # noqa: ARG001 - it does not matter
        return kind()

    return make


def _permute(shape: Shape, *, axes: Sequence[int]) -> nn.Module:
    if sorted(axes) != list(range(1, len(shape) + 1)):
        raise ValueError(f"{list(axes)} is no order of the axes 1 to {len(shape)}")
    return Permute(axes)


def _flatten(shape: Shape, *, start: int = 1) -> nn.Module:  # noqa: ARG001
    return nn.Flatten(start)


def _mean(shape: Shape, *, axis: int) -> nn.Module:  # noqa: ARG001
    return Mean(axis)


def _leaky_relu(shape: Shape, *, slope: float = 0.01) -> nn.Module:  # noqa: ARG001
    return nn.LeakyReLU(slope)


def _dropout(shape: Shape, *, p: float = 0.5) -> nn.Module:  # noqa: ARG001
    return nn.Dropout(p)


def _layer_norm(shape: Shape) -> nn.Module:
    return nn.LayerNorm(shape[-1])


def _linear(shape: Shape, *, features: int, bias: bool = True) -> nn.Module:
    return nn.Linear(shape[-1], features, bias)


def _recurrent(kind: type[nn.LSTM | nn.GRU]) -> Callable[..., nn.Module]:
    def make(shape: Shape, *, features: int, layers: int = 1, bidirectional: bool = False) -> nn.Module:
        _axes(shape, 2)
        return Recurrent(kind(shape[-1], features, layers, batch_first=True, bidirectional=bidirectional))

    return make


LAYERS: Final[Mapping[str, Callable[..., nn.Module]]] = {
    "conv": _conv,
    "max_pool": _pool([nn.MaxPool1d, nn.MaxPool2d]),
    "avg_pool": _pool([nn.AvgPool1d, nn.AvgPool2d]),
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "prelu": _activation(nn.PReLU),
    "relu": _activation(nn.ReLU),
    "leaky_relu": _leaky_relu,
    "selu": _activation(nn.SELU),
    "gelu": _activation(nn.GELU),
    "tanh": _activation(nn.Tanh),
    "sigmoid": _activation(nn.Sigmoid),
    "max_feature_map": _activation(MaxFeatureMap),
    "dropout": _dropout,
    "permute": _permute,
    "flatten": _flatten,
    "mean": _mean,
    "linear": _linear,
    "lstm": _recurrent(nn.LSTM),
    "gru": _recurrent(nn.GRU),
}
"""What makes a layer of each name, given the shape that comes in and the options."""
