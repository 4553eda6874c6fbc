"""A group is measured as its scores are, a system against the bona fide trials of its own corpus."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score

from bonafide.evaluation import breakdown
from bonafide.evaluation.scores import Trials, fingerprint
from bonafide.metrics.eer import eer
from bonafide.types import InputError, Utterance


def group(*parts: tuple[str, str, list[float]]) -> Trials:
    """Trials from (corpus, system, scores); the system `-` is bona fide."""
    rows, values = [], []
    for corpus, system, scores in parts:
        label = "bonafide" if system == "-" else "spoof"
        rows += [
            Utterance(f"{corpus}/{system}/{n}", f"u{n}", corpus, system, "s", label)
            for n in range(len(scores))
        ]
        values += scores
    return Trials.of(rows, values)


def draw(center: float, count: int, seed: int) -> list[float]:
    return np.random.default_rng(seed).normal(center, 1, count).tolist()


@pytest.fixture(scope="module")
def two_corpora() -> Trials:
    return group(
        ("ljspeech", "-", draw(2, 60, 0)),
        ("jsut", "-", draw(5, 40, 1)),
        ("ljspeech", "melgan", draw(0, 50, 2)),
        ("jsut", "pwg", draw(3, 30, 3)),
    )


def test_the_keys_of_the_run_folder(two_corpora: Trials) -> None:
    measured = breakdown.measure(two_corpora, 1.0, group="test", replicates=50)
    promised = {
        *("bonafide", "spoof", "eer", "eer_official", "eer_rocch", "auc", "min_dcf", "act_dcf", "cllr"),
        *("cllr_min", "accuracy", "balanced_accuracy", "intervals", "systems"),
    }
    extra = {"threshold", "inverted", "trials_sha256", "n_distinct", "n_mixed_ties"}
    assert set(measured) == promised | extra
    assert (measured["bonafide"], measured["spoof"], measured["threshold"]) == (100, 80, 1.0)
    assert measured["trials_sha256"] == fingerprint(two_corpora)
    low, high = measured["intervals"]["eer"]
    assert low <= measured["eer"] <= high


def test_the_group_agrees_with_scikit_learn(two_corpora: Trials) -> None:
    measured = breakdown.measure(two_corpora, 1.0, group="test", replicates=10)
    target, accepted = two_corpora.label == "bonafide", two_corpora.score >= 1.0
    assert measured["auc"] == pytest.approx(roc_auc_score(target, two_corpora.score))
    assert measured["accuracy"] == pytest.approx(accuracy_score(target, accepted))
    assert measured["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(target, accepted))


def test_a_system_meets_only_its_own_corpus(two_corpora: Trials) -> None:
    systems = breakdown.systems(two_corpora, group="test")
    assert systems == {
        "melgan": {"eer": eer(draw(2, 60, 0), draw(0, 50, 2)), "spoof": 50},
        "pwg": {"eer": eer(draw(5, 40, 1), draw(3, 30, 3)), "spoof": 30},
    }
    everyone = eer(two_corpora.bonafide, draw(3, 30, 3))
    assert systems["pwg"]["eer"] != pytest.approx(everyone)


def test_a_system_over_two_corpora_meets_both() -> None:
    trials = group(("a", "-", [3.0]), ("b", "-", [1.0]), ("a", "x", [0.0]), ("b", "x", [2.0]))
    assert breakdown.systems(trials, group="test")["x"] == {"eer": eer([3, 1], [0, 2]), "spoof": 2}


@pytest.mark.parametrize(
    ("trials", "reason"),
    [
        (group(("a", "-", [1.0])), "Test group wild: No spoof trials"),
        (group(("a", "x", [1.0])), "Test group wild: No bona fide trials"),
        (group(("a", "-", [1.0]), ("a", "x", [np.nan])), "Test group wild: 1 of 1 spoof scores are NaN"),
        (group(("a", "-", [1.0]), ("b", "x", [0.0])), r"Test group wild: system x has no bona fide .*\(b\)"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_the_group(trials: Trials, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        breakdown.measure(trials, 0.0, group="wild", replicates=10)


def test_ties_between_the_classes_are_counted() -> None:
    measured = breakdown.measure(
        group(("a", "-", [2.0, 2.0, 1.0]), ("a", "x", [2.0, 0.0])), 0.0, group="test", replicates=10
    )
    assert (measured["n_distinct"], measured["n_mixed_ties"]) == (3, 3)


@pytest.mark.parametrize(
    ("genuine", "fake", "caution"),
    [
        ([-2.0, -1.0, 1.0], [2.0, 3.0, 4.0], "inverted"),
        ([1.0, 2.0], [1.0, 2.0], "Fewer than three"),
        ([1.0, 2.0, 3.0], [1.0, -2.0], "2 trials of both classes"),
        ([0.9, 0.8, 1.0], [0.1, 0.2, 0.0], "probabilities, not log-odds"),
        ([-0.001, -0.002], [-5.0, -6.0], "log-probabilities"),
        ([1.0] * 4, [1.0, 1.0, 0.1, 0.0], "more than counting can explain"),
    ],
)
def test_a_reader_is_cautioned(genuine: list[float], fake: list[float], caution: str) -> None:
    trials = group(("a", "-", genuine), ("a", "x", fake))
    found = breakdown.cautions(trials, breakdown.measure(trials, 0.0, group="test", replicates=10))
    assert any(caution in sentence for sentence in found)


def test_sound_scores_need_no_caution() -> None:
    trials = group(("a", "-", [5.0, 3.0, -2.0]), ("a", "x", [-1.0, -3.0, -4.0]))
    assert breakdown.cautions(trials, breakdown.measure(trials, 0.0, group="test", replicates=10)) == []
