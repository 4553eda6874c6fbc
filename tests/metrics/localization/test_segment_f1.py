"""Segment-based F1: worked examples, a reference that lists segments, and what cannot be computed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bonafide.metrics.localization.segment_f1 import active_segments, segment_counts, segment_f1
from bonafide.metrics.localization.timeline import Regions, regions
from bonafide.types import InputError

Lists = list[list[tuple[int, int]]]

# Start and extent in milliseconds; some without extent, some overlapping.
milliseconds = st.lists(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 900)), max_size=4), min_size=1, max_size=4
).map(lambda files: [[(start, start + extent) for start, extent in file] for file in files])


def from_milliseconds(files: Lists, count: int) -> Regions:
    files = (files + [[]] * count)[:count]
    return regions(map(str, range(count)), [[(on / 1000, off / 1000) for on, off in file] for file in files])


@settings(max_examples=150, deadline=None)
@given(milliseconds, milliseconds, st.sampled_from([20, 70, 1000]))
def test_listing_the_segments_gives_the_same(true: Lists, predicted: Lists, length: int) -> None:
    count = max(len(true), len(predicted))
    active: list[set[tuple[int, int]]] = [
        {
            (number, segment)
            for number, file in enumerate(side)
            for on, off in file
            if off > on
            for segment in range(on // length, -(-off // length))
        }
        for side in (true, predicted)
    ]
    expected = (len(active[0] & active[1]), len(active[1] - active[0]), len(active[0] - active[1]))
    sides = (from_milliseconds(side, count) for side in (true, predicted))
    assert segment_counts(*sides, resolution=length / 1000) == expected


def test_four_clips() -> None:
    true = regions("abcd", [[(2, 4)], [], [(6.12, 7.4)], []])
    found = regions("abcd", [[(2.5, 4.5)], [(1, 1.5)], [], []])
    seconds, frames = (segment_counts(true, found, resolution=length) for length in (1.0, 0.02))
    assert seconds == (2, 2, 2)
    assert (seconds.f1, seconds.error_rate) == (0.5, 1.0)
    assert frames == (75, 50, 89)
    assert frames.f1 == pytest.approx(0.519031, abs=5e-7)
    assert frames.precision == 0.6
    assert frames.recall == pytest.approx(0.457317, abs=5e-7)
    assert frames.error_rate == pytest.approx(0.847561, abs=5e-7)


def test_four_clips_of_fakesound() -> None:
    true = regions("abcd", [[(6.12, 7.4)], [], [(1.4, 4.8)], []])
    found = regions("abcd", [[(6.5, 7.0)], [(2.0, 2.5)], [(1.0, 3.2), (4.5, 5.2)], []])
    assert segment_counts(true, found) == (5, 2, 1)
    assert segment_counts(true, found, resolution=0.02) == (130, 65, 104)
    assert segment_f1(true, found) == pytest.approx(0.769231, abs=5e-7)
    assert segment_f1(true, found, resolution=0.02) == pytest.approx(0.606061, abs=5e-7)


@pytest.mark.parametrize(("product", "floors", "ceilings"), [(True, 33, 41), (False, 61, 18)])
def test_binary_fractions_miss_the_grid(product: bool, floors: int, ceilings: int) -> None:
    instants = [number * 0.02 if product else float(f"{number * 2 / 100:.2f}") for number in range(501)]
    point = regions("a", [[(instant, instant) for instant in instants]])
    first, after = active_segments(point, 0.02, compat="sed_eval")
    assert sum(first != range(501)) == floors
    assert sum(after != range(501)) == ceilings
    whole = regions("a", [[(instant, instant + 0.02) for instant in instants]])
    first, after = active_segments(whole, 0.02)
    assert first.tolist() == list(range(501))
    assert after.tolist() == list(range(1, 502))


def test_finding_nothing_scores_zero_but_has_no_precision() -> None:
    nothing = segment_counts(regions("a", [[(1, 2)]]), regions("a", [[]]))
    assert (nothing.f1, nothing.recall, nothing.error_rate) == (0, 0, 1)
    with pytest.raises(InputError, match="Nothing was detected anywhere, so there is no precision"):
        _ = nothing.precision


def test_nothing_to_find_is_refused() -> None:
    genuine = segment_counts(regions("a", [[]]), regions("a", [[(1, 2)]]))
    assert genuine == (0, 1, 0)
    assert genuine.precision == 0
    for measure in ("f1", "recall", "error_rate"):
        with pytest.raises(InputError, match="hold nothing of the class that is looked for"):
            getattr(genuine, measure)
    with pytest.raises(InputError, match="so there is no F1"):
        segment_f1(regions("a", [[]]), regions("a", [[]]))


def test_other_files_and_senseless_segments_are_refused() -> None:
    true = regions("ab", [[(1, 2)], []])
    with pytest.raises(InputError, match="where the truth has a, the predictions have b"):
        segment_counts(true, regions("ba", [[], []]))
    with pytest.raises(InputError, match="2 files have truth, 1 predictions"):
        segment_counts(true, regions("a", [[]]))
    with pytest.raises(InputError, match=r"Segments of 0\.0 s are impossible"):
        segment_counts(true, true, resolution=0.0, compat="sed_eval")
    with pytest.raises(InputError, match=r"Segments of 0\.0125 s are off the grid"):
        segment_counts(true, true, resolution=0.0125)
