"""The report of a sweep: which tables and pictures stand where."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bonafide.evaluation import words
from bonafide.evaluation.cells import Table, percent
from bonafide.evaluation.document import Document, Headline, Section
from bonafide.evaluation.summary import Picture
from bonafide.evaluation.sweeps.bootstrap import Drawn
from bonafide.evaluation.sweeps.effects import axes_table, effects, effects_table
from bonafide.evaluation.sweeps.matrix import matrix, matrix_table
from bonafide.evaluation.sweeps.pairs import pairs, pairs_table
from bonafide.evaluation.sweeps.plan import common
from bonafide.evaluation.sweeps.selection import Choice, choose, selection_table
from bonafide.evaluation.sweeps.sweep import Run, Sweep
from bonafide.evaluation.sweeps.tables import AEER, absent, chosen, detail, every_cell, overview, spread
from bonafide.evaluation.words import TITLES

_TOGETHER: Final = "All test groups"
_CELLS: Final = "Cells"
_WORDS: Final = ("eer", "accuracy", "balanced_accuracy")
_PROBLEMS: Final = 3


def document(
    sweep: Sweep, drawn: Drawn, pictures: Sequence[Picture], *, facts: Mapping[str, str], note: str = ""
) -> Document:
    """The whole report.

    Args:
        sweep: what there is to report.
        drawn: for the intervals.
        pictures: those without a group stand with all test groups.
        facts: where the sweep lies, and what else is to be said of it.
        note: what must be known first; empty for none.
    """
    choices = {group: choose(sweep, group) for group in sweep.groups}
    found = matrix(sweep)
    together = [
        overview(sweep),
        selection_table([choice for group in choices.values() for choice in group], sweep),
        None if found is None else matrix_table(found, sweep),
    ]
    return Document(
        _title(sweep),
        [
            Section(
                _TOGETHER, list(_remarks(sweep, drawn)), _there(together), _of("", pictures), stacked=True
            ),
            *(_group(sweep, group, drawn, pictures) for group in sweep.groups),
            Section(_CELLS, (), _there([absent(sweep), every_cell(sweep)]), (), stacked=True),
        ],
        [_headline(sweep, group, choices[group], drawn) for group in sweep.groups],
        {**facts, **_facts(sweep, drawn)},
        note,
        list(_glossary(sweep)),
    )


def _group(sweep: Sweep, group: str, drawn: Drawn, pictures: Sequence[Picture]) -> Section:
    found = effects(sweep, group, drawn)
    made = [
        detail(sweep, group, drawn),
        axes_table(found, sweep, group),
        effects_table(found, sweep, group),
        pairs_table(pairs(found, sweep, group, drawn), sweep, group),
    ]
    return Section(group, (), _there(made), _of(group, pictures), stacked=True)


def _title(sweep: Sweep) -> str:
    varied = [axis.title for axis in sweep.axes]
    varied += ["seed"] if len(sweep.seeds.values) > 1 else []
    return f"Sweep over {' × '.join(varied)}" if varied else "Sweep of a single choice"


def _remarks(sweep: Sweep, drawn: Drawn) -> Iterator[str]:
    if sweep.absent:
        states: dict[str, int] = {}
        for each in sweep.absent:
            states[each.state] = states.get(each.state, 0) + 1
        counts = ", ".join(f"{count} {state}" for state, count in states.items())
        every = len(sweep.runs) + len(sweep.absent)
        yield f"{len(sweep.absent)} of {every} cells are not in these tables ({counts}); “{_CELLS}” says why."
    if len(sweep.measures) > 1:
        yield (
            f"Validation chose the weights by different measures ({', '.join(sweep.measures)}), so nothing "
            "is chosen among these cells."
        )
    unlike = [group for group in sweep.groups if not sweep.alike(group)]
    if unlike:
        yield (
            f"{', '.join(unlike)}: not all cells scored the same trials, so they differ by these too. "
            "The table by system compares like with like."
        )
    partial = [group for group in sweep.groups if not all(group in run.groups for run in sweep.runs)]
    if partial:
        yield f"Not every cell was tested on {', '.join(partial)}; aEER needs all test groups."
    yield from drawn.problems[:_PROBLEMS]
    if len(drawn.problems) > _PROBLEMS:
        yield f"{len(drawn.problems) - _PROBLEMS} more score tables give no interval for such a reason."


def _facts(sweep: Sweep, drawn: Drawn) -> dict[str, str]:
    states: dict[str, int] = {"finished": len(sweep.runs)}
    for each in sweep.absent:
        states[each.state] = states.get(each.state, 0) + 1
    same = common([run.choices for run in sweep.runs])
    sizes = sorted({run.parameters for run in sweep.runs if run.parameters is not None})
    seconds = [run.seconds for run in sweep.runs if run.seconds is not None]
    found = {
        "Cells": ", ".join(f"{count:,} {state}" for state, count in states.items()),
        "Seeds": ", ".join(sweep.seeds.values),
        "The same in all": " ".join(
            f"{option}={value}" for option, value in same.items() if option != "seed"
        ),
        "Parameters": " to ".join(f"{size:,}" for size in dict.fromkeys([*sizes[:1], *sizes[-1:]])),
        "Time of all cells": _duration(sum(seconds)) if seconds else "",
        "Bootstrap": f"{drawn.replicates:,} replicates, seed {drawn.seed}" if drawn.replicates else "none",
    }
    return {name: text for name, text in found.items() if text}


def _headline(sweep: Sweep, group: str, choices: Sequence[Choice], drawn: Drawn) -> Headline:
    """The test EER of what validation chose; the only or the lowest one where it chose nothing."""
    if choices:
        first = choices[0]
        kept, best = first.kept, first.best
        name = f"{kept[0].name}, chosen on validation" if len(kept) == 1 else (
            f"mean of {len(kept)} that are equal on validation"
        )  # fmt: skip
        beside = [f"lowest on test: {percent(best.test)} ({best.name})"]
        return _card(group, name, [one.runs for one in kept], beside, drawn)
    made = [[run for run in runs if group in run.groups] for runs in sweep.configurations.values()]
    there = sorted(filter(None, made), key=lambda runs: _mean([run.groups[group].eer for run in runs]))
    name = chosen(sweep, there[0][0]) if len(there[0]) == 1 else f"{len(there[0])} seeds"
    return _card(group, name if len(there) == 1 else f"{name}, lowest on test", there[:1], [], drawn)


def _card(
    group: str, name: str, configurations: Sequence[Sequence[Run]], beside: Sequence[str], drawn: Drawn
) -> Headline:
    """The mean over configurations; ± is over the seeds of a single one."""
    eers = [[run.groups[group].eer for run in runs] for runs in configurations]
    single = (
        spread(eers[0], several=True)[0].text if len(eers) == 1 else percent(_mean(list(map(_mean, eers))))
    )
    figure, _, deviation = single.partition(" ")
    interval = drawn.interval(group, configurations)
    bounds = [] if interval is None else [f"{words.INTERVAL} {percent(interval[0])} – {percent(interval[1])}"]
    return Headline(group, figure, f"{deviation} % EER".strip(), [name, *bounds, *beside])


def _glossary(sweep: Sweep) -> Iterator[tuple[str, str]]:
    meanings = {measure.key: measure.meaning for measure in words.MEASURES}
    yield from ((TITLES[key], meanings[key]) for key in _WORDS)
    yield "mean ± std", "over seeds, with the population standard deviation, as papers print it."
    yield (
        words.INTERVAL,
        "of the mean: seeds and trials redrawn within each class (bootstrap), a trial alike in all cells. "
        "With two or three seeds it is rough. It does not speak of other speakers, systems or training data.",
    )
    if len(sweep.groups) > 1:
        yield AEER, "mean of the EERs of all test groups, each with its own threshold."
    yield "Validation", "the best validation EER of a cell, or what else its weights were chosen by."
    yield (
        "Optimism",
        "the test EER of what validation chose less the lowest test EER: what is gained by choosing on the "
        "test set, and lost again on new trials.",
    )
    yield (
        "Share of variance",
        "part of the variance of the EER over all cells that lies between the means of a choice, η².",
    )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _there(made: Sequence[Table | None]) -> list[Table]:
    return [table for table in made if table is not None]


def _of(group: str, pictures: Sequence[Picture]) -> list[Picture]:
    return [picture for picture in pictures if picture.group == group]
