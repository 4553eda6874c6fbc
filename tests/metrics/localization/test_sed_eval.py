"""Against sed_eval 0.2.1 itself, the reference implementation of segment-based and event-based measures.

Its counts on random files stand here. Where the library is installed it is asked again, on more files; it is
no dependency, for its companion dcase_util installs a package `tests` that hides this folder. Run it by hand:
`pip install --target FOLDER sed_eval`, then `PYTHONPATH=FOLDER pytest` on this file.
"""

from typing import Any, NamedTuple

import numpy as np
import pytest

from bonafide.metrics.localization.counts import Detections
from bonafide.metrics.localization.event_f1 import event_counts
from bonafide.metrics.localization.segment_f1 import segment_counts
from bonafide.metrics.localization.timeline import regions

# No difference on the grids below lies on these limits, where binary fractions would decide.
COLLAR, SHARE = 0.255, 0.503

Segments = list[list[tuple[float, float]]]


class Case(NamedTuple):
    """Counts of sed_eval (true positives, false positives, false negatives) on `random_files`."""

    seed: int
    grid: int
    seconds: tuple[int, int, int]
    frames: tuple[int, int, int]
    events: tuple[int, int, int]


CASES = (
    Case(0, 25, (62, 22, 17), (1941, 783, 550), (23, 20, 14)),
    Case(1, 50, (62, 19, 12), (1948, 806, 567), (20, 21, 16)),
    Case(2, 1000, (47, 20, 8), (1264, 749, 430), (17, 16, 12)),
    Case(3, 1000, (50, 30, 11), (1498, 1164, 377), (18, 21, 12)),
)


def random_files(seed: int, grid: int) -> tuple[Segments, Segments]:
    """True and predicted regions of twenty files on a grid of so many instants a second."""
    generator = np.random.default_rng(seed)
    true: Segments = []
    predicted: Segments = []
    for _ in range(20):
        start = generator.integers(0, 8 * grid, generator.integers(0, 4))
        end = start + generator.integers(1, 3 * grid, start.size)
        kept = generator.random(start.size) < 0.8
        shift = generator.integers(-grid // 3, grid // 3, (2, start.size))
        near = np.maximum(0, np.sort((start, end), axis=0) + shift)[:, kept]
        more = np.cumsum(generator.integers(1, 3 * grid, (2, generator.integers(0, 2))), axis=0)
        found = np.concatenate((np.sort(near, axis=0), more), axis=1)
        true.append([(one / grid, other / grid) for one, other in zip(start, end, strict=True)])
        predicted.append([(one / grid, other / grid) for one, other in found.T if one < other])
    return true, predicted


def ours(true: Segments, predicted: Segments) -> tuple[Detections, Detections, Detections]:
    names = [str(number) for number in range(len(true))]
    sides = regions(names, true), regions(names, predicted)
    return (
        segment_counts(*sides, resolution=1.0, compat="sed_eval"),
        segment_counts(*sides, resolution=0.02, compat="sed_eval"),
        event_counts(*sides, collar=COLLAR, share=SHARE),
    )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_counts_of_the_library(case: Case) -> None:
    assert ours(*random_files(case.seed, case.grid)) == (case.seconds, case.frames, case.events)


def theirs(
    evaluation: Any, true: Segments, predicted: Segments
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Counts, and F1, precision, recall and error rate."""
    container = pytest.importorskip("dcase_util").containers.MetaDataContainer
    for sides in zip(true, predicted, strict=True):
        # An empty file enters a segment-based measure as an event without length at 0.
        empty = [(0.0, 0.0)] if hasattr(evaluation, "time_resolution") else []
        evaluation.evaluate(
            *(
                container(
                    [
                        {"filename": "file", "event_label": "spoof", "onset": float(on), "offset": float(off)}
                        for on, off in side or empty
                    ]
                )
                for side in sides
            )
        )
    counts = tuple(evaluation.overall[name] for name in ("Ntp", "Nfp", "Nfn"))
    rates = evaluation.results_overall_metrics()
    f_measure = rates["f_measure"]
    return counts, (
        *(f_measure[name] for name in ("f_measure", "precision", "recall")),
        rates["error_rate"]["error_rate"],
    )


@pytest.mark.parametrize("grid", [25, 50, 1000])
def test_the_library_itself(grid: int) -> None:
    sound_event = pytest.importorskip("sed_eval", exc_type=ImportError).sound_event
    for seed in range(20):
        true, predicted = random_files(seed, grid)
        evaluations = (
            sound_event.SegmentBasedMetrics(["spoof"], time_resolution=1.0),
            sound_event.SegmentBasedMetrics(["spoof"], time_resolution=0.02),
            sound_event.EventBasedMetrics(["spoof"], t_collar=COLLAR, percentage_of_length=SHARE),
        )
        for evaluation, counts in zip(evaluations, ours(true, predicted), strict=True):
            expected, rates = theirs(evaluation, true, predicted)
            assert counts == expected
            assert (counts.f1, counts.precision, counts.recall, counts.error_rate) == pytest.approx(rates)
