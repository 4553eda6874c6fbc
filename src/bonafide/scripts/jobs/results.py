"""What every run leaves: scores, measures, figures, a report, and where it all comes from."""

import logging
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import pytorch_lightning as pl
import torch
from matplotlib.image import imread
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.loggers import Logger, TensorBoardLogger, WandbLogger
from rich.console import Console
from rich.table import Table

from bonafide import assembly
from bonafide.audio import files
from bonafide.data.module import AudioData
from bonafide.data.windows import Clipped
from bonafide.evaluation import breakdown, report, scores
from bonafide.evaluation.scores import Trials
from bonafide.figures.det import det
from bonafide.figures.scores import histogram
from bonafide.figures.style import save
from bonafide.scripts.jobs import provenance
from bonafide.tasks import checkpoints
from bonafide.tasks.detection import Detection, Scores
from bonafide.types import BONAFIDE, InputError


class Facts(NamedTuple):
    """What is said of a run beside its measures.

    Args:
        model: names of model and front end.
        data: name of the corpus and its root.
        note: what a reader must know first; empty for none.
        seed: of the run.
        parameters: trainable numbers.
        fingerprint: of the config.
        resampler: by name and version.
        seconds: spent before scoring.
        trivial: EER of the audit's trivial baseline on each test group, where there is one.
    """

    model: str
    data: str
    note: str
    seed: int
    parameters: int
    fingerprint: str
    resampler: str
    seconds: float
    trivial: Mapping[str, float] = {}

    @classmethod
    def of(cls, cfg: DictConfig, task: Detection, data: AudioData, *, seconds: float) -> Self:
        """The facts of a run."""
        notes = [data.corpus.caveat, cfg.get("notes") or ""]
        return cls(
            model=f"{part(cfg.model)} on {part(cfg.frontend)}",
            data=f"{data.corpus.name} ({data.corpus.root})",
            note=" ".join(note for note in notes if note),
            seed=cfg.seed,
            parameters=sum(weight.numel() for weight in task.parameters() if weight.requires_grad),
            fingerprint=assembly.fingerprint(cfg),
            resampler=f"{data.form.resampler} ({files.resampler_version(data.form.resampler)})",
            seconds=seconds,
        )


def part(node: DictConfig) -> str:
    """The class that a part of a config names."""
    return str(node._target_).rpartition(".")[2]


def quiet() -> None:
    """Keeps advice that does not help the user off the screen."""
    for message in (
        ".*does not have many workers.*",
        ".*Checkpoint directory .* exists and is not empty.*",
        ".*Experiment logs directory .* exists and is not empty.*",
        ".*The number of training batches .* is smaller than the logging interval.*",
        ".*treespec, LeafSpec.*",
        r".*module\(s\) in eval mode at the start of training.*",  # frozen front ends
        ".*Trying to infer the `batch_size`.*",
    ):
        warnings.filterwarnings("ignore", message)
    logging.getLogger("pytorch_lightning.utilities.rank_zero").addFilter(_without_advice)


def _without_advice(record: logging.LogRecord) -> bool:
    said = record.getMessage()
    return not said.startswith(("GPU available", "TPU available", "HPU available", "💡", "Using default"))


def introduce(cfg: DictConfig, trainer: pl.Trainer) -> None:
    """Gives the loggers the whole config."""
    settings = OmegaConf.to_container(cfg, resolve=True)
    for logger in trainer.loggers:
        logger.log_hyperparams(settings)  # type: ignore[arg-type]  # a config is a mapping by string


def device(hardware: DictConfig) -> torch.device:
    """Where a single process computes."""
    gpu = hardware.accelerator in {"gpu", "cuda", "auto"} and torch.cuda.is_available()
    if hardware.accelerator in {"gpu", "cuda"} and not gpu:
        raise InputError(
            "hardware.accelerator=gpu, but no GPU is to be seen; use hardware=auto or hardware=cpu"
        )
    return torch.device("cuda" if gpu else "cpu")


