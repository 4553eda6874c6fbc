"""Means and variances that are gathered in pieces, in any process, and put together without loss.

Chan, Golub and LeVeque (1979), "Updating formulae and a pairwise algorithm for computing sample variances",
Stanford STAN-CS-79-773.
"""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray


class Moments(NamedTuple):
    """Of values that came so far; in double precision, whatever they came in.

    Args:
        counts: how many, `[1]` or, where some are missing, `[values]`.
        mean: `[values]`; 0 of none.
        squares: sum of the squared distances from the mean, `[values]`.

    >>> one, other = Moments.of(np.array([[1.0], [2.0]])), Moments.of(np.array([[6.0]]))
    >>> both = one.merged(other)
    >>> both.mean.tolist(), both.deviation.round(3).tolist()
    ([3.0], [2.646])
    """

    counts: NDArray[np.int64]
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def of(cls, values: NDArray[np.floating]) -> Self:
        """Of rows, `[rows, values]`; what is not a number is missing."""
        values = values.astype(np.float64)
        missing = np.isnan(values)
        whole = missing.all(axis=1)
        if (missing == whole[:, None]).all():
            kept = values[~whole]
            mean = kept.sum(axis=0) / max(len(kept), 1)
            return cls(np.array([len(kept)]), mean, ((kept - mean) ** 2).sum(axis=0))
        count = (~missing).sum(axis=0)
        mean = np.where(missing, 0, values).sum(axis=0) / np.maximum(count, 1)
        return cls(count, mean, np.where(missing, 0, (values - mean) ** 2).sum(axis=0))

    def merged(self, other: "Moments") -> "Moments":
        """Of both."""
        count = self.counts + other.counts
        share = other.counts / np.maximum(count, 1)
        step = other.mean - self.mean
        squares = self.squares + other.squares + step**2 * (self.counts * share)
        return Moments(count, self.mean + step * share, squares)

    @property
    def value(self) -> NDArray[np.float64]:
        """The mean; not a number where there is nothing."""
        return np.where(self.counts > 0, self.mean, np.nan)

    @property
    def deviation(self) -> NDArray[np.float64]:
        """Standard deviation of the sample; not a number below two values."""
        variance = self.squares / np.maximum(self.counts - 1, 1)
        return np.where(self.counts > 1, np.sqrt(variance), np.nan)

    @property
    def error(self) -> NDArray[np.float64]:
        """Standard error of the mean."""
        return self.deviation / np.sqrt(np.maximum(self.counts, 1))
