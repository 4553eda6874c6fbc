"""What sbatch is asked for, and what is said where there is none."""

from pathlib import Path

import pytest
from tests.scripts.command_line import bonafide

from bonafide.launching.slurm import launcher


def test_without_slurm_there_is_a_remedy(tmp_path: Path) -> None:
    options = ["hardware=slurm", "seed=0,1", "hydra.sweep.dir=sweep"]
    result = bonafide(tmp_path, "train", "-m", *options, env={"PATH": str(tmp_path)})
    assert result.code == 2
    assert "there is no sbatch here" in result.line()
    assert not list((tmp_path / "sweep").glob("[0-9]*"))


SETTINGS = launcher.Settings(
    submitit_folder="sweep/.submitit/%j",
    name="train",
    nodes=2,
    tasks_per_node=4,
    accelerator="gpu",
    cpus_per_task=8,
    mem_gb=1.5,
    timeout_min=90,
    partition="gpu",
    account=None,
    qos=None,
    constraint="a100",
    array_parallelism=10,
    max_num_timeout=3,
    signal_delay_s=60,
    setup=None,
    additional_parameters={"mail-user": "somebody"},
)


def test_a_gpu_a_process_is_asked_for() -> None:
    asked = launcher.parameters(SETTINGS)
    assert asked["gpus_per_node"] == asked["ntasks_per_node"] == 4
    assert asked["mem"] == "1536M"
    assert asked["additional_parameters"] == {"requeue": True, "mail-user": "somebody"}
    assert {"account", "qos", "setup"}.isdisjoint(asked)


@pytest.mark.parametrize(
    "otherwise",
    [
        {"accelerator": "cpu"},
        {"additional_parameters": {"gres": "gpu:a100:4"}},
        {"additional_parameters": {"gpus-per-task": 1}},
    ],
)
def test_no_gpu_is_asked_for_twice_or_for_nothing(otherwise: dict[str, object]) -> None:
    assert "gpus_per_node" not in launcher.parameters(SETTINGS._replace(**otherwise))  # type: ignore[arg-type]
