"""Measures of a group of trials, and of each system in it."""

from typing import TypedDict

import numpy as np

from bonafide.evaluation.scores import Trials, fingerprint
from bonafide.metrics.accuracy import accuracy, balanced_accuracy
from bonafide.metrics.auc import auc
from bonafide.metrics.cllr import cllr, cllr_min
from bonafide.metrics.curve import tally
from bonafide.metrics.dcf import act_dcf, min_dcf
from bonafide.metrics.eer import eer, eer_official, eer_rocch
from bonafide.metrics.intervals import interval
from bonafide.types import BONAFIDE, SPOOF, InputError


class System(TypedDict):
    """One system's spoofs against the bona fide trials of their own corpus."""

    eer: float
    spoof: int


class Intervals(TypedDict):
    """95 % bounds, `[low, high]`."""

    eer: list[float]


class Group(TypedDict):
    """A group's entry in metrics.json; rates are fractions, Cllr is in bits."""

    bonafide: int
    spoof: int
    eer: float
    eer_official: float
    eer_rocch: float
    auc: float
    min_dcf: float
    act_dcf: float
    cllr: float
    cllr_min: float
    accuracy: float
    balanced_accuracy: float
    intervals: Intervals
    systems: dict[str, System]
    threshold: float
    inverted: bool
    trials_sha256: str
    n_distinct: int
    n_mixed_ties: int


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
        counts = tally(bonafide, spoof)
    except InputError as error:
        raise InputError(f"Test group {group}: {error}") from error
    mixed = (counts.bonafide > 0) & (counts.spoof > 0)
    low, high = interval(eer, bonafide, spoof, replicates=replicates, seed=seed)
    area = auc(bonafide, spoof)
    return Group(
        bonafide=bonafide.size,
        spoof=spoof.size,
        eer=eer(bonafide, spoof),
        eer_official=eer_official(bonafide, spoof),
        eer_rocch=eer_rocch(bonafide, spoof),
        auc=area,
        min_dcf=min_dcf(bonafide, spoof),
        act_dcf=act_dcf(bonafide, spoof),
        cllr=cllr(bonafide, spoof),
        cllr_min=cllr_min(bonafide, spoof),
        accuracy=accuracy(bonafide, spoof, threshold),
        balanced_accuracy=balanced_accuracy(bonafide, spoof, threshold),
        intervals={"eer": [low, high]},
        systems=systems(trials, group=group),
        threshold=float(threshold),
        inverted=area < 0.5,
        trials_sha256=fingerprint(trials),
        n_distinct=counts.values.size,
        n_mixed_ties=int((counts.bonafide + counts.spoof)[mixed].sum()),
    )


def systems(trials: Trials, *, group: str) -> dict[str, System]:
    """EER of each system, its spoofs paired with the bona fide trials of the same corpora.

    Raises:
        InputError: a system's corpus has no bona fide trial in this group.
    """
    genuine, fake = trials.label == BONAFIDE, trials.label == SPOOF
    result = {}
    for name in sorted(set(trials.system[fake])):
        own = fake & (trials.system == name)
        corpora = sorted(set(trials.corpus[own]))
        paired = genuine & np.isin(trials.corpus, np.array(corpora, dtype=object))
        if not paired.any():
            raise InputError(
                f"Test group {group}: system {name} has no bona fide trials of its corpus "
                f"({', '.join(corpora)}) to be compared with: add them to the group or leave the system out."
            )
        result[name] = System(eer=eer(trials.score[paired], trials.score[own]), spoof=int(own.sum()))
    return result


def cautions(trials: Trials, measured: Group) -> list[str]:
    """What a reader must know before trusting the measures, a sentence each; empty when nothing is amiss."""
    low, high = trials.score.min(), trials.score.max()
    gap = abs(measured["eer"] - measured["eer_official"])
    tolerated = (
        max(1e-4, 1 / (4 * min(measured["bonafide"], measured["spoof"]))) + 1e-12
    )  # the limit is reached
    found = {
        "The detector is inverted here: spoofs score higher than bona fide trials.": measured["inverted"],
        "Fewer than three distinct scores: these are decisions, not scores.": measured["n_distinct"] < 3,
        f"{measured['n_mixed_ties']} trials of both classes share their scores; ties blur the EER.": (
            measured["n_mixed_ties"] > 0.001 * len(trials)
        ),
        "EER and official EER differ more than counting can explain: ties or saturation.": gap > tolerated,
        "All scores lie in [0, 1]: probabilities, not log-odds; Cllr and actual DCF mean little.": (
            low >= 0 and high <= 1
        ),
        "No score is above zero: log-probabilities, not log-odds; Cllr and actual DCF mean little.": (
            low < 0 and -0.01 < high <= 0
        ),
    }
    return [sentence for sentence, holds in found.items() if holds]
