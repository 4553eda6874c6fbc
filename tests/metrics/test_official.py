"""Scores of published systems against the figures of the challenge organisers' own code."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bonafide.metrics.auc import auc
from bonafide.metrics.cllr import cllr, cllr_min
from bonafide.metrics.dcf import act_dcf, min_dcf
from bonafide.metrics.eer import eer, eer_official, eer_rocch
from bonafide.metrics.intervals import interval

ROOT = Path(os.environ.get("BONAFIDE_REAL_AUDIO", Path(__file__).parents[3] / "shared" / "data"))
pytestmark = pytest.mark.skipif(
    not (ROOT / "scores" / "REFERENCE_METRICS.csv").is_file(),
    reason="no published score files here: set BONAFIDE_REAL_AUDIO to the folder that holds scores/",
)

RAWGAT = "scores/asvspoof2019_la/RawGAT_ST_mul.txt"
AIR = "scores/asvspoof2019_la/AIR_ocsoftmax.txt"
CODEC = "scores/codecfake/codec_w2v2aasist_C1.txt"

Scores = NDArray[np.float64]


def read(name: str) -> tuple[Scores, Scores]:
    """Bona fide and spoof scores of a file, high when genuine."""
    rows = [line.split(" ") for line in (ROOT / name).read_text().splitlines()]
    key, score = ("real", 1) if name == CODEC else ("bonafide", 3)
    label = np.array([row[2] for row in rows])
    values = np.array([row[score] for row in rows], dtype=np.float64) * (-1 if name == AIR else 1)
    return values[label == key], values[label != key]


@pytest.mark.parametrize("name", [RAWGAT, AIR, CODEC])
def test_the_organisers_figures(name: str) -> None:
    with (ROOT / "scores" / "REFERENCE_METRICS.csv").open(newline="") as file:
        (row,) = (row for row in csv.DictReader(file) if row["score_file"] == name)
    bonafide, spoof = read(name)
    assert (bonafide.size, spoof.size) == (int(row["n_bonafide"]), int(row["n_spoof"]))
    assert 100 * eer_official(bonafide, spoof) == pytest.approx(float(row["eer_percent"]), abs=1e-6)
    for measure, column in (
        (min_dcf, "min_dcf_asvspoof5_Psp05_Cmiss1_Cfa10"),
        (act_dcf, "act_dcf_asvspoof5"),
        (cllr, "cllr_bits_asvspoof5"),
    ):
        assert measure(bonafide, spoof) == pytest.approx(float(row[column]), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (RAWGAT, (0.01060503, 0.01052154, 0.998954, 0.046527)),
        (AIR, (0.02180583, 0.02141824, 0.995471, 0.088364)),
    ],
)
def test_figures_of_an_independent_implementation(name: str, expected: tuple[float, ...]) -> None:
    computed = [measure(*read(name)) for measure in (eer, eer_rocch, auc, cllr_min)]
    assert computed == pytest.approx(expected, abs=1e-6)


def test_rounding_makes_ties_that_the_official_rule_pays_for() -> None:
    bonafide, spoof = (scores.round(2) for scores in read(AIR))
    assert 100 * eer(bonafide, spoof) == pytest.approx(2.1799, abs=5e-5)
    assert 100 * eer_official(bonafide, spoof) == pytest.approx(2.5178, abs=5e-5)


def test_flipped_polarity_is_not_hidden() -> None:
    bonafide, spoof = read(AIR)
    assert 100 * eer_official(-bonafide, -spoof) == pytest.approx(97.82, abs=5e-3)


def test_the_interval_of_a_published_system() -> None:
    low, high = interval(eer, *read(RAWGAT), replicates=400)
    assert 100 * low == pytest.approx(0.931, abs=0.05)
    assert 100 * high == pytest.approx(1.237, abs=0.05)
