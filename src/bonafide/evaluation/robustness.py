"""What perturbations do to a detector that was left as it is: its ranking, its decisions, its scores."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypedDict

import numpy as np

from bonafide.evaluation.breakdown import zero_error_bound
from bonafide.evaluation.scores import Trials
from bonafide.metrics.auc import auc
from bonafide.metrics.decisions import decide
from bonafide.metrics.eer import eer
from bonafide.metrics.intervals import intervals
from bonafide.metrics.paired import compare

CLEAN: Final = "Clean"


class Outcome(TypedDict):
    """A test group under one perturbation; rates are fractions.

    `interval` and `change_interval` are of trials redrawn within each class, the same ones for the clean
    group in the latter; both are None of the clean group's change. A trial is accepted as bona fide iff its
    score reaches `threshold`, which was chosen on clean validation clips. Shifts are of the mean score
    against the clean group's.
    """

    eer: float
    interval: list[float]
    change: float | None
    change_interval: list[float] | None
    auc: float
    auc_interval: list[float]
    threshold: float
    bonafide_accepted: int
    bonafide_rejected: int
    spoof_accepted: int
    spoof_rejected: int
    bonafide_mean: float
    spoof_mean: float
    bonafide_shift: float
    spoof_shift: float


class Heard(NamedTuple):
    """The test groups as they were heard once.

    Args:
        perturbation: in words; `CLEAN` for none.
        severity: of it, with its unit; empty for none.
        label: of the severity, without its unit.
        groups: what came of it.
    """

    perturbation: str
    severity: str
    label: str
    groups: Mapping[str, Outcome]

    @property
    def name(self) -> str:
        """In a sentence."""
        return f"{self.perturbation}, {self.severity}" if self.severity else self.perturbation


def measure(
    trials: Trials, clean: Trials, threshold: float, *, replicates: int = 1000, seed: int = 0
) -> Outcome:
    """A group under a perturbation, beside the same group without.

    Args:
        trials: perturbed, or `clean` itself.
        clean: the same trials in the same order.
        threshold: chosen on other trials.
        replicates: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        InputError: a class is missing, or a score is not finite.
    """
    sides, before = (trials.bonafide, trials.spoof), (clean.bonafide, clean.spoof)
    found = intervals({"eer": eer, "auc": auc}, *sides, replicates=replicates, seed=seed)
    high = found["eer"].high if found["eer"].estimate else zero_error_bound(min(map(len, sides)))
    change = None
    if trials is not clean:
        both = {"perturbed": sides, "clean": before}
        (change,) = compare({"eer": eer}, both, replicates=replicates, seed=seed)["eer"]
    decided = decide(*sides, threshold)
    means = [float(np.mean(side)) for side in (*sides, *before)]
    return Outcome(
        eer=found["eer"].estimate,
        interval=[found["eer"].low, high],
        change=None if change is None else change.difference,
        change_interval=None if change is None else [change.low, change.high],
        auc=found["auc"].estimate,
        auc_interval=[found["auc"].low, found["auc"].high],
        threshold=threshold,
        bonafide_accepted=decided.bonafide_accepted,
        bonafide_rejected=decided.bonafide_rejected,
        spoof_accepted=decided.spoof_accepted,
        spoof_rejected=decided.spoof_rejected,
        bonafide_mean=means[0],
        spoof_mean=means[1],
        bonafide_shift=means[0] - means[2],
        spoof_shift=means[1] - means[3],
    )


def rejected(found: Outcome) -> float:
    """Share of the bona fide trials."""
    return found["bonafide_rejected"] / (found["bonafide_rejected"] + found["bonafide_accepted"])


def accepted(found: Outcome) -> float:
    """Share of the spoofs."""
    return found["spoof_accepted"] / (found["spoof_rejected"] + found["spoof_accepted"])


def by_perturbation(heard: Sequence[Heard]) -> dict[str, list[Heard]]:
    """Severities of each, in the order given; the clean groups are the first."""
    found: dict[str, list[Heard]] = {}
    for line in heard:
        found.setdefault(line.perturbation, []).append(line)
    return found
