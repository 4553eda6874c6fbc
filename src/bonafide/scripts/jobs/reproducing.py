"""Every recipe scaled down, on the demo corpus and on real recordings: one run after another, and a page."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from rich.console import Console

from bonafide import counting
from bonafide.evaluation import markdown, report, reproduction
from bonafide.evaluation.cells import percent
from bonafide.scripts.jobs import (
    listed,
    reproduced_recipes,
    reproduced_results,
    reproduced_run,
    score_files,
    screen,
)
from bonafide.scripts.jobs.reproduced_recipes import Recipe, Words
from bonafide.scripts.jobs.reproduced_results import Data, Line
from bonafide.types import InputError
from bonafide.whole import whole

_SCALE: Final = ("trainer.max_epochs=3",)
_DEMO: Final = (
    "Synthetic corpus: speech-like sound made on this machine in seconds. It tries the tool, no more."
)
_REAL: Final = (
    "Real recordings and their copies by neural vocoders, divided as experiment=vocoder_pairs says: test is "
    "of vocoders that were trained on, held_out of others. Few recordings make broad intervals."
)


def run(cfg: DictConfig, folder: Path) -> None:
    """Runs what was not run before, and writes the report; also of what was done until an interruption.

    Raises:
        InputError: an option that is not understood, or no recipe that can be run here.
        SystemExit: a run failed by a fault of ours; the report says which.
    """
    recipes, scale = reproduced_recipes.read(cfg), _scale(cfg)
    page, threads = _page(cfg), _threads(cfg)
    found: dict[Data, list[Line]] = {data: [] for data in _data(cfg)}
    of = len(found) * len(recipes)
    try:
        with counting.bar() as bar:
            counted = bar.add_task("", total=of)
            for data, lines in found.items():
                for recipe in recipes:
                    bar.update(counted, description=f"{data.key}: {recipe.title}")
                    place = folder / "runs" / data.key / recipe.place
                    lines.append(_line(recipe, _words(data, recipe, scale), lines, place, threads=threads))
                    _tell(bar.console, data, lines[-1])
                    bar.advance(counted)
    finally:
        if any(line.run.ending == "done" for lines in found.values() for line in lines):
            _write(folder, page, found, scale, of=of)
    _judge([line for lines in found.values() for line in lines])


def _scale(cfg: DictConfig) -> Words:
    """The words of all runs."""
    given = listed.words(cfg.options, "options")
    split = [word for text in given for word in text.split()]
    listed.check(split, "options")
    machine = [
        word
        for word in HydraConfig.get().overrides.task
        if reproduced_recipes.name_of(word).partition(".")[0] == "hardware"
    ]
    seed = score_files.number(cfg, "seed", int)
    return reproduced_recipes.merged(_SCALE, (f"seed={seed}",) if seed else (), tuple(machine), tuple(split))


def _data(cfg: DictConfig) -> Iterator[Data]:
    yield Data("demo", "Demo corpus", _DEMO, ())
    if cfg.recordings is None:
        return
    root = Path(str(cfg.recordings)).expanduser()
    if not (root / "manifest.csv").is_file():
        raise InputError(
            f"recordings={cfg.recordings} has no manifest.csv; give a folder with a list as "
            "conf/experiment/vocoder_pairs.yaml describes it"
        )
    words = ("experiment=vocoder_pairs", f"data.root={reproduced_recipes.spelt(str(root))}")
    yield Data("recordings", "Real recordings", _REAL, words)


def _page(cfg: DictConfig) -> Path | None:
    if cfg.page is None:
        return None
    page = Path(str(cfg.page)).expanduser()
    if page.suffix != ".md" or page.is_dir():
        raise InputError(f"page={cfg.page} is no Markdown file; name one, such as page=docs/results.md")
    return page


def _threads(cfg: DictConfig) -> int | None:
    threads = None if cfg.threads is None else score_files.number(cfg, "threads", int)
    if threads is not None and threads < 1:
        raise InputError(f"threads={threads} computes nothing; give 1 or more")
    return threads


def _words(data: Data, recipe: Recipe, scale: Words) -> Words:
    return reproduced_recipes.merged(data.words, reproduced_recipes.detached(recipe.name), scale, recipe.own)


def _line(recipe: Recipe, words: Words, before: Sequence[Line], place: Path, *, threads: int | None) -> Line:
    for line in before:
        if line.words == words:
            return Line(recipe, words, line.run, line.same or line.recipe.title)
    return Line(recipe, words, reproduced_run.run(words, place, threads))


def _tell(console: Console, data: Data, line: Line) -> None:
    said = line.run.said
    if line.run.ending == "done":
        rates = reproduced_results.rates(line.run)
        said = ", ".join(f"EER {name} {percent(rate.eer)} %" for name, rate in rates.items())
        said += " (run before)" if line.run.before else f" ({line.run.seconds / 60:.1f} min)"
    if line.same:
        said = f"the same run as {line.same}"
    console.print(f"{data.key}: {line.recipe.title}: {said}", markup=False, highlight=False, soft_wrap=True)


def _write(
    folder: Path, page: Path | None, found: Mapping[Data, Sequence[Line]], scale: Words, *, of: int
) -> None:
    shown = reproduced_results.corpora(found, folder)
    typed = list(HydraConfig.get().overrides.task)
    made = reproduced_results.document(found, shown, folder, typed=typed, scale=scale, of=of)
    report.write_document(folder, made)
    if page is not None:  # by itself, without the figures that lie in the folder
        bare = made._replace(sections=[section._replace(pictures=()) for section in made.sections])
        with whole(page) as part:
            part.write_text(markdown.report(bare, page.parent), encoding="utf-8", newline="")
    tables = [reproduction.table(each, narrow=True) for each in shown if each.results]
    screen.tell(tables, "", folder / "report.html")


def _judge(lines: Sequence[Line]) -> None:
    crashed = [line for line in lines if line.run.ending == "crashed"]
    for line in crashed:
        log = line.run.folder / reproduced_run.LOG
        sys.stderr.write(f"bonafide: {line.recipe.title} failed by a fault of ours; see {log}\n")
    if crashed:
        raise SystemExit(1)
    if not any(line.run.ending == "done" for line in lines):
        name, run = lines[0].recipe.title, lines[0].run
        raise InputError(f"none of the recipes can be run here, {name} because {run.said}")
