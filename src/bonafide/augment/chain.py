"""Several changes in order, each where it belongs."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bonafide.augment.change import Change, Place, seeded
from bonafide.types import InputError

_ORDER: tuple[Place, ...] = ("loader", "device", "features")


@final
class Chain:
    """Changes by name, in order, each with its own probability.

    Those of the loader come first, then those of waveforms on the device, then those of features, because
    this is the order in which a clip passes there.

    Args:
        parts: by any names, or None for one that is left out; a chain counts as its parts.
        validation: whether validation clips are changed too, alike at every validation.

    Raises:
        InputError: a part would have to go back, such as from the device to the loader.
    """

    def __init__(
        self, parts: "Mapping[str, Change[Any] | Chain | None]", *, validation: bool = False
    ) -> None:
        named = [(name, change) for name, part in parts.items() if part is not None for change in part.parts]
        for (before, one), (after, other) in pairwise(named):
            if _ORDER.index(one.place) > _ORDER.index(other.place):
                raise InputError(
                    f"augment: {after} ({other.place}) cannot follow {before} ({one.place}), because a clip "
                    f"passes through {', '.join(_ORDER)} in this order; put {after} first"
                )
        self.parts: tuple[Change[Any], ...] = tuple(change for _, change in named)
        self.validation = validation

    def has(self, place: Place) -> bool:
        """Whether anything is done at a place."""
        return any(part.place == place for part in self.parts)

    @property
    def moving(self) -> Sequence[str]:
        """Names of the changes after which what lies in a clip lies at another time."""
        return [type(part).__name__.lower() for part in self.parts if part.moves]

    def clip(self, waveform: NDArray[np.float32], seed: Sequence[int], target: float) -> NDArray[np.float32]:
        """One clip in the loader: `[time]` → `[time]`.

        Args:
            waveform: of the clip, at its final length.
            seed: numbers that tell this reading of the clip from others.
            target: bona fide 1, spoof 0.
        """
        if not self.has("loader"):
            return waveform
        batch, label = torch.tensor(waveform)[None], torch.tensor([target])
        changed: NDArray[np.float32] = self._run("loader", batch, seeded(seed), label)[0].numpy()
        return changed

    def waveforms(self, waveform: Tensor, generator: torch.Generator, target: Tensor) -> Tensor:
        """A batch on the device: `[batch, time]` → `[batch, time]`; the generator is on the CPU."""
        return self._run("device", waveform, generator, target)

    def features(self, features: Tensor, generator: torch.Generator, target: Tensor) -> Tensor:
        """`[batch, channels, bins, frames]` → the same shape; the generator is on the CPU."""
        return self._run("features", features, generator, target)

    def _run(self, place: Place, x: Tensor, generator: torch.Generator, target: Tensor) -> Tensor:
        for part in self.parts:
            if part.place == place:
                x = part(x, generator, target)
        return x
