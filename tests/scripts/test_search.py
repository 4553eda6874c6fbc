"""A search from the command line: interrupted, and gone on with."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.scripts.conftest import TINY

from bonafide.launching.search.optuna2 import FrozenTrial, optuna

ROOT = Path(__file__).parents[2]
SEARCH = ("hydra/sweeper=search", "hydra.sweep.dir=search", "model.dropout=interval(0.1,0.9)", "audit=false")


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(ROOT / "train.py"), "-m", *SEARCH, *options]
    env = os.environ | {"BONAFIDE_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command,
        cwd=folder,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def history(folder: Path) -> list[FrozenTrial]:
    study = optuna.load_study(study_name="train", storage=f"sqlite:///{folder}/search/study.db")
    return study.trials


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["basic", "packed"])
def test_a_killed_search_goes_on_with_its_history(launcher: str, recordings: Path, tmp_path: Path) -> None:
    options = [*TINY, f"data.root={recordings}", f"hydra/launcher={launcher}", "hydra.sweeper.n_jobs=1"]
    first = start(tmp_path, *options, "hydra.sweeper.n_trials=4")
    while not (tmp_path / "search/1/checkpoints/last.ckpt").exists():
        assert first.poll() is None, first.communicate()[0]
        time.sleep(0.1)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    before = history(tmp_path)
    assert [trial.state.name for trial in before] == ["COMPLETE", "RUNNING"]
    second = start(tmp_path, *options, "hydra.sweeper.n_trials=4")
    said, _ = second.communicate(timeout=280)
    assert second.returncode == 0, said
    after = history(tmp_path)
    assert [trial.state.name for trial in after] == ["COMPLETE"] * 4
    assert [trial.params for trial in after[:2]] == [trial.params for trial in before]
    assert len({trial.params["model.dropout"] for trial in after}) == 4
    cells = {path.name for path in (tmp_path / "search").iterdir() if path.is_dir() and path.name.isdecimal()}
    assert cells == {"0", "1", "2", "3"}
    assert all((tmp_path / "search" / name / "metrics.json").is_file() for name in cells)
    assert "Search in search" in said
    assert "study: sqlite:///search/study.db" in said
    best = min(after, key=lambda trial: trial.value)
    assert f"best: search/{best.user_attrs['cell']}" in said