def interruptible(work: Callable[..., object], *given: object, **named: object) -> None:
    """Calls Lightning, whose answer to Ctrl-C is `sys.exit(1)`, and passes the interruption on."""
    try:
        work(*given, **named)
    except SystemExit as stopped:
        if isinstance(stopped.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise


def best_score(trainer: pl.Trainer) -> float | None:
    """Lowest validation EER so far."""
    checkpoint = trainer.checkpoint_callback
    score = getattr(checkpoint, "best_model_score", None)
    return None if score is None else float(score)


def use(task: Detection, folder: str | Path, checkpoint: str) -> None:
    """Takes the weights that are to be tested; those at hand, if no epoch was kept as the best.

    Raises:
        InputError: another checkpoint than the best is not there.
    """
    path = assembly.checkpoint_path(folder, checkpoint)
    if checkpoint == "best" and not path.is_file():
        return
    found = checkpoints.read(path)
    task.on_load_checkpoint(found)
    task.load_state_dict(found["state_dict"])


def score(task: Detection, data: AudioData, trainer: pl.Trainer, folder: Path, facts: Facts) -> None:
    """Scores every test group and writes everything that a run folder holds beside checkpoints."""
    interruptible(trainer.test, task, datamodule=data, verbose=False)
    if not trainer.is_global_zero:
        return
    clips = data.groups()
    threshold = float(task.threshold)
    found = zip(clips, task.scored, strict=True)
    tables = {name: _trials(data, name, clips[name], scored) for name, scored in found}
    groups = {}
    for name, trials in tables.items():
        scores.write(folder / "scores" / f"{name}.csv", trials)
        groups[name] = breakdown.measure(trials, threshold, group=name, seed=facts.seed)
    report.metrics_json(
        folder / "metrics.json",
        groups,
        seed=facts.seed,
        parameters=facts.parameters,
        fingerprint=facts.fingerprint,
        trivial=facts.trivial,
    )
    provenance.write(
        folder / "provenance.json",
        data,
        tables,
        resampler=facts.resampler,
        fingerprint=facts.fingerprint,
        seconds=facts.seconds,
    )
    figures = _draw(folder / "figures", tables, threshold)
    summary = report.Summary(
        title=f"{facts.model}, trained and tested",
        facts=_facts(data, facts),
        groups=groups,
        note=facts.note,
        trained=data.seen,
        trivial=facts.trivial,
        cautions={name: breakdown.cautions(tables[name], groups[name]) for name in groups},
    )
    report.write(folder / "report.html", summary, figures)
    _log(trainer.loggers, groups, figures, trainer.global_step)
    _show(groups, data.seen, facts, folder)


def _trials(data: AudioData, group: str, clips: Clipped, scored: Scores) -> Trials:
    """The score table of a group, by path; every clip must be scored exactly once.

    A window's path ends in its seconds: `a.wav#t=1,2` (https://www.w3.org/TR/media-frags).
    """
    manifest = data.manifest
    if manifest is None:
        raise RuntimeError("trials are only known after the data was prepared")
    order = np.argsort(scored.clip.numpy(), kind="stable")
    clip, score = scored.clip.numpy()[order], scored.score.double().numpy()[order]
    rows, path = clips.rows[clip], manifest.strings("path")
    paths, expected = path[rows], path[clips.rows]
    if data.windows.tile and data.windows.trial == "window":
        paths, expected = data.named(clips.take(clip)), data.named(clips)
    columns = {name: manifest.strings(name)[rows] for name in scores.HEADER[1:-1]}
    if data.tests[group].against is not None:  # all of it is compared with these recordings
        genuine = columns["corpus"][columns["label"] == BONAFIDE]
        columns["corpus"][:] = "+".join(sorted(set(genuine)))
    trials = Trials(path=paths, **columns, score=score)
    if data.windows.tile and data.windows.trial == "recording":
        counted = Counter(clip.tolist())
        if counted != Counter(range(len(clips))):
            raise RuntimeError("some windows were scored twice or not at all")
        trials, expected = scores.mean(trials), np.unique(expected.astype(str)).astype(object)
    trials = trials.where(np.argsort(trials.path.astype(str), kind="stable"))
    scores.check(trials, expected)
    return trials


def _draw(folder: Path, tables: Mapping[str, Trials], threshold: float) -> dict[str, Path]:
    """Caption → file of every picture."""
    figures = {"Detection error trade-off of each test group": folder / "det.png"}
    save(det({name: (trials.bonafide, trials.spoof) for name, trials in tables.items()}), folder / "det.png")
    for name, trials in tables.items():
        file = folder / f"scores_{name}.png"
        spoofs = {
            system: trials.score[trials.system == system] for system in sorted(set(trials.system) - {"-"})
        }
        save(histogram(trials.bonafide, spoofs, threshold), file)
        figures[f"Scores of {name}"] = file
    return figures


def _facts(data: AudioData, facts: Facts) -> dict[str, str]:
    minutes, seconds = divmod(round(facts.seconds), 60)
    return {
        "Model": facts.model,
        "Data": facts.data,
        "Trained on": ", ".join(data.seen),
        "Unusable files left out": str(len(data.skipped)),
        "Resampler": facts.resampler,
        "Trainable parameters": f"{facts.parameters:,}",
        "Seed": str(facts.seed),
        "Duration before scoring": f"{minutes} min {seconds:02} s",
        "Fingerprint": facts.fingerprint,
    }


def _log(
    loggers: list[Logger],
    groups: Mapping[str, breakdown.Group],
    figures: Mapping[str, Path],
    step: int,
) -> None:
    """Measures and pictures to the loggers."""
    wanted = ("eer", "auc", "accuracy", "balanced_accuracy", "min_dcf", "cllr")
    numbers = {
        f"test/{name}/{measure}": float(found)
        for name, group in groups.items()
        for measure, found in group.items()
        if measure in wanted and isinstance(found, float)
    }
    for logger in loggers:
        logger.log_metrics(numbers, step)
        for file in figures.values():
            if isinstance(logger, WandbLogger):
                logger.log_image(f"test/{file.stem}", [str(file)])
            elif isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image(f"test/{file.stem}", imread(file), step, dataformats="HWC")
        logger.save()


def _show(groups: Mapping[str, breakdown.Group], seen: tuple[str, ...], facts: Facts, folder: Path) -> None:
    """The EER table on the screen."""
    table = Table(
        "test group",
        "system",
        "in training",
        "bona fide",
        "spoof",
        "EER %",
        "95 % interval",
        "AUC",
        "trivial %",
    )
    for name, group in groups.items():
        low, high = group["intervals"]["eer"]
        table.add_row(
            name,
            "all",
            "",
            str(group["bonafide"]),
            str(group["spoof"]),
            report.percent(group["eer"]),
            f"{report.percent(low)} to {report.percent(high)}",
            f"{group['auc']:.4f}",
            report.percent(facts.trivial[name]) if name in facts.trivial else "",
            style="bold",
        )
        for system, found in group["systems"].items():
            known = "yes" if system in seen else "no"
            table.add_row("", system, known, "", str(found["spoof"]), report.percent(found["eer"]))
        table.add_section()
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    if facts.note:
        console.print(facts.note, style="italic")
    console.print(f"report: {folder / 'report.html'}", soft_wrap=True)
