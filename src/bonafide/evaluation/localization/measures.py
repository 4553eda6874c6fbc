"""Measures of localization on one test group, with intervals and detectors that do not listen beside them."""

from typing import NotRequired, TypedDict

import numpy as np

from bonafide.evaluation.breakdown import Bounds, zero_error_bound
from bonafide.evaluation.localization.counting import counted, counted_of, ratios
from bonafide.evaluation.localization.curves import curves, drawn_eers
from bonafide.evaluation.localization.outcome import Outcome
from bonafide.evaluation.localization.resampling import Draws, Units, interval, units
from bonafide.metrics.localization.tape import times
from bonafide.metrics.localization.thresholded import time_decisions
from bonafide.metrics.localization.timeline import NANOSECONDS, Floats, Regions
from bonafide.types import SPOOF, InputError


class Trivial(TypedDict):
    """What a detector reaches that does not listen; fractions. Its EER is one half."""

    score: float
    accuracy: float
    f1_1s: float
    f1_20ms: float
    event_f1: float


class Localization(TypedDict):
    """A group's entry `"localization"` in metrics.json; fractions, times in seconds.

    `precision_…` is not there where nothing was called fake. `segment_eer` knows the lengths that are
    multiples or whole fractions of the step. `intervals` hold what can be told of most sets drawn anew.
    """

    recordings: int
    spoofed_recordings: int
    seconds: float
    spoofed_seconds: float
    step: float
    resolution: float
    threshold: float
    score: float
    accuracy: float
    accuracy_by_regions: float
    clip_eer: float
    lowest_frame_eer: float
    f1_1s: float
    precision_1s: NotRequired[float]
    recall_1s: float
    f1_20ms: float
    precision_20ms: NotRequired[float]
    recall_20ms: float
    f1_1s_sed_eval: float
    f1_20ms_sed_eval: float
    event_f1: float
    time_f1: float
    time_f1_spoofed: float
    range_eer: float
    frame_eer: float
    segment_eer: dict[str, float]
    intervals: Bounds
    trivial: dict[str, Trivial]
    remarks: list[str]


def measure(outcome: Outcome, *, group: str, replicates: int = 1000, seed: int = 0) -> Localization:
    """Every measure of one group.

    Args:
        outcome: of the group.
        group: its name, for messages.
        replicates: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        InputError: nothing that was heard is spoofed, or all of it is; the message names the group.
    """
    bonafide, spoof = times(outcome.recordings)
    if not (bonafide.any() and spoof.any()):
        raise InputError(
            f"Test group {group}: {'all' if spoof.any() else 'nothing'} of what was heard is spoofed, so "
            "there is nothing to be located; hear whole recordings with data.windows.tile=true, or choose "
            "others."
        )
    drawn = units(outcome.unit)
    draws = Draws(drawn.number, replicates, seed)
    found, bounds = _ratios(outcome, drawn, draws)
    fewest = min(int(outcome.true.spoofed.sum()), int((~outcome.true.spoofed).sum()))
    unseen = zero_error_bound(max(fewest, 1))
    known = curves(outcome)
    rates = {name: curve.eer for name, curve in known.items()}
    for name, sets in drawn_eers(known, drawn, draws).items():
        limits = interval(sets)
        if limits is not None:
            bounds[name] = limits if rates[name] else [0.0, unseen]
    whole, spoofed = (
        time_decisions(outcome.recordings, outcome.threshold, spoofed_only=only).spoof
        for only in (False, True)
    )
    result = Localization(
        recordings=len(outcome.names),
        spoofed_recordings=int(outcome.true.spoofed.sum()),
        seconds=float(outcome.recordings.seconds.sum()),
        spoofed_seconds=float(spoof.sum() / NANOSECONDS),
        step=outcome.recordings.step,
        resolution=outcome.resolution,
        threshold=outcome.threshold,
        score=found["score"],
        accuracy=found["accuracy"],
        accuracy_by_regions=found["accuracy_by_regions"],
        clip_eer=rates["clip_eer"],
        lowest_frame_eer=rates["lowest_frame_eer"],
        f1_1s=found["f1_1s"],
        recall_1s=found["recall_1s"],
        f1_20ms=found["f1_20ms"],
        recall_20ms=found["recall_20ms"],
        f1_1s_sed_eval=found["f1_1s_sed_eval"],
        f1_20ms_sed_eval=found["f1_20ms_sed_eval"],
        event_f1=found["event_f1"],
        time_f1=whole.f1,
        time_f1_spoofed=spoofed.f1,
        range_eer=rates["range_eer"],
        frame_eer=rates["frame_eer"],
        segment_eer={
            name.removeprefix("segment_eer_"): rate
            for name, rate in rates.items()
            if name.startswith("segment_eer_")
        },
        intervals=bounds,
        trivial=trivial(outcome),
        remarks=remarks(outcome),
    )
    if found["f1_1s"] <= result["trivial"]["all fake"]["f1_1s"]:
        result["remarks"].append(
            "Segment F1 at 1 s is no higher than that of calling everything fake: nothing was located."
        )
    if outcome.predicted.start.size:
        result["precision_1s"], result["precision_20ms"] = found["precision_1s"], found["precision_20ms"]
    return result


def trivial(outcome: Outcome) -> dict[str, Trivial]:
    """Detectors that call every second fake, or none, on the same clips."""
    seconds, names = outcome.recordings.seconds, outcome.names
    files = np.arange(len(names) + 1)
    every = Regions(names, np.zeros(len(names)), seconds, files)
    none = Regions(names, np.zeros(0), np.zeros(0), 0 * files)
    result = {}
    for name, predicted in (("all fake", every), ("all genuine", none)):
        found = _found(counted(outcome.true, predicted, outcome.label == SPOOF, predicted.spoofed))
        result[name] = Trivial(**{key: found[key] for key in Trivial.__annotations__})  # type: ignore[typeddict-item]
    return result


def remarks(outcome: Outcome) -> list[str]:
    """What a reader must know before the numbers."""
    step, found = outcome.recordings.step, []
    partly = outcome.whole - outcome.recordings.seconds > 0.5 * step
    if partly.any():
        unheard = float((outcome.whole - outcome.recordings.seconds)[partly].sum() / outcome.whole.sum())
        found.append(
            f"{int(partly.sum()):,} of {len(partly):,} recordings were heard in part ({100 * unheard:.1f} % "
            "of all time was not): measures are of what was heard; data.windows.tile=true hears all."
        )
    if outcome.resolution > 1.01 * step:
        found.append(
            f"The model gives a score every {1000 * step:g} ms, but what it hears resolves time to "
            f"{1000 * outcome.resolution:g} ms: finer measures tell of its guesses."
        )
    if not outcome.predicted.start.size:
        found.append("Nothing was called fake anywhere, so there is no precision.")
    return found


def _ratios(outcome: Outcome, drawn: Units, draws: Draws) -> tuple[dict[str, float], Bounds]:
    """Measures that are ratios of counts, and their bounds."""
    table = counted_of(outcome)
    found = _found(table)
    blocks = [ratios(sums) for sums in draws.sums(drawn.sums(table))]
    bounds = {}
    for name in Localization.__annotations__:
        if name in found:
            limits = interval(np.concatenate([block[name] for block in blocks]))
            if limits is not None:
                bounds[name] = limits
    return found, bounds


def _found(table: Floats) -> dict[str, float]:
    """Of all files together."""
    return {name: float(value[0]) for name, value in ratios(table.sum(axis=0, keepdims=True)).items()}
