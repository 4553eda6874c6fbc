"""Range-based EER: the worked example, and `eer` with every millisecond as a trial."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from tests.metrics.localization.references import File, in_seconds, milliseconds, several_files

from bonafide.metrics.curve import curve
from bonafide.metrics.eer import eer
from bonafide.metrics.localization.range_eer import range_eer
from bonafide.metrics.localization.tape import times
from bonafide.metrics.localization.timeline import timelines
from bonafide.types import InputError

SCORES = [0.9, 0.4, 0.3, 0.8, 0.7]
EXAMPLE = timelines(["a"], [1.0], [[(0.3, 0.5)]], [SCORES], step=0.2)


def test_the_example() -> None:
    assert range_eer(EXAMPLE) == pytest.approx(0.2, abs=1e-12)
    bonafide, spoof = times(EXAMPLE)
    points = curve(SCORES, SCORES, weights=(bonafide, spoof))
    assert points.frr[:3].tolist() == pytest.approx([0, 0.125, 0.25])
    assert points.far[:3].tolist() == pytest.approx([1, 0.5, 0])
    nearest = np.argmin(np.abs(points.frr - points.far))
    assert (points.frr[nearest] + points.far[nearest]) / 2 == pytest.approx(0.125)


@settings(max_examples=100, deadline=None)
@given(several_files)
def test_time_is_its_milliseconds(listed: list[File]) -> None:
    scores, spoof = milliseconds(listed)
    assume(0 < spoof.sum() < spoof.size)
    assert range_eer(in_seconds(listed)) == pytest.approx(eer(scores[~spoof], scores[spoof]), abs=1e-12)


def test_cutting_time_finer_changes_nothing() -> None:
    generator = np.random.default_rng(0)
    scores = generator.normal(size=(40, 50)).round(1)
    parts = (map(str, range(40)), [9.93] * 40, [[(1.234, 3.21)], []] * 20)
    coarse = timelines(*parts, list(scores), 0.2)
    fine = timelines(map(str, range(40)), *parts[1:], list(np.repeat(scores, 20, axis=1)[:, :993]), 0.01)
    assert range_eer(fine) == pytest.approx(range_eer(coarse), abs=1e-12)


def test_the_last_score_covers_what_is_missing_and_the_end_cuts_the_last_frame() -> None:
    # 0.30 s in frames of 0.2 s: the score 2 covers 0.1 s, of which 0.05 s are spoofed.
    recordings = timelines(["a", "b"], [0.3, 0.6], [[(0.25, 0.3)], []], [[1, 2], [0]], 0.2)
    bonafide, spoof = times(recordings)
    assert (bonafide // 10**6).tolist() == [200, 50, 200, 200, 200]
    assert (spoof // 10**6).tolist() == [0, 50, 0, 0, 0]
    assert recordings.scores.tolist() == [1, 2, 0, 0, 0]


def test_a_step_that_is_no_whole_millisecond() -> None:
    hop = 256 / 22050
    recordings = timelines(["a"], [100 * hop], [[(0, 25 * hop)]], [np.arange(100)], hop)
    assert range_eer(recordings) == pytest.approx(0, abs=1e-6)


def test_one_class_is_refused() -> None:
    with pytest.raises(InputError, match="No spoofed time"):
        range_eer(timelines(["a"], [1.0], [[]], [SCORES], 0.2))
    with pytest.raises(InputError, match="No bona fide time"):
        range_eer(timelines(["a"], [1.0], [[(0, 2)]], [SCORES], 0.2))
