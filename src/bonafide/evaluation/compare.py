"""Detectors on the same trials: how far they differ, and whether by chance."""

from collections.abc import Mapping
from itertools import combinations
from typing import Final, NamedTuple

from bonafide.evaluation.scores import Trials
from bonafide.evaluation.words import CROSSED
from bonafide.metrics.auc import auc
from bonafide.metrics.cllr import cllr
from bonafide.metrics.curve import Measure
from bonafide.metrics.dcf import min_dcf
from bonafide.metrics.eer import eer
from bonafide.metrics.paired import Comparison, compare, holm
from bonafide.metrics.schemes import Scheme, by_speaker_and_system
from bonafide.metrics.trial_tests import delong, mcnemar
from bonafide.types import BONAFIDE, SPOOF, InputError

DIFFERENCES: Final[Mapping[str, Measure]] = {"eer": eer, "min_dcf": min_dcf, "cllr": cllr, "auc": auc}
"""Measures whose differences are tested."""

TRIALS: Final = "trials"
_DRAWN: Final = {"stratified": TRIALS, "speaker x system": CROSSED}


class Difference(NamedTuple):
    """A measure of one detector less that of another.

    Args:
        measure: its key in metrics.json.
        found: by the paired bootstrap.
        p_holm: its p, adjusted for all differences of the group that were drawn the same way.
    """

    measure: str
    found: Comparison
    p_holm: float


class TrialTest(NamedTuple):
    """What a test says that takes trials for independent.

    Args:
        first: name of a detector.
        second: name of the other.
        test: its name, and of what.
        first_right: trials that only the first decides rightly; None if the test counts none.
        second_right: likewise.
        statistic: z of the normal distribution, or χ²; None where the test is exact.
        p: two-sided; None where the test cannot be made.
        problem: why it cannot; empty if it can.
    """

    first: str
    second: str
    test: str
    first_right: int | None
    second_right: int | None
    statistic: float | None
    p: float | None
    problem: str = ""


def differences(
    tables: Mapping[str, Trials], *, replicates: int = 1000, seed: int = 0
) -> dict[str, list[Difference]]:
    """Every pair of detectors under each of `DIFFERENCES`, by what was drawn.

    Args:
        tables: by detector, the same trials in the same order.
        replicates: of the bootstrap.
        seed: of the bootstrap.

    Returns:
        `"trials"`, and `"speakers × systems"` where every trial has a speaker, every spoof a system, and
        there are several of both.

    Raises:
        InputError: fewer than two detectors, a class is empty, or a score is not finite.
    """
    scores = {name: (trials.bonafide, trials.spoof) for name, trials in tables.items()}
    result = {}
    for scheme in _schemes(next(iter(tables.values()))):
        found = compare(DIFFERENCES, scores, scheme=scheme, replicates=replicates, seed=seed)
        pairs = [(measure, pair) for measure, compared in found.items() for pair in compared]
        adjusted = holm([pair.p for _, pair in pairs])
        result[_DRAWN[pairs[0][1].scheme]] = [
            Difference(measure, pair, float(p)) for (measure, pair), p in zip(pairs, adjusted, strict=True)
        ]
    return result


def trial_tests(tables: Mapping[str, Trials], thresholds: Mapping[str, float]) -> list[TrialTest]:
    """DeLong's test of the AUC and McNemar's of the decisions, for each pair.

    Args:
        tables: by detector, the same trials in the same order.
        thresholds: of each detector, chosen on other trials.

    Raises:
        InputError: a class is empty, or a score is not finite.
    """
    result = []
    for first, second in combinations(tables, 2):
        pair = [(tables[name].bonafide, tables[name].spoof) for name in (first, second)]
        try:
            areas = delong(pair[0], pair[1])
            result.append(TrialTest(first, second, "DeLong, AUC", None, None, areas.z, areas.p))
        except InputError as error:
            result.append(TrialTest(first, second, "DeLong, AUC", None, None, None, None, str(error)))
        decided = mcnemar(pair[0], pair[1], (thresholds[first], thresholds[second]))
        sides = {"all": "all trials", BONAFIDE: "bona fide", SPOOF: "spoof"}
        result += [
            TrialTest(
                first, second, f"McNemar, {sides[side]}", found.first_right, found.second_right,
                found.chi_squared, found.p,
            )
            for side, found in decided.items()
        ]  # fmt: skip
    return result


def _schemes(trials: Trials) -> list[Scheme | None]:
    """Drawing of trials; of speakers and systems too, where both are known."""
    genuine, fake = trials.label == BONAFIDE, trials.label == SPOOF
    try:
        crossed = by_speaker_and_system(trials.speaker[genuine], trials.speaker[fake], trials.system[fake])
    except InputError:
        return [None]
    return [None, crossed]
