"""What scores themselves betray: decisions, probabilities, rounding, a wrong sign."""

from typing import NamedTuple

from numpy.typing import ArrayLike

from bonafide.metrics.auc import auc_of
from bonafide.metrics.curve import Tally, curve_of, tally
from bonafide.metrics.eer import eer_of, official_of

# Shares of a set; a gap between two readings of the EER; how near zero a log-probability comes.
_MIXED = 0.001
_GAP = 0.0001
_NEAR_ZERO = 0.01


class Ties(NamedTuple):
    """How finely the scores tell trials apart.

    Args:
        distinct: number of distinct scores.
        mixed: trials that share their score with a trial of the other class.
        share: of these among all trials.
    """

    distinct: int
    mixed: int
    share: float


def ties(bonafide: ArrayLike, spoof: ArrayLike) -> Ties:
    """Counts distinct scores and the ties between the classes.

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.

    >>> ties([3, 2, 2, 1], [2, 1, 0, 0])
    Ties(distinct=4, mixed=5, share=0.625)
    """
    return ties_of(tally(bonafide, spoof))


def ties_of(counts: Tally) -> Ties:
    """`ties` of trials that are counted already."""
    both = counts.bonafide + counts.spoof
    mixed = int(both[(counts.bonafide > 0) & (counts.spoof > 0)].sum())
    return Ties(counts.values.size, mixed, float(mixed / both.sum()))


def remarks(bonafide: ArrayLike, spoof: ArrayLike) -> tuple[str, ...]:
    """What a reader must know before trusting the measures, a sentence each; empty when nothing is amiss.

    An inverted detector's figures stay as they are: that it is inverted is said, never mended.

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.

    >>> remarks([0.9, 0.8, 0.7], [0.2, 0.1, 0.0])
    ('All scores lie in [0, 1]: probabilities, not log-odds; Cllr and actual DCF mean little.',)
    """
    return remarks_of(tally(bonafide, spoof))


def remarks_of(counts: Tally) -> tuple[str, ...]:
    """`remarks` on trials that are counted already."""
    low, high = counts.values[0], counts.values[-1]
    tied = ties_of(counts)
    # A gap that no tie explains is at most a quarter of a trial, and may reach it.
    tolerated = max(_GAP, 1 / (4 * min(counts.bonafide.sum(), counts.spoof.sum()))) + 1e-12
    gap = abs(eer_of(curve_of(counts)) - official_of(counts).eer)
    found = (
        ("The detector is inverted here: spoofs score higher than bona fide trials.", auc_of(counts) < 0.5),
        ("Fewer than three distinct scores: these are decisions, not scores.", tied.distinct < 3),
        (
            f"{tied.mixed} trials of both classes share their scores; ties blur the EER.",
            tied.share > _MIXED,
        ),
        (
            "EER and official EER differ more than counting can explain: ties or saturation.",
            gap > tolerated,
        ),
        (
            "All scores lie in [0, 1]: probabilities, not log-odds; Cllr and actual DCF mean little.",
            low >= 0 and high <= 1,
        ),
        (
            "No score is above zero: log-probabilities, not log-odds; Cllr and actual DCF mean little.",
            low < 0 and -_NEAR_ZERO < high <= 0,
        ),
    )
    return tuple(sentence for sentence, holds in found if holds)
