"""A group is measured as its scores are, a system against the bona fide trials of its own corpus."""

import json

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score
from tests.evaluation.example import draw, group

from bonafide.evaluation import breakdown
from bonafide.evaluation.scores import Trials, fingerprint
from bonafide.metrics.eer import eer, eer_threshold
from bonafide.metrics.intervals import interval
from bonafide.metrics.quality import remarks
from bonafide.metrics.schemes import by_speaker_and_system
from bonafide.types import InputError, Utterance


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
    extra = {
        *("threshold", "inverted", "trials_sha256", "n_distinct", "n_mixed_ties", "remarks", "corpora"),
        *("eer_threshold", "min_dcf_raw", "act_dcf_raw", "ece_at_prior", "ece", "mce", "brier"),
        *("frr_at_far_1", "frr_at_far_5", "far_at_frr_1", "far_at_frr_5", "resolution_limited"),
    }
    assert set(measured) == promised | extra
    assert set(json.loads(json.dumps(measured))) == set(measured)
    assert (measured["bonafide"], measured["spoof"], measured["threshold"]) == (100, 80, 1.0)
    assert measured["trials_sha256"] == fingerprint(two_corpora)
    assert measured["eer_threshold"] == eer_threshold(two_corpora.bonafide, two_corpora.spoof)
    resampled = {"eer", "eer_official", "auc", "min_dcf", "act_dcf", "cllr", "cllr_min"}
    assert set(measured["intervals"]) == resampled
    for name, (low, high) in measured["intervals"].items():
        assert low < measured[name] < high  # type: ignore[literal-required]
    wanted = interval(eer, two_corpora.bonafide, two_corpora.spoof, replicates=50)
    assert measured["intervals"]["eer"] == list(wanted)


def test_the_group_agrees_with_scikit_learn(two_corpora: Trials) -> None:
    measured = breakdown.measure(two_corpora, 1.0, group="test", replicates=10)
    target, accepted = two_corpora.label == "bonafide", two_corpora.score >= 1.0
    assert measured["auc"] == pytest.approx(roc_auc_score(target, two_corpora.score))
    assert measured["accuracy"] == pytest.approx(accuracy_score(target, accepted))
    assert measured["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(target, accepted))


def test_a_system_meets_only_its_own_corpus(two_corpora: Trials) -> None:
    systems = breakdown.systems(two_corpora, group="test", replicates=50)
    pairs = {
        "melgan": (draw(2, 60, 0), draw(0, 50, 2)),
        "pwg": (draw(5, 40, 1), draw(3, 30, 3)),
    }
    assert systems == {
        name: {
            "eer": eer(*scores),
            "auc": pytest.approx(
                roc_auc_score([1] * len(scores[0]) + [0] * len(scores[1]), np.concatenate(scores))
            ),
            "spoof": len(scores[1]),
            "intervals": {"eer": list(interval(eer, *scores, replicates=50))},
        }
        for name, scores in pairs.items()
    }
    everyone = eer(two_corpora.bonafide, draw(3, 30, 3))
    assert systems["pwg"]["eer"] != pytest.approx(everyone)


def test_a_system_over_two_corpora_meets_both() -> None:
    trials = group(("a", "-", [3.0]), ("b", "-", [1.0]), ("a", "x", [0.0]), ("b", "x", [2.0]))
    found = breakdown.systems(trials, group="test", replicates=10)["x"]
    assert (found["eer"], found["spoof"]) == (eer([3, 1], [0, 2]), 2)


def test_a_corpus_with_both_classes_stands_by_itself(two_corpora: Trials) -> None:
    found = breakdown.corpora(two_corpora, replicates=10)
    assert {name: (entry["bonafide"], entry["spoof"]) for name, entry in found.items()} == {
        "jsut": (40, 30),
        "ljspeech": (60, 50),
    }
    assert found["jsut"]["eer"] == eer(draw(5, 40, 1), draw(3, 30, 3))
    assert not breakdown.corpora(group(("a", "-", [1.0]), ("b", "x", [0.0])), replicates=10)


def spoken(speakers: list[str], systems: list[str]) -> Trials:
    """Forty trials of each class, speakers and systems in turn."""
    rows = [
        Utterance(f"{label}{n}", "u", "c", system, speakers[n % len(speakers)], label)
        for label in ("bonafide", "spoof")
        for n, system in ((n, systems[n // 2 % len(systems)] if label == "spoof" else "-") for n in range(40))
    ]
    return Trials.of(rows, draw(1, 40, 5) + draw(-1, 40, 6))


def test_speakers_and_systems_are_drawn_where_they_are_known() -> None:
    trials = spoken(["ada", "bo", "cy"], ["x", "y"])
    measured = breakdown.measure(trials, 0.0, group="test", replicates=50)
    genuine, fake = (trials.where(trials.label == label) for label in ("bonafide", "spoof"))
    scheme = by_speaker_and_system(genuine.speaker, fake.speaker, fake.system)
    wanted = interval(eer, trials.bonafide, trials.spoof, scheme=scheme, replicates=50)
    assert measured["intervals_speaker_x_system"] == {"eer": list(wanted)}
    assert measured["intervals_speaker_x_system"]["eer"] != measured["intervals"]["eer"]


@pytest.mark.parametrize(
    ("speakers", "systems"),
    [(["ada"], ["x", "y"]), (["ada", "bo"], ["x"]), (["ada", "-"], ["x", "y"]), (["ada", ""], ["x", "y"])],
)
def test_they_are_not_drawn_where_one_is_missing_or_alone(speakers: list[str], systems: list[str]) -> None:
    measured = breakdown.measure(spoken(speakers, systems), 0.0, group="test", replicates=10)
    assert "intervals_speaker_x_system" not in measured


def test_no_error_seen_is_not_no_error() -> None:
    """The rule of three: 3 of 100 are the rate that shows no error in 100 trials one time in twenty."""
    trials = group(("a", "-", [2.0] * 100), ("a", "x", [-2.0] * 400))
    measured = breakdown.measure(trials, 0.0, group="test", replicates=10)
    assert measured["intervals"]["eer"] == [0.0, pytest.approx(0.03, abs=5e-4)]
    assert measured["intervals"]["eer"] == measured["systems"]["x"]["intervals"]["eer"]
    assert (1 - measured["intervals"]["eer"][1]) ** 100 == pytest.approx(0.05)
    assert measured["intervals"]["auc"] == [1.0, 1.0]


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


def test_a_reader_is_told_what_the_scores_betray() -> None:
    genuine, fake = [0.9, 0.8, 1.0], [0.1, 0.2, 0.0]
    measured = breakdown.measure(group(("a", "-", genuine), ("a", "x", fake)), 0.0, group="t", replicates=10)
    assert measured["remarks"] == list(remarks(genuine, fake))
    assert "probabilities, not log-odds" in measured["remarks"][0]


def test_sound_scores_need_no_remark() -> None:
    trials = group(("a", "-", [5.0, 3.0, -2.0]), ("a", "x", [-1.0, -3.0, -4.0]))
    assert breakdown.measure(trials, 0.0, group="test", replicates=10)["remarks"] == []
