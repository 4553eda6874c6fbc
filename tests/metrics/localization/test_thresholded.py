"""Decisions at a threshold, against scikit-learn; runs of frames as regions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_score, recall_score
from tests.metrics.localization.references import STEP, File, in_seconds, milliseconds, several_files

from bonafide.metrics.localization.resolution import trials, utterance_scores
from bonafide.metrics.localization.runs import detected
from bonafide.metrics.localization.thresholded import Decisions, frame_decisions, time_decisions
from bonafide.metrics.localization.timeline import timelines
from bonafide.types import InputError

few = settings(max_examples=100, deadline=None)
thresholds = st.sampled_from([-2.5, -1.0, 0.0, 1.5, 9.0])


def confusion(accepted: object, spoof: np.ndarray) -> list[list[int]]:
    """Rows bona fide and spoof, columns accepted and rejected."""
    return confusion_matrix(~spoof, accepted, labels=[True, False]).tolist()


def rows(decisions: Decisions) -> list[list[float]]:
    return [list(decisions[:2]), list(decisions[2:])]


@few
@given(several_files, thresholds)
def test_time_is_its_milliseconds(listed: list[File], threshold: float) -> None:
    scores, spoof = milliseconds(listed)
    expected = confusion(scores >= threshold, spoof)
    computed = np.array(rows(time_decisions(in_seconds(listed), threshold))) * 1000
    assert computed == pytest.approx(np.array(expected))


@few
@given(several_files, thresholds, st.sampled_from([0.01, 0.02, 0.08]))
def test_frames_are_trials(listed: list[File], threshold: float, resolution: float) -> None:
    recordings = in_seconds(listed)
    frames = trials(recordings, resolution)
    accepted = frames.scores >= threshold
    decisions = frame_decisions(recordings, threshold, resolution=resolution)
    assert rows(decisions) == confusion(accepted, frames.spoof)
    assert decisions.accuracy == pytest.approx(accuracy_score(frames.spoof, ~accepted))
    for detections, truth, called in (
        (decisions.spoof, frames.spoof, ~accepted),
        (decisions.bonafide, ~frames.spoof, accepted),
    ):
        if truth.any() and called.any():
            assert detections.f1 == pytest.approx(f1_score(truth, called))
            assert detections.precision == pytest.approx(precision_score(truth, called))
            assert detections.recall == pytest.approx(recall_score(truth, called))


@few
@given(several_files, thresholds)
def test_spoofed_files_alone(listed: list[File], threshold: float) -> None:
    spoofed = [file for file in listed if file.spoofed().any()]
    if spoofed:
        chosen, alone = in_seconds(listed), in_seconds(spoofed)
        for measure in (frame_decisions, time_decisions):
            assert measure(chosen, threshold, spoofed_only=True) == measure(alone, threshold)
    else:
        with pytest.raises(InputError, match="No file has a spoofed region"):
            time_decisions(in_seconds(listed), threshold, spoofed_only=True)


@few
@given(several_files, thresholds)
def test_detected_regions_are_the_runs_of_rejected_frames(listed: list[File], threshold: float) -> None:
    recordings = in_seconds(listed)
    found = detected(recordings, threshold)
    for number, file in enumerate(listed):
        track = np.zeros(file.length, bool)
        rejected = np.repeat(np.array(file.scores) < threshold, STEP)[: file.length]
        of_file = slice(found.bounds[number], found.bounds[number + 1])
        starts, ends = found.start[of_file], found.end[of_file]
        for start, end in zip(starts, ends, strict=True):
            track[round(start * 1000) : round(end * 1000)] = True
        assert (track == rejected).all()
        assert (starts[1:] > ends[:-1]).all()
    assert (found.spoofed == (utterance_scores(recordings) < threshold)).all()


def test_a_run_ends_with_its_file_and_its_clip() -> None:
    recordings = timelines(["a", "b"], [10.0, 0.16], [[], []], [[-1] * 63, [-1]], 0.16)
    found = detected(recordings, 0.0)
    assert found.start.tolist() == [0, 0]
    assert found.end.tolist() == [10.0, 0.16]


def test_edges_are_the_decimal_numbers_that_one_writes() -> None:
    scores = np.where(np.isin(np.arange(500), np.arange(3, 500, 4)), -1, 1)
    found = detected(timelines(["a"], [10.0], [[]], [scores], 0.02), 0.0)
    assert found.start.tolist() == [float(f"{number * 0.02:.2f}") for number in range(3, 500, 4)]


@pytest.mark.parametrize("measure", [frame_decisions, time_decisions, detected])
def test_no_threshold_is_refused(measure: object) -> None:
    recordings = timelines(["a"], [1.0], [[]], [[0]], 1.0)
    with pytest.raises(InputError, match="threshold of nan decides nothing"):
        measure(recordings, float("nan"))  # type: ignore[operator]
