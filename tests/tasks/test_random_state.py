"""After a resume every generator goes on as if nothing had happened."""

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

from bonafide.tasks.checkpoints import AtomicCheckpointIO
from bonafide.tasks.random_state import RandomState


def draws() -> list[float]:
    """From all generators; an odd number of normal ones, so that half a pair is kept back."""
    return [
        random.random(),  # noqa: S311
        random.gauss(0, 1),
        np.random.normal(),  # noqa: NPY002 - what libraries draw from
        np.random.random(),  # noqa: NPY002
        *torch.rand(2).tolist(),
        torch.randn(()).item(),
    ]


def seed(number: int) -> None:
    random.seed(number)
    np.random.seed(number)  # noqa: NPY002
    torch.manual_seed(number)
    draws()


def kept(state: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A state that went through a checkpoint, which holds tensors and plain values only."""
    AtomicCheckpointIO().save_checkpoint({"state_dict": {}, "random": state}, folder / "x.ckpt")
    found: dict[str, Any] = AtomicCheckpointIO().load_checkpoint(folder / "x.ckpt")["random"]
    return found


def start(callback: RandomState, rank: int = 0) -> None:
    trainer: Any = SimpleNamespace(global_rank=rank)
    callback.on_train_start(trainer, pl.LightningModule())


def test_draws_go_on_identically_after_a_checkpoint(tmp_path: Path) -> None:
    seed(5)
    state = RandomState().state_dict()
    wanted = [draws() for _ in range(3)]
    seed(6)
    resumed = RandomState()
    resumed.load_state_dict(kept(state, tmp_path))
    draws()  # building the model draws too
    start(resumed)
    assert [draws() for _ in range(3)] == wanted


def test_saving_draws_nothing() -> None:
    seed(5)
    wanted = draws()
    seed(5)
    RandomState().state_dict()
    assert draws() == wanted


@pytest.mark.parametrize("rank", [0, 1])
def test_each_process_takes_up_its_own(rank: int, tmp_path: Path) -> None:
    states, wanted = [], []
    for number in (5, 6):
        seed(number)
        states += RandomState().state_dict()["ranks"]
        wanted.append(draws())
    assert wanted[0] != wanted[1]
    resumed = RandomState()
    resumed.load_state_dict(kept({"ranks": states}, tmp_path))
    start(resumed, rank)
    assert draws() == wanted[rank]


def test_a_process_that_was_not_there_goes_its_own_way() -> None:
    seed(5)
    state = RandomState().state_dict()
    seed(6)
    wanted = draws()
    seed(6)
    resumed = RandomState()
    resumed.load_state_dict(state)
    start(resumed, rank=1)
    assert draws() == wanted


def test_a_second_fit_does_not_start_over() -> None:
    seed(5)
    resumed = RandomState()
    resumed.load_state_dict(RandomState().state_dict())
    start(resumed)
    first = draws()
    start(resumed)
    assert draws() != first
