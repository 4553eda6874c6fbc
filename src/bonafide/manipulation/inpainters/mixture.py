"""Several inpainters, one of them for each clip."""

from collections.abc import Mapping
from typing import final

import numpy as np

from bonafide.manipulation.inpainter import Inpainter
from bonafide.manipulation.stage import Waveform
from bonafide.types import InputError


@final
class Mixture(Inpainter):
    """Draws, by the seed of a clip, who fills it; the manifest names who did.

    Args:
        parts: inpainters by any names; null for one that is not wanted after all.
        weights: by the same names, relative to each other; 1 where none is given.

    Raises:
        InputError: there is no part, or a weight of none of them, or one below 0.
    """

    def __init__(
        self, parts: Mapping[str, Inpainter | None], weights: Mapping[str, float] | None = None
    ) -> None:
        self.parts = {name: part for name, part in sorted(parts.items()) if part is not None}
        given = dict(weights or {})
        strange = [name for name in given if name not in self.parts]
        if not self.parts or strange or any(weight < 0 for weight in given.values()):
            raise InputError(
                f"inpainter: weights {given} must name some of the parts {', '.join(self.parts) or '(none)'} "
                "and be 0 or more"
            )
        share = np.array([given.get(name, 1.0) for name in self.parts])
        if not share.sum() > 0:
            raise InputError("inpainter.weights: all are 0; give one of the parts more")
        self._until = np.cumsum(share / share.sum())

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "mixture"

    @property
    def heavy(self) -> bool:
        """See `Stage.heavy`."""
        return any(part.heavy for part in self.parts.values())

    @property
    def needs_caption(self) -> bool:
        """See `Inpainter.needs_caption`."""
        return any(part.needs_caption for part in self.parts.values())

    def require(self) -> None:
        """See `Stage.require`."""
        for part in self.parts.values():
            part.require()

    def chosen(self, seed: int) -> Inpainter:
        """See `Inpainter.chosen`."""
        draw = np.random.default_rng([seed, 1]).random()
        place = min(int(np.searchsorted(self._until, draw, side="right")), len(self.parts) - 1)
        return list(self.parts.values())[place].chosen(seed)

    def fill(
        self, masked: Waveform, sample_rate: int, start: int, end: int, *, caption: str, seed: int
    ) -> Waveform:
        """See `Inpainter.fill`."""
        return self.chosen(seed).fill(masked, sample_rate, start, end, caption=caption, seed=seed)
