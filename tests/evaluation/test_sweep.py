"""A sweep's report: figures computed by hand, laws of its intervals, and nothing dropped in silence."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation import sweeps
from tests.evaluation.sweeps import run, stopped, trials

from bonafide.evaluation import report, spreadsheet
from bonafide.evaluation.cells import Table
from bonafide.evaluation.scores import Trials, write
from bonafide.evaluation.sweeps import pairs as sweep_pairs
from bonafide.evaluation.sweeps.bootstrap import Drawn, draw, redrawn_seeds
from bonafide.evaluation.sweeps.effects import axes_table, effects, effects_table, shares_of_variance
from bonafide.evaluation.sweeps.matrix import matrix, matrix_table
from bonafide.evaluation.sweeps.plan import planned
from bonafide.evaluation.sweeps.reading import read
from bonafide.evaluation.sweeps.report import document
from bonafide.evaluation.sweeps.selection import choose, selection_table
from bonafide.evaluation.sweeps.sweep import Sweep
from bonafide.evaluation.sweeps.tables import absent, detail, every_cell, overview
from bonafide.metrics import eer as error_rate
from bonafide.types import InputError

WAVELETS = {"haar": (0.1, 0.3), "sym5": (0.05, 0.1)}
"""EER of each seed."""


def rows(table: Table | None) -> list[dict[str, str]]:
    assert table is not None
    return list(csv.DictReader(io.StringIO(spreadsheet.text([table]))))


def texts(table: Table | None) -> list[list[str]]:
    assert table is not None
    return [[cell.text for cell in row.cells] for row in table.rows]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two wavelets × two seeds; on validation the other one is better."""
    folder = tmp_path_factory.mktemp("sweep")
    number = 0
    for wavelet, eers in WAVELETS.items():
        for seed, eer in enumerate(eers):
            run(
                folder / str(number),
                {"model": "dcnn", "frontend.wavelet": wavelet, "seed": str(seed)},
                {"test": trials(eer, ["a", "b"], seed=seed), "far": trials(eer + 0.1, ["c"], seed=seed)},
                validation={"haar": 0.02, "sym5": 0.04}[wavelet] + 0.01 * seed,
                parameters=1000 + number,
                trained=["a"],
            )
            number += 1
    return folder


def test_the_table_that_papers_print(plain: Path) -> None:
    sweep = read([plain])
    assert texts(overview(sweep)) == [
        [
            "haar",
            "2",
            "20.00 ± 10.00",
            "10.00 – 30.00",
            "30.00 ± 10.00",
            "20.00 – 40.00",
            "25.00 ± 10.00",
            "15.00 – 35.00",
        ],
        [
            "sym5",
            "2",
            "7.50 ± 2.50",
            "5.00 – 10.00",
            "17.50 ± 2.50",
            "15.00 – 20.00",
            "12.50 ± 2.50",
            "10.00 – 15.00",
        ],
    ]
    first = rows(overview(sweep))[0]
    assert float(first["test_mean"]) == pytest.approx(0.2)
    assert float(first["test_deviation"]) == pytest.approx(
        0.1
    )  # of the population: 0.1414 would be the sample's
    best = [[cell.best for cell in row.cells] for row in overview(sweep).rows]
    assert not any(best[0])
    assert [place for place, one in enumerate(best[1]) if one] == [2, 4, 6]


def test_accuracies_stand_beside_the_error_rates(plain: Path) -> None:
    sweep = read([plain])
    one, other = rows(detail(sweep, "test", draw(sweep, replicates=50)))
    for row, eers in ((one, WAVELETS["haar"]), (other, WAVELETS["sym5"])):
        right = [1 - eer for eer in eers]
        assert float(row["accuracy_max"]) == pytest.approx(max(right))
        assert float(row["accuracy_mean"]) == pytest.approx(np.mean(right))
        assert float(row["balanced_accuracy_deviation"]) == pytest.approx(np.std(right))
        assert float(row["eer_min"]) == pytest.approx(min(eers))
        assert float(row["eer_low"]) < np.mean(eers) < float(row["eer_high"])


def test_without_replicates_there_are_no_intervals(plain: Path) -> None:
    sweep = read([plain])
    assert rows(detail(sweep, "test", draw(sweep, replicates=0)))[0]["eer_low"] == ""


