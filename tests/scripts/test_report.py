"""The command line reports on anyone's scores, compares detectors, and calibrates on other trials."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from tests.corpora.real import SOURCE
from tests.scripts.command_line import Result, bonafide

from bonafide.evaluation import scores
from bonafide.evaluation.scores import Trials
from bonafide.scripts.jobs import fitting
from bonafide.types import InputError, Label, Utterance

SPEAKERS, SYSTEMS = ("anna", "ben", "cleo"), ("A07", "A08")
FILES = {"report.html", "report.md", "report.tex", "metrics.json", "tables", "figures"}


def draw(seed: int, apart: float = 2.0, folder: str = "eval", noise: float = 0.0) -> Trials:
    """40 trials a speaker, half of them bona fide; the same seed gives the same trials but for the noise."""
    rows, values = [], []
    random, more = np.random.default_rng(seed), np.random.default_rng(seed + 1)
    for number in range(120):
        system = SYSTEMS[number % 4 // 2] if number % 2 else "-"
        label: Label = "spoof" if number % 2 else "bonafide"
        speaker = SPEAKERS[number % 3]
        rows.append(Utterance(f"{folder}_{number:03}", f"u{number}", "c", system, speaker, label))
        values.append((-apart if number % 2 else apart) / 2 + random.normal() + noise * more.normal())
    return Trials.of(rows, values)


def ours(file: Path, trials: Trials) -> Path:
    scores.write(file, trials)
    return file


def plain(file: Path, trials: Trials, sign: float = 1.0) -> Path:
    """`PATH SCORE` lines, in another order than the key's."""
    lines = [
        f"{path} {sign * score!r}\n" for path, score in zip(trials.path, trials.score.tolist(), strict=True)
    ]
    file.write_text("".join(reversed(lines)))
    return file


