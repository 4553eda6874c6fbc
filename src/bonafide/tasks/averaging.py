"""Averages of weights from along a training, as a checkpoint of their own.

Izmailov et al. (2018), "Averaging Weights Leads to Wider Optima and Better Generalization",
https://arxiv.org/abs/1803.05407. Lightning's callbacks for it do not fit here: they would put the average in
place of the weights that go on learning, average decision thresholds, and keep frozen weights in checkpoints.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Literal, cast, final

import pytorch_lightning as pl
import torch
from lightning_utilities.core.rank_zero import rank_zero_info
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import get_ema_multi_avg_fn, get_swa_multi_avg_fn

from bonafide.tasks import checkpoints
from bonafide.tasks.scoring import Scoring
from bonafide.types import Batch, InputError

NAME = "averaged"
"""Of the checkpoint."""


class Averaging(pl.Callback):
    """Leaves `averaged.ckpt` when training ends; the training itself goes on as without it.

    Only trained weights are averaged. The statistics of batch normalization are those of the averaged
    network, taken anew over an epoch of training clips (it has never met the old ones); those of frozen
    layers, and everything else, stay. The average is validated, which gives it a decision threshold of its
    own.

    Args:
        dirpath: where checkpoints are kept.
    """

    def __init__(self, dirpath: str | Path) -> None:
        self.dirpath = Path(dirpath)

    @abstractmethod
    def average(self, trained: Mapping[str, nn.Parameter]) -> Mapping[str, Tensor]:
        """The averages of trained weights, by name; empty if there is nothing to average."""

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:  # noqa: ARG002
        """Refuses a task that trains no weights.

        Raises:
            InputError: see above.
        """
        if stage == "fit" and not _trained(pl_module):
            raise InputError("there are no weights to average; set callbacks=default")

    @torch.no_grad()
    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Averages, refreshes statistics, validates, saves, and puts the weights back."""
        if trainer.fast_dev_run:  # type: ignore[attr-defined]  # which writes nothing
            return
        trained = _trained(pl_module)
        found = self.average(trained)
        if not found:
            rank_zero_info(f"no weights were averaged; training ended too early for {NAME}.ckpt")
            return
        state = [*trained.values(), *pl_module.buffers()]
        before = [value.clone() for value in state]
        was_training = pl_module.training
        for name, weight in trained.items():
            weight.copy_(found[name])
        _refresh(trainer, cast("Scoring", pl_module))
        pl_module.eval()
        if count := sum(trainer.num_val_batches):
            batches = _batches(trainer, trainer.val_dataloaders, count)
            measures = cast("Scoring", pl_module).validated(batches)
            said = {f"{NAME}/{name.removeprefix('val/')}": float(value) for name, value in measures.items()}
            for logger in trainer.loggers:
                logger.log_metrics(said, trainer.global_step)
            every = ", ".join(f"{name} {float(value):.4f}" for name, value in sorted(measures.items()))
            rank_zero_info(f"{NAME}.ckpt: {every}")
        trainer.save_checkpoint(self.dirpath / f"{NAME}.ckpt", weights_only=True)
        pl_module.train(was_training)
        for value, old in zip(state, before, strict=True):
            value.copy_(old)


