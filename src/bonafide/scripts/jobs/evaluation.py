"""Scores a trained run on its own test groups or on any other data, without training."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytorch_lightning as pl
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict

from bonafide import assembly
from bonafide.scripts.jobs import auditing, perturbing, provenance, results
from bonafide.scripts.jobs.perturbations import conditions

RECIPE = ("sample_rate", "clip_seconds", "resampler", "channel", "condition")
"""Options of the data that belong to the detector and follow it to other corpora."""


def run(cfg: DictConfig) -> None:
    """Scores, measures and a report for a checkpoint; under perturbations too, where some are named."""
    started = time.monotonic()
    results.quiet()
    place = Path(cfg.run).expanduser()
    recipe = assembly.recipe(place, trust=cfg.trust)
    folder = _folder(cfg, place)
    if _choice() != "run":
        adapt(cfg.data, recipe, provenance.trained_on(place))
    wanted = conditions(cfg.perturbations) if cfg.perturbations else []  # refused before anything long begins
    with open_dict(recipe):
        recipe.data, recipe.hardware = cfg.data, cfg.hardware
        recipe.callbacks = {"progress": recipe.callbacks.get("progress")}
        recipe.logger, recipe.augment = {}, None
        recipe.folder = str(folder)
        recipe.trainer.limit_test_batches = None
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    task = assembly.load(place, cfg.checkpoint, trust=cfg.trust)
    data = assembly.data(recipe)
    data.prepare_data()
    if wanted:
        perturbing.run(cfg, wanted, recipe, task, data, folder=folder)
        return
    trainer = assembly.trainer(recipe)
    facts = results.Facts.of(recipe, task, data, seconds=time.monotonic() - started)
    facts = facts._replace(trivial=auditing.baseline(auditing.read(auditing.remembered(data))))
    results.score(task, data, trainer, folder, facts)


def adapt(data: DictConfig, recipe: DictConfig, trained_on: Sequence[str]) -> None:
    """Another corpus is heard as the detector heard its own, and is wholly new to it."""
    typed = {option.partition("=")[0] for option in _typed()}
    with open_dict(data):
        for name in RECIPE:
            if f"data.{name}" not in typed:
                data[name] = recipe.data[name]
        if recipe.data.windows.tile and "data.windows.tile" not in typed:
            data.windows.tile = True  # who heard whole recordings hears whole ones
        data.seed = recipe.seed
        data.seen = list(trained_on)
        if _place(data) != _place(recipe.data) and "data.split.rule" not in typed:
            data.split.rule = "unseen"


def _place(data: DictConfig) -> tuple[object, ...]:
    """What makes a corpus another one: its kind, what it reads, and where that lies."""
    corpus = OmegaConf.to_container(data.corpus, resolve=True)
    root = OmegaConf.select(data, "root", throw_on_missing=False)
    return corpus, None if root is None else Path(str(root)).expanduser().absolute()


def _folder(cfg: DictConfig, run: Path) -> Path:
    """The run itself for its own test groups; a folder in it for anything else."""
    if cfg.output is not None:
        return Path(cfg.output).expanduser()
    choice = _choice()
    changed = any(option.startswith("data.") for option in _typed())
    place = run
    if choice != "run":
        place = run / "evaluations" / choice
    elif changed or cfg.checkpoint != "best":
        place = run / "evaluations" / "changed"
    if not cfg.perturbations:
        return place
    return (run / "evaluations" if place == run else place) / "perturbations"


def _choice() -> str:
    return str(HydraConfig.instance().cfg.hydra.runtime.choices.data)  # type: ignore[union-attr]


def _typed() -> list[str]:
    return list(HydraConfig.instance().cfg.hydra.overrides.task)  # type: ignore[union-attr]
