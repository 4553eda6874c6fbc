"""Measures of a group of trials, and of each system and corpus in it, with their intervals."""

from collections.abc import Iterator, Mapping
from typing import Final, NotRequired, TypeAlias, TypedDict

import numpy as np
from numpy.typing import NDArray

from bonafide.evaluation.scores import Texts, Trials, fingerprint
from bonafide.metrics.auc import auc
from bonafide.metrics.cllr import cllr, cllr_min
from bonafide.metrics.curve import Measure
from bonafide.metrics.dcf import act_dcf, min_dcf
from bonafide.metrics.decisions import decide
from bonafide.metrics.eer import eer, eer_official
from bonafide.metrics.intervals import intervals
from bonafide.metrics.schemes import Scheme, by_speaker_and_system
from bonafide.metrics.summary import summary
from bonafide.types import BONAFIDE, SPOOF, InputError

Bounds: TypeAlias = dict[str, list[float]]
"""95 % bounds by measure, `[low, high]`."""

RESAMPLED: Final[Mapping[str, Measure]] = {
    "eer": eer,
    "eer_official": eer_official,
    "auc": auc,
    "min_dcf": min_dcf,
    "act_dcf": act_dcf,
    "cllr": cllr,
    "cllr_min": cllr_min,
}
"""Measures that a group has intervals of."""

_ALPHA: Final = 0.05
_NAMELESS: Final = ("-", "")


class System(TypedDict):
    """One system's spoofs against the bona fide trials of their own corpus."""

    eer: float
    auc: float
    spoof: int
    intervals: Bounds


class Corpus(TypedDict):
    """The trials of one corpus, both classes."""

    eer: float
    auc: float
    bonafide: int
    spoof: int
    intervals: Bounds


class Group(TypedDict):
    """A group's entry in metrics.json; rates are fractions, Cllr is in bits.

    The measures are those of `metrics.summary`. `intervals` are over trials redrawn within each class, those
    of `intervals_speaker_x_system` over redrawn speakers and systems: there only where every trial has a
    speaker, every spoof a system, and both columns have two values or more.
    """

    bonafide: int
    spoof: int
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
    resolution_limited: list[str]
    accuracy: float
    balanced_accuracy: float
    threshold: float
    intervals: Bounds
    intervals_speaker_x_system: NotRequired[Bounds]
    systems: dict[str, System]
    corpora: dict[str, Corpus]
    inverted: bool
    n_distinct: int
    n_mixed_ties: int
    trials_sha256: str
    remarks: list[str]


def measure(trials: Trials, threshold: float, *, group: str, replicates: int = 1000, seed: int = 0) -> Group:
    """Every measure of one group.

    Args:
        trials: the group's score table, already checked against its trial list.
        threshold: of accuracy and balanced accuracy, chosen on *other* trials (validation); accept iff
            `score >= threshold`.
        group: its name, for messages.
        replicates: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        InputError: a class is missing in the group or in a system's corpus, or a score is not finite; the
            message names the group.
    """
    bonafide, spoof = trials.bonafide, trials.spoof
    try:
        found = summary(bonafide, spoof)
    except InputError as error:
        raise InputError(f"Test group {group}: {error}") from error
    decided = decide(bonafide, spoof, threshold)
    result = Group(
        bonafide=found.bonafide,
        spoof=found.spoof,
        eer=found.eer,
        eer_official=found.eer_official,
        eer_rocch=found.eer_rocch,
        eer_threshold=found.eer_threshold,
        auc=found.auc,
        min_dcf=found.min_dcf,
        min_dcf_raw=found.min_dcf_raw,
        act_dcf=found.act_dcf,
        act_dcf_raw=found.act_dcf_raw,
        cllr=found.cllr,
        cllr_min=found.cllr_min,
        ece_at_prior=found.ece_at_prior,
        ece=found.ece,
        mce=found.mce,
        brier=found.brier,
        frr_at_far_1=found.frr_at_far_1,
        frr_at_far_5=found.frr_at_far_5,
        far_at_frr_1=found.far_at_frr_1,
        far_at_frr_5=found.far_at_frr_5,
        resolution_limited=list(found.resolution_limited),
        accuracy=decided.accuracy,
        balanced_accuracy=decided.balanced_accuracy,
        threshold=float(threshold),
        intervals=_bounds(RESAMPLED, bonafide, spoof, replicates=replicates, seed=seed),
        systems=systems(trials, group=group, replicates=replicates, seed=seed),
        corpora=corpora(trials, replicates=replicates, seed=seed),
        inverted=found.inverted,
        n_distinct=found.distinct,
        n_mixed_ties=found.mixed_ties,
        trials_sha256=fingerprint(trials),
        remarks=list(found.remarks),
    )
    scheme = _crossed(trials)
    if scheme is not None:
        named = {"eer": eer}
        result["intervals_speaker_x_system"] = _bounds(
            named, bonafide, spoof, replicates=replicates, seed=seed, scheme=scheme
        )
    return result