def key(file: Path, trials: Trials, codecs: tuple[str, ...] = ()) -> Path:
    """A protocol of ASVspoof 2019, or of ASVspoof 2021 LA with a codec for each trial in turn."""
    columns = trials.speaker, trials.path, trials.system, trials.label
    lines = []
    for number, (speaker, path, system, label) in enumerate(zip(*columns, strict=True)):
        codec = codecs[number // 4 % len(codecs)] if codecs else ""
        made = "bonafide" if system == "-" else system
        lines.append(
            f"{speaker} {path} {codec} ita_tx {made} {label} notrim eval\n" if codecs
            else f"{speaker} {path} - {system} {label}\n"
        )  # fmt: skip
    file.write_text("".join(lines))
    return file


def report(folder: Path, *words: str | Path) -> Result:
    return bonafide(folder, "report", *words, "folder=made", "replicates=40")


def done(folder: Path, *words: str | Path) -> tuple[str, dict[str, Any]]:
    """What was printed, and metrics.json; every kind of file is there."""
    shutil.rmtree(folder / "made", ignore_errors=True)
    found = report(folder, *words)
    assert found.code == 0, found.err
    made = folder / "made"
    assert {file.name for file in made.iterdir()} >= FILES
    page = (made / "report.html").read_text()
    assert page.count("data:image/png") == len(list((made / "figures").glob("*.png"))) > 0
    content: dict[str, Any] = json.loads((made / "metrics.json").read_text())
    return found.out, content


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "made" / "tables" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_scores_and_a_protocol_become_a_report(tmp_path: Path) -> None:
    trials = draw(0)
    words = f"scores={plain(tmp_path / 's.txt', trials)}", f"key={key(tmp_path / 'k.txt', trials)}"
    out, content = done(tmp_path, *words)
    group = content["groups"]["s"]
    assert group["systems"].keys() == set(SYSTEMS)
    assert "eer" in group["intervals_speaker_x_system"]  # the speakers are the key's
    assert f"{100 * group['eer']:.2f}" in out
    assert "A08" in out
    assert "minDCF" in out
    assert not group["inverted"]
    assert [row["system"] for row in table(tmp_path, "systems")] == list(SYSTEMS)


def test_a_score_table_of_a_run_needs_no_key(tmp_path: Path) -> None:
    _, content = done(tmp_path, f"scores={ours(tmp_path / 'held out.csv', draw(0))}")
    assert list(content["groups"]) == ["held out"]


def test_an_inverted_detector_is_reported_and_never_turned(tmp_path: Path) -> None:
    trials = draw(0)
    words = f"scores={plain(tmp_path / 's.txt', trials, -1)}", f"key={key(tmp_path / 'k.txt', trials)}"
    out, content = done(tmp_path, *words)
    straight = content["groups"]["s"]
    assert straight["eer"] > 0.5
    assert straight["inverted"]
    assert "Spoofs score higher than bona fide trials" in out
    assert "The detector is inverted here" in (tmp_path / "made/report.html").read_text()
    out, content = done(tmp_path, *words, "polarity=spoof")
    assert content["groups"]["s"]["eer"] == pytest.approx(1 - straight["eer"])
    assert "Spoofs score higher" not in out


def test_a_pair_of_files_and_files_with_columns_of_one_s_own(tmp_path: Path) -> None:
    trials = draw(0)
    for name, values in (("genuine", trials.bonafide), ("fake", trials.spoof)):
        (tmp_path / f"{name}.txt").write_text("".join(f"{value!r}\n" for value in values.tolist()))
    rows = zip(trials.label, trials.score.tolist(), trials.path, strict=True)
    (tmp_path / "own.txt").write_text("".join(f"{label} {score!r} {path}\n" for label, score, path in rows))
    pair = done(tmp_path, "scores=[genuine.txt,fake.txt]")[1]["groups"]["trials"]
    own = done(tmp_path, "scores=own.txt", "columns={label: 0, score: 1, path: 2}")[1]["groups"]["own"]
    ours_too = done(tmp_path, f"scores={ours(tmp_path / 't.csv', trials)}")[1]["groups"]["t"]
    assert pair["eer"] == own["eer"] == ours_too["eer"]
    assert pair["cllr"] == pytest.approx(ours_too["cllr"])


def test_groups_by_a_column_of_the_key(tmp_path: Path) -> None:
    trials = draw(0)
    keyed = key(tmp_path / "k.txt", trials, codecs=("alaw", "opus", "gsm"))
    text = keyed.read_text().splitlines(keepends=True)
    # gsm keeps its bona fide trials alone
    keyed.write_text("".join(line.replace(" gsm ", " opus ") if " spoof " in line else line for line in text))
    words = f"scores={plain(tmp_path / 's.txt', trials)}", f"key={keyed}", "by=codec", "subset=eval"
    _, content = done(tmp_path, *words)
    assert list(content["groups"]) == ["all", "alaw", "opus"]
    assert "Left out, of one class only: gsm" in (tmp_path / "made/report.md").read_text()
    assert (
        report(tmp_path, *words[:2], "by=bitrate")
        .line()
        .endswith("there are: codec, subset, transmission, trim")
    )


def verification(file: Path) -> Path:
    random = np.random.default_rng(5)
    kinds = {"target": 4.0, "nontarget": 0.0, "spoof": 3.0}
    file.write_text(
        "".join(
            f"{'A07' if kind == 'spoof' else 'bonafide'} {kind} {score!r}\n"
            for kind, mean in kinds.items()
            for score in random.normal(mean, 1, 50).tolist()
        )
    )
    return file


def test_verification_scores_give_tandem_costs(tmp_path: Path) -> None:
    words = f"scores={ours(tmp_path / 's.csv', draw(0))}", f"asv={verification(tmp_path / 'asv.txt')}"
    out, content = done(tmp_path, *words)
    cost = content["tandem"]["s"]
    assert 0 < cost["floor"] <= cost["min_tdcf_2021"] <= 1
    assert f"{cost['min_tdcf_2019']:.4f}" in out
    assert "min t-DCF 2019" in (tmp_path / "made/report.tex").read_text()
    (tmp_path / "asv.txt").write_text("bonafide target 1.0\nbonafide impostor 0\n")
    assert "asv.txt, line 2" in report(tmp_path, *words).line()


def test_two_detectors_on_the_same_trials(tmp_path: Path) -> None:
    good, bad = draw(0, 4.0), draw(0, 2.0, noise=1.0)
    places = plain(tmp_path / "good.txt", good), plain(tmp_path / "bad.txt", bad, -1)
    listed = f"compare=[{places[0]},{places[1]}]", "polarity=[bonafide,spoof]"
    out, content = done(tmp_path, *listed, f"key={key(tmp_path / 'k.txt', good)}")
    assert set(content["groups"]["k"]) == {"good", "bad"}
    found = {(row["measure"], row["redrawn"]): row for row in table(tmp_path, "differences")}
    assert set(found) == {
        (measure, redrawn)
        for measure in ("eer", "min_dcf", "cllr", "auc")
        for redrawn in ("trials", "speakers × systems")
    }
    row = found["eer", "trials"]
    assert (row["first"], row["second"]) == ("good", "bad")
    one, other = (content["groups"]["k"][name]["eer"] for name in ("good", "bad"))
    assert float(row["difference"]) == pytest.approx(one - other)
    assert float(row["low"]) <= float(row["high"]) < 0
    assert 2 / 41 <= float(row["p"]) <= float(row["p_holm"]) <= 1
    tests = [row["test"] for row in table(tmp_path, "trial_level_tests")]
    assert tests == ["DeLong, AUC", "McNemar, all trials", "McNemar, bona fide", "McNemar, spoof"]
    assert "Trial-level tests" in out
    assert (tmp_path / "made/figures/det_k.png").is_file()


def test_runs_are_compared_group_by_group(tmp_path: Path) -> None:
    for name, noise in (("a", 0.0), ("b", 1.0), ("c", 2.0)):
        run = tmp_path / "outputs" / name
        for group, seed in (("seen", 0), ("held_out", 2)):
            ours(run / "scores" / f"{group}.csv", draw(seed, noise=noise))
        thresholds = {group: {"threshold": noise} for group in ("seen", "held_out")}
        (run / "metrics.json").write_text(json.dumps({"groups": thresholds}))
    ours(tmp_path / "outputs/a/scores/alone.csv", draw(4))
    _, content = done(tmp_path, "compare=[outputs/a,outputs/b,outputs/c]")
    assert set(content["groups"]) == {"seen", "held_out"}
    assert content["groups"]["seen"]["b"]["threshold"] == 1.0
    rows = [row for row in table(tmp_path, "differences") if row["group"] == "seen"]
    assert {(row["first"], row["second"]) for row in rows} == {("a", "b"), ("a", "c"), ("b", "c")}
    page = (tmp_path / "made/report.html").read_text()
    assert "Test groups that not all have" in page
    assert all(f'id="{place}"' in page for place in re.findall(r'href="#([^"]+)"', page))


def test_other_trials_are_not_compared(tmp_path: Path) -> None:
    for name, trials in (("a", draw(0)), ("b", draw(0, folder="other"))):
        ours(tmp_path / f"{name}.csv", trials)
    said = report(tmp_path, "compare=[a.csv,b.csv]").line()
    assert "120 missing: eval_000, eval_001" in said
    assert "eval_009 and 110 more" in said
    assert not (tmp_path / "made/metrics.json").exists()


def test_a_calibration_is_fitted_on_other_trials(tmp_path: Path) -> None:
    """Scores shrunk and shifted are log-odds again; their order stays."""
    for name, seed in (("dev", 10), ("eval", 20)):
        trials = draw(seed, folder=name)
        plain(tmp_path / f"{name}.txt", Trials.of(_rows(trials), 0.2 * trials.score + 3))
        key(tmp_path / f"{name}_key.txt", trials)
    words = "scores=eval.txt", "key=eval_key.txt", "calibrate=dev.txt", "calibrate_key=dev_key.txt"
    out, content = done(tmp_path, *words)
    before, after = (content["groups"][name] for name in ("before", "calibrated"))
    assert after["eer"] == before["eer"]
    assert after["cllr"] < 0.8 * before["cllr"]
    assert after["act_dcf"] < before["act_dcf"]
    assert after["ece_at_prior"] < before["ece_at_prior"]
    fitted = json.loads((tmp_path / "made/calibration.json").read_text())
    written = scores.read(tmp_path / "made/scores/calibrated.csv")
    line = fitted["fitted"]["slope"] * (0.2 * draw(20).score + 3) + fitted["fitted"]["offset"]
    assert written.score == pytest.approx(line)
    assert fitted["development"]["trials"] == 120
    rules = [row["rule"] for row in table(tmp_path, "carried") if row["scores"] == "calibrated"]
    assert rules == ["equal error rate", "least cost", "Bayes"]
    assert all(float(row["hter_loss"]) >= 0 <= float(row["cost_loss"]) for row in table(tmp_path, "carried"))
    assert "Carried thresholds" in out
    again = report(tmp_path, *words[:2], "calibrate=eval.txt", "calibrate_key=eval_key.txt")
    assert "120 trials are both fitted on and reported: eval_000" in again.line()


@pytest.mark.parametrize(("method", "left"), [("isotonic", 0.95), ("temperature", 0.8)])
def test_another_calibration_for_another_application(method: str, left: float, tmp_path: Path) -> None:
    for name, seed in (("dev", 10), ("eval", 20)):
        sure = draw(seed, folder=name)
        ours(tmp_path / f"{name}.csv", Trials.of(_rows(sure), 6 * sure.score))
    words = "scores=eval.csv", "calibrate=dev.csv", f"method={method}"
    fair = "application.spoof_prior=0.5", "application.false_alarm=1"
    _, content = done(tmp_path, *words, *fair)
    before, after = (content["groups"][name] for name in ("before", "calibrated"))
    assert after["cllr"] < left * before["cllr"]
    assert json.loads((tmp_path / "made/calibration.json").read_text())["application"]["prior"] == 0.5
    rules = {row["rule"]: row["threshold"] for row in table(tmp_path, "carried") if row["scores"] != "before"}
    assert float(rules["Bayes"]) == 0
    frozen = fitting.read(tmp_path / "made/calibration.json")
    written = scores.read(tmp_path / "made/scores/calibrated.csv")
    assert frozen.fitted.apply(6 * draw(20).score) == pytest.approx(written.score)
    assert frozen.threshold == 0


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("method=isotone", "method=isotone is none of calibrate=; choose affine, isotonic, temperature"),
        ("method=z_score", "method=z_score is none of calibrate="),
        ("application.spoof_prior=1.5", "prior=1.5"),
        ("application.miss=cheap", "miss=cheap is not a number"),
        ("application.prior=0.5", "application.spoof_prior"),
    ],
)
def test_a_calibration_that_is_not_understood(word: str, said: str, tmp_path: Path) -> None:
    files = ours(tmp_path / "a.csv", draw(0)), ours(tmp_path / "b.csv", draw(1, folder="dev"))
    found = report(tmp_path, f"scores={files[0]}", f"calibrate={files[1]}", word)
    assert found.code == 2
    assert said in found.line()
    assert not (tmp_path / "made").exists()


