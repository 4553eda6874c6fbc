"""What Weights & Biases keeps of runs, read back from its offline files."""

import json
import logging
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
import wandb
import yaml
from matplotlib.figure import Figure
from tests.scripts import wandb_file
from tests.scripts.command_line import bonafide
from tests.scripts.conftest import TINY
from tests.scripts.wandb_file import Kept

from bonafide import assembly, choices
from bonafide.evaluation import cells
from bonafide.evaluation.summary import Picture
from bonafide.scripts.jobs import logs, watch
from bonafide.tasks.watch import Watch

ROOT = Path(__file__).parents[2]
ENOUGH = ("audit=false", "logger=wandb", "trainer.log_every_n_steps=1")


def alone(folder: Path) -> dict[str, str]:
    """A machine without a key."""
    return {
        "HOME": str(folder / "home"),
        "NETRC": str(folder / "home/.netrc"),
        "BONAFIDE_CACHE": str(folder / "cache"),
        "WANDB_CONFIG_DIR": str(folder / "home/wandb"),
        "WANDB_CACHE_DIR": str(folder / "home/cache"),
    }


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in alone(tmp_path).items():
        monkeypatch.setenv(name, value)


def kept(folder: Path) -> Kept:
    (file,) = wandb_file.offline_runs(folder)
    return wandb_file.read(file)


def table(folder: Path, run: Kept, name: str) -> list[dict[str, object]]:
    path = run.last(f"{name}/path")
    (file,) = folder.glob(f"wandb/offline-run-*/files/{path}")
    found = json.loads(file.read_text())
    return [dict(zip(found["columns"], line, strict=True)) for line in found["data"]]


