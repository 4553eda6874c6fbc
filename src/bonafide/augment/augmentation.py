"""What every augmentation of waveforms promises."""

from abc import abstractmethod

import torch
from torch import Tensor

from bonafide.augment.change import Change, Drawn
from bonafide.types import Label


class Augmentation(Change[Drawn]):
    """Changes some waveforms of a batch at random; shape and rate stay.

    Args:
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: a setting has no meaning.

    Shape:
        `[batch, time]` → `[batch, time]`, float32.
    """

    def __init__(self, p: float = 1.0, only: Label | None = None) -> None:
        super().__init__(p, only)
        self.place = "device"

    @abstractmethod
    def draw(self, batch: int, samples: int, generator: torch.Generator) -> Drawn:
        """All randomness for a batch, on the CPU: tensors `[batch, …]`, or tuples of such."""

    @abstractmethod
    def apply(self, x: Tensor, drawn: Drawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`."""

    @torch.no_grad()
    def __call__(self, x: Tensor, generator: torch.Generator, target: Tensor | None = None) -> Tensor:
        """`[batch, time]` → `[batch, time]`; see `Change`."""
        with torch.autocast(x.device.type, enabled=False):
            chosen = self.choose(len(x), generator, target)
            return self.blend(x, self.draw(len(x), x.shape[-1], generator), chosen)
