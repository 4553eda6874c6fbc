"""Regions of clips: what a loop over samples would mark, in every kind of clip."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.data import listing

from bonafide.data.regions import SpoofedRegions, spoofed_regions
from bonafide.types import BONAFIDE, SPOOF, Label, Segment, Utterance

RATE = 100


def row(label: Label, *segments: tuple[float, float]) -> Utterance:
    spans = tuple(Segment(*each) for each in segments)
    return Utterance(
        f"{label}{segments}", "u", "c", "-" if label == BONAFIDE else "s", "-", label, segments=spans
    )


ROWS = [
    row(BONAFIDE),
    row(SPOOF, (0.2, 0.5)),
    row(SPOOF),
    row(SPOOF, (0.0, 0.1), (0.3, 0.7), (0.6, 0.8)),
    row(SPOOF, (0.9, 1.4)),
]
LENGTH = 100


def of(rows: Sequence[int], trim: int = 0) -> SpoofedRegions:
    return spoofed_regions(listing.of(ROWS, LENGTH, RATE), np.array(rows), RATE, trim)


def marked(regions: NDArray[np.int64], samples: int) -> NDArray[np.bool_]:
    found = np.zeros((len(regions), samples), bool)
    for clip, spans in enumerate(regions):
        for start, end in spans:
            found[clip, start:end] = True
    return found


@pytest.mark.parametrize("trim", [0, 7])
def test_a_clip_holds_what_the_recording_holds_there(trim: int) -> None:
    recordings = np.repeat(np.arange(5), 40)
    random = np.random.default_rng(0)
    starts = random.integers(0, 60, 200)
    lengths = np.minimum(random.integers(1, 60, 200), LENGTH - 2 * trim - starts)
    recordings, starts, lengths = (each[lengths > 0] for each in (recordings, starts, lengths))
    found = of(range(5), trim).within(recordings, starts, lengths)
    truth = np.zeros((5, LENGTH), bool)
    for number, utterance in enumerate(ROWS):
        whole = utterance.label == SPOOF and not utterance.segments
        for start, end in [(trim / RATE, (LENGTH - trim) / RATE)] if whole else utterance.segments:
            truth[number, round(start * RATE) : round(end * RATE)] = True
    heard = marked(found, 60)
    for clip, (recording, start, length) in enumerate(zip(recordings, starts, lengths, strict=True)):
        expected = truth[recording, trim + start : trim + start + length]
        np.testing.assert_array_equal(heard[clip, :length], expected)
        assert not heard[clip, length:].any()
    spoofed = of(range(5), trim).samples(recordings, starts, lengths)
    np.testing.assert_array_equal(spoofed, heard.sum(axis=1))


def test_rows_without_a_region_stand_last_and_are_no_more_than_needed() -> None:
    found = of(range(5)).within(np.arange(5), np.full(5, 40), np.full(5, 50))
    assert found.tolist() == [
        [[0, 0], [0, 0]],
        [[0, 10], [0, 0]],
        [[0, 50], [0, 0]],
        [[0, 30], [20, 40]],
        [[0, 0], [0, 0]],
    ]
    assert (
        of([0]).within(np.zeros(3, np.int64), np.zeros(3, np.int64), np.full(3, 9)).tolist() == [[[0, 0]]] * 3
    )


def test_the_order_of_recordings_does_not_matter() -> None:
    some = of([3, 0, 2])
    assert some.within(np.array([0]), np.array([0]), np.array([100])).tolist() == [
        [[0, 10], [30, 70], [60, 80]]
    ]
    assert some.within(np.array([2]), np.array([0]), np.array([100])).tolist() == [[[0, 100]]]
