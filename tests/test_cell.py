"""A run folder knows how far its run has come."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bonafide import cell
from bonafide.cell import Cell
from bonafide.types import InputError


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert cell.read(tmp_path) is None
    written = Cell("f00d", "failed", 0.25, "no such wavelet", 12.5, {"host": "here", "process": "1"})
    cell.write(tmp_path, written)
    assert cell.read(tmp_path) == written


@pytest.mark.parametrize("text", ["", "{", '{"fingerprint": "f00d", "mood": "good"}', "[]"])
def test_a_damaged_file_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "cell.json").write_text(text)
    with pytest.raises(InputError, match=r"cell\.json is damaged"):
        cell.read(tmp_path)


def test_a_run_is_alive_as_long_as_its_process() -> None:
    assert Cell("f00d", "running", owner=cell.owner()).alive
    assert not Cell("f00d", "done", owner=cell.owner()).alive
    assert not Cell("f00d", "running", owner={"host": "elsewhere", "process": str(os.getpid())}).alive
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert not Cell("f00d", "running", owner={"host": socket.gethostname(), "process": str(gone.pid)}).alive


def test_the_queue_of_slurm_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = tmp_path / "squeue"
    queue.write_text('#!/bin/sh\ncase "$*" in *--jobs=7) echo 7;; esac\n')
    queue.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    owner = cell.owner() | {"process": "0"}
    assert Cell("f00d", "running", owner=owner).alive
    assert not Cell("f00d", "running", owner=owner | {"slurm": "8"}).alive


def test_choices_are_what_varies_in_the_sweep(tmp_path: Path) -> None:
    folder = tmp_path / "3"
    (folder / ".hydra").mkdir(parents=True)
    (folder / ".hydra" / "overrides.yaml").write_text(
        "- model=dcnn\n- seed=1\n- data.train.generators=[lpc]\n- +note=x\n"
    )
    assert cell.choices(folder) == {}
    (tmp_path / "multirun.yaml").write_text(
        "hydra:\n  overrides:\n    task:\n"
        "    - model=dcnn\n    - seed=0,1\n    - data.train.generators=[lpc],[mel]\n    - +note=x\n"
    )
    assert cell.choices(folder) == {"seed": "1", "data.train.generators": "[lpc]"}


def test_choices_are_those_of_all_commands_of_a_sweep(tmp_path: Path) -> None:
    (tmp_path / "0" / ".hydra").mkdir(parents=True)
    (tmp_path / "0" / ".hydra" / "overrides.yaml").write_text("- model=dcnn\n- audit=False\n- seed=2\n")
    typed = ["model=dcnn", "audit=false", "seed=2"]
    text = "\n".join(f"    - {option}" for option in typed)
    (tmp_path / "multirun.yaml").write_text(f"hydra:\n  overrides:\n    task:\n{text}\n")
    assert cell.choices(tmp_path / "0") == {}
    cell.remember(tmp_path, ["model=dcnn", "audit=false", "seed=0,1"])
    cell.remember(tmp_path, typed)
    cell.remember(tmp_path, typed)
    assert len(cell.commands(tmp_path)) == 2
    assert cell.choices(tmp_path / "0") == {"seed": "2"}


def test_a_number_of_a_process_that_came_again_is_not_the_process() -> None:
    owner = cell.owner()
    assert Cell("f00d", "running", owner=owner).alive
    assert not Cell("f00d", "running", owner=owner).alive_elsewhere
    assert not Cell("f00d", "running", owner=owner | {"began": f"1 {owner['began']}"}).alive


@pytest.mark.parametrize(
    ("status", "checkpoint", "ours", "theirs"),
    [
        ("done", False, "done", "taken"),
        ("failed", False, "new", "new"),
        ("failed", True, "resume", "taken"),
        ("interrupted", True, "resume", "taken"),
        ("running", True, "resume", "taken"),
    ],
)
def test_a_folder_is_for_its_own_run(
    status: cell.Status, checkpoint: bool, ours: str, theirs: str, tmp_path: Path
) -> None:
    assert cell.standing(tmp_path, "f00d") == "new"
    cell.write(tmp_path, Cell("f00d", status))
    if checkpoint:
        (tmp_path / "checkpoints").mkdir()
        (tmp_path / cell.CHECKPOINT).touch()
    assert cell.standing(tmp_path, "f00d") == ours
    assert cell.standing(tmp_path, "beef") == theirs
    if status == "done":
        assert cell.standing(tmp_path, "f00d", ["metrics.json"]) == "new"