def test_seeds_that_are_redrawn_vary_as_the_mean_of_seeds_does() -> None:
    for seeds in ([0.1, 0.3], [0.1, 0.2, 0.6], [0.0, 0.1, 0.1, 0.3, 0.4]):
        still = np.repeat(np.array(seeds)[:, None], 40_000, axis=1)
        found = redrawn_seeds(still, np.random.default_rng(0))
        assert found.mean() == pytest.approx(np.mean(seeds), abs=0.003)
        assert found.var() == pytest.approx(np.var(seeds, ddof=1) / len(seeds), rel=0.03)


def test_trials_weigh_alike_in_all_cells_whatever_their_order(tmp_path: Path) -> None:
    """The same scores twice: nothing is left of their difference in any replicate."""
    same = trials(0.2, ["a"])
    for number, wavelet in enumerate(("haar", "sym5")):
        run(tmp_path / str(number), {"wavelet": wavelet}, {"test": same})
    write(tmp_path / "1/scores/test.csv", same.where(np.arange(len(same))[::-1]))
    sweep = read([tmp_path])
    drawn = draw(sweep, replicates=60)
    one, other = sweep.runs
    assert drawn.difference("test", [[(one, other)]]) == (0.0, 0.0, 1.0)
    assert np.ptp(drawn.values["test", "0"]) > 0
    low, high = drawn.interval("test", [[one]]) or (0, 0)
    assert low < 0.2 < high


def test_where_no_error_was_seen_an_interval_is_not_a_point(tmp_path: Path) -> None:
    run(tmp_path / "0", {"seed": "0"}, {"test": trials(0.0, ["a"], count=19)})
    sweep = read([tmp_path])
    found = draw(sweep, replicates=20).interval("test", [sweep.runs])
    assert found == (0.0, pytest.approx(0.1459, abs=5e-5))  # 1 - 0.05 ** (1/19)


def test_scores_of_another_evaluation_give_no_interval(plain: Path, tmp_path: Path) -> None:
    folder = run(tmp_path / "0", {"wavelet": "haar"}, {"test": trials(0.2, ["a"])})
    run(tmp_path / "1", {"wavelet": "sym5"}, {"test": trials(0.2, ["a"])})
    write(folder / "scores/test.csv", trials(0.3, ["a"]))
    (tmp_path / "1/scores/test.csv").unlink()
    sweep = read([tmp_path])
    drawn = draw(sweep, replicates=20)
    assert not drawn.values
    said = " ".join(document(sweep, drawn, [], facts={}).sections[0].remarks)
    assert "0/scores/test.csv does not give the EER in metrics.json" in said
    assert "No score table at" in said


def test_the_optimism_of_choosing_on_test(plain: Path) -> None:
    """Validation prefers haar, whose test EER is 20 %; the best on test is sym5 at 7.5 %."""
    sweep = read([plain])
    configurations, cells = choose(sweep, "test")
    assert (configurations.test, configurations.best.test) == (pytest.approx(0.2), pytest.approx(0.075))
    assert configurations.optimism == pytest.approx(0.125)
    assert cells.optimism == pytest.approx(0.05)  # haar with seed 0 (10 %) against sym5 with seed 0 (5 %)
    assert texts(selection_table([configurations, cells], sweep)) == [
        ["test", "2 configurations", "haar", "2.50", "20.00", "2", "sym5", "7.50", "+12.50"],
        ["test", "4 cells", "haar · seed 0", "2.00", "10.00", "2", "sym5 · seed 0", "5.00", "+5.00"],
    ]
    headline = document(sweep, Drawn(), [], facts={}).headlines[0]
    assert (headline.figure, headline.unit) == ("20.00", "± 10.00 % EER")
    assert headline.lines == ["haar, chosen on validation", "lowest on test: 7.50 (sym5)"]


