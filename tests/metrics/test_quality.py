"""What scores betray: each sentence where it belongs and nowhere else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit, log_expit

from bonafide.metrics.quality import Ties, remarks, ties
from bonafide.types import InputError

Scores = NDArray[np.float64]
GENERATOR = np.random.default_rng(0)
BONAFIDE, SPOOF = GENERATOR.normal(3, 1, 400), GENERATOR.normal(-3, 1, 2000)


def test_sound_scores_are_passed_in_silence() -> None:
    assert remarks(BONAFIDE, SPOOF) == ()


INVERTED = "inverted here"
DECISIONS = "decisions, not scores"
MIXED = "trials of both classes share their scores"
GAP = "ties or saturation"
PROBABILITIES = "All scores lie in [0, 1]: probabilities, not log-odds"
LOG_PROBABILITIES = "No score is above zero: log-probabilities, not log-odds"
EVERY = (INVERTED, DECISIONS, MIXED, GAP, PROBABILITIES, LOG_PROBABILITIES)


@pytest.mark.parametrize(
    ("bonafide", "spoof", "said"),
    [
        (-BONAFIDE, -SPOOF, {INVERTED}),
        (np.where(BONAFIDE > 1.5, 5, -5), np.where(SPOOF > -1, 5, -5), {DECISIONS, MIXED, GAP}),
        (expit(BONAFIDE), expit(SPOOF), {PROBABILITIES}),
        (log_expit(2 * BONAFIDE), log_expit(2 * SPOOF), {LOG_PROBABILITIES}),
        (np.minimum(BONAFIDE, 3.5), np.maximum(SPOOF, -3.5), set()),
        ([0.5, 1.5, -1.5], [0.5, -0.5, -2.5], {MIXED}),
        ([1, 1, 1, 1], [1, 1, 0.1, 0], {MIXED, GAP, PROBABILITIES}),
    ],
    ids=["inverted", "decisions", "softmax", "log-softmax", "ties within a class", "ties", "saturated"],
)
def test_each_fault_is_named_and_no_other(bonafide: Scores, spoof: Scores, said: set[str]) -> None:
    found = remarks(bonafide, spoof)
    assert {fault for fault in EVERY if any(fault in sentence for sentence in found)} == said
    assert len(found) == len(said)
    assert all(sentence.endswith(".") and "\n" not in sentence for sentence in found)


def test_the_tied_trials_are_counted_in_the_sentence() -> None:
    assert remarks([0.5, 1.5, -1.5], [0.5, -0.5, -2.5])[0].startswith("2 trials of both classes")


def test_few_mixed_ties_are_tolerated() -> None:
    spoof = np.concatenate((SPOOF, BONAFIDE[:1]))
    assert ties(BONAFIDE, spoof).mixed == 2
    assert remarks(BONAFIDE, spoof) == ()
    more = np.append(spoof, BONAFIDE[1])
    assert any(sentence.startswith("4 trials") for sentence in remarks(BONAFIDE, more))


@settings(max_examples=80, deadline=None)
@given(*[st.lists(st.integers(-6, 6).map(float), min_size=1, max_size=15).map(np.array)] * 2)
def test_ties_are_counted_trial_by_trial(bonafide: Scores, spoof: Scores) -> None:
    mixed = set(bonafide) & set(spoof)
    count = sum(score in mixed for score in (*bonafide, *spoof))
    expected = Ties(len({*bonafide, *spoof}), count, count / (bonafide.size + spoof.size))
    assert ties(bonafide, spoof) == expected


@settings(max_examples=80, deadline=None)
@given(st.permutations(range(24)), st.integers(1, 23))
def test_without_ties_the_two_readings_of_the_eer_are_never_said_to_differ(
    ranks: list[int], cut: int
) -> None:
    bonafide, spoof = np.array(ranks[:cut]) - 12.0, np.array(ranks[cut:]) - 12.0
    assert not any(GAP in sentence for sentence in remarks(bonafide, spoof))


def test_one_class_is_refused() -> None:
    with pytest.raises(InputError, match="No spoof trials"):
        remarks([1.0], [])
    with pytest.raises(InputError, match="NaN or infinite"):
        ties([np.nan], [0.0])
