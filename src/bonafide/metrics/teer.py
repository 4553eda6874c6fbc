"""Tandem equal error rate: a countermeasure in front of a speaker verification system (ASV), without priors.

Kinnunen et al., t-EER: Parameter-Free Tandem Evaluation of Countermeasures and Biometric Comparators, TPAMI
46, 2024, https://arxiv.org/abs/2309.12237. A trial passes the tandem when both systems accept it:

    Pmiss    = Pmiss_cm + (1 - Pmiss_cm) Pmiss_asv
    Pfa(ρ)   = (1 - ρ) (1 - Pmiss_cm) Pfa_non + ρ Pfa_cm Pfa_spf        ρ: share of spoofs among the impostors
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bonafide.metrics.curve import Curve, Rates, curve
from bonafide.metrics.verification import VerificationCurve, verification_curve
from bonafide.types import InputError


def t_eer(
    bonafide: ArrayLike, spoof: ArrayLike, target: ArrayLike, nontarget: ArrayLike, spoof_asv: ArrayLike
) -> float:
    """Concurrent t-EER: the error rate where misses, nontargets and spoofs balance at once; a fraction.

    For each threshold of the ASV the threshold of the countermeasure is the one where Pmiss and Pfa(½) are
    closest; of these pairs the one that minimises |Pfa_non / Pfa_spf - Pfa_cm / (1 - Pmiss_cm)|, where Pfa no
    longer depends on ρ, gives Pfa_cm Pfa_spf. Pmiss - Pfa rises along the countermeasure's curve, so each
    pair is found by bisection: O(N_asv log N_cm) instead of the product.

    Args:
        bonafide: `[trials]` scores of the countermeasure, high when genuine.
        spoof: `[trials]` scores of the countermeasure.
        target: `[trials]` scores of the ASV, high for the claimed speaker.
        nontarget: `[trials]` scores of the ASV.
        spoof_asv: `[trials]` scores of the ASV.

    Raises:
        InputError: a class is empty, a score is NaN or infinite, or the countermeasure rejects all bona fide
            trials wherever the tandem balances.

    >>> t_eer([2, 3], [0, 1], [2, 3], [0, 1], [2, 3])
    0.0
    """
    countermeasure, asv = curve(bonafide, spoof), verification_curve(target, nontarget, spoof_asv)
    nearest, admissible = _balanced(countermeasure, asv)
    asv_nontarget, asv_spoof = asv.false_alarm[admissible], asv.spoof_false_alarm[admissible]
    frr, far = countermeasure.frr[nearest], countermeasure.far[nearest]
    defined = (asv_spoof > 0) & (frr < 1)
    if not defined.any():
        raise InputError(
            "The countermeasure rejects every bona fide trial where the tandem balances, so the t-EER is "
            "undefined: check that its scores are high for genuine audio."
        )
    asv_nontarget, asv_spoof, frr, far = (rate[defined] for rate in (asv_nontarget, asv_spoof, frr, far))
    concurrent = np.argmin(np.abs(asv_nontarget / asv_spoof - far / (1 - frr)))
    return float(asv_spoof[concurrent] * far[concurrent])


def _balanced(countermeasure: Curve, asv: VerificationCurve) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Points of the countermeasure that balance the tandem, and the points of the ASV that they belong to.

    The ASV's point is admissible if the tandem accepts too much while the countermeasure accepts all.
    """
    admissible = np.flatnonzero(asv.miss < (asv.false_alarm + asv.spoof_false_alarm) / 2)
    miss = asv.miss[admissible]
    nontarget, spoof = asv.false_alarm[admissible], asv.spoof_false_alarm[admissible]

    def gap(point: NDArray[np.intp]) -> Rates:
        frr, far = countermeasure.frr[point], countermeasure.far[point]
        return frr + (1 - frr) * miss - ((1 - frr) * nontarget + far * spoof) / 2

    below = np.zeros(admissible.size, dtype=np.intp)
    above = np.full(admissible.size, countermeasure.frr.size - 1)
    while np.any(above - below > 1):
        middle = (below + above) // 2
        over = gap(middle) >= 0
        below, above = np.where(over, below, middle), np.where(over, middle, above)
    return np.where(np.abs(gap(below)) <= np.abs(gap(above)), below, above), admissible
