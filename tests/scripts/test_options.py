"""Options that only a whole run can prove: loggers, debug modes, sweeps, precision, compilation."""

import csv
import json
from pathlib import Path

import pytest
from tests.scripts.command_line import Result, bonafide
from tests.scripts.conftest import TINY


@pytest.fixture
def train(recordings: Path, tmp_path: Path):
    def started(*words: str) -> Result:
        env = {"BONAFIDE_CACHE": str(tmp_path / "cache"), "WANDB_SILENT": "true"}
        done = bonafide(tmp_path, "train", *TINY, f"data.root={recordings}", *words, env=env)
        assert done.code == 0, done.err
        return done

    return started


def test_many_loggers_keep_the_config_and_every_measure(train, tmp_path: Path) -> None:
    train("logger=many", "logger.wandb.offline=true", "hydra.run.dir=run")
    with (tmp_path / "run/csv/version_0/metrics.csv").open(newline="") as file:
        named = {name for row in csv.DictReader(file) for name, value in row.items() if value}
    assert {"train/loss_epoch", "val/eer", "val/auc", "val/accuracy", "val/balanced_accuracy"} <= named
    assert {"test/seen/eer", "test/seen/auc", "lr-Adam"} <= named
    assert "bonafide.models.lcnn.LCNN" in (tmp_path / "run/csv/version_0/hparams.yaml").read_text()
    assert list((tmp_path / "run/tensorboard").glob("events.out.tfevents.*"))
    (kept,) = (tmp_path / "run/wandb").glob("offline-run-*")
    pictures = {file.name.partition("_")[0] for file in kept.rglob("media/images/test/*.png")}
    assert pictures == {"det", "calibration", "systems", "scores"}
    assert next(kept.glob("run-*.wandb")).stat().st_size > 0


def test_debug_fast_writes_no_results(train, tmp_path: Path) -> None:
    train("debug=fast", "hydra.run.dir=run")
    assert {file.name for file in (tmp_path / "run").iterdir()} == {".hydra", "cell.json", "train.log"}


def test_debug_limit_takes_the_whole_path_on_a_few_utterances(train, tmp_path: Path) -> None:
    train("debug=limit", "data.train.utterances=4", "hydra.run.dir=run")
    assert (tmp_path / "run/report.html").is_file()


@pytest.mark.slow
def test_debug_overfit_learns_a_handful_by_heart(train, tmp_path: Path) -> None:
    train("debug=overfit", "hydra.run.dir=run", "trainer.max_epochs=50")
    with (tmp_path / "run/csv/version_0/metrics.csv").open(newline="") as file:
        losses = [float(row["train/loss_epoch"]) for row in csv.DictReader(file) if row["train/loss_epoch"]]
    assert losses[-1] < 0.2 < losses[0]
    assert not (tmp_path / "run/report.html").exists()


def test_debug_profile_shows_where_the_time_goes(train) -> None:
    done = train("debug=profile", "hydra.run.dir=run")
    assert "run_training_batch" in done.out + done.err


def test_a_sweep_gives_each_cell_its_folder(train, tmp_path: Path) -> None:
    train("-m", "seed=0,1", "hydra.sweep.dir=sweep")
    cells = [json.loads((tmp_path / f"sweep/{cell}/metrics.json").read_text()) for cell in (0, 1)]
    assert [cell["seed"] for cell in cells] == [0, 1]
    assert cells[0]["fingerprint"] != cells[1]["fingerprint"]


def test_precision_clipping_and_accumulation_are_options(train, tmp_path: Path) -> None:
    words = ["hardware.precision=bf16-mixed", "trainer.gradient_clip_val=1", "trainer.deterministic=true"]
    train(*words, "trainer.accumulate_grad_batches=2", "hydra.run.dir=run")
    assert (tmp_path / "run/metrics.json").is_file()


@pytest.mark.slow
def test_a_compiled_model_trains_and_its_checkpoint_is_that_of_the_model(train, tmp_path: Path) -> None:
    train("compile=true", "model=regression", "hydra.run.dir=run")
    done = bonafide(tmp_path, "evaluate", "run=run", "hardware=cpu", "output=again")
    assert done.code == 0, done.err
    first, second = (json.loads((tmp_path / name / "metrics.json").read_text()) for name in ("run", "again"))
    assert first["groups"]["seen"]["eer"] == second["groups"]["seen"]["eer"]
