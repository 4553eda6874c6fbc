"""Tandem detection cost: what a countermeasure costs in front of a given speaker verification system (ASV).

Both forms in use are one weighted sum over the operating points of the countermeasure,

    t-DCF(t) = (C0 + C1 FRR(t) + C2 FAR(t)) / (C0 + min(C1, C2)),

with constants that follow from the ASV's error rates at its own threshold. `min_tdcf_2019` (Kinnunen et al.,
t-DCF, Odyssey 2018, https://arxiv.org/abs/1804.09618; C0 = 0) belongs to ASVspoof 2019, `min_tdcf_2021`
(Kinnunen et al., Tandem Assessment of Spoofing Countermeasures and Automatic Speaker Verification, TASLP 28,
2020, https://arxiv.org/abs/2007.05979) to ASVspoof 2021 and 5. The latter never falls below
`Constants.floor`: figures of the two forms, or at two ASVs, do not compare.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bonafide.metrics.curve import Curve, curve, finite
from bonafide.metrics.eer import official
from bonafide.types import InputError


class OperatingPoint(NamedTuple):
    """Error rates of the ASV at its threshold, fractions.

    Args:
        false_alarm: share of nontarget trials accepted.
        miss: share of target trials rejected.
        spoof_false_alarm: share of spoof trials accepted.
    """

    false_alarm: float
    miss: float
    spoof_false_alarm: float

    @classmethod
    def of(cls, target: ArrayLike, nontarget: ArrayLike, spoof: ArrayLike) -> "OperatingPoint":
        """The organisers' choice: the threshold of the official EER of target against nontarget trials.

        A trial with exactly that score is accepted, so the rates differ a little from the EER.

        Args:
            target: `[trials]` scores of the ASV, high for the claimed speaker.
            nontarget: `[trials]` scores.
            spoof: `[trials]` scores.

        Raises:
            InputError: a class is empty, or a score is NaN or infinite.

        >>> OperatingPoint.of([1, 2, 3, 4], [-1, 0, 0.5, 2.5], [-2, 1, 2, 3])
        OperatingPoint(false_alarm=0.25, miss=0.0, spoof_false_alarm=0.75)
        """
        target, nontarget = finite(target, "target"), finite(nontarget, "nontarget")
        spoof = finite(spoof, "spoof")
        threshold = official(target, nontarget).threshold
        accepted = (np.mean(nontarget >= threshold), np.mean(spoof >= threshold))
        return cls(float(accepted[0]), float(np.mean(target < threshold)), float(accepted[1]))


ASVSPOOF2019_DEVELOPMENT: Final = OperatingPoint(141 / 5768, 36 / 1484, 16951 / 22296)
"""The organisers' ASV on ASVspoof 2019 LA, development part."""

ASVSPOOF2019_EVALUATION: Final = OperatingPoint(820 / 33327, 132 / 5370, 48592 / 63882)
"""The organisers' ASV on ASVspoof 2019 LA, evaluation part."""

ASVSPOOF5: Final = OperatingPoint(0.01881016557566423, 0.01880141010575793, 0.4607082907604729)
"""The organisers' ASV on the evaluation part of ASVspoof 5, all trials pooled; from their package."""


class Constants(NamedTuple):
    """Weights of the cost; the organisers of ASVspoof 2021 publish them per attack and codec.

    Args:
        c0: cost that the ASV causes by itself; 0 in the form of 2019.
        c1: of rejecting every bona fide trial.
        c2: of accepting every spoof.
    """

    c0: float
    c1: float
    c2: float

    @property
    def floor(self) -> float:
        """Cost of a perfect countermeasure, C0 / (C0 + min(C1, C2)).

        >>> round(ASVSPOOF_2021_COSTS.constants(ASVSPOOF2019_EVALUATION).floor, 10)
        0.0627328792
        """
        return self.c0 / (self.c0 + min(self.c1, self.c2))


class Costs2019(NamedTuple):
    """Priors and costs of the form of 2019, as published.

    Args:
        target: prior of a target trial.
        nontarget: prior of a nontarget trial.
        spoof: prior of a spoof; the three sum to 1.
        miss_asv: cost of the ASV's rejecting a target.
        false_alarm_asv: cost of the ASV's accepting a nontarget.
        miss_cm: cost of the countermeasure's rejecting a bona fide trial.
        false_alarm_cm: cost of the countermeasure's accepting a spoof.
    """

    target: float = 0.9405
    nontarget: float = 0.0095
    spoof: float = 0.05
    miss_asv: float = 1.0
    false_alarm_asv: float = 10.0
    miss_cm: float = 1.0
    false_alarm_cm: float = 10.0

    def constants(self, asv: OperatingPoint) -> Constants:
        """C1 = P_tar (C_miss_cm - C_miss_asv Pmiss) - P_non C_fa_asv Pfa, C2 = C_fa_cm P_spoof Pfa_spf.

        Raises:
            InputError: the priors do not sum to 1, or a rate of the ASV is none.
        """
        _refuse_model(asv, self[:3], self[3:])
        missed = self.target * (self.miss_cm - self.miss_asv * asv.miss)
        alarmed = self.nontarget * self.false_alarm_asv * asv.false_alarm
        return Constants(0.0, missed - alarmed, self.false_alarm_cm * self.spoof * asv.spoof_false_alarm)