def test_equals_on_validation_count_by_their_mean(tmp_path: Path) -> None:
    for number, (eer, validation) in enumerate(((0.1, 0.0), (0.4, 0.0), (0.05, 0.1), (0.0, None))):
        run(
            tmp_path / str(number), {"rate": str(number)}, {"test": trials(eer, ["a"])}, validation=validation
        )
    sweep = read([tmp_path])
    (choice,) = choose(sweep, "test")
    assert (len(choice.kept), choice.candidates) == (2, 3)
    assert choice.test == pytest.approx(0.25)
    assert choice.better == 2
    headline = document(sweep, Drawn(), [], facts={}).headlines[0]
    assert (headline.figure, headline.unit) == ("25.00", "% EER")
    assert headline.lines[0] == "mean of 2 that are equal on validation"
    table = selection_table([choice], sweep)
    assert texts(table)[0][2:5] == ["0 and 1 more", "0.00", "25.00"]
    assert table is not None
    assert "1 cells say nothing of validation" in table.note


def test_validation_is_called_by_its_measure(tmp_path: Path) -> None:
    groups = {"test": trials(0.1, ["a"])}
    for number, score in enumerate((0.9, 0.7)):
        run(
            tmp_path / f"by/score/{number}",
            {"rate": str(number)},
            groups,
            validation=score,
            measure="val/score",
            mode="max",
        )
    sweep = read([tmp_path / "by/score"])
    (choice,) = choose(sweep, "test")
    assert [one.name for one in choice.kept] == ["0"]
    assert rows(selection_table([choice], sweep))[0]["validation_score"] == "0.9"
    assert [row["validation_score"] for row in rows(every_cell(sweep))] == ["0.9", "0.7"]
    assert texts(every_cell(sweep))[0][4] == "0.9000"

    run(tmp_path / "by/loss", {"rate": "2"}, groups, validation=0.3, measure="val/loss")
    mixed = read([tmp_path / "by/score", tmp_path / "by/loss"])
    assert choose(mixed, "test") == []
    assert "score 0.9000" in texts(every_cell(mixed))[0]
    remarks = document(mixed, Drawn(), [], facts={}).sections[0].remarks
    assert any("by different measures (loss, score)" in remark for remark in remarks)


def grid(folder: Path, eers: dict[tuple[str, str, int], float], groups: Sequence[str] = ("test",)) -> Sweep:
    for number, ((wavelet, rate, seed), eer) in enumerate(eers.items()):
        choices = {"frontend.wavelet": wavelet, "rate": rate, "seed": str(seed)}
        run(folder / str(number), choices, {group: trials(eer, ["a"], seed=seed) for group in groups})
    return read([folder])


ADDITIVE = {
    (wavelet, rate, seed): 0.1 + 0.2 * (wavelet == "haar") + 0.05 * (rate == "1e-3") + 0.0 * seed
    for wavelet in ("haar", "sym5")
    for rate in ("1e-4", "1e-3")
    for seed in (0, 1)
}


def test_the_effect_of_each_choice(tmp_path: Path) -> None:
    sweep = grid(tmp_path, ADDITIVE)
    found = effects(sweep, "test", Drawn())
    assert texts(effects_table(found, sweep, "test")) == [
        ["wavelet", "haar", "2", "32.50 ± 2.50", "30.00 – 35.00", "–"],
        ["wavelet", "sym5", "2", "12.50 ± 2.50", "10.00 – 15.00", "–"],
        ["rate", "0.0001", "2", "20.00 ± 10.00", "10.00 – 30.00", "–"],
        ["rate", "0.001", "2", "25.00 ± 10.00", "15.00 – 35.00", "–"],
        ["seed", "0", "4", "22.50 ± 10.31", "10.00 – 35.00", "–"],
        ["seed", "1", "4", "22.50 ± 10.31", "10.00 – 35.00", "–"],
    ]


def test_shares_of_the_variance_of_effects_that_add_up(tmp_path: Path) -> None:
    sweep = grid(tmp_path, ADDITIVE)
    shares = shares_of_variance(sweep, "test")
    assert shares == {  # 0.1² and 0.025² of 0.010625
        "frontend.wavelet": pytest.approx(16 / 17),
        "rate": pytest.approx(1 / 17),
        "seed": pytest.approx(0.0),
    }
    shown = texts(axes_table(effects(sweep, "test", Drawn()), sweep, "test"))
    assert shown[0] == ["wavelet", "2", "sym5", "12.50", "haar", "32.50", "94.1"]
    assert shown[-1] == ["their interplay", "", "", "", "", "", "0.0"]


