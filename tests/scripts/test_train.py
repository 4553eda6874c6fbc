"""The journey of a waveform through `bonafide train`, and every way to interrupt it."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from tests.scripts.command_line import bonafide
from tests.scripts.conftest import TINY

from bonafide.tasks import checkpoints

ROOT = Path(__file__).parents[2]


def weights(run: Path, name: str = "last") -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = checkpoints.read(run / "checkpoints" / f"{name}.ckpt")["state_dict"]
    return found


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_a_run_is_its_folder(run: Path, recordings: Path) -> None:
    assert {file.name for file in (run / "checkpoints").iterdir()} == {"best.ckpt", "last.ckpt"}
    assert (run / ".hydra" / "config.yaml").is_file()
    metrics = json.loads((run / "metrics.json").read_text())
    assert set(metrics) == {"groups", "seed", "parameters", "fingerprint", "trivial_eer"}
    assert set(metrics["trivial_eer"]) == set(metrics["groups"])
    assert set(metrics["groups"]) == {"seen", "held_out"}
    for name, group in metrics["groups"].items():
        with (run / "scores" / f"{name}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0]) == ["path", "utterance", "corpus", "system", "speaker", "label", "score"]
        assert len({row["path"] for row in rows}) == len(rows) == group["bonafide"] + group["spoof"]
        assert all((recordings / row["path"]).is_file() for row in rows)
        wanted = {"eer", "eer_official", "eer_rocch", "auc", "min_dcf", "act_dcf", "cllr", "cllr_min"}
        assert wanted | {"accuracy", "balanced_accuracy", "intervals", "systems"} <= set(group)
    assert set(metrics["groups"]["held_out"]["systems"]) == {"flat"}
    provenance = json.loads((run / "provenance.json").read_text())
    assert provenance["trained_on"] == ["dull"]
    head = subprocess.run(
        ["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    if head.returncode == 0:
        assert provenance["git"].startswith(head.stdout.strip())
    assert provenance["versions"]["torch"] == torch.__version__.partition("+")[0]
    page = (run / "report.html").read_text()
    assert "EER" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    drawn = {
        "det.png",
        "calibration.png",
        *(f"{kind}_{name}.png" for kind in ("scores", "systems") for name in metrics["groups"]),
    }
    assert {file.name for file in (run / "figures").iterdir()} == drawn
    assert page.count("data:image/png") == len(drawn)
    assert {"report.md", "report.tex"} <= {file.name for file in run.iterdir()}
    with (run / "tables" / "groups.csv").open(newline="") as file:
        eers = {row["group"]: float(row["eer"]) for row in csv.DictReader(file)}
    assert eers == {name: group["eer"] for name, group in metrics["groups"].items()}


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
def test_one_epoch_and_two_more_are_three(recordings: Path, tmp_path: Path, workers: int) -> None:
    env = {"BONAFIDE_CACHE": str(tmp_path / "cache")}
    options = [*TINY, f"data.root={recordings}", f"hardware.workers={workers}", "test=false"]
    schedule = "{_target_: torch.optim.lr_scheduler.StepLR, _partial_: true, step_size: 1, gamma: 0.5}"
    options.append(f"task.scheduler={schedule}")
    whole = bonafide(tmp_path, "train", *options, "trainer.max_epochs=3", "hydra.run.dir=whole", env=env)
    first = bonafide(tmp_path, "train", *options, "trainer.max_epochs=1", "hydra.run.dir=parts", env=env)
    resume = ["ckpt_path=parts/checkpoints/last.ckpt", "trainer.max_epochs=3"]
    second = bonafide(tmp_path, "train", *resume, env=env)
    assert [done.code for done in (whole, first, second)] == [0, 0, 0], second.err
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    found = [checkpoints.read(tmp_path / name / "checkpoints/last.ckpt") for name in ("whole", "parts")]
    assert [state["epoch"] for state in found] == [2, 2]
    rates = [state["optimizer_states"][0]["param_groups"][0]["lr"] for state in found]
    assert rates[0] == rates[1]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_stopped_within_an_epoch_goes_on_exactly(
    recordings: Path, tmp_path: Path, workers: int
) -> None:
    """Five steps an epoch, checkpoints after steps 3 and 6: within the first and within the second epoch."""
    env = {"BONAFIDE_CACHE": str(tmp_path / "cache")}
    options = [*TINY, f"data.root={recordings}", "test=false", "data.batch_size=4", "trainer.max_epochs=2"]
    options.append(f"hardware.workers={workers}")
    often = {"train_time_interval": "null", "filename": "'step-{step}'"}
    options += [f"callbacks.within_epoch.{name}={value}" for name, value in often.items()]
    options += [f"+callbacks.within_epoch.{name}" for name in ("every_n_train_steps=3", "save_top_k=-1")]
    options.append("+callbacks.within_epoch.auto_insert_metric_name=false")
    done = bonafide(tmp_path, "train", *options, "hydra.run.dir=whole", env=env)
    assert done.code == 0, done.err
    for step in (3, 6):
        stopped = tmp_path / "whole" / "checkpoints" / f"step-{step}.ckpt"
        assert checkpoints.read(stopped)["global_step"] == step
        again = [f"ckpt_path={stopped}", f"hydra.run.dir=from-{step}"]
        done = bonafide(tmp_path, "train", *again, env=env)
        assert done.code == 0, done.err
        assert "not resumable" not in done.err
        assert same(weights(tmp_path / "whole"), weights(tmp_path / f"from-{step}"))


def _start(folder: Path, script: str, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(ROOT / script), *options]
    env = os.environ | {"BONAFIDE_CACHE": str(folder / "cache")}
    return subprocess.Popen(
        command, cwd=folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def _wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    for _ in range(1200):
        if path.exists():
            return
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.1)
    raise TimeoutError(path)


@pytest.mark.slow
@pytest.mark.parametrize(("stop", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_a_killed_run_resumes_and_finishes(
    stop: signal.Signals, code: int, recordings: Path, tmp_path: Path
) -> None:
    options = [*TINY, f"data.root={recordings}", "trainer.max_epochs=500", "hydra.run.dir=run"]
    process = _start(tmp_path, "train.py", *options, "callbacks.early_stopping=null")
    _wait_for(tmp_path / "run/checkpoints/last.ckpt", process)
    time.sleep(1.5)
    process.send_signal(stop)
    process.communicate()
    assert process.returncode == code
    reached = checkpoints.read(tmp_path / "run/checkpoints/last.ckpt")["epoch"]
    resume = ["ckpt_path=run/checkpoints/last.ckpt", f"trainer.max_epochs={reached + 2}"]
    done = bonafide(tmp_path, "train", *resume, env={"BONAFIDE_CACHE": str(tmp_path / "cache")})
    assert done.code == 0, done.err
    assert checkpoints.read(tmp_path / "run/checkpoints/last.ckpt")["epoch"] == reached + 1
    assert (tmp_path / "run" / "metrics.json").is_file()


@pytest.mark.slow
def test_two_processes_score_as_one(run: Path, tmp_path: Path) -> None:
    for hardware in ("cpu", "ddp_cpu"):
        options = [f"run={run}", f"hardware={hardware}", "hardware.workers=0", f"output={hardware}"]
        process = _start(tmp_path, "evaluate.py", *options)
        said, _ = process.communicate(timeout=200)
        assert process.returncode == 0, said
    one, two = (json.loads((tmp_path / name / "metrics.json").read_text()) for name in ("cpu", "ddp_cpu"))
    for name, group in one["groups"].items():
        trials = [(tmp_path / place / "scores" / f"{name}.csv").read_text() for place in ("cpu", "ddp_cpu")]
        listed = [[row["path"] for row in csv.DictReader(text.splitlines())] for text in trials]
        assert listed[0] == listed[1]
        assert len(set(listed[1])) == len(listed[1])
        assert two["groups"][name]["eer"] == pytest.approx(group["eer"], abs=1e-6)
        assert two["groups"][name]["cllr"] == pytest.approx(group["cllr"], abs=1e-5)


@pytest.mark.slow
def test_two_processes_train(recordings: Path, tmp_path: Path) -> None:
    options = [*TINY, f"data.root={recordings}", "hardware=ddp_cpu", "hydra.run.dir=run"]
    process = _start(tmp_path, "train.py", *options)
    said, _ = process.communicate(timeout=200)
    assert process.returncode == 0, said
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["groups"]["seen"]["bonafide"] > 0
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()].count("outputs") == 0
