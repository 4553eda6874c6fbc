"""Every figure of REFERENCE_METRICS.csv, made by the challenge organisers' own code, to the printed digit."""

import csv
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.corpora.real import SOURCE

from bonafide.metrics.dcf import default_dcf, min_dcf
from bonafide.metrics.eer import official
from bonafide.metrics.fixed_points import far_at_frr, frr_at_far
from bonafide.metrics.summary import summary
from bonafide.metrics.tdcf import (
    ASVSPOOF2019_DEVELOPMENT,
    ASVSPOOF2019_EVALUATION,
    OperatingPoint,
    min_tdcf_2019,
    min_tdcf_2021,
)

SCORES = SOURCE / "scores"
pytestmark = pytest.mark.skipif(
    not (SCORES / "REFERENCE_METRICS.csv").is_file(),
    reason="no published score files here: set BONAFIDE_REAL_AUDIO to the folder that holds scores/",
)

RAWGAT = "scores/asvspoof2019_la/RawGAT_ST_mul.txt"
AIR = "scores/asvspoof2019_la/AIR_ocsoftmax.txt"
CODEC = "scores/codecfake/codec_w2v2aasist_C1.txt"
FILES = (RAWGAT, AIR, CODEC)

Scores = NDArray[np.float64]


class Layout(NamedTuple):
    """Columns of a score file: where score and key stand, and the key of bona fide trials."""

    score: int
    key: int
    bonafide: str


LAYOUTS = {4: Layout(3, 2, "bonafide"), 3: Layout(1, 2, "real")}
MEASURED = {
    "eer_percent": lambda bonafide, spoof, _: 100 * summary(bonafide, spoof).eer_official,
    "min_tdcf_2019_legacy": min_tdcf_2019,
    "min_tdcf_2021_form_same_asv": min_tdcf_2021,
    "min_dcf_asvspoof5_Psp05_Cmiss1_Cfa10": lambda bonafide, spoof, _: summary(bonafide, spoof).min_dcf,
    "cllr_bits_asvspoof5": lambda bonafide, spoof, _: summary(bonafide, spoof).cllr,
    "act_dcf_asvspoof5": lambda bonafide, spoof, _: summary(bonafide, spoof).act_dcf,
}


@cache
def reference() -> dict[str, dict[str, str]]:
    with (SCORES / "REFERENCE_METRICS.csv").open(newline="") as file:
        return {row["score_file"]: row for row in csv.DictReader(file)}


@cache
def read(name: str) -> tuple[Scores, Scores]:
    """Bona fide and spoof scores, turned round where the table says that low scores are bona fide."""
    sign = {"high score = bona fide": 1, "low score = bona fide": -1}[reference()[name]["polarity"]]
    rows = [line.split() for line in (SOURCE / name).read_text().splitlines()]
    layout = LAYOUTS[len(rows[0])]
    genuine = np.array([row[layout.key] == layout.bonafide for row in rows])
    scores = sign * np.array([row[layout.score] for row in rows], dtype=np.float64)
    return scores[genuine], scores[~genuine]


@cache
def asv(part: str) -> dict[str, Scores]:
    file = SCORES / f"asvspoof2019_la/ASVspoof2019.LA.asv.{part}.gi.trl.scores.txt"
    rows = [line.split() for line in file.read_text().splitlines()]
    key, score = np.array([row[1] for row in rows]), np.array([row[2] for row in rows], dtype=np.float64)
    return {name: score[key == name] for name in ("target", "nontarget", "spoof")}


def test_the_table_holds_what_is_tested_here() -> None:
    assert set(reference()) == set(FILES)
    about = {"score_file", "n_bonafide", "n_spoof", "published", "polarity", "note"}
    assert set(reference()[RAWGAT]) == about | set(MEASURED)


@pytest.mark.parametrize("name", FILES)
def test_class_counts(name: str) -> None:
    row, (bonafide, spoof) = reference()[name], read(name)
    assert (str(bonafide.size), str(spoof.size)) == (row["n_bonafide"], row["n_spoof"])


@pytest.mark.parametrize("column", MEASURED)
@pytest.mark.parametrize("name", FILES)
def test_the_organisers_figure(name: str, column: str) -> None:
    printed = reference()[name][column]
    if not printed:
        assert name == CODEC, "only Codecfake's sets come without an ASV"
        return
    point = OperatingPoint.of(**asv("eval"))
    assert f"{MEASURED[column](*read(name), point):.6f}" == printed


@pytest.mark.parametrize(
    ("part", "constant", "eer", "threshold"),
    [
        ("eval", ASVSPOOF2019_EVALUATION, 2.457784, -5.680051),
        ("dev", ASVSPOOF2019_DEVELOPMENT, 2.426530, -3.548998),
    ],
)
def test_the_organisers_asv(part: str, constant: OperatingPoint, eer: float, threshold: float) -> None:
    scores = asv(part)
    point = official(scores["target"], scores["nontarget"])
    assert 100 * point.eer == pytest.approx(eer, abs=1e-6)
    assert point.threshold == threshold
    assert OperatingPoint.of(**scores) == constant


@pytest.mark.parametrize(
    ("name", "eer", "eer_rocch", "auc", "cllr_min"),
    [
        (RAWGAT, 1.060503, 1.052154, 0.998954, 0.046527),
        (AIR, 2.180583, 2.141824, 0.995471, 0.088364),
    ],
)
def test_an_independent_implementation(
    name: str, eer: float, eer_rocch: float, auc: float, cllr_min: float
) -> None:
    every = summary(*read(name))
    assert (100 * every.eer, 100 * every.eer_rocch) == pytest.approx((eer, eer_rocch), abs=1e-6)
    assert (every.auc, every.cllr_min) == pytest.approx((auc, cllr_min), abs=1e-6)


def test_fixed_points_and_costs_before_normalisation() -> None:
    bonafide, spoof = read(RAWGAT)
    every = summary(bonafide, spoof)
    assert 100 * frr_at_far(bonafide, spoof) == pytest.approx(1.1013, abs=5e-5)
    assert 100 * far_at_frr(bonafide, spoof) == pytest.approx(1.2805, abs=5e-5)
    assert (every.min_dcf_raw, every.act_dcf_raw) == pytest.approx((0.014947, 0.022198), abs=1e-6)
    assert min_dcf(bonafide, spoof, prior=0.5, false_alarm=1.0) == pytest.approx(0.020783, abs=1e-6)
    assert every.min_dcf_raw == every.min_dcf * default_dcf()


def test_what_the_files_betray() -> None:
    assert summary(*read(RAWGAT)).remarks == ()
    assert any("probabilities" in remark for remark in summary(*read(CODEC)).remarks)
    assert any("inverted" in remark for remark in summary(*(-scores for scores in read(AIR))).remarks)
    rounded = summary(*(scores.round(2) for scores in read(AIR)))
    assert any("EER and official EER differ" in remark for remark in rounded.remarks)
