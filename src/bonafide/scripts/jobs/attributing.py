"""What a trained detector listens to: in a corpus, or in given recordings."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytorch_lightning as pl
import torch
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig, open_dict

from bonafide import assembly, counting
from bonafide.data.module import AudioData
from bonafide.explain.detector.answer import OF, Answer
from bonafide.explain.detector.attribution import Method
from bonafide.explain.detector.baselines import BASELINES
from bonafide.scripts.jobs import (
    attributed_clips,
    attributed_recordings,
    attribution_page,
    evaluation,
    provenance,
    recordings,
    results,
)
from bonafide.scripts.jobs.attributed_clips import Chosen
from bonafide.scripts.jobs.explaining import Explainer, Look
from bonafide.tasks.scoring import Scoring
from bonafide.types import Batch, InputError


def run(cfg: DictConfig) -> None:
    """Maps, margins, faithfulness, and a page of them."""
    started = time.monotonic()
    results.quiet()
    method = _method(cfg)
    place = Path(cfg.run).expanduser()
    recipe = assembly.recipe(place, trust=cfg.trust)
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    task = assembly.load(place, cfg.checkpoint, trust=cfg.trust).to(results.device(cfg.hardware))
    explainer = Explainer(task, _answers(cfg, task), method)
    folder = _folder(cfg, place)
    if cfg.audio is not None:
        found = recordings.find(cfg.audio)
        hearing = attributed_recordings.Hearing.of(cfg, recipe)
        attributed_recordings.explain(hearing, explainer, found, folder)
        return
    data = _data(cfg, recipe, place)
    chosen = _chosen(cfg, data, task)
    look = Look(cfg, recipe, explainer, chosen, data)
    try:
        look.go()
    except BaseException:
        if look.rows:  # what is done is not lost
            attribution_page.write(folder, look, seconds=time.monotonic() - started, complete=False)
        raise
    attribution_page.write(folder, look, seconds=time.monotonic() - started, complete=True)


def _method(cfg: DictConfig) -> Method:
    if cfg.baseline not in BASELINES:
        raise InputError(f"baseline={cfg.baseline} is unknown; choose {', '.join(BASELINES)}")
    if cfg.background < 2:
        raise InputError(f"background={cfg.background} is too few clips; choose at least 2")
    if cfg.faithful:
        if (
            _choice("attribute") != "integrated_gradients"
            or cfg.audio is not None
            or cfg.samples == "misclassified"
        ):
            raise InputError(
                "faithful=true is integrated gradients over a corpus; drop attribute=, audio= and "
                "samples=misclassified, or see attribute.faithful of attribute=blur_ig"
            )
        with open_dict(cfg):
            cfg.update({"of": "own", "probability": True, "baseline": "zero", "on": "features"})
            cfg.attribute.update({"steps": 200, "rule": "trapezoid"})
    made: Method = instantiate(cfg.attribute, _convert_="all")
    return made


def _answers(cfg: DictConfig, task: Scoring) -> dict[str, Answer]:
    """By label; one for all clips unless each is asked about its own class."""
    if cfg.of == "own":
        if cfg.audio is not None:
            raise InputError(
                "of=own needs to know the class of a clip; choose of=bonafide, spoof or log_odds"
            )
        return {label: Answer(task, label, probability=cfg.probability, on=cfg.on) for label in OF[:2]}
    return {"-": Answer(task, cfg.of, probability=cfg.probability, on=cfg.on)}


def _data(cfg: DictConfig, recipe: DictConfig, run: Path) -> AudioData:
    """The data of the run, or another corpus, heard as the detector heard its own."""
    if _choice("data") != "run":
        evaluation.adapt(cfg.data, recipe, provenance.trained_on(run))
    with open_dict(recipe):
        recipe.data, recipe.hardware, recipe.augment = cfg.data, cfg.hardware, None
    data = assembly.data(recipe)
    data.prepare_data()
    data.setup()
    return data


def _chosen(cfg: DictConfig, data: AudioData, task: Scoring) -> Chosen:
    found = attributed_clips.candidates(data, cfg)
    if cfg.samples != "misclassified":
        return attributed_clips.limited(found, cfg.amount)

    def tracked(batches: Iterator[Batch], total: int) -> Iterator[Batch]:
        with counting.bar() as progress:
            done = progress.add_task("looking for mistakes", total=total)
            for batch in batches:
                yield batch
                progress.advance(done, len(batch.target))

    with torch.inference_mode():
        return attributed_clips.misclassified(
            data,
            found,
            cfg.amount,
            lambda waveform: task.score(waveform.to(task.device)),
            threshold=float(task.threshold),
            track=tracked,
        )


def _folder(cfg: DictConfig, run: Path) -> Path:
    """A folder in the run, named after what decides what is in it."""
    if cfg.output is not None:
        return Path(cfg.output).expanduser()
    words = [_choice("attribute"), cfg.of, *(["probability"] if cfg.probability else [])]
    words += [cfg.on] if cfg.on != "features" else []
    if cfg.audio is not None:
        return run / "attributions" / "_".join([*words, "audio"])
    words += [cfg.samples, *(str(name) for name in (cfg.system, cfg.group) if name is not None)]
    words += [_choice("data")] if _choice("data") != "run" else []
    name = "_".join(["faithful", cfg.samples] if cfg.faithful else words)
    return run / "attributions" / name.replace("/", "_")


def _choice(group: str) -> str:
    return str(HydraConfig.instance().cfg.hydra.runtime.choices[group])  # type: ignore[union-attr]
