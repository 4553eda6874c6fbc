"""Fits a countermeasure, then scores every test group with its best checkpoint."""

import time
from pathlib import Path

import pytorch_lightning as pl
from omegaconf import DictConfig

from bonafide import assembly
from bonafide.scripts.jobs import auditing, results
from bonafide.types import InputError


def run(cfg: DictConfig) -> float | None:
    """One run; returns the best validation EER, for searches."""
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
    results.introduce(cfg, trainer)
    best = None
    if cfg.train:
        results.interruptible(trainer.fit, task, datamodule=data, ckpt_path=cfg.ckpt_path, weights_only=True)
        best = results.best_score(trainer)
    if cfg.test and not cfg.trainer.fast_dev_run:
        results.use(task, cfg.folder, cfg.checkpoint)
        facts = results.Facts.of(cfg, task, data, seconds=time.monotonic() - started)
        facts = facts._replace(trivial=auditing.baseline(audited))
        results.score(task, data, trainer, Path(cfg.folder), facts)
    return best
