"""Ranges that settings are drawn from."""

from collections.abc import Sequence
from math import inf, isfinite
from typing import NamedTuple

import torch
from torch import Tensor

from bonafide.types import InputError


class Uniform(NamedTuple):
    """A uniform distribution between two numbers."""

    low: float
    high: float

    def draw(self, generator: torch.Generator, *shape: int) -> Tensor:
        """`[*shape]` float32."""
        return self.low + (self.high - self.low) * torch.rand(shape, generator=generator)

    def draw_whole(self, generator: torch.Generator, *shape: int) -> Tensor:
        """`[*shape]` int64, both ends included."""
        return torch.randint(int(self.low), int(self.high) + 1, shape, generator=generator)


def uniform(setting: str, given: Sequence[float], least: float = -inf, most: float = inf) -> Uniform:
    """A setting `[low, high]` that must lie from `least` to `most`.

    Raises:
        InputError: it does not, is in the wrong order, or is not two numbers.
    """
    if len(given) == 2 and least <= given[0] <= given[1] <= most and isfinite(given[0] + given[1]):
        return Uniform(float(given[0]), float(given[1]))
    raise InputError(
        f"augment: {setting}={list(given)} is no range; give [low, high] between {least:g} and {most:g}"
    )
