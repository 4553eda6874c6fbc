"""Ctrl-C ends a command as Ctrl-C wherever it strikes in Lightning."""

import signal
from collections.abc import Iterator

import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, TensorDataset

from bonafide.scripts.jobs import results

pytestmark = pytest.mark.filterwarnings("ignore")  # of a trainer without anything


class Struck(DataLoader):
    """Ctrl-C comes after the last batch, while Lightning lets go of the workers."""

    released = 0

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "_iterator" and value is None:
            self.released += 1
            if self.released == 2:  # the first is that of an iterator that is yet to come
                raise KeyboardInterrupt


class Module(pl.LightningModule):
    """Does nothing, or is interrupted at a batch."""

    def test_step(self, batch: list[torch.Tensor]) -> None:
        if batch[0].item() > 0:
            raise KeyboardInterrupt
        if batch[0].item() < 0:
            raise ZeroDivisionError


@pytest.fixture
def trainer() -> Iterator[pl.Trainer]:
    before = signal.getsignal(signal.SIGINT)
    yield pl.Trainer(accelerator="cpu", logger=False, enable_progress_bar=False, enable_checkpointing=False)
    signal.signal(signal.SIGINT, before)  # Lightning stops listening


@pytest.mark.parametrize(
    ("loader", "number", "ends"),
    [(Struck, 0, KeyboardInterrupt), (DataLoader, 1, KeyboardInterrupt), (DataLoader, -1, ZeroDivisionError)],
)
def test_an_interruption_is_passed_on(
    loader: type[DataLoader], number: float, ends: type[BaseException], trainer: pl.Trainer
) -> None:
    loaded = loader(TensorDataset(torch.tensor([float(number)])))
    with pytest.raises(ends):
        results.interruptible(trainer.test, Module(), loaded, verbose=False)