@final
class AverageOfBest(Averaging):
    """Averages the weights of the best epochs, which lie in `kept/` meanwhile.

    As XLSR-Mamba (Xiao and Das 2024, https://arxiv.org/abs/2411.10027), with its five best.

    Args:
        dirpath: where checkpoints are kept.
        count: how many are averaged, or as many as there were.
        monitor: what they are ranked by.
        mode: whether the best is the smallest or the largest.

    Raises:
        InputError: `count` is not positive.
    """

    def __init__(
        self,
        dirpath: str | Path,
        *,
        count: int = 5,
        monitor: str = "val/eer",
        mode: Literal["min", "max"] = "min",
    ) -> None:
        super().__init__(dirpath)
        if count < 1:
            raise InputError(f"callbacks.averaged.count={count} averages nothing; choose at least 1")
        self.kept = ModelCheckpoint(
            dirpath=self.dirpath / "kept",
            filename="{epoch}-{step}",
            monitor=monitor,
            mode=mode,
            save_top_k=count,
            save_weights_only=True,
            save_on_train_epoch_end=False,
            enable_version_counter=False,
        )

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Prepares the folder."""
        super().setup(trainer, pl_module, stage)
        self.kept.setup(trainer, pl_module, stage)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keeps the weights if they are among the best."""
        self.kept.on_validation_end(trainer, pl_module)

    def average(self, trained: Mapping[str, nn.Parameter]) -> Mapping[str, Tensor]:
        """Equal weights for each of the best."""
        mean: dict[str, Tensor] = {}
        for number, path in enumerate(sorted(self.kept.best_k_models), 1):
            found = checkpoints.read(Path(path))["state_dict"]
            mean = {name: mean.get(name, 0) + (found[name] - mean.get(name, 0)) / number for name in trained}
        return mean

    def state_dict(self) -> dict[str, Any]:
        """Which weights are kept."""
        return self.kept.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on with them."""
        self.kept.load_state_dict(state_dict)


@final
class RunningAverage(Averaging):
    """Averages weights as they come, equally (SWA) or with a memory that fades (EMA).

    Kept in memory and in every full checkpoint, so that a resumed run goes on with it. AASIST's is
    `every="improvement"`, without its condition that the EER first be below 1 %.

    Args:
        dirpath: where checkpoints are kept.
        every: when a snapshot is added: after each step, each epoch, or each validation that is at least as
            good as the best one before.
        start: share of the epochs that pass before the first.
        decay: what the average keeps of itself at each snapshot; None weighs all of them equally.
        monitor: what says how good a validation is.
        mode: whether the best is the smallest or the largest.

    Raises:
        InputError: a setting has no meaning, or `start` is a share of an endless training.
    """

    def __init__(
        self,
        dirpath: str | Path,
        *,
        every: Literal["step", "epoch", "improvement"] = "epoch",
        start: float = 0.0,
        decay: float | None = None,
        monitor: str = "val/eer",
        mode: Literal["min", "max"] = "min",
    ) -> None:
        super().__init__(dirpath)
        if every not in {"step", "epoch", "improvement"}:
            raise InputError(
                f"callbacks.averaged.every={every} is unknown; choose step, epoch or improvement"
            )
        if mode not in {"min", "max"}:
            raise InputError(f"callbacks.averaged.mode={mode} is unknown; choose min or max")
        if not 0 <= start < 1:
            raise InputError(f"callbacks.averaged.start={start:g} leaves no epoch; choose 0 to below 1")
        if decay is not None and not 0 < decay < 1:
            raise InputError(f"callbacks.averaged.decay={decay:g} is not between 0 and 1; try 0.999")
        self.every, self.start, self.decay, self.monitor = every, start, decay, monitor
        self.sign = 1 if mode == "min" else -1
        self.best: float | None = None
        self.steps = self.count = 0
        self.weights: list[Tensor] = []

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Refuses what cannot be planned.

        Raises:
            InputError: see the class.
        """
        super().setup(trainer, pl_module, stage)
        if stage == "fit" and self.start and trainer.max_epochs in {None, -1}:
            raise InputError("callbacks.averaged.start is a share of trainer.max_epochs; set that")

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        """A snapshot after a step; while gradients are accumulated there is none."""
        if self.every == "step" and trainer.global_step > self.steps:
            self._add(trainer, pl_module)
            self.steps = trainer.global_step

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """A snapshot after an epoch."""
        if self.every == "epoch":
            self._add(trainer, pl_module)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """A snapshot after a validation."""
        if self.every != "improvement" or trainer.sanity_checking:
            return
        metrics = trainer.callback_metrics
        if self.monitor not in metrics:
            raise InputError(
                f"callbacks.averaged.monitor={self.monitor} is not measured; choose from {', '.join(metrics)}"
            )
        found = self.sign * float(metrics[self.monitor])
        if self.best is None or found <= self.best:
            self.best = found
            self._add(trainer, pl_module)

    @torch.no_grad()
    def _add(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.current_epoch < int(self.start * (trainer.max_epochs or 0)):
            return
        now: Any = [weight.detach() for weight in _trained(pl_module).values()]
        mine: Any = [old.to(new) for old, new in zip(self.weights, now, strict=bool(self.count))]
        if not self.count:
            mine = [new.clone() for new in now]
        else:
            make: Any = (
                get_swa_multi_avg_fn if self.decay is None else partial(get_ema_multi_avg_fn, self.decay)
            )
            make()(mine, now, torch.tensor(self.count))
        self.weights, self.count = mine, self.count + 1

    def average(self, trained: Mapping[str, nn.Parameter]) -> Mapping[str, Tensor]:
        """What was averaged so far."""
        return dict(zip(trained, self.weights, strict=True)) if self.count else {}

    def state_dict(self) -> dict[str, Any]:
        """The average, and what it was made of."""
        return {"weights": self.weights, "count": self.count, "steps": self.steps, "best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on with it."""
        self.weights, self.count = state_dict["weights"], state_dict["count"]
        self.steps, self.best = state_dict["steps"], state_dict["best"]


def _trained(module: nn.Module) -> dict[str, nn.Parameter]:
    return {name: weight for name, weight in module.named_parameters() if weight.requires_grad}


def _batches(trainer: pl.Trainer, loader: Any, count: float) -> Iterator[Batch]:
    """As many batches of a loader as an epoch takes, on the device."""
    return (trainer.strategy.batch_to_device(batch) for batch in islice(loader, int(count)))


def _refresh(trainer: pl.Trainer, task: Scoring) -> None:
    """Batch statistics over an epoch of training clips, equal for all processes."""
    task.train()
    norms = [norm for norm in task.modules() if isinstance(norm, _BatchNorm) and norm.training]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all batches
    heard: Iterable[Batch] = _batches(trainer, trainer.train_dataloader, trainer.num_training_batches)
    for number, batch in enumerate(heard):
        task.model(task.features(batch, number, training=True))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        for statistic in (norm.running_mean, norm.running_var):
            if statistic is not None:
                statistic.copy_(trainer.strategy.reduce(statistic, reduce_op="mean"))
