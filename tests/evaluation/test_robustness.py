"""Robustness: every number of the table by the measure that it is named after."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bonafide.evaluation import report, robustness, robustness_page, spreadsheet
from bonafide.evaluation.robustness import CLEAN, Heard
from bonafide.evaluation.scores import Trials
from bonafide.evaluation.summary import Picture
from bonafide.figures import style
from bonafide.figures.robustness import Severity
from bonafide.figures.robustness import robustness as drawn
from bonafide.metrics.auc import auc
from bonafide.metrics.eer import eer


def trials(shift: float = 0.0, spread: float = 1.0, seed: int = 0) -> Trials:
    random = np.random.default_rng(seed)
    score = np.concatenate([random.normal(1.5, 1, 40), random.normal(-1.5, 1, 60)])
    score = score * spread + shift
    label = np.array(["bonafide"] * 40 + ["spoof"] * 60, object)
    names: Any = [np.array([f"{kind}{n}" for n in range(100)], object) for kind in "pu"]
    same = np.array(["-"] * 100, object)
    return Trials(*names, same, same, same, label, score)


def test_a_shift_moves_decisions_and_means_but_no_rank() -> None:
    clean, moved = trials(), trials(shift=-2)
    found = robustness.measure(moved, clean, 0.0, replicates=100)
    assert found["eer"] == eer(clean.bonafide, clean.spoof)
    assert found["auc"] == auc(clean.bonafide, clean.spoof)
    assert found["change"] == 0
    assert found["change_interval"] == [0, 0]
    assert found["bonafide_shift"] == pytest.approx(-2)
    assert found["spoof_shift"] == pytest.approx(-2)
    assert found["bonafide_rejected"] == (moved.bonafide < 0).sum()
    assert found["bonafide_accepted"] == (moved.bonafide >= 0).sum()
    assert found["spoof_accepted"] == (moved.spoof >= 0).sum()
    assert found["spoof_rejected"] == (moved.spoof < 0).sum()
    assert robustness.rejected(found) > 0.5 > robustness.accepted(found)


def test_clean_trials_change_by_nothing() -> None:
    clean = trials()
    found = robustness.measure(clean, clean, 0.0, replicates=100)
    assert found["change"] is None
    assert found["bonafide_shift"] == found["spoof_shift"] == 0
    low, high = found["interval"]
    assert low <= found["eer"] <= high


def test_no_error_is_no_certainty() -> None:
    clean = trials()
    perfect = Trials(
        clean.path, clean.utterance, clean.corpus, clean.system, clean.speaker, clean.label,
        np.where(clean.label == "bonafide", 5.0, -5.0),
    )  # fmt: skip
    found = robustness.measure(perfect, clean, 0.0, replicates=100)
    assert found["eer"] == 0
    assert found["interval"] == [0, pytest.approx(1 - 0.05 ** (1 / 40))]
    assert found["change"] is not None
    assert found["change"] < 0


def heard() -> list[Heard]:
    clean = trials()
    lines = [Heard(CLEAN, "", "clean", {"seen": robustness.measure(clean, clean, 0.0, replicates=50)})]
    for label, spread, shift in (("20", 1.0, -0.5), ("0", -1.0, 0.0)):
        found = robustness.measure(trials(shift, spread), clean, 0.0, replicates=50)
        lines.append(Heard("White noise", f"{label} dB SNR", label, {"seen": found}))
    return lines


def test_the_report_names_what_is_worst_and_what_is_left_out(tmp_path: Path) -> None:
    lines = heard()
    worst = lines[-1].groups["seen"]
    assert worst["eer"] > 0.9  # all scores turned round
    point = Severity("0", worst["eer"], *worst["interval"], 0.5, 0.5)  # type: ignore[call-arg]
    style.save(drawn(point, {"White noise, dB SNR": [point, point]}), tmp_path / "figure.png")
    made = robustness_page.document(
        lines,
        [Picture(tmp_path / "figure.png", "Errors", "seen")],
        title="LCNN on LFCC, perturbed",
        facts={"Seed": "0"},
        left_out={"AMR (4.75)": "there is no encoder; install one"},
    )
    report.write_document(tmp_path, made)
    page = (tmp_path / "report.md").read_text()
    assert "White noise, 0 dB SNR" in page
    assert "AMR (4.75) is left out: there is no encoder; install one" in page
    assert made.headlines[0].lines[0] == f"highest {100 * worst['eer']:.2f}: White noise, 0 dB SNR"
    rows = spreadsheet.text([robustness_page.table(lines, "seen")]).splitlines()
    assert len(rows) == 4
    assert float(rows[3].split(",")[3]) == worst["eer"]


def test_a_figure_has_a_panel_for_each_perturbation() -> None:
    point = Severity("clean", 0.1, 0.05, 0.2, 0.1, 0.1)
    panels = {
        f"Perturbation {n}": [point._replace(label=str(level)) for level in range(n)] for n in range(1, 7)
    }
    figure = drawn(point, panels)
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in shown] == list(panels)
    assert [len(axes.get_xticks()) for axes in shown] == [n + 1 for n in range(1, 7)]
