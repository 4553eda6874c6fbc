"""Sweeps in miniature: run folders as training leaves them, without training."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bonafide import cell
from bonafide.cell import Cell, Status
from bonafide.evaluation import breakdown, scores
from bonafide.evaluation.scores import Trials
from bonafide.types import Label, Utterance
from bonafide.validated import Mode


def trials(eer: float, systems: Sequence[str], count: int = 20, corpus: str = "c", seed: int = 0) -> Trials:
    """Exactly this EER for each system: that share of `count` is on the wrong side, of both classes."""
    wrong = round(eer * count)
    assert abs(wrong - eer * count) < 1e-9
    order = np.random.default_rng(seed).permutation(count)
    rows, values = [], []
    for system in ("-", *systems):
        label: Label = "bonafide" if system == "-" else "spoof"
        side = 1.0 if system == "-" else -1.0
        for number in range(count):
            path = f"{system}/{number:03}.wav"
            rows.append(Utterance(path, f"u{number}", corpus, system, f"s{number % 3}", label))
            values.append(side * (-1 if order[number] < wrong else 1))
    return Trials.of(rows, values)


def run(
    folder: Path,
    choices: Mapping[str, str],
    groups: Mapping[str, Trials],
    *,
    validation: float | None = 0.1,
    measure: str = "val/eer",
    mode: Mode = "min",
    trained: Sequence[str] = (),
    parameters: int = 1000,
    seconds: float = 60.0,
    threshold: float = 0.0,
) -> Path:
    """A finished run."""
    overrides(folder, choices)
    measured = {
        name: breakdown.measure(each, threshold, group=name, replicates=2) for name, each in groups.items()
    }
    for name, each in groups.items():
        scores.write(folder / "scores" / f"{name}.csv", each)
    fingerprint = "".join(f"{name}{value}" for name, value in sorted(choices.items()))
    content = {"groups": measured, "seed": 0, "parameters": parameters, "fingerprint": fingerprint}
    (folder / "metrics.json").write_text(json.dumps(content))
    (folder / "provenance.json").write_text(json.dumps({"trained_on": list(trained), "seconds": seconds}))
    cell.write(folder, Cell(fingerprint, "done", validation, seconds=seconds, measure=measure, mode=mode))
    return folder


def stopped(folder: Path, choices: Mapping[str, str], status: Status, error: str = "") -> Path:
    """A run that was not finished."""
    overrides(folder, choices)
    cell.write(folder, Cell("f00d", status, error=error, owner={"host": "elsewhere", "process": "1"}))
    return folder


def overrides(folder: Path, choices: Mapping[str, str]) -> None:
    """What was typed, and a config in which it is so."""
    (folder / ".hydra").mkdir(parents=True)
    lines = [f"- {name}={value}\n" for name, value in choices.items()]
    (folder / ".hydra/overrides.yaml").write_text("".join(lines) or "[]\n")
    (folder / ".hydra/config.yaml").write_text(
        "data: {corpus: {_target_: bonafide.corpora.demo.Demo, _partial_: true}}\n"
        "frontend: {wavelet: sym5}\nseed: 0\n"
    )
    (folder / ".hydra/hydra.yaml").write_text("hydra: {runtime: {choices: {model: lcnn, data: demo}}}\n")


def command(sweep: Path, *options: str, params: Mapping[str, str] | None = None) -> None:
    """What Hydra keeps of the command."""
    sweep.mkdir(parents=True, exist_ok=True)
    content = {
        "hydra": {
            "sweeper": {
                "_target_": "hydra._internal.core_plugins.basic_sweeper.BasicSweeper",
                "params": dict(params or {}),
            },
            "overrides": {"task": list(options)},
        }
    }
    (sweep / "multirun.yaml").write_text(json.dumps(content))
