"""One region of a clip, as FakeSound chooses it."""

from collections.abc import Sequence
from math import ceil, floor
from typing import Literal, final

import numpy as np

from bonafide.manipulation.grounder import Grounded
from bonafide.manipulation.selector import Selector
from bonafide.types import InputError, Segment

_NEARLY = 1e-6  # steps of the grid


@final
class KeyRegion(Selector):
    """The most probable stretch of a fitting length, both ends on a grid.

    FakeSound's parts `train` and `easy` hold regions of 1 to 4 s, `hard` and `zeroshot` of any length, all on
    the grid of 0.04 s of its grounder.

    Args:
        shortest: seconds of a region.
        longest: seconds; null for any length.
        grid: seconds; ends are rounded to its multiples.
        shorter: where every stretch is too short, `grow` takes the most probable one and as much around it as
            is wanting; `leave` leaves the clip out, as FakeSound does.
        longer: what becomes of a longer stretch: `cut` takes a region within it, of a length and at a place
            drawn uniformly; `leave` does not use it, as FakeSound does.
        choose: `best` takes the most probable stretch, `any` draws one.
        cut: true takes a drawn part of every stretch, also of one that would fit.

    Raises:
        InputError: a setting has no meaning.
    """

    def __init__(
        self,
        shortest: float = 1.0,
        longest: float | None = 4.0,
        grid: float = 0.04,
        *,
        shorter: Literal["grow", "leave"] = "grow",
        longer: Literal["cut", "leave"] = "cut",
        choose: Literal["best", "any"] = "best",
        cut: bool = False,
    ) -> None:
        if not 0 < grid <= 1 or shortest < 0 or (longest is not None and longest < max(shortest, grid)):
            raise InputError(
                f"selector: shortest={shortest}, longest={longest} and grid={grid} must be seconds in this "
                "order: 0 ≤ shortest ≤ longest, 0 < grid ≤ 1"
            )
        if (
            shorter not in {"grow", "leave"}
            or longer not in {"cut", "leave"}
            or choose not in {"best", "any"}
        ):
            raise InputError(
                f"selector: shorter={shorter} must be grow or leave, longer={longer} cut or leave, "
                f"choose={choose} best or any"
            )
        self.grid, self.shorter, self.longer, self.choose, self.cut = grid, shorter, longer, choose, cut
        self.least = max(1, ceil(shortest / grid - _NEARLY))
        self.most = None if longest is None else floor(longest / grid + _NEARLY)

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "key_region"

    def select(
        self, grounded: Sequence[Grounded], seconds: float, generator: np.random.Generator
    ) -> Segment | None:
        """See `Selector.select`."""
        end = floor(seconds / self.grid + _NEARLY)
        found = [
            (max(0, round(start / self.grid)), min(end, round(stop / self.grid)), probability)
            for start, stop, probability in sorted(grounded)
        ]
        stretches = [
            (first, last, probability)
            for first, last, probability in found
            if last - first >= self.least and not self._too_long(last - first)
        ]
        if not stretches:
            return self._grown(found, end)
        if self.choose == "any":
            first, last, _ = stretches[int(generator.integers(len(stretches)))]
        else:
            first, last, _ = max(stretches, key=lambda stretch: stretch[2])
        most = last - first if self.most is None else min(self.most, last - first)
        if self.cut or most < last - first:
            steps = int(generator.integers(self.least, most + 1))
            first = int(generator.integers(first, last - steps + 1))
            last = first + steps
        return Segment(round(first * self.grid, 6), round(last * self.grid, 6))

    def _too_long(self, steps: int) -> bool:
        return self.longer == "leave" and self.most is not None and steps > self.most

    def _grown(self, found: Sequence[tuple[int, int, float]], end: int) -> Segment | None:
        """The most probable of the stretches that are too short, and what is around it."""
        short = [stretch for stretch in found if stretch[1] - stretch[0] < self.least]
        if self.shorter == "leave" or not short or end < self.least:
            return None
        first, last, _ = max(short, key=lambda stretch: stretch[2])
        first = min(max(0, (first + last - self.least) // 2), end - self.least)
        return Segment(round(first * self.grid, 6), round((first + self.least) * self.grid, 6))
