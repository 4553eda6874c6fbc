"""Detectors side by side: what they scored, and which of it all of them did."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from omegaconf import OmegaConf

from bonafide.evaluation import scores
from bonafide.evaluation.formats.joining import side_by_side
from bonafide.evaluation.scores import Trials
from bonafide.types import InputError


class Detector(NamedTuple):
    """One side of a comparison.

    Args:
        description: what it is and where its scores lie.
        groups: its trials by test group.
        thresholds: of its decisions, likewise.
    """

    description: str
    groups: Mapping[str, Trials]
    thresholds: Mapping[str, float]


def of_run(place: Path, threshold: float) -> Detector:
    """A run by its score tables, with the thresholds it was tested at."""
    files = sorted((place / "scores").glob("*.csv"))
    if not files:
        raise InputError(f"{place} is not a run folder, it has no scores/*.csv; give outputs/DATE/TIME")
    groups = {file.stem: scores.read(file) for file in files}
    try:
        left = json.loads((place / "metrics.json").read_text(encoding="utf-8"))["groups"]
        thresholds = {name: float(left[name]["threshold"]) for name in groups}
    except (OSError, ValueError, KeyError, TypeError):  # a run of somebody else's tool
        thresholds = dict.fromkeys(groups, threshold)
    return Detector(_description(place), groups, thresholds)


def _description(place: Path) -> str:
    recipe = place / ".hydra" / "config.yaml"
    if not recipe.is_file():
        return str(place)
    cfg = OmegaConf.load(recipe)
    parts = [str(OmegaConf.select(cfg, f"{part}._target_") or "") for part in ("model", "frontend")]
    named = " on ".join(part.rpartition(".")[2] for part in parts if part)
    return f"{named} ({place})" if named else str(place)


def shared_groups(detectors: Mapping[str, Detector]) -> tuple[list[str], list[str]]:
    """Test groups that all have, and the others.

    Raises:
        InputError: there are none that all have.
    """
    every = list(dict.fromkeys(name for detector in detectors.values() for name in detector.groups))
    shared = [name for name in every if all(name in detector.groups for detector in detectors.values())]
    if not shared:
        each = "; ".join(f"{name}: {', '.join(detector.groups)}" for name, detector in detectors.items())
        raise InputError(
            f"the detectors share no test group ({each}); evaluate them on the same data, or compare score "
            "files: compare=[RUN/scores/GROUP.csv,…]"
        )
    return shared, [name for name in every if name not in shared]


def joined_trials(detectors: Mapping[str, Detector], group: str) -> dict[str, Trials]:
    """Every detector's trials in the order of the first.

    Raises:
        InputError: the trial lists differ, or their labels.
    """
    first, columns = side_by_side({name: each.groups[group] for name, each in detectors.items()})
    return {name: replace(first, score=columns[:, place]) for place, name in enumerate(detectors)}
