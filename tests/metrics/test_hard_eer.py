"""The EER of decisions: worked values, and the ordinary EER of scores that are nothing but decisions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bonafide.metrics.eer import eer
from bonafide.metrics.hard_eer import eer_hard, hard_crossing
from bonafide.types import InputError

scores = st.lists(st.floats(-3, 3), min_size=1, max_size=20).map(np.array)


@pytest.mark.parametrize(
    ("frr", "far", "expected"),
    [
        (0.1, 0.3, 0.25),
        (0.3, 0.1, 0.25),
        (0, 0, 0),
        (0, 1, 0.5),
        (1, 0, 0.5),
        (0, 0.5, 1 / 3),
        (1, 1, 1),
        (0.5, 0.5, 0.5),
    ],
)
def test_worked_values(frr: float, far: float, expected: float) -> None:
    assert hard_crossing(frr, far) == pytest.approx(expected, abs=1e-15)


@settings(max_examples=80, deadline=None)
@given(scores, scores, st.floats(-2, 2))
def test_it_is_the_eer_of_the_decisions(
    bonafide: NDArray[np.float64], spoof: NDArray[np.float64], threshold: float
) -> None:
    reference = eer(bonafide >= threshold, spoof >= threshold)
    assert eer_hard(bonafide, spoof, threshold=threshold) == pytest.approx(reference, abs=1e-12)


def test_it_depends_on_the_threshold_where_the_eer_does_not() -> None:
    bonafide, spoof = np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.5, -2.0])
    assert eer(bonafide, spoof) == eer(bonafide + 5, spoof + 5) == 0
    assert eer_hard(bonafide, spoof) == pytest.approx((1 / 3) / (4 / 3))
    assert eer_hard(bonafide + 5, spoof + 5) == 0.5


def test_what_cannot_be_computed_is_refused_with_the_reason() -> None:
    with pytest.raises(InputError, match="not both rates"):
        hard_crossing(10, 30)
    with pytest.raises(InputError, match="not both rates"):
        hard_crossing(np.nan, 0.5)
    with pytest.raises(InputError, match="No spoof trials"):
        eer_hard([1], [])
