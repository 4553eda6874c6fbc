"""Sweeps through the real command: cells fail, die and are interrupted alone, and none is trained twice."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.scripts.command_line import bonafide
from tests.scripts.conftest import TINY

from bonafide import cell
from bonafide.tasks import checkpoints

ROOT = Path(__file__).parents[2]
SMALL = [*TINY, "audit=false", "data.train.leave_out=[flat]", "callbacks.early_stopping=null"]


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), "-m", *options],
        cwd=folder,
        env=os.environ | {"BONAFIDE_CACHE": str(folder / "cache")},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def until(true: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    for _ in range(2400):
        if true():
            return
        assert process is None or process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    raise TimeoutError


def statuses(sweep: Path) -> dict[str, str]:
    found = {folder.name: cell.read(folder) for folder in sorted(sweep.glob("[0-9]*"))}
    return {name: there.status for name, there in found.items() if there is not None}


def epoch(folder: Path) -> int:
    found: int = checkpoints.read(folder / "checkpoints" / "last.ckpt")["epoch"]
    return found


@pytest.mark.slow
def test_a_sweep_runs_again_only_what_is_not_done(recordings: Path, tmp_path: Path) -> None:
    """Of four cells two make no config and one is killed; the same command finishes it, another extends."""
    sweep, env = tmp_path / "sweep", {"BONAFIDE_CACHE": str(tmp_path / "cache")}
    options = [*SMALL, f"data.root={recordings}", "hydra.sweep.dir=sweep", "hydra.launcher.jobs=2"]
    options += ["trainer.max_epochs=3"]
    command = ["model=lcnn,nosuch", "seed=0,1"]
    process = start(tmp_path, *options, *command)
    until((sweep / "1" / cell.CHECKPOINT).is_file, process)
    killed = cell.read(sweep / "1")
    assert killed is not None
    os.kill(int(killed.owner["process"]), signal.SIGKILL)
    said = process.communicate(timeout=100)[0]
    assert process.returncode == 2, said
    assert statuses(sweep) == {"0": "done", "1": "failed", "2": "failed", "3": "failed"}
    assert "(sweep/1): killed by signal 9" in said
    assert said.count("model=nosuch does not exist; choose from") == 2
    assert "1 done, 3 failed" in said
    assert (sweep / "0" / "metrics.json").is_file()
    first = (sweep / "0" / "cell.json").stat().st_mtime_ns

    again = bonafide(tmp_path, "train", "-m", "hydra.sweep.dir=sweep", env=env)
    assert again.code == 2, again.err
    assert "cell 1  model=lcnn seed=1  goes on from its last checkpoint" in again.err
    assert "cell 0" not in again.err
    assert "1 done, 1 done before, 2 failed" in again.out
    assert statuses(sweep) == {"0": "done", "1": "done", "2": "failed", "3": "failed"}
    assert [epoch(sweep / name) for name in ("0", "1")] == [2, 2]

    wider = bonafide(tmp_path, "train", "-m", *options, "model=lcnn", "seed=2,0,1", env=env)
    assert wider.code == 0, wider.err
    assert statuses(sweep) == {"0": "done", "1": "done", "2": "done", "3": "failed"}
    assert cell.choices(sweep / "2") == {"model": "lcnn", "seed": "2"}
    assert (sweep / "0" / "cell.json").stat().st_mtime_ns == first
    twins = [(sweep / name / "checkpoints" / "last.ckpt").read_bytes() for name in "012"]
    assert len(set(twins)) == 3


@pytest.mark.slow
def test_interrupted_cells_go_on(recordings: Path, tmp_path: Path) -> None:
    """The sweep is killed, then interrupted, then left alone: nothing outlives it, nothing is lost."""
    sweep = tmp_path / "sweep"
    options = [*SMALL, f"data.root={recordings}", "hydra.sweep.dir=sweep", "hydra.launcher.jobs=2"]
    options += ["trainer.max_epochs=20", "seed=0,1"]
    reached = [-1, -1]
    for stop, code in ((signal.SIGKILL, -9), (signal.SIGINT, 130)):
        process = start(tmp_path, *options)
        until(lambda: statuses(sweep) == {"0": "running", "1": "running"}, process)
        for name in ("0", "1"):
            until((sweep / name / cell.CHECKPOINT).is_file, process)
        owners = [found.owner for name in "01" if (found := cell.read(sweep / name)) is not None]
        process.send_signal(stop)
        process.communicate(timeout=60)
        assert process.returncode == code
        for owner in owners:
            until(lambda process=owner["process"]: not Path("/proc", process).exists())
        assert statuses(sweep) == {"0": "interrupted", "1": "interrupted"}
        now = [epoch(sweep / name) for name in "01"]
        assert all(before <= after < 19 for before, after in zip(reached, now, strict=True))
        reached = now
    done = bonafide(tmp_path, "train", "-m", *options, env={"BONAFIDE_CACHE": str(tmp_path / "cache")})
    assert done.code == 0, done.err
    assert done.err.count("goes on from its last checkpoint") == 2
    assert [epoch(sweep / name) for name in "01"] == [19, 19]
    for name in "01":
        found = cell.read(sweep / name)
        assert found is not None
        assert found.status == "done"
        assert found.value is not None


@pytest.mark.slow
def test_the_basic_launcher_goes_on_after_a_mistake(recordings: Path, tmp_path: Path) -> None:
    sweep, env = tmp_path / "sweep", {"BONAFIDE_CACHE": str(tmp_path / "cache")}
    options = [
        *SMALL[:-2],
        "callbacks.early_stopping=null",
        f"data.root={recordings}",
        "hydra.sweep.dir=sweep",
    ]
    options += ["hydra/launcher=basic", "data.train.leave_out=[nosuch],[flat]"]
    done = bonafide(tmp_path, "train", "-m", *options, env=env)
    assert done.code == 2, done.err
    assert statuses(sweep) == {"0": "failed", "1": "done"}
    assert "bonafide: job 0: data.train.leave_out" in done.err
    assert "Traceback" not in done.err
    recipe = (sweep / "1" / ".hydra" / "config.yaml").stat().st_mtime_ns
    again = bonafide(tmp_path, "train", "-m", *options, env=env)
    assert again.code == 2, again.err
    assert "1 done before, 1 failed" in again.out
    assert (sweep / "1" / ".hydra" / "config.yaml").stat().st_mtime_ns == recipe


@pytest.mark.slow
def test_two_cells_of_two_processes_are_two_runs(recordings: Path, tmp_path: Path) -> None:
    options = [*SMALL, f"data.root={recordings}", "hydra.sweep.dir=sweep", "hardware=ddp_cpu"]
    process = start(tmp_path, *options, "seed=0,1")
    said = process.communicate(timeout=200)[0]
    assert process.returncode == 0, said
    assert statuses(tmp_path / "sweep") == {"0": "done", "1": "done"}
    folders = {path.parent.parent for path in tmp_path.rglob(".hydra/config.yaml")}
    assert folders == {tmp_path / "sweep" / "0", tmp_path / "sweep" / "1"}
    for folder in folders:
        assert "MEMBER: 2/2" in (folder / "output.log").read_text()
        groups = json.loads((folder / "metrics.json").read_text())["groups"]
        for name, group in groups.items():
            with (folder / "scores" / f"{name}.csv").open(newline="") as file:
                paths = [row["path"] for row in csv.DictReader(file)]
            assert len(paths) == len(set(paths)) == group["bonafide"] + group["spoof"]
