"""How a trained run withstands perturbations: every test group clean, then under each severity of each.

A condition is done when its `metrics.json` is there, and is not scored again as long as detector, trials,
perturbation and seed are the same.
"""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from lightning_utilities.core.rank_zero import rank_zero_info
from omegaconf import DictConfig

from bonafide import assembly
from bonafide.data.module import AudioData
from bonafide.data.perturbed import PerturbedData, identities
from bonafide.evaluation import report, robustness, robustness_page, scores, spreadsheet
from bonafide.evaluation.cells import percent, score
from bonafide.evaluation.robustness import CLEAN, Heard, Outcome
from bonafide.evaluation.scores import Trials
from bonafide.evaluation.summary import Picture
from bonafide.figures import robustness as drawing
from bonafide.figures import vector
from bonafide.scripts.jobs import results, screen
from bonafide.scripts.jobs.perturbations import Condition, possible
from bonafide.scripts.jobs.trials import trials_of
from bonafide.tasks.scoring import Scoring
from bonafide.whole import whole


def run(
    cfg: DictConfig,
    named: Sequence[Condition],
    recipe: DictConfig,
    task: Scoring,
    data: AudioData,
    *,
    folder: Path,
) -> None:
    """Scores, measures and a report for every condition.

    Args:
        cfg: of the command.
        named: what is to be heard, the clean one first.
        recipe: of the run, with the data to be scored.
        task: trained.
        data: prepared.
        folder: where all of it goes.
    """
    started = time.monotonic()
    wanted, left_out = possible(named, cfg.seed)
    key = _key(cfg, recipe, data)
    done = {each.name: _finished(folder, each, key, data) for each, _ in wanted}  # alike in all processes
    trainer = assembly.trainer(recipe)
    threshold = float(task.threshold)
    heard: list[Heard] = []
    clean: Mapping[str, Trials] = {}
    try:
        for number, (condition, perturbation) in enumerate(wanted, 1):
            since = time.monotonic()
            found = done[condition.name]
            trials = _scored(task, PerturbedData(data, perturbation), trainer) if found is None else found
            if not trainer.is_global_zero:
                continue
            clean = clean or trials
            groups = {
                name: robustness.measure(own, clean[name], threshold, seed=cfg.seed)
                for name, own in trials.items()
            }
            if found is None:
                _keep(folder, condition, key, trials, groups, seed=cfg.seed)
            heard.append(Heard(condition.perturbation, condition.severity, condition.label, groups))
            took = "scored before" if found is not None else f"{time.monotonic() - since:.0f} s"
            rates = ", ".join(f"{name} {percent(own['eer'])} %" for name, own in groups.items())
            rank_zero_info(f"{number}/{len(wanted)} {heard[-1].name}: EER {rates} ({took})")
    finally:  # an interrupted suite has a report of what was done
        if heard:
            facts = results.Facts.of(recipe, task, data, seconds=time.monotonic() - started)
            _write(folder, heard, facts, left_out, threshold=threshold, of=len(wanted), seed=cfg.seed)


def _scored(task: Scoring, data: PerturbedData, trainer: pl.Trainer) -> dict[str, Trials]:
    """Score tables by test group; of the first process."""
    results.interruptible(trainer.test, task, datamodule=data, verbose=False)
    clips = data.data.groups()
    if not trainer.is_global_zero:
        return {}
    found = zip(clips, task.scored, strict=True)
    return {
        name: trials_of(data.data, name, clips[name], scored, task.of_recording) for name, scored in found
    }


def _key(cfg: DictConfig, recipe: DictConfig, data: AudioData) -> dict[str, str]:
    """What must be the same for scores to hold: config, weights, trials, and the seed of the draws."""
    checkpoint = assembly.checkpoint_path(Path(cfg.run).expanduser(), cfg.checkpoint)
    with checkpoint.open("rb") as file:
        weights = hashlib.file_digest(file, "sha256").hexdigest()
    numbers = b"".join(identities(data, name).tobytes() for name in data.groups())
    return {
        "fingerprint": assembly.fingerprint(recipe),
        "checkpoint_sha256": weights,
        "trials": hashlib.sha256(numbers).hexdigest(),
        "seed": str(cfg.seed),
    }


