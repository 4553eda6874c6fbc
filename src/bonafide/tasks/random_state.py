"""Random generators that go on where a checkpoint left them."""

import random
from typing import Any, final

import numpy as np
import pytorch_lightning as pl
import torch
from torch import distributed


@final
class RandomState(pl.Callback):
    """Keeps the generators of Python, NumPy, torch and the GPU of every process in checkpoints."""

    def __init__(self) -> None:
        self._states: list[dict[str, Any]] = []

    def state_dict(self) -> dict[str, Any]:
        """States of all processes, in the order of their ranks."""
        if not distributed.is_available() or not distributed.is_initialized():
            return {"ranks": [_get()]}
        states: list[dict[str, Any]] = [{}] * distributed.get_world_size()
        distributed.all_gather_object(states, _get())
        return {"ranks": states}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Remembered until training starts, since building the model draws numbers too."""
        self._states = state_dict["ranks"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Takes up the generators, if this process was there when they were saved."""
        if trainer.global_rank < len(self._states):
            _set(self._states[trainer.global_rank])
        self._states = []


def _get() -> dict[str, Any]:
    name, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)  # noqa: NPY002 - libraries use it
    return {
        "python": random.getstate(),
        "numpy": (name, [int(key) for key in keys], position, has_gauss, gauss),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_initialized() else None,  # type: ignore[no-untyped-call]
    }


def _set(state: dict[str, Any]) -> None:
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])  # noqa: NPY002 - libraries use it
    torch.set_rng_state(state["torch"].cpu())
    if state["cuda"] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"].cpu())