def systems(trials: Trials, *, group: str, replicates: int = 1000, seed: int = 0) -> dict[str, System]:
    """EER and AUC of each system, its spoofs paired with the bona fide trials of the same corpora.

    Raises:
        InputError: a system's corpus has no bona fide trial in this group.
    """
    genuine, fake = trials.label == BONAFIDE, trials.label == SPOOF
    result = {}
    for name, own in _each(trials.system, fake):
        homes = sorted(set(trials.corpus[own]))
        paired = genuine & np.isin(trials.corpus, np.array(homes, dtype=object))
        if not paired.any():
            raise InputError(
                f"Test group {group}: system {name} has no bona fide trials of its corpus "
                f"({', '.join(homes)}) to be compared with: add them to the group or leave the system out."
            )
        scores = trials.score[paired], trials.score[own]
        bounds = _bounds({"eer": eer}, *scores, replicates=replicates, seed=seed)
        result[name] = System(eer=eer(*scores), auc=auc(*scores), spoof=int(own.sum()), intervals=bounds)
    return result


def corpora(trials: Trials, *, replicates: int = 1000, seed: int = 0) -> dict[str, Corpus]:
    """EER and AUC of each corpus that has both classes in the group."""
    result = {}
    for name, rows in _each(trials.corpus, np.ones(len(trials), dtype=bool)):
        own = trials.where(rows)
        scores = own.bonafide, own.spoof
        if not all(side.size for side in scores):
            continue
        result[name] = Corpus(
            eer=eer(*scores),
            auc=auc(*scores),
            bonafide=scores[0].size,
            spoof=scores[1].size,
            intervals=_bounds({"eer": eer}, *scores, replicates=replicates, seed=seed),
        )
    return result


def zero_error_bound(trials: int) -> float:
    """Highest error rate that shows no error in so many trials one time in twenty, 1 - 0.05^(1/n).

    >>> round(zero_error_bound(19), 4)
    0.1459
    """
    return float(1 - _ALPHA ** (1 / trials))


def _bounds(
    measures: Mapping[str, Measure],
    bonafide: NDArray[np.float64],
    spoof: NDArray[np.float64],
    *,
    replicates: int,
    seed: int,
    scheme: Scheme | None = None,
) -> Bounds:
    """Bootstrapped; above an EER of zero, which no draw moves, lies `zero_error_bound` instead."""
    found = intervals(measures, bonafide, spoof, scheme=scheme, replicates=replicates, seed=seed)
    unseen = zero_error_bound(min(bonafide.size, spoof.size))
    errorless = {name for name in found if name.startswith("eer") and found[name].estimate == 0}
    return {name: [bound.low, unseen if name in errorless else bound.high] for name, bound in found.items()}


def _each(names: Texts, among: NDArray[np.bool_]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Each different name in order, and which of the rows have it."""
    for name in sorted(set(names[among])):
        yield name, among & (names == name)


def _crossed(trials: Trials) -> Scheme | None:
    """Drawing of speakers and systems, where both are known and there are several of each."""
    genuine, fake = trials.label == BONAFIDE, trials.label == SPOOF
    for column in (trials.speaker, trials.system[fake]):
        names = set(column)
        if len(names) < 2 or not names.isdisjoint(_NAMELESS):
            return None
    return by_speaker_and_system(trials.speaker[genuine], trials.speaker[fake], trials.system[fake])