@pytest.fixture(scope="module")
def sweep(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cells with two epochs each, in one process."""
    folder = tmp_path_factory.mktemp("sweep")
    options = [*TINY, *ENOUGH, f"data.root={recordings}", "hydra/launcher=basic", "trainer.max_epochs=2"]
    options += ["model.dropout=0.5,0.7", "logger.wandb.tags=[mine]", "logger.wandb.log_model=true"]
    options += ["data.train.leave_out=[flat]", "hydra.sweep.dir=multirun/day/hour"]
    done = bonafide(folder, "train", "-m", *options, env=alone(folder))
    assert done.code == 0, done.err
    assert "wandb sync" in done.out
    assert "enter your choice" not in (done.out + done.err).lower()
    return folder / "multirun/day/hour"


def test_a_cell_says_which_sweep_it_belongs_to_and_what_is_chosen(sweep: Path) -> None:
    runs = [kept(sweep / number) for number in "01"]
    assert [run.run.display_name for run in runs] == ["dropout=0.5", "dropout=0.7"]
    assert {run.run.run_group for run in runs} == {"day/hour"}
    assert {run.run.job_type for run in runs} == {"train"}
    assert {run.run.project for run in runs} == {"bonafide"}
    assert [set(run.run.tags) for run in runs] == [{"LCNN", "LFCC", "Folder", "mine"}] * 2
    assert [run.run.run_id for run in runs] == [choices.run_id(sweep / number) for number in "01"]
    assert [run.exit_code for run in runs] == [0, 0]


def test_a_run_has_its_whole_config(sweep: Path) -> None:
    recorded = assembly.recipe(sweep / "1")
    found = kept(sweep / "1").config
    assert found["model"]["dropout"] == 0.7
    assert found["trainer"]["max_epochs"] == 2
    assert set(recorded) <= set(found)
    assert "${" not in json.dumps(found)


def test_measures_arrive_epoch_by_epoch(sweep: Path) -> None:
    history = kept(sweep / "0").history
    for name in ("train/loss_epoch", "val/loss", "val/eer", "val/auc"):
        found = [(entry["epoch"], entry[name]) for entry in history if name in entry]
        assert [epoch for epoch, _ in found] == [0, 1], name
        assert all(isinstance(value, float | int) for _, value in found)
    assert all("trainer/global_step" in entry for entry in history)
    measured = json.loads((sweep / "0/metrics.json").read_text())["groups"]
    for group, each in measured.items():
        assert kept(sweep / "0").last(f"test/{group}/eer") == pytest.approx(each["eer"])


def test_groups_and_systems_are_a_table(sweep: Path) -> None:
    run = kept(sweep / "0")
    found = {(line["group"], line["system"]): line for line in table(sweep / "0", run, "test/groups")}
    measured = json.loads((sweep / "0/metrics.json").read_text())["groups"]
    assert set(found) == {("seen", "all"), ("seen", "dull"), ("held_out", "all"), ("held_out", "flat")}
    for (group, system), line in found.items():
        entry = measured[group] if system == "all" else measured[group]["systems"][system]
        assert line["eer"] == pytest.approx(entry["eer"])
        assert [line["eer_low"], line["eer_high"]] == pytest.approx(entry["intervals"]["eer"])
        assert line["auc"] == pytest.approx(entry["auc"])
        assert line["spoof"] == entry["spoof"]
    assert found["held_out", "flat"]["in_training"] == "held out"
    assert found["seen", "dull"]["in_training"] == "seen"
    assert found["seen", "all"]["bonafide"] == measured["seen"]["bonafide"]


def test_figures_arrive(sweep: Path) -> None:
    run = kept(sweep / "0")
    for name in ("det", "calibration", "scores_seen", "systems_held_out"):
        (file,) = (sweep / "0").glob(f"wandb/offline-run-*/files/{run.last(f'test/{name}/path')}")
        assert file.read_bytes() == (sweep / f"0/figures/{name}.png").read_bytes()


def test_the_worst_mistakes_can_be_heard(sweep: Path) -> None:
    run = kept(sweep / "0")
    lines = table(sweep / "0", run, "test/mistakes")
    assert lines
    assert {line["group"] for line in lines} <= {"seen", "held_out"}
    margins = [line["margin"] for line in lines if line["group"] == lines[0]["group"]]
    assert margins == sorted(margins, reverse=True)
    (files,) = (each for name, each in run.artifacts.items() if "mistakes" in name)
    sounds = [copy for path, copy in files.items() if path.endswith(".mp3")]
    assert len(sounds) == len(lines)
    for sound in sounds:
        assert sound.is_relative_to(sweep / "0")
        assert 100 < sound.stat().st_size < 100_000
    assert sum(path.endswith(".jpg") for path in files) == len(lines)


def test_the_model_that_is_kept_can_be_loaded_and_has_weights_alone(sweep: Path, tmp_path: Path) -> None:
    files = kept(sweep / "0").artifacts[f"model-{choices.run_id(sweep / '0')}"]
    for inside, copy in files.items():
        (tmp_path / inside).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / inside).write_bytes(copy.read_bytes())
    mine, theirs = assembly.load(tmp_path), assembly.load(sweep / "0")
    assert all((value == theirs.state_dict()[name]).all() for name, value in mine.state_dict().items())
    whole = (sweep / "0/checkpoints/best.ckpt").stat().st_size
    assert (tmp_path / "checkpoints/best.ckpt").stat().st_size < 0.5 * whole


@pytest.mark.slow
def test_a_run_that_goes_on_keeps_its_id(recordings: Path, tmp_path: Path) -> None:
    options = [*TINY, *ENOUGH, f"data.root={recordings}", "hydra.run.dir=run", "test=false"]
    first = bonafide(tmp_path, "train", *options, env=alone(tmp_path))
    again = ["ckpt_path=run/checkpoints/last.ckpt", "trainer.max_epochs=2"]
    second = bonafide(tmp_path, "train", *again, env=alone(tmp_path))
    assert [first.code, second.code] == [0, 0], second.err
    runs = [wandb_file.read(file) for file in wandb_file.offline_runs(tmp_path / "run")]
    assert [run.run.run_id for run in runs] == [choices.run_id(tmp_path / "run")] * 2
    assert [run.exit_code for run in runs] == [0, 0]
    assert {run.run.display_name for run in runs} == {"LCNN-LFCC-Folder-seed0"}
    assert {run.run.run_group for run in runs} == {""}
    epochs = [[entry["epoch"] for entry in run.history if "val/eer" in entry] for run in runs]
    assert epochs == [[0], [1]]


@pytest.mark.slow
def test_two_processes_are_one_run(recordings: Path, tmp_path: Path) -> None:
    options = [*TINY, *ENOUGH, f"data.root={recordings}", "hardware=ddp_cpu", "hydra.run.dir=run"]
    command = [sys.executable, str(ROOT / "train.py"), *options]
    env = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
    done = subprocess.run(
        command, cwd=tmp_path, env=env | alone(tmp_path), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    run = kept(tmp_path / "run")
    assert [entry["epoch"] for entry in run.history if "val/eer" in entry] == [0]
    assert run.exit_code == 0
    assert not list(tmp_path.glob("outputs")) + list(tmp_path.glob("wandb"))


def test_wandb_is_imported_only_where_it_is_chosen() -> None:
    asked = "import sys, bonafide.scripts.jobs.training; print('wandb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_what_fails_in_wandb_is_said_once_and_harms_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Full:
        id = "mine"

        def log(self, *_: object) -> None:
            raise OSError("no space\nleft")

        def finish(self, **_: object) -> None:
            raise OSError("no space left")

    logger = Watch(tmp_path)
    logger._experiment = Full()
    with caplog.at_level(logging.INFO):
        logger.log_metrics({"val/eer": 0.5}, 1)
        logger.log_metrics({"val/eer": 0.4}, 2)
        logger.show(lambda: {"never": 1 / 0})
        logger.log_hyperparams({"seed": 1})
        logger.experiment.log({"anything": 1})
        logger.close()
    (said,) = caplog.messages
    assert said == "Weights & Biases fails (no space left); the run goes on without it"


def begun(folder: Path, **given: object) -> Kept:
    logger = Watch(folder, id="mine", **given)
    logger.log_metrics({"val/eer": 0.5}, 1)
    logger.close()
    return kept(folder)


@pytest.mark.parametrize(
    ("env", "given"),
    [
        ({}, {}),
        ({}, {"offline": False}),
        ({"WANDB_MODE": "online"}, {}),
        ({"WANDB_MODE": "offline", "WANDB_API_KEY": 40 * "0"}, {}),
        ({"WANDB_API_KEY": 40 * "0"}, {"offline": True}),
        ({"WANDB_API_KEY": "short"}, {}),
    ],
    ids=str,
)
def test_a_run_stays_here_where_it_must(
    env: dict[str, str], given: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    wandb.teardown()
    assert begun(tmp_path, **given).last("val/eer") == 0.5


@pytest.mark.parametrize(("error", "code"), [(ZeroDivisionError, 1), (KeyboardInterrupt, 1), (None, 0)])
def test_a_run_that_fails_is_marked_as_failed(
    error: type[BaseException] | None, code: int, tmp_path: Path
) -> None:
    wandb.teardown()
    logger = Watch(tmp_path, id="mine")
    with pytest.raises(error) if error else nullcontext(), logs.closed([logger]):
        logger.log_metrics({"val/eer": 0.5}, 1)
        if error is not None:
            raise error
    assert kept(tmp_path).exit_code == code


@pytest.mark.slow
def test_a_server_that_cannot_be_reached_leaves_the_run_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", 40 * "0")
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WANDB_INIT_TIMEOUT", "2")
    wandb.teardown()
    assert begun(tmp_path).last("val/eer") == 0.5
    assert "cannot be reached" in caplog.text
    wandb.teardown()


def test_a_sweep_is_one_summary_run_which_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "multirun/day/hour"
    folder.mkdir(parents=True)
    columns = (cells.Column("wavelet", ("wavelet",), text=True), cells.Column("EER %", ("eer",)))
    rows = [
        cells.Row((cells.word(name), cells.measured(eer, cells.percent)))
        for name, eer in (("haar", 0.25), ("sym5", 0.125))
    ]
    made = cells.Table("axes", "By wavelet", columns, tuple(rows))
    picture = folder / "matrix.png"
    Figure().savefig(picture)
    for _ in range(2):
        watch.sweep(
            folder, [made, made._replace(group="seen")], [Picture(picture, "Train by test")],
            facts={"cells": 8}, numbers={"best/test/seen/eer": 0.125},
        )  # fmt: skip
    runs = [wandb_file.read(file) for file in wandb_file.offline_runs(folder)]
    assert {run.run.run_id for run in runs} == {choices.run_id(folder)}
    run = runs[-1]
    assert (run.run.run_group, run.run.job_type) == ("day/hour", "summary")
    assert run.run.display_name == "summary of day/hour"
    assert run.config["cells"] == 8
    assert run.last("best/test/seen/eer") == 0.125
    assert run.last("sweep/matrix/_type") == "image-file"
    for name in ("sweep/axes", "sweep/seen/axes"):
        file = next(folder.glob(f"wandb/offline-run-*/files/{run.last(f'{name}/path')}"))
        assert json.loads(file.read_text())["data"] == [["haar", 0.25], ["sym5", 0.125]]


@pytest.mark.parametrize(
    ("sweeper", "kind"),
    [
        ("hydra_plugins.bonafide_grid.Grid", "train"),
        ("hydra._internal.core_plugins.basic_sweeper.BasicSweeper", "train"),
        ("hydra_plugins.bonafide_search.Search", "search"),
        ("hydra_plugins.hydra_optuna_sweeper.optuna_sweeper.OptunaSweeper", "search"),
        (None, None),
    ],
)
def test_cells_of_a_search_are_marked_as_such(sweeper: str | None, kind: str | None, tmp_path: Path) -> None:
    if sweeper is not None:
        (tmp_path / "multirun.yaml").write_text(yaml.safe_dump({"hydra": {"sweeper": {"_target_": sweeper}}}))
    assert choices.kind(tmp_path) == kind
