"""What every run leaves: scores, measures, figures, a report, and where it all comes from."""

import logging
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, Self

import pytorch_lightning as pl
import torch
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.callbacks import ModelCheckpoint

from bonafide import assembly
from bonafide.audio import files
from bonafide.data.module import AudioData
from bonafide.evaluation import breakdown, report, scores, tables
from bonafide.evaluation.localization.tables import detectors
from bonafide.evaluation.summary import Summary
from bonafide.scripts.jobs import locating, logs, pictures, provenance, screen
from bonafide.scripts.jobs.trials import trials_of
from bonafide.tasks import checkpoints
from bonafide.tasks.scoring import Scoring
from bonafide.types import InputError
from bonafide.validated import Validated


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
    def of(cls, cfg: DictConfig, task: Scoring, data: AudioData, *, seconds: float) -> Self:
        """The facts of a run."""
        notes = [data.corpus.caveat, cfg.get("notes") or ""]
        return cls(
            model=f"{part(cfg.model)} on {part(cfg.frontend)}",
            data=f"{data.corpus.name} ({_at_home(data.corpus.root)})",
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
        "The `srun` command is available on your system",  # on a login node
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
    """Calls Lightning, and passes an interruption on.

    Lightning's answer to Ctrl-C is `sys.exit(1)`; to one that strikes while it lets go of the workers of a
    loader, it is the error that its second attempt runs into.
    """
    try:
        work(*given, **named)
    except BaseException as ended:
        if _interrupted(ended):
            raise KeyboardInterrupt from None
        raise


def _interrupted(ended: BaseException | None) -> bool:
    while ended is not None and not isinstance(ended, KeyboardInterrupt):
        ended = ended.__context__
    return ended is not None


def best(trainer: pl.Trainer) -> Validated | None:
    """The measure that chooses the best epoch, at its best so far."""
    kept = trainer.checkpoint_callback
    if not isinstance(kept, ModelCheckpoint) or kept.best_model_score is None or kept.monitor is None:
        return None
    return Validated.of(float(kept.best_model_score), kept.monitor, kept.mode)


def use(task: Scoring, folder: str | Path, checkpoint: str) -> None:
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


def score(task: Scoring, data: AudioData, trainer: pl.Trainer, folder: Path, facts: Facts) -> None:
    """Scores every test group and writes everything that a run folder holds beside checkpoints."""
    interruptible(trainer.test, task, datamodule=data, verbose=False)
    if not trainer.is_global_zero:
        return
    clips = data.groups()
    threshold = float(task.threshold)
    found = zip(clips, task.scored, strict=True)
    trials_of_groups = {
        name: trials_of(data, name, clips[name], scored, task.of_recording) for name, scored in found
    }
    located = locating.tested(task, data)
    where = locating.where(
        folder / "figures", data, located, locating.measured(located, facts.seed), facts.seed
    )
    locating.write(folder / "scores", located)
    groups = {}
    for name, trials in trials_of_groups.items():
        scores.write(folder / "scores" / f"{name}.csv", trials)
        groups[name] = breakdown.measure(trials, threshold, group=name, seed=facts.seed)
    report.metrics_json(
        folder / "metrics.json",
        groups,
        seed=facts.seed,
        parameters=facts.parameters,
        fingerprint=facts.fingerprint,
        trivial=facts.trivial,
        where=where,
    )
    provenance.write(
        folder / "provenance.json",
        data,
        trials_of_groups,
        resampler=facts.resampler,
        fingerprint=facts.fingerprint,
        seconds=facts.seconds,
    )
    summary = Summary(
        title=f"{facts.model}, trained and tested",
        facts=_facts(data, facts),
        groups=groups,
        note=facts.note,
        trained=data.seen,
        trivial=facts.trivial,
        pictures=pictures.draw(folder / "figures", trials_of_groups, groups, data.seen),
        mistakes=pictures.mistakes(data, trials_of_groups, threshold, facts.seed),
        where=where,
    )
    report.write(folder, summary)
    logs.log(trainer.loggers, summary, trainer.global_step, folder)
    shown = [tables.screen(summary), *([] if where is None else [detectors(where.groups, where.joint)])]
    screen.show(summary, folder, shown)


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


def _at_home(path: Path) -> str:
    """A path as one would type it: pages are shown to others, who need not see whose home it lies in."""
    return f"~/{path.relative_to(Path.home())}" if path.is_relative_to(Path.home()) else str(path)
