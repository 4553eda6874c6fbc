"""Sweeps on a real cluster: two nodes of Slurm on this machine."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from tests.launching.slurm_cluster import Cluster, cluster, missing, wait_until
from tests.scripts.command_line import Result, bonafide
from tests.scripts.conftest import TINY, recordings

from bonafide.tasks import checkpoints

ROOT = Path(__file__).parents[2]

__all__ = ["recordings"]

pytestmark = [pytest.mark.slurm, pytest.mark.slow, pytest.mark.skipif(bool(missing()), reason=missing())]

ON_CPU = (
    *(option for option in TINY if option != "hardware=cpu"),
    "hardware.accelerator=cpu",
    "hardware.precision=32-true",
    "hardware.cpus=1",
    "hardware.minutes=30",
    "audit=false",
)

TWO_AND_A_BAD_ONE = ("data.train.leave_out=[flat],[dull],[flat,dull]",)
"""The last leaves nothing to train on."""


@pytest.fixture(scope="module")
def slurm_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("c")) as found:
        yield found


@pytest.fixture(scope="module")
def environment(slurm_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    cache = str(tmp_path_factory.mktemp("cache"))
    return {**slurm_cluster.environment, "BONAFIDE_CACHE": cache, "OMP_NUM_THREADS": "1"}


class Sweep:
    """A sweep in a folder of its own, launched in the background or to its end."""

    def __init__(self, folder: Path, options: Sequence[str], environment: dict[str, str]) -> None:
        self.folder, self.environment, self.screen = folder, environment, folder / "screen"
        self.options = [*options, "hydra.sweep.dir=sweep"]

    def run(self) -> Result:
        return bonafide(self.folder, "train", "-m", *self.options, env=self.environment)

    def start(self) -> "subprocess.Popen[bytes]":
        with self.screen.open("wb") as out:
            return subprocess.Popen(
                [sys.executable, ROOT / "train.py", "-m", *self.options],
                cwd=self.folder,
                env={**os.environ, **self.environment},
                stdout=out,
                stderr=out,
            )

    def said(self) -> str:
        return self.screen.read_text()

    def cell(self, number: int = 0) -> Path:
        return self.folder / "sweep" / str(number)

    def note(self, number: int = 0) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.cell(number) / "cell.json").read_text())
        return found

    def logs(self) -> str:
        files = sorted((self.folder / "sweep" / ".submitit").glob("*/*_log.*"))
        return "\n".join(f"== {file.name}\n{file.read_text()}" for file in files)


@pytest.fixture(scope="module")
def grown(
    recordings: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Sweep, Result]:
    """Three cells, one of which cannot be trained."""
    options = ["hardware=slurm", *ON_CPU, f"data.root={recordings}", *TWO_AND_A_BAD_ONE]
    sweep = Sweep(tmp_path_factory.mktemp("sweep"), options, environment)
    return sweep, sweep.run()


def trials(run: Path) -> list[str]:
    found = []
    for file in sorted((run / "scores").glob("*.csv")):
        with file.open(newline="") as stream:
            found += [f"{file.stem} {row['path']}" for row in csv.DictReader(stream)]
    return found


def epochs(run: Path) -> list[list[int]]:
    """Epochs that each attempt at a run trained, by its own log."""
    found = []
    for file in sorted((run / "csv").glob("*/metrics.csv"), key=lambda file: file.stat().st_mtime):
        with file.open(newline="") as stream:
            found.append(sorted({int(row["epoch"]) for row in csv.DictReader(stream) if row["epoch"]}))
    return found


def last_epoch(run: Path) -> int:
    return int(checkpoints.read(run / "checkpoints" / "last.ckpt")["epoch"])


def test_a_cell_fails_alone(grown: tuple[Sweep, Result], slurm_cluster: Cluster) -> None:
    sweep, result = grown
    assert result.code == 2, result.err + sweep.logs() + slurm_cluster.logs()
    assert [sweep.note(number)["status"] for number in range(3)] == ["done", "done", "failed"]
    error = str(sweep.note(2)["error"])
    assert "\n" not in error
    assert f"cell 2 ({sweep.cell(2)}): {error}" in result.out
    assert "2 done, 1 failed" in result.out
    jobs = re.findall(r"cell \d (\w+), job (\d+)_(\d)", result.err)
    assert {state for state, _, _ in jobs} >= {"completed", "failed"}
    assert len({array for _, array, _ in jobs}) == 1
    assert (sweep.cell(0) / "metrics.json").is_file()
    assert (sweep.cell(0) / "train.log").is_file()
    assert not slurm_cluster.jobs()


def test_what_is_done_is_not_submitted_again(grown: tuple[Sweep, Result]) -> None:
    sweep, first = grown
    before = [(sweep.cell(number) / "cell.json").stat().st_mtime_ns for number in range(3)]
    again = sweep.run()
    after = [(sweep.cell(number) / "cell.json").stat().st_mtime_ns for number in range(3)]
    assert again.code == first.code == 2
    assert "1 jobs submitted" in again.err
    assert set(re.findall(r"cell (\d) \w+, job", again.err)) == {"2"}
    assert "2 done before, 1 failed" in again.out
    assert before[:2] == after[:2]
    assert before[2] < after[2]


@pytest.mark.parametrize("shape", ["1 × 2", "2 × 1"], ids=["one node", "two nodes"])
def test_the_processes_of_a_job_share_the_trials(
    shape: str,
    grown: tuple[Sweep, Result],
    recordings: Path,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    nodes, devices = shape.split(" × ")
    options = ["hardware=slurm_ddp", f"hardware.devices={devices}", f"hardware.nodes={nodes}", *ON_CPU]
    options += [f"data.root={recordings}", "data.train.leave_out=[flat]"]
    if nodes == "2":  # both nodes are this machine, and their names lead nowhere
        options.append("hardware.setup=['export MASTER_ADDR=127.0.0.1']")
    sweep = Sweep(tmp_path, options, environment)
    result = sweep.run()
    assert result.code == 0, result.err + sweep.logs()
    assert "Starting with 2 processes" in sweep.logs()
    assert "gloo" in sweep.logs()
    assert {file.name for file in (tmp_path / "sweep").iterdir() if file.is_dir()} == {".submitit", "0"}
    assert len(list((sweep.cell() / "csv").iterdir())) == 1
    scored = trials(sweep.cell())
    assert len(scored) == len(set(scored))
    assert sorted(scored) == sorted(trials(grown[0].cell(0)))
    assert sweep.note()["fingerprint"] == grown[0].note(0)["fingerprint"]


def test_a_job_that_comes_back_goes_on(
    recordings: Path, environment: dict[str, str], slurm_cluster: Cluster, tmp_path: Path
) -> None:
    count = 120
    options = ["hardware=slurm", *ON_CPU, f"data.root={recordings}", "data.train.leave_out=[flat]"]
    options = [option for option in options if "max_epochs" not in option]
    options += [f"trainer.max_epochs={count}", "callbacks.early_stopping=null", "test=false"]
    options = ["hardware.workers=1" if "workers" in option else option for option in options]
    sweep = Sweep(tmp_path, options, environment)
    process = sweep.start()

    def tell() -> str:
        return f"{sweep.said()}\n{sweep.logs()}\n{slurm_cluster.logs()}"

    reached = 0
    try:
        for command in (["scancel", "--signal=USR2"], ["scontrol", "requeue"]):
            last = sweep.cell() / "checkpoints" / "last.ckpt"
            wait_until(lambda: last.is_file() and last_epoch(sweep.cell()) > reached, 120, tell)  # noqa: B023
            (job,) = slurm_cluster.jobs()
            slurm_cluster.ask(*command, job)
            wait_until(lambda: slurm_cluster.jobs() == {job: "PENDING"}, 60, tell)  # noqa: B023
            # Slurm requeues a job before its process has noticed.
            wait_until(lambda: sweep.note()["status"] == "interrupted", 60, tell)
            reached = last_epoch(sweep.cell())
            assert reached < count - 1
            slurm_cluster.ask("scontrol", "update", f"JobId={job}", "StartTime=now")  # not minutes later
        assert process.wait(240) == 0, tell()
    finally:
        process.kill()
    assert "1 done" in sweep.said()
    assert sweep.note()["status"] == "done"
    assert last_epoch(sweep.cell()) == count - 1
    attempts = epochs(sweep.cell())
    assert len(attempts) == 3
    assert attempts[0][0] == 0
    for before, after in pairwise(attempts):  # none is missing; the one under way may be begun anew
        assert after[0] in {before[-1], before[-1] + 1}
    assert len(list((tmp_path / "sweep" / ".submitit").glob("*/*_submission.sh"))) == 1


def test_interrupted_the_jobs_go_on_and_are_found_again(
    recordings: Path, environment: dict[str, str], slurm_cluster: Cluster, tmp_path: Path
) -> None:
    options = ["hardware=slurm", *ON_CPU, f"data.root={recordings}", "hardware.sbatch={hold: true}"]
    sweep = Sweep(tmp_path, options, environment)
    process = sweep.start()
    try:
        wait_until(lambda: "pending" in sweep.said(), 60, sweep.said)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        (job,) = slurm_cluster.jobs()
        assert f"scancel {job}" in sweep.said()
        assert f"hydra.sweep.dir={tmp_path / 'sweep'}" in sweep.said()
        assert "Traceback" not in sweep.said()
        process = sweep.start()
        wait_until(lambda: f"cell 0 pending, job {job}" in sweep.said(), 60, sweep.said)
        assert list(slurm_cluster.jobs()) == [job]
        slurm_cluster.ask("scontrol", "release", job)
        assert process.wait(120) == 0, sweep.said() + sweep.logs()
    finally:
        process.kill()
    assert "submitted" not in sweep.said()
    assert sweep.note()["status"] == "done"


def test_what_slurm_refuses_is_said_in_a_line(
    recordings: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    options = ["hardware=slurm", *ON_CPU, f"data.root={recordings}", "hardware.partition=nowhere"]
    result = Sweep(tmp_path, options, environment).run()
    assert result.code == 2
    assert "invalid partition" in result.line()
    assert not list((tmp_path / "sweep").glob("[0-9]*"))


def test_a_cancelled_cell_is_interrupted(
    recordings: Path, environment: dict[str, str], slurm_cluster: Cluster, tmp_path: Path
) -> None:
    options = ["hardware=slurm", *ON_CPU, f"data.root={recordings}", "hardware.sbatch={hold: true}"]
    sweep = Sweep(tmp_path, options, environment)
    process = sweep.start()
    try:
        wait_until(lambda: "pending" in sweep.said(), 60, sweep.said)
        slurm_cluster.ask("scancel", *slurm_cluster.jobs())
        assert process.wait(60) == 2, sweep.said() + sweep.logs()
    finally:
        process.kill()
    assert "1 interrupted" in sweep.said()
    assert sweep.note()["status"] == "interrupted"