def test_pairs_are_alike_in_all_else(tmp_path: Path) -> None:
    """A hole in the grid: the pair that it belongs to is left out, not the whole comparison."""
    sweep = grid(tmp_path, {key: eer for key, eer in ADDITIVE.items() if key != ("sym5", "1e-3", 1)})
    drawn = draw(sweep, replicates=99)
    pairs = sweep_pairs.pairs(effects(sweep, "test", drawn), sweep, "test", drawn)
    table = sweep_pairs.pairs_table(pairs, sweep, "test")
    wavelet, rate = rows(table)
    assert (wavelet["first"], wavelet["second"]) == ("haar", "sym5")
    assert (wavelet["pairs"], wavelet["first_lower"]) == ("3", "0")
    assert float(wavelet["difference"]) == pytest.approx(0.2)
    assert 0 < float(wavelet["low"]) < 0.2 < float(wavelet["high"])
    assert float(wavelet["p"]) == pytest.approx(2 / 100)
    assert (rate["pairs"], float(rate["difference"])) == ("3", pytest.approx(-0.05))
    assert shares_of_variance(sweep, "test") == {}


def test_many_values_are_compared_with_the_best(tmp_path: Path) -> None:
    for number, eer in enumerate((0.3, 0.2, 0.1, 0.4, 0.5)):
        run(tmp_path / str(number), {"model.dropout": f"0.{number}"}, {"test": trials(eer, ["a"])})
    sweep = read([tmp_path])
    pairs = sweep_pairs.pairs(effects(sweep, "test", Drawn()), sweep, "test", Drawn())
    assert [(pair.first, pair.second) for pair in pairs] == [
        (first, "0.2") for first in ("0", "0.1", "0.3", "0.4")
    ]
    table = sweep_pairs.pairs_table(pairs, sweep, "test")
    assert table is not None
    assert "which these very trials chose" in table.note


def test_trained_on_these_and_tested_on_those(tmp_path: Path) -> None:
    eers = {"lpc": {"lpc": 0.05, "mel": 0.4}, "mel": {"lpc": 0.3, "mel": 0.1}}
    for number, (own, found) in enumerate((own, found) for own, found in eers.items() for _ in range(2)):
        groups = {
            "seen" if system == own else "held_out": trials(eer, [system]) for system, eer in found.items()
        }
        choices = {"data.train.generators": f"[{own}]", "seed": str(number % 2)}
        run(tmp_path / str(number), choices, groups, trained=[own])
    sweep = read([tmp_path])
    found = matrix(sweep)
    assert found is not None
    assert (list(found.lines), list(found.systems)) == (["lpc", "mel"], ["lpc", "mel"])
    np.testing.assert_allclose(found.eer, [[0.05, 0.4], [0.3, 0.1]])
    np.testing.assert_array_equal(found.trained, np.eye(2, dtype=bool))
    assert texts(matrix_table(found, sweep)) == [
        ["lpc", "2", "5.00*", "40.00", "5.00", "40.00"],
        ["mel", "2", "30.00", "10.00*", "10.00", "30.00"],
    ]
    remarks = document(sweep, Drawn(), [], facts={}).sections[0].remarks
    assert any(
        "held_out" in remark and "not all cells scored the same trials" in remark for remark in remarks
    )


def test_one_left_out_is_named_by_what_is_left_out(tmp_path: Path) -> None:
    systems = ["a", "b", "c"]
    for number, left in enumerate(systems):
        kept = [system for system in systems if system != left]
        groups = {"all": trials(0.1, systems), "paired": trials(0.2, ["a"], corpus="other")}
        run(tmp_path / str(number), {"data.train.leave_out": f"[{left}]"}, groups, trained=kept)
    found = matrix(read([tmp_path]))
    assert found is not None
    assert found.lines == ["all but a", "all but b", "all but c"]
    assert found.systems == [
        "a",
        "a in paired",
        "b",
        "c",
    ]  # against other bona fide trials it is another figure
    assert found.trained[0].tolist() == [False, False, True, True]


