"""Trial-level tests of one detector against another on the same trials.

They take trials for independent, so they answer for these speakers and systems alone, and with far smaller
probabilities than a bootstrap over speakers and systems (`bonafide.metrics.paired`) leaves.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest, chi2, norm, rankdata

from bonafide.metrics.curve import Rates, classes
from bonafide.metrics.eer import eer_threshold
from bonafide.types import InputError

Scores: TypeAlias = tuple[ArrayLike, ArrayLike]
Booleans: TypeAlias = NDArray[np.bool_]


class ZTest(NamedTuple):
    """A standardized difference.

    Args:
        z: of the standard normal distribution if the detectors are equal.
        p: two-sided.
    """

    z: float
    p: float


class McNemar(NamedTuple):
    """Trials that one detector alone decides rightly.

    Args:
        first_right: the first is right and the second wrong.
        second_right: the second is right and the first wrong.
        p: two-sided, that both are equally likely to be right.
        chi_squared: with Edwards' correction and one degree of freedom; None below 25 such trials, where `p`
            is the exact binomial one.
    """

    first_right: int
    second_right: int
    p: float
    chi_squared: float | None


class DeLong(NamedTuple):
    """Two areas under the ROC curve of the same trials.

    Args:
        first: area of the first detector.
        second: area of the second.
        covariance: `[2, 2]` of the two areas.
        z: of the standard normal distribution if the areas are equal; positive if the first is larger.
        p: two-sided.
    """

    first: float
    second: float
    covariance: Rates
    z: float
    p: float


def hter_independent(first: Scores, second: Scores) -> ZTest:
    """z-test on the half total error rate, each detector at its own EER threshold, as if on other trials.

    z = |h_A - h_B| / sqrt(Σ FAR(1-FAR)/(4S) + Σ FRR(1-FRR)/(4B)), h = (FAR + FRR)/2, sums over A and B
    (Bengio and Mariéthoz, A statistical significance test for person authentication, Odyssey 2004).

    Raises:
        InputError: a class is empty, a score is NaN or infinite, or the trials differ in number.

    >>> hter_independent(([2, 3], [0, 1]), ([2, 3], [0, 1]))
    ZTest(z=0.0, p=1.0)
    """
    half, variance = [], 0.0
    for accepted, kept in zip(*_decisions(first, second), strict=True):
        frr, far = 1 - accepted.mean(), kept.mean()
        half.append((frr + far) / 2)
        variance += frr * (1 - frr) / (4 * accepted.size) + far * (1 - far) / (4 * kept.size)
    return _test(abs(half[0] - half[1]), variance)


def hter_dependent(first: Scores, second: Scores) -> ZTest:
    """The same test for the same trials, from those that only one detector accepts.

    z = ½ |far_ab + frr_ab - far_ba - frr_ba| / sqrt((far_ab + far_ba)/(4S) + (frr_ab + frr_ba)/(4B)), where
    far_ab is the share of spoofs that A rejects and B accepts, frr_ab the share of bona fide trials that A
    accepts and B rejects, and ba the reverse. Without the ½, z has not unit variance.

    Raises:
        InputError: a class is empty, a score is NaN or infinite, or the trials differ in number.
    """
    genuine, fake = _decisions(first, second)
    (far_ab, far_ba), (frr_ba, frr_ab) = (
        (np.mean(~one & other), np.mean(one & ~other)) for one, other in (fake, genuine)
    )
    variance = (far_ab + far_ba) / (4 * fake[0].size) + (frr_ab + frr_ba) / (4 * genuine[0].size)
    return _test(float(abs(far_ab + frr_ab - far_ba - frr_ba)) / 2, float(variance))


def mcnemar(first: Scores, second: Scores, thresholds: tuple[float, float]) -> dict[str, McNemar]:
    """McNemar's test on right decisions, of all trials and of each class; the larger class rules the first.

    With n01 and n10 the trials that one alone decides rightly: the exact binomial test for
    n01 + n10 < 25, else χ² = max(0, |n01 - n10| - 1)² / (n01 + n10) (McNemar, Psychometrika 12, 1947;
    Edwards, Psychometrika 13, 1948).

    Args:
        first: bona fide and spoof scores of a detector.
        second: those of the other, for the same trials in the same order.
        thresholds: of the two, chosen on other trials; accept iff `score >= threshold`.

    Raises:
        InputError: a class is empty, a score is NaN or infinite, or the trials differ in number.

    >>> mcnemar(([1, 2], [0, 0]), ([0, 2], [0, 0]), (1.0, 1.0))["bonafide"]
    McNemar(first_right=1, second_right=0, p=1.0, chi_squared=None)
    """
    genuine, fake = _decisions(first, second, thresholds)
    pairs = {"bonafide": genuine, "spoof": (~fake[0], ~fake[1])}
    right = (np.concatenate(both) for both in zip(*pairs.values(), strict=True))
    return {name: _mcnemar(*pair) for name, pair in {"all": tuple(right), **pairs}.items()}


def delong(first: Scores, second: Scores) -> DeLong:
    """Test of the difference of two AUCs (DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988).

    A bona fide trial's placement is the share of spoofs that it outscores, a spoof's the share of bona fide
    trials that outscore it, ties one half; the covariance of the AUCs is that of the placements of bona fide
    trials over B plus that of spoofs over S. Placements come from mid-ranks (Sun and Xu, Fast implementation
    of DeLong's algorithm, IEEE Signal Processing Letters 21, 2014), O(N log N).

    Raises:
        InputError: a class has fewer than two trials, a score is NaN or infinite, the trials differ in
            number, or the AUCs differ without any variance.

    >>> delong(([3, 2, 1], [0, 1.5]), ([3, 2, 1], [0, 1.5])).z
    0.0
    """
    (genuine, fake), others = _same(first, second)
    if min(genuine.size, fake.size) < 2:
        raise InputError(
            f"{genuine.size} bona fide and {fake.size} spoof trials give no variance of the AUC: "
            "DeLong's test needs two of each."
        )
    placements = [_placements(genuine, fake), _placements(*others)]
    covariance = sum(
        np.cov([pair[side] for pair in placements]) / placements[0][side].size for side in (0, 1)
    )
    one, other = (float(pair[0].mean()) for pair in placements)
    variance = sum(
        np.var(np.subtract(*sides), ddof=1) / sides[0].size for sides in zip(*placements, strict=True)
    )
    z, p = _test(one - other, float(variance))
    return DeLong(one, other, np.asarray(covariance), z, p)


def _placements(bonafide: Rates, spoof: Rates) -> tuple[Rates, Rates]:
    pooled = rankdata(np.concatenate((bonafide, spoof)))
    outscored = (pooled[: bonafide.size] - rankdata(bonafide)) / spoof.size
    return outscored, 1 - (pooled[bonafide.size :] - rankdata(spoof)) / bonafide.size


def _mcnemar(first: Booleans, second: Booleans) -> McNemar:
    one, other = int((first & ~second).sum()), int((second & ~first).sum())
    total = one + other
    if total < 25:
        return McNemar(one, other, float(binomtest(one, total).pvalue) if total else 1.0, None)
    statistic = max(0, abs(one - other) - 1) ** 2 / total
    return McNemar(one, other, float(chi2.sf(statistic, 1)), statistic)


def _decisions(
    first: Scores, second: Scores, thresholds: tuple[float, float] | None = None
) -> tuple[tuple[Booleans, Booleans], tuple[Booleans, Booleans]]:
    """Bona fide trials that each of the two accepts, and spoofs; at their EER if no threshold is given."""
    pairs = _same(first, second)
    at = thresholds or tuple(eer_threshold(*pair) for pair in pairs)
    (genuine, fake), (others, other_fakes) = pairs
    return (genuine >= at[0], others >= at[1]), (fake >= at[0], other_fakes >= at[1])


def _same(first: Scores, second: Scores) -> tuple[tuple[Rates, Rates], tuple[Rates, Rates]]:
    one, other = classes(*first), classes(*second)
    if (one[0].size, one[1].size) != (other[0].size, other[1].size):
        raise InputError(
            f"The first detector scored {one[0].size} bona fide and {one[1].size} spoof trials, the second "
            f"{other[0].size} and {other[1].size}: the test needs the same trials, joined by id."
        )
    return one, other


def _test(difference: float, variance: float) -> ZTest:
    if np.sqrt(variance) < 1e-9 * abs(difference):  # rounding, at most
        raise InputError(
            "The detectors differ, but none of them varies over these trials, so a test has no scale: "
            "take more trials or a bootstrap over systems."
        )
    z = float(difference / np.sqrt(variance)) if difference else 0.0
    return ZTest(z, float(2 * norm.sf(abs(z))))
