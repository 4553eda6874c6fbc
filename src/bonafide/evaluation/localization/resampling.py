"""Sets drawn anew from the files of a test group: what an interval is made of.

Files that belong together, such as a recording and the fake made from it, are drawn together (a unit). Sums
over files are weighted sums over units, so that a draw costs a row of a matrix product.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from bonafide.evaluation.scores import Texts
from bonafide.metrics.intervals import tails
from bonafide.metrics.localization.timeline import Floats, Integers
from bonafide.metrics.schemes import multiplicities

_CELLS: Final = 1 << 22  # draws held at once, 32 MB
_LEVEL: Final = 0.95


class Units(NamedTuple):
    """Which files are drawn together.

    Args:
        of: `[files]`, number of the unit of each.
        number: of units.
    """

    of: Integers
    number: int

    def sums(self, values: NDArray[np.generic]) -> Floats:
        """`[files]` → `[units]`, or `[files, columns]` → `[units, columns]`."""
        columns = np.asarray(values, np.float64).reshape(len(self.of), -1)
        found = np.stack(
            [np.bincount(self.of, column, minlength=self.number) for column in columns.T], axis=1
        )
        return np.asarray(found.reshape(self.number, *np.shape(values)[1:]), np.float64)


class Draws(NamedTuple):
    """Random sets of units; equal draws are the same sets, whatever is measured on them.

    Args:
        units: how many there are, and how many are drawn.
        replicates: sets.
        seed: of the draws.
    """

    units: int
    replicates: int = 1000
    seed: int = 0

    def sums(self, table: NDArray[np.floating]) -> Iterator[Floats]:
        """Sums over the units of each set, in blocks of sets.

        Args:
            table: `[units, columns]`.

        Yields:
            `[sets, columns]`, computed in the precision of the table.
        """
        rows = max(1, _CELLS // self.units)
        sizes = [min(rows, self.replicates - start) for start in range(0, self.replicates, rows)]
        for stream, size in zip(SeedSequence(self.seed).spawn(len(sizes)), sizes, strict=True):
            drawn = multiplicities(np.random.default_rng(stream), size, self.units)
            yield (drawn.astype(table.dtype) @ table).astype(np.float64)


def units(unit: Texts, every: Texts | None = None) -> Units:
    """Files by what they share; each for itself if all share the same.

    Args:
        unit: `[files]`, what each belongs to.
        every: what there is to be drawn, if that is more than these files.

    >>> units(np.array(["a", "b", "a"], object))
    Units(of=array([0, 1, 0]), number=2)
    """
    names, of = np.unique(unit.astype(str), return_inverse=True)
    if every is not None:
        known = np.unique(every.astype(str))
        return Units(np.searchsorted(known, names)[of], len(known))
    if len(names) < 2:
        return Units(np.arange(len(unit)), len(unit))
    return Units(of, len(names))


def interval(values: Floats) -> list[float] | None:
    """Bounds of the middle 95 % of what the sets gave; None where most sets gave nothing.

    Args:
        values: `[sets]`, NaN for a set that the measure cannot be told of.
    """
    known = values[np.isfinite(values)]
    if 2 * len(known) < len(values):
        return None
    low, high = np.quantile(known, tails(_LEVEL))
    return [float(low), float(high)]
