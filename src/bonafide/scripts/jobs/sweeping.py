"""A whole sweep: the table that papers print, training × test matrix, choices, and what selection costs."""

import re
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from rich.console import Console
from rich.progress import track
from yaml import YAMLError  # type: ignore[import-untyped]

from bonafide.corpora.corpus import Corpus
from bonafide.evaluation import report
from bonafide.evaluation.cells import Table
from bonafide.evaluation.document import Document
from bonafide.evaluation.summary import Picture
from bonafide.evaluation.sweeps.bootstrap import Drawn, draw
from bonafide.evaluation.sweeps.effects import effects
from bonafide.evaluation.sweeps.matrix import matrix
from bonafide.evaluation.sweeps.reading import read
from bonafide.evaluation.sweeps.report import document
from bonafide.evaluation.sweeps.selection import choose
from bonafide.evaluation.sweeps.sweep import Axis, Run, Sweep, shown
from bonafide.evaluation.sweeps.tables import RANGE
from bonafide.figures.choices import Dots, choices
from bonafide.figures.heat_map import heat_map
from bonafide.figures.style import save
from bonafide.scripts.jobs import score_files, screen
from bonafide.types import InputError

NAME: Final = "sweep"
_OURS: Final = "bonafide.corpora."
_NARROW: Final = 8
"""Columns of a matrix that half a page holds."""
_ACROSS: Final = 6
"""Columns that a terminal holds."""


def run(cfg: DictConfig, folder: Path) -> None:
    """Writes sweep.html, sweep.md, sweep.tex, tables and figures, and prints the first table.

    They go into the folder of the sweep, unless `folder` or several sweeps are given.

    Raises:
        InputError: no sweep, no finished cell, or nothing can be written there.
    """
    places = [Path(text).expanduser() for text in score_files.texts(cfg, "sweep")]
    seed, replicates = score_files.number(cfg, "seed", int), score_files.number(cfg, "replicates", int)
    told = any(option.partition("=")[0] == "folder" for option in HydraConfig.get().overrides.task)
    place = places[0] if len(places) == 1 and not told else folder
    sweep = _read(places, replicates)
    made = _document(sweep, place / "figures", places, replicates=replicates, seed=seed)
    report.write_document(place, made, NAME)
    if cfg.wandb:
        _watched(place, sweep, made)
    absent = [table for table in made.tables if table.key == "absent"]
    screen.tell([*absent, _narrow(next(made.tables))], made.note, place / f"{NAME}.html")


def sweep_tables(
    places: Sequence[Path], figures: Path, *, replicates: int = 1000, seed: int = 0
) -> tuple[list[Table], list[Picture]]:
    """All tables and pictures of sweeps, for a logger; pictures are drawn into `figures`.

    Raises:
        InputError: no sweep, or no finished cell.
    """
    sweep = _read(places, replicates)
    made = _document(sweep, figures, places, replicates=replicates, seed=seed)
    return list(made.tables), list(made.pictures)


def _read(places: Sequence[Path], replicates: int) -> Sweep:
    if replicates == 1 or replicates < 0:
        raise InputError(f"replicates={replicates} shows no spread; give 1000, or 0 for no intervals")
    return read(places)


def _document(sweep: Sweep, figures: Path, places: Sequence[Path], *, replicates: int, seed: int) -> Document:
    drawn = draw(sweep, replicates=replicates, seed=seed, progress=_progress)
    facts = {"Sweep": ", ".join(map(str, places))}
    return document(sweep, drawn, _pictures(sweep, drawn, figures), facts=facts, note=_caveat(sweep))


def _watched(place: Path, sweep: Sweep, made: Document) -> None:
    """The report as one run of Weights & Biases, in the project of the cells."""
    from bonafide.scripts.jobs import watch  # noqa: PLC0415 - brings torch, which the report does not need

    settings = _settings(sweep.runs[0])
    project = OmegaConf.select(settings, "logger.wandb.project") or "bonafide"
    offline = OmegaConf.select(settings, "logger.wandb.offline")
    numbers = {}
    for group in sweep.groups:
        for choice in choose(sweep, group)[:1]:
            numbers[f"{group}/eer_chosen_on_validation"] = choice.test
            numbers[f"{group}/eer_lowest_on_test"] = choice.best.test
            numbers[f"{group}/optimism"] = choice.optimism
    watch.sweep(
        place,
        list(made.tables),
        list(made.pictures),
        facts=made.facts,
        numbers=numbers,
        project=str(project),
        offline=offline,
    )


def _settings(run: Run) -> DictConfig:
    """The config of a run; an empty one if it cannot be read."""
    try:
        found = OmegaConf.load(run.folder / ".hydra" / "config.yaml")
    except (OSError, YAMLError):
        found = None
    return found if isinstance(found, DictConfig) else OmegaConf.create({})


def _pictures(sweep: Sweep, drawn: Drawn, folder: Path) -> list[Picture]:
    made = []
    found = matrix(sweep)
    if found is not None:
        caption = f"{found.of} (lines) and tested on (columns): EER, means over all cells of a line"
        made.append(Picture(folder / "matrix.png", caption, broad=len(found.systems) > _NARROW))
        save(heat_map(found.eer, found.lines, found.systems, found.trained, of=found.of), made[-1].file)
    each = {group: effects(sweep, group, drawn) for group in sweep.groups}
    for axis in sweep.axes:
        panels = {
            group: {
                shown(one.value): Dots(
                    [run.groups[group].eer for runs in one.configurations for run in runs],
                    one.mean,
                    one.interval,
                )
                for one in found
                if one.axis == axis
            }
            for group, found in each.items()
        }
        file = folder / f"eer_by_{_file_name(axis)}.png"
        made.append(Picture(file, f"EER by {axis.title}", broad=len(panels) > 2))
        save(choices(panels, axis.title), file)
    return made


def _narrow(table: Table) -> Table:
    """Without the ranges, where it is too wide for a terminal."""
    if len(table.columns) <= _ACROSS:
        return table
    kept = [place for place, column in enumerate(table.columns) if column.title != RANGE]
    rows = tuple(row._replace(cells=tuple(row.cells[place] for place in kept)) for row in table.rows)
    return table._replace(columns=tuple(table.columns[place] for place in kept), rows=rows)


def _file_name(axis: Axis) -> str:
    return re.sub(r"\W+", "_", axis.title)


def _progress(runs: Sequence[Run]) -> Iterable[Run]:
    """A bar on a terminal."""
    console = Console(stderr=True)
    return track(runs, "Resampling", console=console, transient=True) if sys.stderr.isatty() else runs


def _caveat(sweep: Sweep) -> str:
    """What must be known first of the corpora of the cells."""
    data = {
        tuple(text for text in run.choices.items() if text[0].startswith("data")): run for run in sweep.runs
    }
    return " ".join(dict.fromkeys(filter(None, (_caveat_of(run) for run in data.values()))))


def _caveat_of(run: Run) -> str:
    """That of a run's corpus; nothing of a corpus that is not ours, whose code is left alone."""
    try:
        node = OmegaConf.select(_settings(run), "data.corpus")
        given = {str(name): value for name, value in node.items()}
        target = str(given.pop("_target_"))
        given.pop("_partial_", None)
    except (AttributeError, KeyError, OmegaConfBaseException):
        return ""
    module, _, name = target.rpartition(".")
    if not module.startswith(_OURS):
        return ""
    try:
        found = getattr(import_module(module), name)
        if not (isinstance(found, type) and found.__module__ == module and issubclass(found, Corpus)):
            return ""
        return found(root=run.folder, **given).caveat
    except (ImportError, AttributeError, TypeError, InputError):
        return ""
