"""Fits a countermeasure, then scores every test group with its best checkpoint."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytorch_lightning as pl
from omegaconf import DictConfig

from bonafide import assembly
from bonafide.launching import ranks
from bonafide.launching.attempt import Attempt, Outcome, Terminable
from bonafide.scripts import command
from bonafide.scripts.jobs import auditing, logs, results
from bonafide.types import InputError
from bonafide.validated import Validated


def run(cfg: DictConfig, watchers: Sequence[pl.Callback] = ()) -> float | None:
    """One run; returns what searches lower, the validation EER unless `task.monitor` says otherwise.

    A cell of a sweep that is done is not run again, and one that was interrupted goes on.

    Args:
        cfg: of the run.
        watchers: further callbacks, which see the training.
    """
    attempt = Attempt.of(cfg)
    if attempt.done is not None:
        return _cost(attempt.done.validated)
    cfg.ckpt_path = attempt.checkpoint
    with attempt.noted(lambda error: command.explain(error, "train")) as outcome:
        outcome.validated = _run(cfg, outcome, [*watchers, Terminable()])
    return _cost(outcome.validated)


def _cost(validated: Validated | None) -> float | None:
    return None if validated is None else validated.cost


def _run(cfg: DictConfig, outcome: Outcome, watchers: Sequence[pl.Callback]) -> Validated | None:
    started = time.monotonic()
    results.quiet()
    if cfg.test and cfg.checkpoint == "averaged" and not cfg.callbacks.get("averaged"):
        raise InputError("checkpoint=averaged needs a callback that averages; add callbacks=average_best")
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    task = assembly.task(cfg)  # refuses an impossible pair before data is touched
    data = assembly.data(cfg)
    data.prepare_data()
    data.counts()  # refuses a choice of data that cannot train
    audited = auditing.once(data) if cfg.audit else {}
    trainer = assembly.trainer(cfg)
    trainer.callbacks[:0] = watchers  # type: ignore[attr-defined]  # checkpoints stay last
    results.introduce(cfg, trainer)
    best = None
    with ranks.joined(trainer, cfg, outcome.give_up), logs.closed(trainer.loggers):
        if cfg.train:
            given = {"datamodule": data, "ckpt_path": cfg.ckpt_path, "weights_only": True}
            results.interruptible(trainer.fit, task, **given)
            best = results.best(trainer)
        if cfg.test and not cfg.trainer.fast_dev_run:
            results.use(task, cfg.folder, cfg.checkpoint)
            facts = results.Facts.of(cfg, task, data, seconds=time.monotonic() - started)
            facts = facts._replace(trivial=auditing.baseline(audited))
            results.score(task, data, trainer, Path(cfg.folder), facts)
    return best
