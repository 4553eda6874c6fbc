"""The report of recipes that were run on other data than their own: from their run folders to tables."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from bonafide.evaluation import reproduction
from bonafide.evaluation.document import Document
from bonafide.evaluation.reproduction import Absent, Corpus, Rate, Result
from bonafide.evaluation.summary import Picture
from bonafide.figures.style import save
from bonafide.figures.systems import Rate as Bar
from bonafide.figures.systems import systems
from bonafide.scripts.jobs.reproduced_recipes import Recipe, Words
from bonafide.scripts.jobs.reproduced_run import LOG, Run


class Data(NamedTuple):
    """What the recipes are run on.

    Args:
        key: in the names of files.
        title: for people.
        about: what must be known of it.
        words: that choose it.
    """

    key: str
    title: str
    about: str
    words: Words


class Line(NamedTuple):
    """A recipe on some data.

    Args:
        recipe: to be run.
        words: all of them.
        run: what came of it.
        same: the recipe whose run it shares; empty for none.
    """

    recipe: Recipe
    words: Words
    run: Run
    same: str = ""


def corpora(found: Mapping[Data, Sequence[Line]], folder: Path) -> list[Corpus]:
    """What came of the lines; draws it into `figures`.

    Args:
        found: lines of each data, in the order run.
        folder: of the report, from which logs are named.
    """
    made = []
    for data, lines in found.items():
        results = [_result(line) for line in lines if line.run.ending == "done"]
        absent = [_absent(line, folder) for line in lines if line.run.ending != "done"]
        pictures = list(_pictures(data, results, folder / "figures"))
        made.append(Corpus(data.key, data.title, data.about, results, absent, pictures))
    return made


def _pictures(data: Data, results: Sequence[Result], folder: Path) -> Iterator[Picture]:
    """A bar a recipe, for each test group."""
    for name in dict.fromkeys(name for result in results for name in result.groups):
        rates = {result.recipe: result.groups[name] for result in results if name in result.groups}
        figure = systems({recipe: Bar(rate.eer, *rate.interval) for recipe, rate in rates.items()})
        file = folder / f"{data.key}_{name}.png"
        save(figure, file)
        yield Picture(file, f"{name}: EER of each recipe with its 95 % interval, the highest on top")


def document(
    found: Mapping[Data, Sequence[Line]],
    shown: Sequence[Corpus],
    folder: Path,
    *,
    typed: Sequence[str],
    scale: Words,
    of: int,
) -> Document:
    """The report.

    Args:
        found: lines of each data, in the order run; at least one of them done.
        shown: what `corpora` made of them.
        folder: of the report.
        typed: words of the command.
        scale: words by which all runs are smaller.
        of: lines that there are, were it not for an interruption.
    """
    lines = [line for each in found.values() for line in each]
    facts = _facts([line.run for line in lines if line.run.ending == "done"])
    if len(lines) < of:
        facts["Recipes"] = f"{len(lines)} of {of} looked at; the same command with folder={folder} goes on"
    return reproduction.document(
        shown,
        command=f"python report.py {shlex.join(typed)}",
        scale=shlex.join(scale),
        facts=facts,
    )


def rates(run: Run) -> dict[str, Rate]:
    """Those of a finished run, by test group."""
    trivial = run.metrics.get("trivial_eer", {})
    return {
        name: Rate(
            group["eer"],
            (group["intervals"]["eer"][0], group["intervals"]["eer"][1]),
            group["bonafide"],
            group["spoof"],
            trivial.get(name),
        )
        for name, group in run.metrics["groups"].items()
    }


def _result(line: Line) -> Result:
    return Result(
        line.recipe.title,
        f"python train.py {shlex.join(line.words)}",
        line.recipe.published,
        rates(line.run),
        line.run.metrics["parameters"],
        line.run.seconds,
        line.same,
    )


def _absent(line: Line, folder: Path) -> Absent:
    log = line.run.folder / LOG
    return Absent(
        line.recipe.title,
        line.run.said,
        str(log.relative_to(folder)) if line.run.ending == "crashed" else "",
    )


def _facts(runs: Sequence[Run]) -> dict[str, str]:
    provenance = [run.provenance for run in runs]
    seconds = {run.folder: run.seconds for run in runs}
    return {
        "Runs": f"{len(seconds)}, {sum(seconds.values()) / 60:.0f} min in all",
        "Machine": "; ".join(dict.fromkeys(_machine(found["machine"]) for found in provenance)),
        "Computed by": "; ".join(dict.fromkeys(_versions(found["versions"]) for found in provenance)),
        "Written": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def _machine(found: Mapping[str, Any]) -> str:
    return ", ".join([f"{found['cores']} CPU cores", *found["gpus"]])


def _versions(found: Mapping[str, str]) -> str:
    return f"bonafide {found['bonafide']}, torch {found['torch']}"
