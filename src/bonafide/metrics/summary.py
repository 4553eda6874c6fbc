"""All measures of one set of scores from one sorted list.

Sorting is nearly all that a measure costs. The measures' own functions sort what they are given; their forms
ending in `_of` take what is counted (`Tally`), turned into operating points (`Curve`) or pooled (`Blocks`)
already, and hold the formula for both.
"""

from typing import NamedTuple

from numpy.typing import ArrayLike

from bonafide.metrics.auc import auc_of
from bonafide.metrics.cllr import cllr, cllr_min_of
from bonafide.metrics.curve import curve_of, tally
from bonafide.metrics.dcf import act_dcf, default_dcf, min_dcf_of
from bonafide.metrics.ece import brier, reliability
from bonafide.metrics.eer import eer_of, eer_rocch_of, eer_threshold_of, official_of
from bonafide.metrics.fixed_points import far_at_frr_of, frr_at_far_of, resolution_limited
from bonafide.metrics.hull import pooled
from bonafide.metrics.quality import remarks_of, ties_of

_LIMITS = (0.01, 0.05)


class Summary(NamedTuple):
    """Every measure that needs nothing but scores; rates are fractions, Cllr is in bits.

    Args:
        bonafide: number of bona fide trials.
        spoof: number of spoof trials.
        distinct: number of distinct scores.
        mixed_ties: trials that share their score with a trial of the other class.
        inverted: whether spoofs score higher, AUC below one half.
        eer: interpolated on the tie-aware curve; the headline.
        eer_official: by the rule of the organisers' scorers; the one to set beside published figures.
        eer_rocch: on the convex hull; hides an inverted detector.
        eer_threshold: where FRR and FAR are closest; accept iff `score >= eer_threshold`.
        auc: area under the ROC curve.
        min_dcf: least normalised detection cost, parameters of ASVspoof 5.
        min_dcf_raw: the same before normalisation.
        act_dcf: normalised detection cost at the Bayes threshold.
        act_dcf_raw: the same before normalisation.
        cllr: cost of the log-likelihood ratio.
        cllr_min: the same after the best increasing recalibration.
        ece_at_prior: expected calibration error, both classes weighing the same.
        ece: expected calibration error in the class mix of the set.
        mce: greatest calibration error of a bin, both classes weighing the same.
        brier: mean squared error of the probabilities at a prior of one half.
        frr_at_far_1: least FRR at a FAR of at most 1 %.
        frr_at_far_5: least FRR at a FAR of at most 5 %.
        far_at_frr_1: least FAR at a FRR of at most 1 %.
        far_at_frr_5: least FAR at a FRR of at most 5 %.
        resolution_limited: names of those of the last four whose limit demands zero errors in this set.
        remarks: what a reader must know before trusting the figures, a sentence each.
    """

    bonafide: int
    spoof: int
    distinct: int
    mixed_ties: int
    inverted: bool
    eer: float
    eer_official: float
    eer_rocch: float
    eer_threshold: float
    auc: float
    min_dcf: float
    min_dcf_raw: float
    act_dcf: float
    act_dcf_raw: float
    cllr: float
    cllr_min: float
    ece_at_prior: float
    ece: float
    mce: float
    brier: float
    frr_at_far_1: float
    frr_at_far_5: float
    far_at_frr_1: float
    far_at_frr_5: float
    resolution_limited: tuple[str, ...]
    remarks: tuple[str, ...]


def summary(bonafide: ArrayLike, spoof: ArrayLike) -> Summary:
    """Every measure at its published parameters, each equal to that of its own function.

    Args:
        bonafide: `[trials]` scores, high when genuine; natural log-likelihood ratios for Cllr, actual DCF and
            the calibration errors.
        spoof: `[trials]` scores.

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.

    >>> every = summary([2, 0.5, -1], [-2, -0.3, 1, -4])
    >>> round(every.eer, 6), round(every.min_dcf, 6), round(every.cllr_min, 6)
    (0.333333, 0.5, 0.574716)
    >>> every.resolution_limited
    ('frr_at_far_1', 'frr_at_far_5', 'far_at_frr_1', 'far_at_frr_5')
    """
    counts = tally(bonafide, spoof)
    points, pools, tied = curve_of(counts), pooled(counts), ties_of(counts)
    genuine, fake = int(counts.bonafide.sum()), int(counts.spoof.sum())
    area, calibration = auc_of(counts), reliability(bonafide, spoof)
    least, actual = min_dcf_of(points), act_dcf(bonafide, spoof)
    one, five = _LIMITS
    demands = {
        "frr_at_far_1": (fake, one),
        "frr_at_far_5": (fake, five),
        "far_at_frr_1": (genuine, one),
        "far_at_frr_5": (genuine, five),
    }
    return Summary(
        bonafide=genuine,
        spoof=fake,
        distinct=tied.distinct,
        mixed_ties=tied.mixed,
        inverted=area < 0.5,
        eer=eer_of(points),
        eer_official=official_of(counts).eer,
        eer_rocch=eer_rocch_of(pools),
        eer_threshold=eer_threshold_of(points, counts),
        auc=area,
        min_dcf=least,
        min_dcf_raw=least * default_dcf(),
        act_dcf=actual,
        act_dcf_raw=actual * default_dcf(),
        cllr=cllr(bonafide, spoof),
        cllr_min=cllr_min_of(pools),
        ece_at_prior=calibration.ece,
        ece=reliability(bonafide, spoof, weighting="trials").ece,
        mce=calibration.mce,
        brier=brier(bonafide, spoof),
        frr_at_far_1=frr_at_far_of(points, limit=one),
        frr_at_far_5=frr_at_far_of(points, limit=five),
        far_at_frr_1=far_at_frr_of(points, limit=one),
        far_at_frr_5=far_at_frr_of(points, limit=five),
        resolution_limited=tuple(
            name for name, (trials, limit) in demands.items() if resolution_limited(trials, limit=limit)
        ),
        remarks=remarks_of(counts),
    )
