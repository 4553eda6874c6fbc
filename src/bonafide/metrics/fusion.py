"""Several systems as one: weighted log-likelihood ratios, or plain means of scores on one scale.

Scores stand in columns, `[trials, systems]`, joined by trial beforehand; what is fitted is fitted on
development trials. Fusion by logistic regression after Brümmer et al., IEEE TASLP 15, 2007.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self, final

import numpy as np
from numpy.typing import ArrayLike

from bonafide.metrics.calibration.fitted import Fitted, finite
from bonafide.metrics.calibration.logistic import logistic
from bonafide.metrics.curve import Rates
from bonafide.types import InputError


@final
@dataclass(frozen=True)
class LinearFusion(Fitted):
    """llr = Σ_m a_m s_m + c, the prior-weighted logistic regression of `calibration.logistic`.

    What comes out is calibrated; systems that repeat each other share their weight.

    Args:
        weights: a, one a system.
        offset: c.
        prior: effective prior of bona fide trials it was fitted for.
        objective: cost J on the trials it was fitted on, in nats.
        separable: these trials separate, so that the weights are steep without a reason.

    Raises:
        InputError: no weights, or one that is not finite.
    """

    kind: ClassVar[str] = "linear fusion"

    weights: tuple[float, ...]
    offset: float
    prior: float
    objective: float
    separable: bool

    def __post_init__(self) -> None:
        if not self.weights or not np.isfinite((*self.weights, self.offset)).all():
            raise InputError(f"A fusion with the weights {self.weights} gives no score: fit it again.")

    @classmethod
    def fit(cls, bonafide: ArrayLike, spoof: ArrayLike, *, prior: float = 0.5) -> Self:
        """Fits on development trials.

        Args:
            bonafide: `[trials, systems]` scores, high when genuine.
            spoof: `[trials, systems]` scores.
            prior: effective prior of bona fide trials where it will be used, `Application.effective_prior`.

        Raises:
            InputError: not a column a system, a class is empty, a score is NaN or infinite, or a system gives
                one score to all trials.

        >>> fitted = LinearFusion.fit([[2, 1], [0.5, 3], [-1, 2]], [[-2, 0], [1, 1.5], [-3, 1.2]])
        >>> np.sign(fitted.weights).tolist()
        [1.0, 1.0]
        """
        genuine, fake = _columns(bonafide), _columns(spoof)
        if genuine.shape[1] != fake.shape[1]:
            raise InputError(
                f"{genuine.shape[1]} systems score the bona fide trials and {fake.shape[1]} the spoofs: give "
                "every trial a score of every system."
            )
        found = logistic(genuine, fake, prior=prior)
        return cls(tuple(found.weights.tolist()), found.offset, prior, found.objective, found.separable)

    def apply(self, scores: ArrayLike) -> Rates:
        """Natural log-likelihood ratios, `[trials, systems]` → `[trials]`.

        Raises:
            InputError: a score is NaN or infinite, or there are more or fewer systems than weights.
        """
        return np.asarray(_columns(scores, len(self.weights)) @ np.array(self.weights) + self.offset)

    @property
    def cautions(self) -> Sequence[str]:
        """See `Fitted.cautions`."""
        negative = [str(place) for place, weight in enumerate(self.weights, 1) if weight < 0]
        found = {
            "The development trials separate: the fusion is steeper than any data can tell.": self.separable,
            f"Systems with a negative weight: {', '.join(negative)}; they correct others like them.": (
                bool(negative)
            ),
        }
        return tuple(sentence for sentence, holds in found.items() if holds)


@final
@dataclass(frozen=True)
class ZScoreMean(Fitted):
    """Mean of scores that have mean 0 and deviation 1 on development trials; ranks, and is no log-odds.

    Args:
        means: one a system.
        deviations: likewise, positive.

    Raises:
        InputError: not as many means as deviations, or a deviation that is not positive.
    """

    kind: ClassVar[str] = "z-score mean"
    gives_ratios: ClassVar[bool] = False

    means: tuple[float, ...]
    deviations: tuple[float, ...]

    def __post_init__(self) -> None:
        _refuse_flat(self.means, self.deviations)

    @classmethod
    def fit(cls, scores: ArrayLike) -> Self:
        """Mean and deviation of all development trials, of both classes, `[trials, systems]`; no labels.

        Raises:
            InputError: a score is NaN or infinite, or a system gives one score to all trials.

        >>> ZScoreMean.fit([[0, 10], [2, 30]]).apply([[2, 10]]).tolist()
        [0.0]
        """
        columns = _columns(scores)
        return cls(tuple(columns.mean(axis=0).tolist()), tuple(columns.std(axis=0).tolist()))

    def apply(self, scores: ArrayLike) -> Rates:
        """`[trials, systems]` → `[trials]`.

        Raises:
            InputError: a score is NaN or infinite, or there are more or fewer systems than fitted.
        """
        columns = _columns(scores, len(self.means))
        return np.asarray(((columns - self.means) / self.deviations).mean(axis=1))


@final
@dataclass(frozen=True)
class MinMaxMean(Fitted):
    """Mean of scores that span 0 to 1 on development trials; one outlier there squeezes all others.

    Args:
        lowest: score of each system.
        spans: highest less lowest, positive.

    Raises:
        InputError: not as many lowest scores as spans, or a span that is not positive.
    """

    kind: ClassVar[str] = "min-max mean"
    gives_ratios: ClassVar[bool] = False

    lowest: tuple[float, ...]
    spans: tuple[float, ...]

    def __post_init__(self) -> None:
        _refuse_flat(self.lowest, self.spans)

    @classmethod
    def fit(cls, scores: ArrayLike) -> Self:
        """Range of all development trials, of both classes, `[trials, systems]`; no labels.

        Raises:
            InputError: a score is NaN or infinite, or a system gives one score to all trials.

        >>> MinMaxMean.fit([[0, 10], [2, 30]]).apply([[1, 30], [4, 10]]).tolist()
        [0.75, 1.0]
        """
        columns = _columns(scores)
        return cls(tuple(columns.min(axis=0).tolist()), tuple(np.ptp(columns, axis=0).tolist()))

    def apply(self, scores: ArrayLike) -> Rates:
        """`[trials, systems]` → `[trials]`; outside [0, 1] where a score is outside the fitted range.

        Raises:
            InputError: a score is NaN or infinite, or there are more or fewer systems than fitted.
        """
        columns = _columns(scores, len(self.lowest))
        return np.asarray(((columns - self.lowest) / self.spans).mean(axis=1))


def tandem(verification: ArrayLike, countermeasure: ArrayLike, *, share: float = 0.5) -> Rates:
    """One score for "the right speaker, and genuine": -ln((1 - ρ) exp(-v) + ρ exp(-c)), without overflow.

    Args:
        verification: `[trials]` calibrated log-likelihood ratios v, target against nontarget.
        countermeasure: `[trials]` calibrated log-likelihood ratios c, bona fide against spoof.
        share: ρ, how many of the trials to be rejected are spoofs, inside (0, 1).

    Raises:
        InputError: the share is none, the lengths differ, or a score is NaN or infinite.

    >>> tandem([2.0, 900.0], [2.0, -900.0]).round(4).tolist()
    [2.0, -899.3069]
    """
    if not 0 < share < 1:
        raise InputError(f"A share of spoofs of {share} among trials to be rejected: take one inside (0, 1).")
    speaker, genuine = finite(verification), finite(countermeasure)
    if speaker.shape != genuine.shape:
        raise InputError(
            f"{speaker.size} verification and {genuine.size} countermeasure scores: give both for each trial."
        )
    return np.asarray(-np.logaddexp(math.log1p(-share) - speaker, math.log(share) - genuine))


def _columns(scores: ArrayLike, systems: int | None = None) -> Rates:
    values = finite(scores)
    if values.ndim != 2 or values.shape[1] != (values.shape[1] if systems is None else systems):
        wanted = "a column a system" if systems is None else f"{systems} columns, a system each"
        raise InputError(
            f"Scores of the shape {list(values.shape)} cannot be fused: give a row a trial, {wanted}."
        )
    return values


def _refuse_flat(places: Sequence[float], widths: Sequence[float]) -> None:
    flat = [place for place, width in enumerate(widths, 1) if not 0 < width < math.inf]
    if flat or not len(places) == len(widths) > 0:
        raise InputError(
            f"System {flat[0] if flat else len(widths)} of {len(places)} has no spread of scores: "
            "look at the detector, or leave it out."
        )
