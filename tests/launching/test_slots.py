"""Machines are shared out without rest and without overlap."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf

from bonafide.launching.packed.slots import Machine, Settings, share
from bonafide.types import InputError


def cells(number: int, accelerator: str = "auto", devices: Any = 1) -> list[DictConfig]:
    cfg = {"hardware": {"accelerator": accelerator}, "trainer": {"devices": devices}}
    return [OmegaConf.create(cfg) for _ in range(number)]


def machine(cores: int = 8, gpus: int = 0, memory: float = 1000.0) -> Machine:
    return Machine(tuple(str(gpu) for gpu in range(gpus)), tuple(range(cores)), memory)


@given(cores=st.integers(1, 64), jobs=st.integers(1, 80), number=st.integers(1, 80))
def test_every_core_is_used_and_none_by_two_while_there_are_enough(
    cores: int, jobs: int, number: int
) -> None:
    slots = share(machine(cores), Settings(jobs=jobs), cells(number))
    assert len(slots) == min(jobs, number)
    used = [core for slot in slots for core in slot.cores]
    if len(slots) <= cores:
        assert sorted(used) == list(range(cores))
    assert all(slot.threads >= 1 and slot.gpus == () for slot in slots)
    assert all(slot.environment["CUDA_VISIBLE_DEVICES"] == "" for slot in slots)


def test_cores_and_memory_decide_where_nobody_else_does() -> None:
    assert len(share(machine(8), Settings(), cells(20))) == 8
    assert len(share(machine(8, memory=10), Settings(memory_gb=3), cells(20))) == 3
    assert len(share(machine(8, memory=1), Settings(memory_gb=3), cells(20))) == 1
    two_each = share(machine(8), Settings(), cells(20, "cpu", 2))
    assert [(len(slot.cores), slot.threads) for slot in two_each] == [(2, 1)] * 4


def test_gpus_are_given_out() -> None:
    one_each = share(machine(8, gpus=2), Settings(), cells(5))
    assert [slot.gpus for slot in one_each] == [("0",), ("1",)]
    assert one_each[1].environment["CUDA_VISIBLE_DEVICES"] == "1"
    shared = share(machine(8, gpus=2), Settings(jobs_per_gpu=2), cells(5))
    assert [slot.gpus for slot in shared] == [("0",), ("1",), ("0",), ("1",)]
    assert [len(slot.cores) for slot in shared] == [2, 2, 2, 2]
    pairs = share(machine(8, gpus=5), Settings(), cells(5, "gpu", 2))
    assert [slot.gpus for slot in pairs] == [("0", "1"), ("2", "3")]
    assert [slot.gpus for slot in share(machine(8, gpus=4), Settings(), cells(3, "gpu", -1))] == [
        ("0", "1", "2", "3")
    ]
    assert share(machine(8, gpus=4), Settings(), cells(3, "cpu"))[0].gpus == ()


@pytest.mark.parametrize(
    ("settings", "devices"),
    [
        (Settings(gpus_per_job=3), 1),
        (Settings(gpus_per_job=1), 2),
        (Settings(), 4),
        (Settings(jobs_per_gpu=0), 1),
        (Settings(jobs=0), 1),
        (Settings(memory_gb=0), 1),
    ],
)
def test_what_cannot_be_given_is_refused(settings: Settings, devices: int) -> None:
    with pytest.raises(InputError, match=r"hydra\.launcher\."):
        share(machine(8, gpus=2), settings, cells(3, "gpu", devices))
