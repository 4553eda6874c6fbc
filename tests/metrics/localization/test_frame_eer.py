"""Point-based EER: the worked example, and `eer` on frames that are put together one by one."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from tests.metrics.localization.references import STEP, File, in_seconds, several_files

from bonafide.metrics.curve import curve
from bonafide.metrics.eer import eer, eer_official
from bonafide.metrics.localization.frame_eer import RESOLUTIONS, frame_eer
from bonafide.metrics.localization.resolution import trials, utterance_scores
from bonafide.metrics.localization.timeline import timelines
from bonafide.types import InputError

EXAMPLE = timelines(["a"], [1.0], [[(0.3, 0.5)]], [[0.9, 0.4, 0.3, 0.8, 0.7]], step=0.2)


def test_the_example() -> None:
    assert frame_eer(EXAMPLE, (0.2, 0.1)) == {0.2: 0.0, 0.1: pytest.approx(0.2, abs=1e-12)}
    repeated = trials(EXAMPLE, 0.1).by_class()
    points = curve(*repeated)
    nearest = np.argmin(np.abs(points.frr - points.far))
    assert (points.frr[nearest] + points.far[nearest]) / 2 == pytest.approx(0.125)
    assert eer_official(*repeated) == pytest.approx(0.375)


@settings(max_examples=100, deadline=None)
@given(several_files)
def test_every_resolution_is_the_eer_of_its_frames(listed: list[File]) -> None:
    recordings = in_seconds(listed)
    expected = {}
    for resolution in (10, 20, 40, 80, 160):
        scores: list[float] = []
        spoof: list[bool] = []
        for file in listed:
            track = file.spoofed()
            for start in range(0, file.length, resolution):
                end = start + max(resolution, STEP)  # a coarser frame takes in all of its last finer one
                scores.append(min(file.scores[start // STEP : -(-min(end, file.length) // STEP)]))
                spoof.append(track[start : start + resolution].any())
        found = trials(recordings, resolution / 1000)
        if resolution >= STEP:
            assert found.scores.tolist() == scores
        assert found.spoof.tolist() == spoof
        assume(0 < sum(spoof) < len(spoof))
        expected[resolution / 1000] = eer(*found.by_class())
    assert frame_eer(recordings, tuple(expected)) == pytest.approx(expected, abs=1e-12)


def test_finer_frames_repeat_the_score_of_the_frame_they_lie_in() -> None:
    recordings = timelines(["a", "b"], [0.05, 0.02], [[], [(0, 0.01)]], [[1, 2, 3], [4]], 0.02)
    assert trials(recordings, 0.01).scores.tolist() == [1, 1, 2, 2, 3, 4, 4]
    assert trials(recordings, 0.01).spoof.tolist() == [False] * 5 + [True, False]


def test_many_frames_are_halved_to_the_same_crossing() -> None:
    generator = np.random.default_rng(0)
    for decimals in (0, 1, 12):
        scores = [generator.normal(size=500).round(decimals) for _ in range(60)]
        recordings = timelines(map(str, range(60)), [10] * 60, [[(2, 3.01)], []] * 30, scores, 0.02)
        expected = {resolution: eer(*trials(recordings, resolution).by_class()) for resolution in RESOLUTIONS}
        assert frame_eer(recordings) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("scale", [1.0, 1e308])
def test_constant_and_huge_scores(scale: float) -> None:
    for scores, expected in ((np.full(20_000, scale), 0.5), (np.repeat([-scale, scale], 10_000), 0.0)):
        recordings = timelines(["a"], [400.0], [[(0, 200)]], [scores], 0.02)
        assert frame_eer(recordings, (0.02,)) == {0.02: expected}


def test_published_labels() -> None:
    recordings = timelines(["a"], [0.4], [[(0.3, 0.34)]], [np.arange(10)], 0.04)
    with pytest.raises(InputError, match=r"No spoofed frames of 0\.04 s"):
        frame_eer(recordings, (0.04,), compat="partialspoof")
    assert frame_eer(recordings, (0.04,)) == {0.04: pytest.approx(eer([*range(7), 9], [7, 8]))}


def test_the_lowest_frame_speaks_for_the_utterance() -> None:
    assert utterance_scores(EXAMPLE).tolist() == [0.3]


def test_what_cannot_be_computed_is_refused() -> None:
    for resolution in (0.3, 0.0, -0.2, float("nan"), float("inf")):
        with pytest.raises(InputError, match=rf"Frames of 0\.2 s cannot be measured at {resolution} s"):
            frame_eer(EXAMPLE, (resolution,))
    with pytest.raises(InputError, match=r"No bona fide frames of 1\.0 s"):
        frame_eer(EXAMPLE, (1.0,))
    with pytest.raises(InputError, match=r"No spoofed frames of 0\.2 s"):
        frame_eer(timelines(["a"], [1.0], [[]], [[1] * 5], 0.2), (0.2,))
