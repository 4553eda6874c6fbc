"""The command line reports on whole sweeps, made by hand and really trained."""

import csv
import json
import re
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from tests.evaluation.sweeps import run, stopped, trials
from tests.scripts.command_line import Result, bonafide
from tests.scripts.conftest import TINY

from bonafide import assembly
from bonafide.scripts.jobs import sweeping

SEEDS = {"haar": (0.1, 0.3), "sym5": (0.2, 0.2)}


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Two wavelets × two seeds × two training sets, one of which failed."""
    folder, number = tmp_path / "multirun" / "wavelets", 0
    for wavelet, eers in SEEDS.items():
        for system in ("a", "b"):
            for seed, eer in enumerate(eers):
                choices = {
                    "frontend.wavelet": wavelet,
                    "data.train.generators": f"[{system}]",
                    "seed": str(seed),
                }
                if number == 7:
                    stopped(folder / "7", choices, "failed", "no such wavelet")
                else:
                    groups = {"test": trials(eer, ["a", "b"], seed=seed)}
                    run(folder / str(number), choices, groups, trained=[system])
                number += 1
    return folder


def report(folder: Path, *words: str | Path) -> Result:
    return bonafide(folder, "report", *words, "replicates=20")


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "tables" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_sweep_becomes_a_report_in_its_folder(sweep: Path, tmp_path: Path) -> None:
    done = report(tmp_path, "sweep=multirun/wavelets")
    assert done.code == 0, done.err
    assert "20.00 ± 10.00" in done.out
    assert "no such wavelet" in done.out
    assert "report: multirun/wavelets/sweep.html" in done.out
    assert "The demo corpus is synthetic" in done.out
    page = (sweep / "sweep.html").read_text()
    pictures = {file.name for file in (sweep / "figures").iterdir()}
    assert pictures == {"matrix.png", "eer_by_wavelet.png", "eer_by_generators.png"}
    assert page.count("data:image/png") == 3
    assert "1 of 8 cells are not in these tables (1 failed)" in page
    wanted = re.findall(r'href="#([^"]+)"', page)
    assert wanted
    assert set(wanted) <= set(re.findall(r'id="([^"]+)"', page))
    assert "http" not in page
    assert {"sweep.md", "sweep.tex"} <= {file.name for file in sweep.iterdir()}
    assert [row["seeds"] for row in table(sweep, "sweep")] == ["2", "2", "2", "1"]
    assert len(table(sweep, "cells")) == 7
    assert "figures/matrix.png" in (sweep / "sweep.md").read_text()
    again = report(tmp_path, "sweep=multirun/wavelets")  # its own files are no cells
    assert again.code == 0, again.err


def test_several_sweeps_and_a_folder_of_one_s_own(sweep: Path, tmp_path: Path) -> None:
    other = tmp_path / "more"
    choices = {"frontend.wavelet": "db4", "data.train.generators": "[a]", "seed": "0"}
    run(other / "0", choices, {"test": trials(0.1, ["a", "b"])}, trained=["a"])
    done = report(tmp_path, f"sweep=[{sweep},{other}]", "folder=made")
    assert done.code == 0, done.err
    assert len(table(tmp_path / "made", "cells")) == 8
    assert not (sweep / "sweep.html").exists()


def test_a_mistake_is_answered_in_a_line(sweep: Path, tmp_path: Path) -> None:
    for words, said in (
        (["sweep=nowhere"], "nowhere is not a folder; give that of a sweep"),
        (["sweep=multirun/wavelets", "scores=a.txt"], "scores= and sweep= do not make a report"),
        (["sweep=[]"], "sweep=[] names no files"),
        (["sweep=multirun/wavelets/7"], "7: failed, no such wavelet"),
    ):
        found = report(tmp_path, *words)
        assert found.code == 2
        assert said in found.line()
    found = bonafide(tmp_path, "report", "sweep=multirun/wavelets", "replicates=1")
    assert "replicates=1 shows no spread; give 1000, or 0 for no intervals" in found.line()
    assert not (sweep / "sweep.html").exists()


def test_tables_and_pictures_for_a_logger(sweep: Path, tmp_path: Path) -> None:
    tables, pictures = sweeping.sweep_tables([sweep], tmp_path / "pictures", replicates=20)
    assert {"sweep", "selection", "matrix", "configurations", "pairs", "cells", "absent"} <= {
        each.key for each in tables
    }
    assert all(picture.file.is_file() for picture in pictures)
    assert not (sweep / "sweep.html").exists()


@pytest.mark.slow
def test_weights_and_biases_is_shown_the_tables(sweep: Path, tmp_path: Path) -> None:
    done = bonafide(
        tmp_path, "report", f"sweep={sweep}", "wandb=true", "replicates=20", env={"WANDB_MODE": "offline"}
    )
    assert done.code == 0, done.err
    (kept,) = sweep.glob("wandb/*run-*/run-*.wandb")
    content = kept.read_bytes()
    for name in (b"sweep/selection", b"sweep/test/configurations", b"sweep/matrix", b"optimism"):
        assert name in content, name
    said = bonafide(tmp_path, "report", "scores=a.txt", "wandb=true").line()
    assert "wandb=true logs the report of a sweep" in said


def test_a_corpus_of_somebody_else_is_not_asked(sweep: Path, tmp_path: Path) -> None:
    for config in sweep.rglob("config.yaml"):
        config.write_text("data: {corpus: {_target_: bonafide.corpora.demo.os.system, command: 'touch x'}}")
    done = report(tmp_path, "sweep=multirun/wavelets")
    assert done.code == 0, done.err
    assert "synthetic" not in done.out
    assert not list(tmp_path.rglob("x"))


@pytest.mark.parametrize(
    ("name", "cells", "first"),
    [
        ("sweep_wavelets", 28 * 7 * 5, ["frontend.wavelet=haar", "data.train.generators=[melgan]", "seed=0"]),
        ("sweep_generators", (7 + 7) * 5, ["data.train.generators=[ljspeech_melgan]", "seed=0"]),
    ],
)
def test_an_experiment_lists_its_cells(name: str, cells: int, first: list[str]) -> None:
    words = [f"experiment={name}", "data.root=/somewhere", "folder=outputs/x"]
    with initialize_config_dir(str(assembly.conf()), version_base="1.3"):
        params = compose("train", words, return_hydra_config=True).hydra.sweeper.params
    parsed = OverridesParser.create().parse_overrides(
        [f"{option}={given}" for option, given in params.items()]
    )
    (jobs,) = BasicSweeper.split_arguments(parsed, None)
    assert len(jobs) == len({tuple(job) for job in jobs}) == cells
    assert jobs[0] == first
    for job in (jobs[0], jobs[-1]):
        cfg = assembly.compose([*words, *job])
        assert cfg.seed in {0, 4}
        assert cfg.data.train.generators


@pytest.mark.slow
def test_a_sweep_that_was_trained(recordings: Path, tmp_path: Path) -> None:
    """2 training sets × 2 seeds, with Hydra's own launcher; the report says what the cells left."""
    done = bonafide(
        tmp_path,
        "train",
        "-m",
        "hydra/launcher=basic",
        *TINY,
        f"data.root={recordings}",
        "data.train.generators=[dull],[flat]",
        "seed=0,1",
        "hydra.sweep.dir=sweep",
        env={"BONAFIDE_CACHE": str(tmp_path / "cache")},
        timeout=280,
    )
    assert done.code == 0, done.err
    made = report(tmp_path, "sweep=sweep")
    assert made.code == 0, made.err
    cells = table(tmp_path / "sweep", "cells")
    assert [(row["data.train.generators"], row["seed"]) for row in cells] == [
        ("[dull]", "0"), ("[dull]", "1"), ("[flat]", "0"), ("[flat]", "1")
    ]  # fmt: skip
    for row in cells:
        folder = tmp_path / row["folder"]
        content = json.loads((folder / "metrics.json").read_text())
        value = json.loads((folder / "cell.json").read_text())["value"]
        assert float(row["validation_eer"]) == value
        assert int(row["parameters"]) == content["parameters"]
        for group, found in content["groups"].items():
            assert float(row[f"{group}_eer"]) == found["eer"]
    lines = {row["trained_on"]: row for row in table(tmp_path / "sweep", "matrix")}
    assert lines.keys() == {"dull", "flat"}
    for system, line in lines.items():
        own = [float(row["seen_eer"]) for row in cells if row["data.train.generators"] == f"[{system}]"]
        assert float(line[system]) == float(line["mean_seen"]) == pytest.approx(sum(own) / 2)
    assert "not in these tables" not in (tmp_path / "sweep/sweep.html").read_text()