def test_means_of_scores_are_no_log_likelihood_ratios(tmp_path: Path) -> None:
    one, two = draw(20), draw(25)
    for name, trials in (("one", one), ("two", Trials.of(_rows(one), 5 * two.score + 1))):
        ours(tmp_path / f"{name}.csv", trials)
        ours(tmp_path / f"{name}_dev.csv", Trials.of(_rows(draw(0, folder="dev")), trials.score))
    words = "fusion=[one.csv,two.csv]", "calibrate=[one_dev.csv,two_dev.csv]", "method=z_score"
    _, content = done(tmp_path, *words)
    standard = [(each.score - each.score.mean()) / each.score.std() for each in (one, two)]
    assert scores.read(tmp_path / "made/scores/fused.csv").score == pytest.approx(sum(standard) / 2)
    assert content["groups"]["fused"]["auc"] > content["groups"]["one"]["auc"]
    assert "Bayes" not in {row["rule"] for row in table(tmp_path, "carried")}
    with pytest.raises(InputError, match="of several detectors; give one"):
        fitting.read(tmp_path / "made/calibration.json")


def test_a_fusion_is_better_than_its_parts(tmp_path: Path) -> None:
    for name, seed in (("dev", 10), ("eval", 20)):
        one = draw(seed, folder=name)
        ours(tmp_path / f"one_{name}.csv", one)
        ours(tmp_path / f"two_{name}.csv", Trials.of(_rows(one), draw(seed + 5).score))
    words = "fusion=[one_eval.csv,two_eval.csv]", "calibrate=[one_dev.csv,two_dev.csv]", "names=[one,two]"
    _, content = done(tmp_path, *words)
    cost = {name: group["cllr_min"] for name, group in content["groups"].items()}
    assert cost["fused"] < min(cost["one"], cost["two"])
    assert len(scores.read(tmp_path / "made/scores/fused.csv")) == 120
    assert "1 score files for 2 detectors" in report(tmp_path, words[0], "calibrate=one_dev.csv").line()