def test_no_cell_is_dropped_in_silence(tmp_path: Path, plain: Path) -> None:
    sweeps.command(tmp_path, "frontend.wavelet=haar,sym5,db4", "seed=0,1", "hardware.workers=0")
    done = {"test": trials(0.1, ["a"])}
    run(tmp_path / "0", {"frontend.wavelet": "haar", "seed": "0"}, done)
    stopped(tmp_path / "1", {"frontend.wavelet": "haar", "seed": "1"}, "failed", "no such file")
    stopped(tmp_path / "2", {"frontend.wavelet": "sym5", "seed": "0"}, "interrupted")
    stopped(tmp_path / "3", {"frontend.wavelet": "sym5", "seed": "1"}, "running")
    run(tmp_path / "10", {"frontend.wavelet": "db4", "seed": "0"}, done)
    (tmp_path / "10/metrics.json").unlink()
    run(tmp_path / "11", {"frontend.wavelet": "db2", "seed": "0"}, done)
    (tmp_path / "11/metrics.json").write_text('{"groups": {"test": {}}}')
    run(tmp_path / "12", {"frontend.wavelet": "db3", "seed": "0"}, done)
    (tmp_path / "12/cell.json").write_text("{")
    run(tmp_path / "13", {"frontend.wavelet": "haar", "seed": "0"}, done)
    sweep = read([tmp_path])
    assert [one.name for one in sweep.runs] == ["0"]
    found = {one.name: (one.state, one.why) for one in sweep.absent}
    assert {name: state for name, (state, _) in found.items()} == {
        "1": "failed", "2": "interrupted", "3": "unfinished", "10": "not tested", "11": "unreadable",
        "12": "unreadable", "13": "twice", "": "missing",
    }  # fmt: skip
    assert found["1"][1] == "no such file"
    assert "host elsewhere" in found["3"][1]
    assert "bonafide evaluate run=" in found["10"][1]
    assert "metrics.json is not of a run" in found["11"][1]
    assert "cell.json is damaged" in found["12"][1]
    assert found["13"][1] == "the same cell as 0"
    shown = texts(absent(sweep))
    assert [line[1] for line in shown if line[2] == "missing"] == ["db4 · seed 1"]
    assert (
        "8 of 9 cells are not in these tables"
        in document(sweep, Drawn(), [], facts={}).sections[0].remarks[0]
    )


def test_nothing_finished_is_a_mistake_with_the_first_reason(tmp_path: Path) -> None:
    stopped(tmp_path / "0", {"seed": "0"}, "failed", "no such wavelet")
    with pytest.raises(
        InputError, match=r"none of the 1 cells of .* is finished; 0: failed, no such wavelet"
    ):
        read([tmp_path])
    with pytest.raises(InputError, match="holds no runs; give the folder of a sweep"):
        read([tmp_path / "0" / ".hydra"])
    with pytest.raises(InputError, match="is not a folder"):
        read([tmp_path / "nowhere"])


def test_what_was_not_chosen_is_looked_up(tmp_path: Path) -> None:
    """Two sweeps with other options: what one leaves to its default, the other may choose."""
    done = {"test": trials(0.1, ["a"])}
    run(tmp_path / "one/0", {"model": "dcnn", "seed": "1"}, done)
    run(tmp_path / "two/0", {"frontend.wavelet": "haar"}, done)
    run(tmp_path / "two/1", {"frontend.wavelet": "sym5"}, done)
    sweep = read([tmp_path / "one", tmp_path / "two"])
    assert [(axis.title, axis.values) for axis in sweep.axes] == [
        ("model", ("dcnn", "lcnn")),
        ("wavelet", ("sym5", "haar")),
    ]
    assert [one.name for one in sweep.runs] == ["one/0", "two/0", "two/1"]
    assert [one.seed for one in sweep.runs] == ["1", "0", "0"]


def test_the_same_value_in_two_notations_is_one(tmp_path: Path) -> None:
    done = {"test": trials(0.1, ["a"])}
    for number, (rate, systems, workers) in enumerate((("4e-4", "[a,b]", "0"), ("0.0004", "['a', b]", "2"))):
        choices = {"rate": rate, "systems": f'"{systems}"', "hardware.workers": workers, "seed": str(number)}
        folder = run(tmp_path / str(number), {**choices, "systems": "x"}, done)
        lines = (folder / ".hydra/overrides.yaml").read_text().replace("systems=x", f"systems={systems}")
        (folder / ".hydra/overrides.yaml").write_text(lines)
    assert read([tmp_path]).axes == []


