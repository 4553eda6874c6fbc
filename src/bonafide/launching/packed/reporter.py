"""What a cell tells the sweep while it runs: epochs and the best of validation, over a pipe."""

from contextlib import suppress
from multiprocessing.connection import Connection
from typing import final

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ModelCheckpoint

from bonafide.launching.packed.progress import Progress
from bonafide.validated import Validated


@final
class Reporter(pl.Callback):
    """Tells the sweep.

    Args:
        pipe: at whose other end it listens.
    """

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._best: Validated | None = None

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Another epoch."""
        self._tell(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Another value."""
        kept, found = trainer.checkpoint_callback, trainer.callback_metrics
        if isinstance(kept, ModelCheckpoint) and kept.monitor in found:
            now = Validated.of(float(found[kept.monitor]), kept.monitor, kept.mode)
            self._best = now.better(self._best)
        self._tell(trainer)

    def on_test_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """No further epoch."""
        self._tell(trainer, testing=True)

    def _tell(self, trainer: pl.Trainer, *, testing: bool = False) -> None:
        most = trainer.max_epochs if trainer.max_epochs is not None else -1
        with suppress(OSError):  # nobody listens any more
            self._pipe.send(Progress(trainer.current_epoch + 1, most, self._best, testing))
