"""Frame labels: the exact rule against counting milliseconds, published rules against their formulas."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metrics.localization.references import STEP, File, in_seconds, several_files

from bonafide.metrics.localization.labels import frame_labels
from bonafide.metrics.localization.tape import times
from bonafide.metrics.localization.timeline import regions
from bonafide.types import InputError

few = settings(max_examples=100, deadline=None)


@few
@given(several_files, st.sampled_from([0.0, 0.25, 0.5, 0.95]), st.sampled_from([10, 20, 40, 70]))
def test_a_frame_is_spoofed_if_regions_cover_more_than_a_share(
    listed: list[File], overlap: float, step: int
) -> None:
    recordings = in_seconds(listed)
    labels = frame_labels(recordings.regions, recordings.seconds, step / 1000, overlap=overlap)
    expected = [
        file.spoofed()[start : start + step].sum() > overlap * step
        for file in listed
        for start in range(0, file.length, step)
    ]
    assert labels.spoof.tolist() == expected
    assert np.diff(labels.bounds).tolist() == [-(-file.length // step) for file in listed]


@few
@given(several_files)
def test_published_rules_round_the_borders(listed: list[File]) -> None:
    recordings = in_seconds(listed)
    for compat, rounded in (("partialspoof", round), ("fakesound", int)):
        labels = frame_labels(recordings.regions, recordings.seconds, 0.02, compat=compat)  # type: ignore[arg-type]
        expected = [np.zeros(-(-file.length // STEP), bool) for file in listed]
        for frames, file in zip(expected, listed, strict=True):
            for start, end in file.segments:
                frames[rounded(start / 1000 / 0.02) : rounded(end / 1000 / 0.02)] = True
        assert labels.spoof.tolist() == np.concatenate(expected).tolist()


def test_rounding_halves_to_even_deletes_a_region() -> None:
    spoofed = regions("a", [[(0.30, 0.34)]])
    assert not frame_labels(spoofed, [1.0], 0.04, compat="partialspoof").spoof.any()
    assert np.flatnonzero(frame_labels(spoofed, [1.0], 0.04).spoof).tolist() == [7, 8]


def test_truncation_in_binary_fractions_lands_a_frame_early() -> None:
    spoofed = regions("a", [[(0.58, 1.16)]])
    assert np.flatnonzero(frame_labels(spoofed, [10.0], 0.02, compat="fakesound").spoof)[
        [0, -1]
    ].tolist() == [28, 56]
    assert np.flatnonzero(frame_labels(spoofed, [10.0], 0.02).spoof)[[0, -1]].tolist() == [29, 57]


def test_the_region_of_a_name() -> None:
    labels = frame_labels(regions(["-mVGmVjxBfU"], [[(8.28, 9.96)]]), [10.0], 0.02)
    assert np.flatnonzero(labels.spoof).tolist() == list(range(414, 498))
    assert labels.spoof.size == 500


@few
@given(several_files)
def test_time_of_each_class_adds_up_to_the_files(listed: list[File]) -> None:
    bonafide, spoof = times(in_seconds(listed))
    expected = [
        file.spoofed()[start : start + STEP].sum() * 10**6
        for file in listed
        for start in range(0, file.length, STEP)
    ]
    assert spoof.tolist() == expected
    assert (bonafide >= 0).all()
    assert (bonafide + spoof).sum() == sum(file.length for file in listed) * 10**6


def test_senseless_questions_are_refused() -> None:
    spoofed = regions("a", [[(0.1, 0.2)]])
    with pytest.raises(InputError, match=r"overlap a region by more than 1\.0"):
        frame_labels(spoofed, [1.0], 0.02, overlap=1.0)
    with pytest.raises(InputError, match=r"Frames of 0\.0005 s"):
        frame_labels(spoofed, [1.0], 0.0005)
    with pytest.raises(InputError, match="1 files and 2 durations"):
        frame_labels(spoofed, [1.0, 2.0], 0.02)