class Costs2021(NamedTuple):
    """Priors and costs of the ASV-constrained form, as published for ASVspoof 2021 and 5.

    Args:
        target: prior of a target trial.
        nontarget: prior of a nontarget trial.
        spoof: prior of a spoof; the three sum to 1.
        miss: cost of rejecting a target.
        false_alarm: cost of accepting a nontarget.
        spoof_false_alarm: cost of accepting a spoof.
    """

    target: float = 0.9405
    nontarget: float = 0.0095
    spoof: float = 0.05
    miss: float = 1.0
    false_alarm: float = 10.0
    spoof_false_alarm: float = 10.0

    def constants(self, asv: OperatingPoint) -> Constants:
        """C0 = P_tar C_miss Pmiss + P_non C_fa Pfa, C1 = P_tar C_miss - C0, C2 = P_spoof C_fa_spf Pfa_spf.

        Raises:
            InputError: the priors do not sum to 1, or a rate of the ASV is none.
        """
        _refuse_model(asv, self[:3], self[3:])
        c0 = self.target * self.miss * asv.miss + self.nontarget * self.false_alarm * asv.false_alarm
        c2 = self.spoof * self.spoof_false_alarm * asv.spoof_false_alarm
        return Constants(c0, self.target * self.miss - c0, c2)


ASVSPOOF_2019_COSTS: Final = Costs2019()
ASVSPOOF_2021_COSTS: Final = Costs2021()


def min_tdcf_2019(
    bonafide: ArrayLike, spoof: ArrayLike, asv: OperatingPoint, costs: Costs2019 = ASVSPOOF_2019_COSTS
) -> float:
    """Least normalised t-DCF over all thresholds in the form of ASVspoof 2019; 0 is perfect, 1 the worst.

    Raises:
        InputError: as `min_tdcf`, or the cost model has no meaning.

    >>> scores = [0.9, 0.8, 0.7, 0.35], [0.6, 0.4, 0.3, 0.2, 0.1]
    >>> round(min_tdcf_2019(*scores, ASVSPOOF2019_EVALUATION), 6)
    0.4
    """
    return min_tdcf(bonafide, spoof, costs.constants(asv))


def min_tdcf_2021(
    bonafide: ArrayLike, spoof: ArrayLike, asv: OperatingPoint, costs: Costs2021 = ASVSPOOF_2021_COSTS
) -> float:
    """Least normalised t-DCF over all thresholds, ASV-constrained form; `Constants.floor` is perfect, 1 the
    worst.

    Raises:
        InputError: as `min_tdcf`, or the cost model has no meaning.

    >>> scores = [0.9, 0.8, 0.7, 0.35], [0.6, 0.4, 0.3, 0.2, 0.1]
    >>> round(min_tdcf_2021(*scores, ASVSPOOF2019_EVALUATION), 6)
    0.43764
    """
    return min_tdcf(bonafide, spoof, costs.constants(asv))


def min_tdcf(bonafide: ArrayLike, spoof: ArrayLike, constants: Constants) -> float:
    """Least normalised t-DCF over all thresholds at given constants.

    Args:
        bonafide: `[trials]` scores of the countermeasure, high when genuine.
        spoof: `[trials]` scores.
        constants: of a cost model at an ASV, or as published for a cell.

    Raises:
        InputError: a class is empty, a score is NaN or infinite, there are fewer than three distinct scores
            (the organisers' rule), or a constant is negative.
    """
    return min_tdcf_of(curve(bonafide, spoof), constants)


def min_tdcf_of(points: Curve, constants: Constants) -> float:
    """`min_tdcf` of a curve that is there already."""
    c0, c1, c2 = constants
    for name, value in zip(("C0", "C1", "C2"), constants, strict=True):
        if not 0 <= value < np.inf:
            raise InputError(
                f"The t-DCF's constant {name} is {value:g}, not a cost: check the ASV's error rates, "
                "they are those of another trial list or of scores with the opposite sign."
            )
    default = c0 + min(c1, c2)
    if default == 0:
        raise InputError(
            "A constant answer costs nothing beside this ASV, so the t-DCF cannot be normalised: "
            "check that the ASV accepts some spoofs, or quote the DCF."
        )
    distinct = points.threshold.size - 1
    if distinct < 3:
        raise InputError(
            f"Only {distinct} distinct scores, so the t-DCF is not defined: pass scores, not decisions."
        )
    return float(((c0 + c1 * points.frr + c2 * points.far) / default).min())


def _refuse_model(asv: OperatingPoint, priors: tuple[float, ...], costs: tuple[float, ...]) -> None:
    if not all(0 <= rate <= 1 for rate in asv):
        raise InputError(f"The ASV's error rates {tuple(asv)} are not all fractions from 0 to 1: mend them.")
    if not (all(prior >= 0 for prior in priors) and abs(sum(priors) - 1) <= 1e-10):
        raise InputError(
            f"The priors {priors} of target, nontarget and spoof trials do not sum to 1: mend them."
        )
    if not all(0 < cost < np.inf for cost in costs):
        raise InputError(f"The costs {costs} are not all positive numbers: mend them.")