def _place(folder: Path, condition: Condition) -> Path:
    return folder / "conditions" / condition.name


def _finished(
    folder: Path, condition: Condition, key: Mapping[str, str], data: AudioData
) -> dict[str, Trials] | None:
    """Score tables of a condition that an earlier start has finished; None if none has."""
    place = _place(folder, condition)
    try:
        left = json.loads((place / "metrics.json").read_text(encoding="utf-8"))
        if left["key"] != key or left["settings"] != condition.settings:
            return None
        return {name: scores.read(place / "scores" / f"{name}.csv") for name in data.groups()}
    except (OSError, ValueError, KeyError, TypeError):  # InputError is a ValueError
        return None


def _keep(
    folder: Path,
    condition: Condition,
    key: Mapping[str, str],
    trials: Mapping[str, Trials],
    groups: Mapping[str, Outcome],
    *,
    seed: int,
) -> None:
    """As a run folder has it, so that conditions can be compared; metrics.json comes last and says done."""
    place = _place(folder, condition)
    (place / "metrics.json").unlink(missing_ok=True)
    for name, own in trials.items():
        scores.write(place / "scores" / f"{name}.csv", own)
    report.write_json(
        place / "metrics.json",
        {
            "perturbation": condition.perturbation,
            "severity": condition.severity,
            "settings": dict(condition.settings),
            "key": dict(key),
            "groups": dict(groups),
            "seed": seed,
        },
    )


def _write(
    folder: Path,
    heard: Sequence[Heard],
    facts: results.Facts,
    left_out: Mapping[str, str],
    *,
    threshold: float,
    of: int,
    seed: int,
) -> None:
    groups = list(heard[0].groups)
    pictures = []
    for name in groups:
        file = vector.save(_drawn(heard, name), folder / "figures" / f"robustness_{name}")
        caption = f"Errors on {name} over the severity of each perturbation, the clean trials at the left"
        pictures.append(Picture(file, caption, name, broad=True))
    made = robustness_page.document(
        heard,
        pictures,
        title=f"{facts.model}, perturbed",
        facts={
            "Model": facts.model,
            "Data": facts.data,
            "Threshold": f"{score(threshold)}, chosen on clean validation clips",
            "Conditions": f"{len(heard)}"
            if len(heard) == of
            else f"{len(heard)} of {of}; the same command goes on",
            "Seed": str(seed),
        },
        note=facts.note,
        left_out=left_out,
    )
    report.write_json(
        folder / "robustness.json",
        {
            "threshold": threshold,
            "seed": seed,
            "left_out": dict(left_out),
            "conditions": [
                {"perturbation": each.perturbation, "severity": each.severity, "groups": dict(each.groups)}
                for each in heard
            ],
        },
    )
    with whole(folder / "robustness.csv") as part:
        text = spreadsheet.text([robustness_page.table(heard, name) for name in groups])
        part.write_text(text, encoding="utf-8", newline="")
    report.write_document(folder, made)
    shown = [robustness_page.summary(heard, name) for name in groups]
    remarks = "\n".join(
        [*(each for section in made.sections for each in section.remarks), facts.note]
    ).strip()
    screen.tell(shown, remarks, folder / "report.html")


def _drawn(heard: Sequence[Heard], group: str) -> Any:
    def severity(line: Heard) -> drawing.Severity:
        own = line.groups[group]
        low, high = own["interval"]
        refused, deceived = robustness.rejected(own), robustness.accepted(own)
        return drawing.Severity(line.label, own["eer"], low, high, refused, deceived)

    panels = {}
    for name, lines in robustness.by_perturbation(heard).items():
        if name != CLEAN:
            unit = lines[0].severity.removeprefix(lines[0].label).strip()
            panels[f"{name}, {unit}" if unit else name] = [severity(line) for line in lines]
    return drawing.robustness(severity(heard[0]), panels)
