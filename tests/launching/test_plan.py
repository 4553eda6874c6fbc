"""A sweep knows what it has done, whatever the order in which it is asked again."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from omegaconf import DictConfig, open_dict, read_write

from bonafide import assembly, cell
from bonafide.cell import Cell
from bonafide.launching import closing, plan
from bonafide.launching.plan import Job
from bonafide.types import InputError


def compose(overrides: Sequence[str], number: int) -> DictConfig:
    if "model=nosuch" in overrides:
        raise InputError("model=nosuch does not exist")
    with initialize_config_dir(str(assembly.conf()), version_base="1.3"):
        found = hydra_compose("train", [*overrides], return_hydra_config=True)
    with read_write(found), read_write(found.hydra.job), open_dict(found.hydra.job):
        found.hydra.job.num = number
    return found


def planned(sweep: Path, *options: str, first: int = 0) -> list[Job]:
    return plan.plan(sweep, [[option] for option in options], compose, first)


def leave(job: Job, status: cell.Status, *, checkpoint: bool = False, results: bool = True) -> None:
    job.folder.mkdir(parents=True, exist_ok=True)
    cell.write(job.folder, Cell(job.fingerprint, status, 0.1 if status == "done" else None))
    if checkpoint:
        (job.folder / "checkpoints").mkdir(exist_ok=True)
        (job.folder / cell.CHECKPOINT).touch()
    if status == "done" and results:
        (job.folder / "metrics.json").touch()


def test_a_cell_is_known_by_what_it_trains_and_not_by_its_place(tmp_path: Path) -> None:
    first, second = planned(tmp_path, "seed=0", "seed=1")
    assert [(job.number, job.state) for job in (first, second)] == [(0, "new"), (1, "new")]
    leave(first, "done")
    leave(second, "interrupted", checkpoint=True)
    wider = planned(tmp_path, "seed=2", "seed=1", "seed=0", "seed=3")
    assert [(job.number, job.state) for job in wider] == [
        (2, "new"),
        (1, "resume"),
        (0, "done"),
        (3, "new"),
    ]
    assert wider[0].folder == tmp_path / "2"


def test_numbers_are_unique_whatever_is_there(tmp_path: Path) -> None:
    jobs = planned(tmp_path, *(f"seed={seed}" for seed in range(4)))
    leave(jobs[3], "done")
    leave(jobs[1], "done")
    again = planned(tmp_path, "seed=3", "seed=8", "seed=7", "seed=1", "seed=6", "seed=5")
    numbers = [job.number for job in again]
    assert (numbers[0], numbers[3]) == (3, 1)
    assert len(set(numbers)) == len(numbers)
    assert all(job.state == ("done" if job.number in {1, 3} else "new") for job in again)


def test_a_mended_command_takes_the_place_of_what_failed_before_it_began(tmp_path: Path) -> None:
    good, bad = planned(tmp_path, "seed=0", "model=nosuch")
    assert (bad.state, bad.error) == ("broken", "model=nosuch does not exist")
    leave(good, "done")
    plan.fail(bad)
    assert cell.read(tmp_path / "1") == Cell(bad.fingerprint, "failed", None, bad.error, 0.0, cell.owner())
    assert cell.choices(tmp_path / "1") == {}
    assert [job.number for job in planned(tmp_path, "seed=0", "seed=9")] == [0, 1]


def test_what_keeps_a_checkpoint_keeps_its_folder(tmp_path: Path) -> None:
    (only,) = planned(tmp_path, "seed=0")
    leave(only, "failed", checkpoint=True)
    (other,) = planned(tmp_path, "seed=1")
    assert (other.number, other.state) == (1, "new")
    leave(other, "running")
    cell.write(other.folder, Cell(other.fingerprint, "running", owner={"host": "gone", "process": "1"}))
    assert planned(tmp_path, "seed=1")[0].state == "new"


def test_a_cell_that_somebody_works_on_is_left_alone(tmp_path: Path) -> None:
    (job,) = planned(tmp_path, "seed=0")
    leave(job, "running")
    mother = {"host": cell.owner()["host"], "process": "1"}  # the first process of a machine always is
    cell.write(job.folder, Cell(job.fingerprint, "running", owner=mother))
    (again,) = planned(tmp_path, "seed=0")
    assert again.state == "alive"
    assert closing.ending(again).said == "running elsewhere"
    assert not again.to_run
    assert planned(tmp_path, "seed=1")[0].number == 1


def test_a_cell_that_was_not_tested_is_not_done_until_it_is(tmp_path: Path) -> None:
    (job,) = planned(tmp_path, "test=false")
    leave(job, "done", checkpoint=True, results=False)
    assert planned(tmp_path, "test=false")[0].state == "done"
    assert planned(tmp_path, "test=true")[0].state == "resume"


def test_options_that_mean_the_same_are_one_cell(tmp_path: Path) -> None:
    jobs = planned(tmp_path, "seed=0", "hardware.workers=0", "seed=1")
    assert [job.number for job in jobs] == [0, 0, 2]
    assert [job.number for job in plan.once(jobs)] == [0, 2]


def test_the_table_says_what_ran_and_what_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done, bad, waiting = planned(tmp_path, "seed=0", "model=nosuch", "seed=2")
    leave(done, "done")
    closing.show([done, bad, waiting], tmp_path)
    said = capsys.readouterr().out
    assert "seed=0" in said
    assert "validation EER %" in said
    assert "10.00" in said
    assert f"cell 1 ({tmp_path / '1'}): model=nosuch does not exist" in said
    assert said.strip().endswith("1 done, 1 failed, 1 waiting")
    returned = closing.returns([done, bad])
    assert returned[0].return_value == 0.1
    cell.write(done.folder, Cell(done.fingerprint, "done", 0.875, measure="val/score", mode="max"))
    closing.show([done, bad, waiting], tmp_path)
    said = capsys.readouterr().out
    assert "validation score" in said
    assert "0.8750" in said
    assert closing.returns([done])[0].return_value == 0.125  # what searches lower
    with pytest.raises(InputError, match="model=nosuch"):
        _ = returned[1].return_value
