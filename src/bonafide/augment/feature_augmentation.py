"""What every augmentation of features promises."""

from abc import abstractmethod

import torch
from torch import Tensor

from bonafide.augment.change import Change, Drawn
from bonafide.types import FeatureShape, Label


class FeatureAugmentation(Change[Drawn]):
    """Changes what the front end made of some clips at random; differentiable, shape kept.

    Args:
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: a setting has no meaning.

    Shape:
        `[batch, channels, bins, frames]` → `[batch, channels, bins, frames]`.
    """

    def __init__(self, p: float = 1.0, only: Label | None = None) -> None:
        super().__init__(p, only)
        self.place = "features"

    @abstractmethod
    def draw(self, batch: int, shape: FeatureShape, generator: torch.Generator) -> Drawn:
        """All randomness for a batch, on the CPU: tensors `[batch, …]`, or tuples of such."""

    @abstractmethod
    def apply(self, x: Tensor, drawn: Drawn) -> Tensor:
        """`[batch, channels, bins, frames]` → `[batch, channels, bins, frames]`."""

    def __call__(self, x: Tensor, generator: torch.Generator, target: Tensor | None = None) -> Tensor:
        """`[batch, channels, bins, frames]` → the same shape; see `Change`."""
        chosen = self.choose(len(x), generator, target)
        return self.blend(x, self.draw(len(x), FeatureShape(*x.shape[1:]), generator), chosen)