def test_the_plan_of_a_sweep(tmp_path: Path) -> None:
    sweeps.command(tmp_path, "seed=5", "model=dcnn", params={"wavelet": "haar,sym5", "seed": "0,1,2"})
    assert planned(tmp_path) == [
        {"wavelet": "haar", "seed": "5", "model": "dcnn"},
        {"wavelet": "sym5", "seed": "5", "model": "dcnn"},
    ]
    search = (tmp_path / "multirun.yaml").read_text().replace("BasicSweeper", "Search")
    (tmp_path / "multirun.yaml").write_text(search)
    assert planned(tmp_path) == []
    assert planned(tmp_path / "nowhere") == []


def bare(folder: Path) -> list[Path]:
    return [run(folder / "0", {}, {"test": trials(0.2, ["a"])})]


def single_seeds(folder: Path) -> list[Path]:
    for number in range(3):
        run(folder / str(number), {"level": str(number)}, {"test": trials(0.1 * number, ["a"])})
    return [folder]


def other_groups(folder: Path) -> list[Path]:
    """A cell with another test group, an old one without cell.json and provenance, and a failed one."""
    run(folder / "0", {"model": "dcnn", "seed": "0"}, {"test": trials(0.1, ["a"])})
    run(folder / "1", {"model": "dcnn", "seed": "1"}, {"other": trials(0.1, ["<b>&_%|"])})
    old = run(folder / "2", {"model": "lcnn", "seed": "0"}, {"test": trials(0.2, ["a"])})
    (old / "cell.json").unlink()
    (old / "provenance.json").unlink()
    stopped(folder / "3", {"model": "<b>&_%|", "seed": "0"}, "failed", "<b>&_%|")
    return [folder]


@pytest.mark.parametrize("made", [bare, single_seeds, other_groups])
def test_every_sweep_has_a_report(made: object, tmp_path: Path) -> None:
    assert callable(made)
    sweep = read(made(tmp_path / "sweep"))
    report.write_document(
        tmp_path / "out", document(sweep, draw(sweep, replicates=20), [], facts={}), "sweep"
    )
    page = (tmp_path / "out/sweep.html").read_text()
    assert "<b>&_" not in page
    assert "nan" not in page.lower().replace("finance", "")
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "sweep.html", "sweep.md", "sweep.tex", "tables"
    }  # fmt: skip
    if made is not other_groups:
        assert "±" not in page.partition("What the numbers mean")[0]


def test_old_runs_and_other_groups_are_in_the_tables(tmp_path: Path) -> None:
    sweep = read(other_groups(tmp_path))
    assert texts(overview(sweep)) == [
        ["dcnn", "2", "10.00", "–", "10.00", "–", "–", "–"],
        ["lcnn", "1", "20.00", "–", "–", "–", "–", "–"],
    ]
    cells = rows(every_cell(sweep))
    assert [row["seconds"] for row in cells] == ["60.0", "60.0", ""]
    assert [row["validation_eer"] for row in cells] == ["0.1", "0.1", ""]
    remarks = document(sweep, Drawn(), [], facts={}).sections[0].remarks
    assert any("Not every cell was tested on test, other" in remark for remark in remarks)


def test_the_page_says_what_is_bold_in_every_format(plain: Path, tmp_path: Path) -> None:
    sweep = read([plain])
    report.write_document(tmp_path, document(sweep, Drawn(), [], facts={}), "sweep")
    assert "**7.50 ± 2.50**" in (tmp_path / "sweep.md").read_text()
    tex = (tmp_path / "sweep.tex").read_text()
    assert r"\textbf{7.50 $\pm$ 2.50}" in tex or r"\textbf{7.50 ± 2.50}" in tex
    assert r"\multicolumn{2}{c}{test}" in tex
    assert r"\cmidrule(lr){3-4}" in tex
    page = (tmp_path / "sweep.html").read_text()
    assert '<th scope="colgroup" colspan="2" class="over">test</th>' in page
    assert json.dumps("7.50 ± 2.50", ensure_ascii=False).strip('"') in page


def labelled(found: Trials) -> set[str]:
    return set(found.label)


def test_the_miniature_has_the_error_rate_that_it_says() -> None:
    for rate in (0.0, 0.05, 0.4, 0.5):
        made = trials(rate, ["a", "b"])
        assert labelled(made) == {"bonafide", "spoof"}
        assert error_rate.eer(made.bonafide, made.spoof) == pytest.approx(rate)
