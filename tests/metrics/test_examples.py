"""Worked examples: small sets whose measures were computed by hand and by the challenge organisers' code."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from bonafide.metrics.auc import auc
from bonafide.metrics.cllr import cllr, cllr_min
from bonafide.metrics.dcf import act_dcf, min_dcf
from bonafide.metrics.eer import eer, eer_official, eer_rocch

MEASURES = (eer, eer_official, eer_rocch, auc, min_dcf, cllr_min)


class Example(NamedTuple):
    name: str
    bonafide: tuple[float, ...]
    spoof: tuple[float, ...]
    expected: tuple[float, ...]


EXAMPLES = (
    Example("separable", (2, 3), (0, 1), (0, 0, 0, 1, 0, 0)),
    Example(
        "untied", (0.9, 0.8, 0.7, 0.35), (0.6, 0.4, 0.3, 0.2, 0.1), (0.25, 0.225, 2 / 13, 0.9, 0.4, 0.3124)
    ),
    Example("ties", (3, 2, 2, 1), (2, 1, 0, 0), (0.25, 0.25, 0.25, 0.84375, 0.5, 0.5944)),
    Example("constant", (0, 0, 0, 0), (0, 0, 0, 0), (0.5, 1, 0.5, 0.5, 1, 1)),
    Example("saturated", (1, 1, 1, 1), (1, 1, 0.1, 0), (1 / 3, 0.5, 1 / 3, 0.75, 0.5, 0.6887)),
    Example("inverted", (0, 1), (2, 3), (1, 1, 0.5, 0, 1, 1)),
    Example("two values", (1, 1, 1, 0, 0), (1, 0, 0, 0), (8 / 23, 0.45, 8 / 23, 0.675, 1, 0.9074)),
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_small_sets(example: Example) -> None:
    computed = [measure(example.bonafide, example.spoof) for measure in MEASURES]
    assert computed == pytest.approx(example.expected, abs=5e-5)


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (act_dcf, 1.133333),
        (min_dcf, 0.5),
        (cllr, 0.823247),
        (cllr_min, 0.574716),
        (eer, 1 / 3),
        (eer_official, 0.291667),
        (eer_rocch, 0.285714),
        (auc, 0.75),
    ],
)
def test_log_odds(measure: Callable[..., float], expected: float) -> None:
    assert measure((2, 0.5, -1), (-2, -0.3, 1, -4)) == pytest.approx(expected, abs=1e-6)


def test_probabilities_passed_as_log_odds_cost_exactly_one() -> None:
    assert act_dcf((0.9, 0.8, 0.3), (0.1, 0.2, 0.0)) == 1.0


def test_scores_that_say_nothing_cost_one_bit() -> None:
    assert cllr((0, 0, 0), (0, 0)) == 1.0


def test_large_log_odds_do_not_overflow() -> None:
    assert cllr((-1000,), (1000,)) == pytest.approx(1000 / 0.6931471805599453)
