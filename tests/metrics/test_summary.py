"""One sorted list gives exactly what each function gives by itself; a challenge takes no second."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bonafide.metrics import auc, cllr, dcf, ece, eer, fixed_points, quality
from bonafide.metrics.summary import Summary, summary
from bonafide.types import InputError

Scores = NDArray[np.float64]
tied = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=30).map(np.array)
untied = st.lists(st.floats(-50, 50), min_size=1, max_size=30).map(np.array)


def one_by_one(bonafide: Scores, spoof: Scores) -> Summary:
    trials = {
        "frr_at_far_1": (spoof, 0.01),
        "frr_at_far_5": (spoof, 0.05),
        "far_at_frr_1": (bonafide, 0.01),
        "far_at_frr_5": (bonafide, 0.05),
    }
    return Summary(
        bonafide=bonafide.size,
        spoof=spoof.size,
        distinct=quality.ties(bonafide, spoof).distinct,
        mixed_ties=quality.ties(bonafide, spoof).mixed,
        inverted=auc.auc(bonafide, spoof) < 0.5,
        eer=eer.eer(bonafide, spoof),
        eer_official=eer.eer_official(bonafide, spoof),
        eer_rocch=eer.eer_rocch(bonafide, spoof),
        eer_threshold=eer.eer_threshold(bonafide, spoof),
        auc=auc.auc(bonafide, spoof),
        min_dcf=dcf.min_dcf(bonafide, spoof),
        min_dcf_raw=0.5 * dcf.min_dcf(bonafide, spoof),
        act_dcf=dcf.act_dcf(bonafide, spoof),
        act_dcf_raw=0.5 * dcf.act_dcf(bonafide, spoof),
        cllr=cllr.cllr(bonafide, spoof),
        cllr_min=cllr.cllr_min(bonafide, spoof),
        ece_at_prior=ece.ece_at_prior(bonafide, spoof),
        ece=ece.ece(bonafide, spoof),
        mce=ece.mce(bonafide, spoof),
        brier=ece.brier(bonafide, spoof),
        frr_at_far_1=fixed_points.frr_at_far(bonafide, spoof, limit=0.01),
        frr_at_far_5=fixed_points.frr_at_far(bonafide, spoof, limit=0.05),
        far_at_frr_1=fixed_points.far_at_frr(bonafide, spoof, limit=0.01),
        far_at_frr_5=fixed_points.far_at_frr(bonafide, spoof, limit=0.05),
        resolution_limited=tuple(name for name, (side, limit) in trials.items() if limit * side.size < 1),
        remarks=quality.remarks(bonafide, spoof),
    )


@settings(max_examples=80, deadline=None)
@given(tied | untied, tied | untied)
def test_every_figure_is_that_of_its_own_function(bonafide: Scores, spoof: Scores) -> None:
    assert summary(bonafide, spoof) == one_by_one(bonafide, spoof)


def test_so_it_is_for_rounded_scores_of_many_trials() -> None:
    generator = np.random.default_rng(0)
    bonafide, spoof = generator.normal(1, 1, 3000).round(2), generator.normal(-1, 1, 20_000).round(2)
    assert summary(bonafide, spoof) == one_by_one(bonafide, spoof)
    assert summary(bonafide, spoof).resolution_limited == ()


def test_the_trials_of_asvspoof_2021_df_take_less_than_a_second() -> None:
    generator = np.random.default_rng(0)
    bonafide, spoof = generator.normal(2, 1, 14_869), generator.normal(-1, 1, 519_059)
    spent = []
    for _ in range(3):
        start = time.process_time()
        summary(bonafide, spoof)
        spent.append(time.process_time() - start)
    assert min(spent) < 1


def test_figures_are_plain_numbers() -> None:
    every = summary(np.float32([1, 2]), np.float32([0, 1]))
    assert {type(value) for value in every} == {int, bool, float, tuple}


def test_one_class_is_refused() -> None:
    with pytest.raises(InputError, match="No bona fide trials"):
        summary([], [1.0])
    with pytest.raises(InputError, match="1 of 1 spoof scores are NaN or infinite"):
        summary([1.0], [np.inf])
