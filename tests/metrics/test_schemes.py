"""What a bootstrap draws: multinomial counts, and the same law as plain resampling of trials and groups."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chisquare, ks_2samp, multinomial
from tests.metrics.test_official import Scores

from bonafide.metrics import schemes
from bonafide.metrics.auc import auc
from bonafide.metrics.bootstrap import replicate
from bonafide.metrics.cllr import cllr
from bonafide.metrics.curve import Measure
from bonafide.metrics.dcf import min_dcf
from bonafide.metrics.eer import eer
from bonafide.metrics.intervals import intervals
from bonafide.metrics.schemes import by_speaker, by_speaker_and_system, by_system, multiplicities


@pytest.mark.parametrize("piece", [2, 3, 1 << 16])
def test_multiplicities_are_multinomial(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemes, "_PIECE", piece)
    drawn = multiplicities(np.random.default_rng(0), 20_000, 3)
    assert (drawn.sum(axis=1) == 3).all()
    outcomes, seen = np.unique(drawn, axis=0, return_counts=True)
    assert len(outcomes) == 10
    expected = multinomial.pmf(outcomes, 3, [1 / 3] * 3) * len(drawn)
    assert chisquare(seen, expected).pvalue > 0.01


def test_more_units_than_a_piece_holds() -> None:
    drawn = multiplicities(np.random.default_rng(0), 2, 150_000)
    assert drawn.sum(axis=1).tolist() == [150_000, 150_000]
    assert drawn.var(axis=1) == pytest.approx([1, 1], abs=0.02)
    assert drawn[:, 131_072:].mean() == pytest.approx(1, abs=0.02)


def resampled(names: NDArray[np.str_], generator: np.random.Generator) -> dict[str, int]:
    """How often each name comes when as many as there are distinct ones are drawn from them."""
    distinct = sorted(set(names.tolist()))
    drawn = [distinct[generator.integers(len(distinct))] for _ in distinct]
    return {name: drawn.count(name) for name in distinct}


@pytest.mark.parametrize("scheme", ["stratified", "speaker", "system", "speaker x system"])
def test_draws_are_those_of_plain_resampling(scheme: str) -> None:
    generator = np.random.default_rng(0)
    bonafide, spoof = generator.normal(1, 1, 40), generator.normal(-1, 1, 90).round(1)
    speakers, fake_speakers = (
        generator.integers(7, size=40).astype(str),
        generator.integers(5, size=90).astype(str),
    )
    systems = generator.integers(6, size=90).astype(str)
    spoof = spoof + 0.5 * systems.astype(float) - 0.3 * fake_speakers.astype(float)

    def redrawn() -> tuple[Scores, Scores]:
        if scheme == "stratified":
            return bonafide[generator.integers(40, size=40)], spoof[generator.integers(90, size=90)]
        voices = resampled(np.concatenate((speakers, fake_speakers)), generator)
        attacks = resampled(systems, generator)
        if "speaker" not in scheme:
            voices = dict.fromkeys(voices, 1)
        if "system" not in scheme:
            attacks = dict.fromkeys(attacks, 1)
        genuine = [
            score for score, voice in zip(bonafide, speakers, strict=True) for _ in range(voices[voice])
        ]
        fake = [
            score
            for score, voice, attack in zip(spoof, fake_speakers, systems, strict=True)
            for _ in range(voices[voice] * attacks[attack])
        ]
        return np.array(genuine), np.array(fake)

    drawn = {
        "stratified": None,
        "speaker": by_speaker(speakers, fake_speakers),
        "system": by_system(systems),
        "speaker x system": by_speaker_and_system(speakers, fake_speakers, systems),
    }[scheme]
    measures: list[Measure] = [eer, min_dcf, cllr, auc]
    ours = replicate(measures, [(bonafide, spoof)], scheme=drawn, replicates=2000, seed=1)
    theirs = np.array([[measure(*sets) for measure in measures] for sets in (redrawn() for _ in range(1000))])
    assert ours.scheme == scheme
    for one, other in zip(ours.values[:, 0], theirs.T, strict=True):
        assert ks_2samp(one, other).pvalue > 0.01


def test_a_replicate_without_a_class_is_drawn_again() -> None:
    # One speaker in three has all bona fide trials: with (2/3)³ it is not among the three drawn.
    scheme = by_speaker(["a", "a"], ["b", "c", "c"])
    drawn = scheme.draw(np.random.default_rng(0), 9000, 2, 3)
    assert (drawn.bonafide.sum(axis=1) > 0).all()
    assert (drawn.spoof.sum(axis=1) > 0).all()
    empty = 8 / 27 + 1 / 27  # no draw is a, or each is
    assert drawn.redrawn / (9000 + drawn.redrawn) == pytest.approx(empty, abs=0.02)
    found = intervals({"EER": eer}, [2, 3], [0, 1, 2], scheme=scheme, replicates=200)["EER"]
    assert found.redrawn > 0
    assert found.scheme == "speaker"