def _rows(trials: Trials) -> list[Utterance]:
    columns = trials.path, trials.utterance, trials.corpus, trials.system, trials.speaker, trials.label
    return [Utterance(*row) for row in zip(*columns, strict=True)]


def _line_of_a_bad_file(folder: Path) -> list[str]:
    (folder / "bad.txt").write_text("u1 - bonafide 1.0\nu2 A07 spoof high\n")
    return ["scores=bad.txt"]


def _pair_with_a_key(folder: Path) -> list[str]:
    return [f"scores=[{plain(folder / 'a.txt', draw(0))},b.txt]", f"key={key(folder / 'k.txt', draw(0))}"]


def _unlabelled(folder: Path) -> list[str]:
    return [f"scores={plain(folder / 'a.txt', draw(0))}"]


def _strangers(folder: Path) -> list[str]:
    for name in ("a", "b"):
        ours(folder / name / "scores" / f"{name}.csv", draw(0))
    return ["compare=[a,b]"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (lambda _: [], "there is nothing to report on; give scores=FILE"),
        (lambda _: ["scores=a.txt", "compare=[a,b]"], "scores= and compare= do not make a report"),
        (lambda _: ["calibrate=a.txt"], "calibrate= do not make a report"),
        (lambda _: ["scores=nowhere.txt"], "nowhere.txt cannot be read"),
        (lambda _: ["scores=[]"], "scores=[] names no files"),
        (lambda _: ["scores=[a,b,c]"], "3 score files are no pair"),
        (lambda _: ["compare=a"], "compare=a names one detector"),
        (lambda _: ["compare=[a,b]", "names=[x]"], "x are no names for 2 detectors"),
        (
            lambda _: ["compare=[a,b]", "polarity=[spoof,spoof,spoof]"],
            "polarity has 3 values for 2 detectors",
        ),
        (lambda _: ["scores=a.txt", "threshold=high"], "threshold=high is not a number"),
        (lambda _: ["scores=a.txt", "polarty=spoof"], "did you mean polarity?"),
        (_line_of_a_bad_file, "bad.txt, line 2: the score 'high' is no number"),
        (_pair_with_a_key, "a pair of score files names no trials"),
        (_unlabelled, "a.txt has no labels: give the key of its trials"),
        (_strangers, "the detectors share no test group (a: a; b: b)"),
    ],
)
def test_a_mistake_is_answered_in_a_line(
    words: Callable[[Path], list[str]], said: str, tmp_path: Path
) -> None:
    found = report(tmp_path, *words(tmp_path))
    assert found.code == 2
    assert said in found.line()
    assert not (tmp_path / "made/report.html").exists()


