"""From frames to stretches."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.manipulation.pretrained.regions import check, regions
from bonafide.types import InputError


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_regions_hold_exactly_the_frames_above_the_threshold(active: list[bool]) -> None:
    probability = np.where(active, 0.75, 0.25)
    found = regions(probability, 0.5, len(active) / 2, threshold=0.5, window=1)
    held = np.zeros(len(active), bool)
    for start, end, mean in found:
        assert mean == 0.75
        held[round(2 * start) : round(2 * end)] = True
    assert held.tolist() == active
    assert all(one.end < other.start for one, other in itertools.pairwise(found))


def test_a_filter_bridges_holes_and_drops_specks() -> None:
    probability = np.array([0, 1, 1, 0, 1, 1, 0, 0, 0, 1, 0, 0], float)
    assert len(regions(probability, 1.0, 12.0, threshold=0.5, window=1)) == 3
    (region,) = regions(probability, 1.0, 12.0, threshold=0.5, window=3)
    assert (region.start, region.end) == (1.0, 6.0)


def test_a_region_ends_with_the_clip_and_none_lies_behind_it() -> None:
    (region,) = regions(np.ones(4), 0.04, 0.1, threshold=0.5, window=1)
    assert region.end == 0.1
    assert regions(np.array([0.0, 0, 0, 1]), 0.04, 0.1, threshold=0.5, window=1) == []


@pytest.mark.parametrize("wrong", [{"threshold": -0.1}, {"window": 0}, {"window": 4}])
def test_a_decision_without_a_meaning_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match="grounder"):
        check(**{"threshold": 0.5, "window": 1, "setting": "grounder", **wrong})
