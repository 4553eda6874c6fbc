"""What augmentations of waveforms and of features share: whom they change, and by which draws."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Generic, Literal, NamedTuple, TypeVar

import torch
from torch import Tensor

from bonafide.types import BONAFIDE, SPOOF, InputError, Label

Place = Literal["loader", "device", "features"]
"""Where a change is made: clip by clip in the loader's workers, on batches of waveforms, or of features."""

Drawn = TypeVar("Drawn", bound=tuple[Any, ...])


class Nothing(NamedTuple):
    """The draws of a change that always does the same."""


def seeded(numbers: Sequence[int]) -> torch.Generator:
    """A generator whose draws depend on all of the numbers, such as seed, epoch, step and rank.

    >>> torch.rand(2, generator=seeded([7, 0, 3])).equal(torch.rand(2, generator=seeded([7, 0, 3])))
    True
    """
    digest = hashlib.sha256(repr([int(number) for number in numbers]).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8]))


class Change(ABC, Generic[Drawn]):
    """Changes some rows of a batch at random.

    A subclass draws all its randomness on the CPU, the same whatever the rows hold, and applies it in a pure
    function. It has nothing to learn and nothing to save.

    Args:
        p: probability that a row is changed.
        only: label of the rows that may be changed; None for all. A change of one class alone teaches a
            detector to hear the change.

    Raises:
        InputError: `p` is no probability, or there is no such label.
    """

    place: Place
    moves: bool = False
    """Whether what lies in a clip comes to lie at another time."""

    def __init__(self, p: float = 1.0, only: Label | None = None) -> None:
        if not 0 <= p <= 1:
            raise InputError(f"augment: p={p} is no probability; choose one from 0 to 1")
        if only not in (None, BONAFIDE, SPOOF):
            raise InputError(f"augment: there is no label only={only!r}; choose {BONAFIDE}, {SPOOF} or null")
        self.p, self.only = p, only

    @property
    def parts(self) -> "tuple[Change[Any], ...]":
        """The changes that this one is made of, in order: itself."""
        return (self,)

    @abstractmethod
    def apply(self, x: Tensor, drawn: Drawn) -> Tensor:
        """Every row changed as its draws say; of the same shape, and `x` itself is left alone."""

    @abstractmethod
    def __call__(self, x: Tensor, generator: torch.Generator, target: Tensor | None = None) -> Tensor:
        """The batch with some rows changed.

        Args:
            x: the batch, on any device.
            generator: of the draws, on the CPU.
            target: `[batch]` bona fide 1, spoof 0; needed where `only` is set.
        """

    def choose(self, batch: int, generator: torch.Generator, target: Tensor | None) -> Tensor:
        """Which rows are changed, `[batch]` bool on the CPU.

        Raises:
            InputError: `only` is set and nobody says which rows are of that label.
        """
        chosen = torch.rand(batch, generator=generator) < self.p
        if self.only is None:
            return chosen
        if target is None:
            raise InputError(
                f"augment: only={self.only} needs labels, and there are none here; set it to null"
            )
        return chosen & ((target.detach().cpu() > 0.5) == (self.only == BONAFIDE))

    def blend(self, x: Tensor, drawn: Drawn, chosen: Tensor) -> Tensor:
        """The batch with the chosen rows changed; the others cost nothing."""
        if not chosen.any():
            return x
        if chosen.all():
            return self.apply(x, moved(drawn, x.device))
        rows = chosen.nonzero().squeeze(1)
        place = rows.to(x.device)
        changed = self.apply(x[place], moved(drawn, x.device, rows))
        return x.index_copy(0, place, changed.to(x.dtype))


def moved(drawn: Drawn, device: torch.device, rows: Tensor | None = None) -> Drawn:
    """Draws (tensors, or tuples of such) on a device; of some rows only, if they are given."""
    found: Drawn = type(drawn)(*(_moved(each, device, rows) for each in drawn))
    return found


def _moved(drawn: Any, device: torch.device, rows: Tensor | None) -> Any:
    if isinstance(drawn, Tensor):
        return (drawn if rows is None else drawn[rows]).to(device, non_blocking=True)
    return moved(drawn, device, rows)