class Published(NamedTuple):
    """A score file and its figures of REFERENCE_METRICS.csv: EER in per cent, min t-DCF in both forms."""

    name: str
    polarity: str
    eer: float
    legacy: float
    constrained: float


PUBLISHED = [
    Published("RawGAT_ST_mul", "bonafide", 1.060, 0.033539, 0.094168),
    Published("AIR_ocsoftmax", "spoof", 2.178, 0.055816, 0.115047),
]
LA = SOURCE / "scores" / "asvspoof2019_la"
PROTOCOL = SOURCE / "protocols" / "asvspoof2019_la" / "ASVspoof2019.LA.cm.eval.trl.txt"


@pytest.mark.skipif(not (LA.is_dir() and PROTOCOL.is_file()), reason="no published score files here")
@pytest.mark.parametrize("published", PUBLISHED, ids=lambda published: published.name)
def test_published_scores_give_published_figures(published: Published, tmp_path: Path) -> None:
    asv = LA / "ASVspoof2019.LA.asv.eval.gi.trl.scores.txt"
    words = (
        f"scores={LA / published.name}.txt",
        f"key={PROTOCOL}",
        f"polarity={published.polarity}",
        f"asv={asv}",
    )
    out, content = done(tmp_path, *words)
    group, cost = content["groups"][published.name], content["tandem"][published.name]
    assert 100 * group["eer_official"] == pytest.approx(published.eer, abs=5e-4)
    assert cost["min_tdcf_2019"] == pytest.approx(published.legacy, abs=5e-7)
    assert cost["min_tdcf_2021"] == pytest.approx(published.constrained, abs=5e-7)
    assert len(group["systems"]) == 13
    for figure in (f"{published.eer:.2f}", f"{published.legacy:.4f}", f"{published.constrained:.4f}"):
        assert figure in out
