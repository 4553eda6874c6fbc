"""Measures that are ratios of sums over files: what each file adds, and what any sum of files gives."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bonafide.evaluation.localization.outcome import Outcome
from bonafide.metrics.localization.combined import ACCURACY
from bonafide.metrics.localization.counts import FileDetections
from bonafide.metrics.localization.event_f1 import events_of_each
from bonafide.metrics.localization.segment_f1 import segments_of_each
from bonafide.metrics.localization.timeline import Floats, Regions
from bonafide.types import SPOOF

_COLLAR: Final = 0.25  # seconds

_COUNTS: Final = ("1s", "20ms", "1s_sed_eval", "20ms_sed_eval", "event")
"""What is counted, in the order of the columns: true positives, false positives, false negatives of each.

Then come files rightly called as a whole, files rightly called by their regions, and files."""


def counted_of(outcome: Outcome) -> Floats:
    """`counted` of what a test left; a clip is called spoofed if its score lies below its threshold."""
    called = outcome.score < outcome.clip_threshold
    return counted(outcome.true, outcome.predicted, outcome.label == SPOOF, called)


def counted(
    true: Regions, predicted: Regions, spoofed: NDArray[np.bool_], called: NDArray[np.bool_]
) -> Floats:
    """`[files, columns]`, what each file adds to the sums that `ratios` reads.

    Args:
        true: spoofed regions.
        predicted: of the same files, in the same order.
        spoofed: `[files]`, whether each is a spoof.
        called: `[files]`, whether each as a whole was called one.

    Raises:
        InputError: the files differ.
    """
    each: Mapping[str, FileDetections] = {
        "1s": segments_of_each(true, predicted),
        "20ms": segments_of_each(true, predicted, resolution=0.02),
        "1s_sed_eval": segments_of_each(true, predicted, compat="sed_eval"),
        "20ms_sed_eval": segments_of_each(true, predicted, resolution=0.02, compat="sed_eval"),
        "event": events_of_each(true, predicted, collar=_COLLAR),
    }
    right = [spoofed == decision for decision in (called, predicted.spoofed)]
    columns = [column for name in _COUNTS for column in each[name]]
    return np.stack([*columns, *right, np.ones(len(spoofed))], axis=1).astype(np.float64)


def ratios(sums: Floats) -> dict[str, Floats]:
    """Accuracy, F1, precision and recall, each `[sets]`; NaN where a measure cannot be told.

    Args:
        sums: `[sets, columns]`, of `counted` over the files of each set.
    """
    found = {}
    with np.errstate(invalid="ignore", divide="ignore"):  # what is none over none becomes NaN
        for place, name in enumerate(_COUNTS):
            hit, false, missed = sums[:, 3 * place : 3 * place + 3].T
            of_truth = np.where(hit + missed > 0, hit + missed, np.nan)
            found[f"f1_{name}"] = 2 * hit / (hit + false + of_truth)
            found[f"precision_{name}"] = hit / (hit + false)
            found[f"recall_{name}"] = hit / of_truth
        found["accuracy"] = sums[:, -3] / sums[:, -1]
        found["accuracy_by_regions"] = sums[:, -2] / sums[:, -1]
    found["event_f1"] = found.pop("f1_event")
    found["score"] = ACCURACY * found["accuracy"] + (1 - ACCURACY) * found["f1_1s"]
    return found
