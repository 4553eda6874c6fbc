"""What a bootstrap draws with replacement: trials, speakers, systems, or groups of recordings.

A scheme is a list of factors. A factor's units are drawn as often as there are units, and a trial weighs as
much as the product of the draws of its units. Drawing trials speaks of the noise of these speakers and these
systems; drawing speakers and systems, of new ones (Owen, The pigeonhole bootstrap, Annals of Applied
Statistics 1, 2007).
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from bonafide.types import InputError

Weights: TypeAlias = NDArray[np.int64]
Units: TypeAlias = NDArray[np.intp] | slice  # a slice: every trial is a unit of its own

_PIECE = 1 << 16  # units whose numbers fit 16 bits


class Factor(NamedTuple):
    """Units that are drawn together.

    Args:
        units: how many there are, and how many are drawn.
        bonafide: `[trials]` unit of each bona fide trial; None leaves the class as it is.
        spoof: `[trials]` unit of each spoof trial; None leaves the class as it is.
    """

    units: int
    bonafide: Units | None
    spoof: Units | None


class Drawn(NamedTuple):
    """How often each trial counts in each replicate; both classes count at all.

    Args:
        bonafide: `[replicates, trials]`.
        spoof: `[replicates, trials]`.
        redrawn: replicates that were thrown away because a class had no weight.
    """

    bonafide: Weights
    spoof: Weights
    redrawn: int


class Scheme(NamedTuple):
    """Which weights a replicate may have.

    Args:
        name: `"stratified"`, `"speaker"`, `"system"`, `"speaker x system"`, or what the groups are.
        factors: that the weights are a product of.
    """

    name: str
    factors: tuple[Factor, ...]

    def check(self, bonafide: int, spoof: int) -> None:
        """Refuses other trials than those that the factors name.

        Raises:
            InputError: the classes have other sizes.
        """
        for factor in self.factors:
            for units, size, kind in (
                (factor.bonafide, bonafide, "bona fide"),
                (factor.spoof, spoof, "spoof"),
            ):
                if isinstance(units, np.ndarray) and units.size != size:
                    raise InputError(
                        f"The bootstrap by {self.name} names {units.size} {kind} trials, but {size} have a "
                        "score: give one name a trial, in the order of the scores."
                    )

    def sorted(self, bonafide: NDArray[np.intp], spoof: NDArray[np.intp]) -> "Scheme":
        """The same scheme for trials in another order, given as places in the present one."""
        return self._replace(
            factors=tuple(
                factor._replace(
                    bonafide=_reordered(factor.bonafide, bonafide), spoof=_reordered(factor.spoof, spoof)
                )
                for factor in self.factors
            )
        )

    def draw(self, generator: Generator, replicates: int, bonafide: int, spoof: int) -> Drawn:
        """Weights of some replicates of so many trials; those without a class are drawn again."""
        genuine, fake = self._once(generator, replicates, bonafide, spoof)
        redrawn = 0
        while (empty := np.flatnonzero(~(genuine.any(axis=1) & fake.any(axis=1)))).size:
            redrawn += empty.size
            genuine[empty], fake[empty] = self._once(generator, empty.size, bonafide, spoof)
        return Drawn(genuine, fake, redrawn)

    def _once(self, generator: Generator, rows: int, bonafide: int, spoof: int) -> tuple[Weights, Weights]:
        genuine: list[Weights] = []
        fake: list[Weights] = []
        for factor in self.factors:
            drawn = multiplicities(generator, rows, factor.units)
            genuine += [] if factor.bonafide is None else [drawn[:, factor.bonafide]]
            fake += [] if factor.spoof is None else [drawn[:, factor.spoof]]
        return _product(genuine, rows, bonafide), _product(fake, rows, spoof)


def stratified(bonafide: int, spoof: int) -> Scheme:
    """Every trial is drawn by itself, within its class, so the class counts stay."""
    return Scheme("stratified", (Factor(bonafide, slice(None), None), Factor(spoof, None, slice(None))))


def by_speaker(bonafide: ArrayLike, spoof: ArrayLike) -> Scheme:
    """Speakers are drawn, with all their trials of both classes.

    Args:
        bonafide: `[trials]` speaker of each bona fide trial, in the order of the scores.
        spoof: `[trials]` speaker of each spoof trial.

    Raises:
        InputError: a trial has no speaker, or all have the same.
    """
    return Scheme("speaker", (_shared(bonafide, spoof, "speaker"),))


def by_system(spoof: ArrayLike) -> Scheme:
    """Systems (attacks, generators) are drawn, with all their spoofs; bona fide trials count once each.

    Args:
        spoof: `[trials]` system of each spoof trial, in the order of the scores.

    Raises:
        InputError: a trial has no system, or all have the same.
    """
    return Scheme("system", (_spoofed(spoof),))


def by_speaker_and_system(bonafide: ArrayLike, spoof: ArrayLike, systems: ArrayLike) -> Scheme:
    """Speakers and systems are drawn; a spoof weighs the product. Claims of "better than" rest on this one.

    Args:
        bonafide: `[trials]` speaker of each bona fide trial, in the order of the scores.
        spoof: `[trials]` speaker of each spoof trial.
        systems: `[trials]` system of each spoof trial.

    Raises:
        InputError: a trial has no speaker or no system, or all have the same.

    >>> scheme = by_speaker_and_system(["anna", "ben"], ["anna", "ben"], ["A07", "A08"])
    >>> scheme.draw(np.random.default_rng(0), 1, 2, 2)
    Drawn(bonafide=array([[0, 2]]), spoof=array([[0, 4]]), redrawn=0)
    """
    return Scheme("speaker x system", (_shared(bonafide, spoof, "speaker"), _spoofed(systems)))


def by_group(bonafide: ArrayLike, spoof: ArrayLike, *, name: str = "clip group") -> Scheme:
    """Groups are drawn, such as the clips that were made from one recording.

    Args:
        bonafide: `[trials]` group of each bona fide trial, in the order of the scores.
        spoof: `[trials]` group of each spoof trial.
        name: what a group is.

    Raises:
        InputError: a trial has no group, or all have the same.
    """
    return Scheme(name, (_shared(bonafide, spoof, name),))


def multiplicities(generator: Generator, rows: int, units: int) -> Weights:
    """How often each unit is drawn in as many draws with replacement as there are units, `[rows, units]`.

    Multinomial, in two steps: how many draws fall on each piece of the units, then where in the piece. A
    piece's counts stay in the cache, which a bincount over all units would miss at every draw.
    """
    counts = np.empty((rows, units), dtype=np.int64)
    starts = np.arange(0, units, _PIECE)
    widths = np.minimum(_PIECE, units - starts)
    together = max(1, _PIECE // units)
    for first in range(0, rows, together):
        block = counts[first : first + together]
        row = np.arange(len(block))
        falls = generator.multinomial(units, widths / units, size=len(block))  # [rows, pieces]
        for start, width, fall in zip(starts, widths, falls.T, strict=True):
            drawn = generator.integers(width, size=fall.sum(), dtype=np.uint16)
            piece = np.bincount(drawn + np.repeat(row * width, fall), minlength=row.size * width)
            block[:, start : start + width] = piece.reshape(row.size, width)
    return counts


def _shared(bonafide: ArrayLike, spoof: ArrayLike, what: str) -> Factor:
    genuine, fake = np.asarray(bonafide).reshape(-1), np.asarray(spoof).reshape(-1)
    units, unit = _numbered(np.concatenate((genuine, fake)), what)
    return Factor(units, unit[: genuine.size], unit[genuine.size :])


def _spoofed(systems: ArrayLike) -> Factor:
    units, unit = _numbered(np.asarray(systems).reshape(-1), "system")
    return Factor(units, None, unit)


def _numbered(names: NDArray[np.generic], what: str) -> tuple[int, NDArray[np.intp]]:
    nameless = int(np.isin(names.astype(str), ("-", "")).sum())
    if nameless:
        raise InputError(
            f"{nameless} of {names.size} trials have no {what}, so none can be drawn: "
            "fill that column, or draw trials (stratified)."
        )
    distinct, unit = np.unique(names, return_inverse=True)
    if distinct.size < 2:
        raise InputError(f"All trials have the same {what}, so drawing it shows no spread: draw trials.")
    return distinct.size, unit


def _reordered(units: Units | None, order: NDArray[np.intp]) -> Units | None:
    return units[order] if isinstance(units, np.ndarray) else units


def _product(factors: list[Weights], rows: int, trials: int) -> Weights:
    if not factors:
        return np.ones((rows, trials), dtype=np.int64)
    weights = factors[0]
    for factor in factors[1:]:
        weights = weights * factor
    return weights
