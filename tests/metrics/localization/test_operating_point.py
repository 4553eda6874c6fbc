"""The threshold with the highest F1 is the best of all that can be tried."""

import numpy as np
import pytest

from bonafide.metrics.eer import eer
from bonafide.metrics.localization.operating_point import best_threshold, frame_eer_threshold
from bonafide.metrics.localization.resolution import trials
from bonafide.metrics.localization.runs import detected
from bonafide.metrics.localization.segment_f1 import segment_f1
from bonafide.metrics.localization.timeline import Timelines, timelines
from bonafide.types import InputError


def drawn(seed: int, step: float, *, ties: bool) -> Timelines:
    random = np.random.default_rng(seed)
    seconds = random.uniform(0.3, 6, 12).round(3)
    regions, scores = [], []
    for number, length in enumerate(seconds):
        start, end = np.sort(random.uniform(0, length, 2)).round(3)
        regions.append([(start, end)] if number % 2 else [])
        frames = np.arange(int(np.ceil((length * 1000 - 0.5) / (step * 1000)))) * step
        spoofed = (frames > start) & (frames < end) & bool(number % 2)
        score = random.normal(size=len(frames)) - 1.5 * spoofed
        scores.append(score.round(1) if ties else score)
    return timelines(map(str, range(12)), seconds, regions, scores, step)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("step", "resolution"), [(0.02, 1.0), (0.16, 1.0), (0.1, 0.02), (0.064, 0.1)])
def test_no_other_threshold_has_a_higher_f1(step: float, resolution: float, ties: bool) -> None:
    for seed in range(3):
        recordings = drawn(seed, step, ties=ties)

        def f1(threshold: float, recordings: Timelines = recordings) -> float:
            return segment_f1(recordings.regions, detected(recordings, threshold), resolution=resolution)

        levels = np.unique(recordings.scores)
        between = [*(levels[:-1] + levels[1:]) / 2, levels[-1] + 1]
        best = max(f1(threshold) for threshold in between[:: max(1, len(between) // 150)])
        assert f1(best_threshold(recordings, resolution)) >= best


def test_a_perfect_model_is_told_apart() -> None:
    recordings = timelines("ab", [2.0, 2.0], [[(0, 1)], []], [[-5, -4, 3, 4], [3, 3, 3, 3]], step=0.5)
    assert best_threshold(recordings) == -1.0
    assert segment_f1(recordings.regions, detected(recordings, -1.0)) == 1


def test_scores_that_are_alike_call_everything_spoofed() -> None:
    recordings = timelines("ab", [2.0, 2.0], [[(0, 1)], []], [[1, 1], [1, 1]], step=1.0)
    assert best_threshold(recordings) > 1


def test_without_a_region_there_is_no_best() -> None:
    with pytest.raises(InputError, match="there is no F1"):
        best_threshold(timelines("a", [2.0], [[]], [[1, 1]], step=1.0))


def test_at_the_threshold_of_the_eer_both_rates_are_as_near_as_they_can_be() -> None:
    recordings = drawn(0, 0.02, ties=False)
    threshold = frame_eer_threshold(recordings)
    bonafide, spoof = trials(recordings).by_class()
    rates = (bonafide < threshold).mean(), (spoof >= threshold).mean()
    assert rates == pytest.approx([eer(bonafide, spoof)] * 2, abs=2 / len(spoof))
    with pytest.raises(InputError, match="one class alone"):
        frame_eer_threshold(timelines("a", [2.0], [[]], [[1, 1]], step=1.0))
