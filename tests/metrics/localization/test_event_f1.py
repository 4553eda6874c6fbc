"""Event-based F1: optimal matching against trying all pairings."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bonafide.metrics.localization.event_f1 import event_counts, event_f1
from bonafide.metrics.localization.timeline import regions
from bonafide.types import InputError

Event = tuple[int, int]

events = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 15)).map(lambda pair: (pair[0], sum(pair))), max_size=4
)


def matches(true: Event, found: Event, collar: int, share: float) -> bool:
    near_end = max(collar, share * (true[1] - true[0]))
    return abs(true[0] - found[0]) <= collar and abs(true[1] - found[1]) <= near_end


def most_pairs(true: list[Event], found: list[Event], collar: int, share: float) -> int:
    fewer, more = sorted((true, found), key=len)
    return max(
        sum(
            matches(*((one, other) if fewer is true else (other, one)), collar, share)
            for one, other in zip(fewer, order, strict=False)
        )
        for order in permutations(more)
    )


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(events, events), min_size=1, max_size=3),
    st.integers(0, 8),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_the_largest_pairing_counts(
    files: list[tuple[list[Event], list[Event]]], collar: int, share: float
) -> None:
    names = [str(number) for number in range(len(files))]
    true, found = (
        regions(names, [[(on / 100, off / 100) for on, off in file[side]] for file in files])
        for side in (0, 1)
    )
    counts = event_counts(true, found, collar=collar / 100, share=share)
    assert counts.true_positives == sum(most_pairs(*file, collar, share) for file in files)
    assert counts.true_positives + counts.false_negatives == true.start.size
    assert counts.true_positives + counts.false_positives == found.start.size


def test_a_greedy_pairing_would_lose_one() -> None:
    true = regions("a", [[(1.0, 2.0), (1.2, 2.2)]])
    found = regions("a", [[(1.2, 2.2), (1.4, 2.4)]])
    assert event_counts(true, found) == (2, 0, 0)


def test_limits_are_inclusive_and_exact() -> None:
    true = regions("a", [[(2.0, 2.4)]])
    assert event_f1(true, regions("a", [[(2.25, 2.65)]])) == 1
    assert event_f1(true, regions("a", [[(2.251, 2.65)]])) == 0
    assert event_f1(true, regions("a", [[(2.0, 2.651)]])) == 0
    # 1.87 - 1.57 exceeds 0.3 in binary fractions.
    assert event_f1(regions("a", [[(1.57, 2)]]), regions("a", [[(1.87, 2)]]), collar=0.3) == 1


def test_regions_of_other_files_do_not_match() -> None:
    assert event_counts(regions("ab", [[(0, 1)], []]), regions("ab", [[], [(0, 1)]]), collar=100) == (0, 1, 1)


def test_what_cannot_be_computed_is_refused() -> None:
    with pytest.raises(InputError, match=r"collar of -0\.1 s"):
        event_f1(regions("a", [[(0, 1)]]), regions("a", [[]]), collar=-0.1)
    with pytest.raises(InputError, match="so there is no F1"):
        event_f1(regions("a", [[]]), regions("a", [[(0, 1)]]))
    assert event_f1(regions("a", [[(0, 1)]]), regions("a", [[]])) == 0
