"""The report on published recipes that were run, scaled down, on other data than their own."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from bonafide.evaluation import words
from bonafide.evaluation.cells import (
    Cell,
    Column,
    Row,
    Table,
    bounds,
    count,
    measured,
    missing,
    percent,
    word,
)
from bonafide.evaluation.document import Document, Headline, Section
from bonafide.evaluation.summary import Picture

TITLE: Final = "Published recipes, scaled down"
_SHORT: Final = 40
"""Letters of a published figure that a line holds; the rest stands by itself."""


class Rate(NamedTuple):
    """What a run did on a test group.

    Args:
        eer: a fraction.
        interval: 95 %, of trials redrawn.
        bonafide: trials.
        spoof: likewise.
        trivial: EER of a detector that sees trivial numbers alone; None if that is not known.
    """

    eer: float
    interval: tuple[float, float]
    bonafide: int
    spoof: int
    trivial: float | None = None


class Result(NamedTuple):
    """A recipe that was run.

    Args:
        recipe: its name.
        command: that was run.
        published: what is published of it, on its own data.
        groups: by name.
        parameters: trained numbers.
        seconds: of the run, on this machine.
        same: the recipe that it does not differ from but for its data; empty for none.
    """

    recipe: str
    command: str
    published: str
    groups: Mapping[str, Rate]
    parameters: int
    seconds: float
    same: str = ""


class Absent(NamedTuple):
    """A recipe that was not run.

    Args:
        recipe: its name.
        reason: a line.
        log: of a run that failed by a fault of ours; empty for one that cannot be had here.
    """

    recipe: str
    reason: str
    log: str = ""


class Corpus(NamedTuple):
    """What the recipes did on some data.

    Args:
        key: in the names of files.
        title: for people.
        about: what must be known of the data.
        results: in the order run.
        absent: likewise.
        pictures: of the results.
    """

    key: str
    title: str
    about: str
    results: Sequence[Result]
    absent: Sequence[Absent]
    pictures: Sequence[Picture] = ()


def document(
    corpora: Sequence[Corpus], *, command: str, scale: str, facts: Mapping[str, str], note: str = ""
) -> Document:
    """The report.

    Args:
        corpora: in the order shown, at least one with a result.
        command: that makes the report.
        scale: words by which all runs are smaller.
        facts: about machine and runs.
        note: further things that must be known first.
    """
    shown = [corpus for corpus in corpora if corpus.results]
    sections = [
        Section(corpus.title, [corpus.about], [table(corpus)], corpus.pictures, stacked=True)
        for corpus in shown
    ]
    absent = [made for made in (_refused(corpora), _crashed(corpora)) if made is not None]
    if absent:
        sections.append(Section("Not run", (), absent, (), stacked=True))
    published = _published(shown)
    if published is not None:
        sections.append(Section("Published, in full", (), [published], (), stacked=True))
    sections.append(Section("Commands", (), [_commands(shown, command)], (), stacked=True))
    said = (
        f"Every recipe keeps its front end, model, loss, optimizer and rules, and is scaled down: {scale}, "
        "on a small corpus in place of the publication's. Such figures show that a recipe runs here and what "
        "it learns in minutes; they are no claims about the method, and no measure of what is published, "
        "which was found on other data."
    )
    return Document(TITLE, sections, list(_headlines(shown)), facts, f"{said} {note}".strip(), _GLOSSARY)


def table(corpus: Corpus, *, narrow: bool = False) -> Table:
    """A line a recipe.

    Args:
        corpus: with a result.
        narrow: without what is published, for a terminal.
    """
    groups = _groups(corpus)
    columns = [Column("Recipe", ("recipe",), text=True)]
    for name in groups:
        columns.append(Column(words.TITLES["eer"], (f"{name}_eer",), over=name))
        columns.append(Column(words.INTERVAL, (f"{name}_eer_low", f"{name}_eer_high"), over=name))
    columns += [Column("Parameters", ("parameters",)), Column("Minutes", ("minutes",))]
    columns += [] if narrow else [Column("Published, on its own data", ("published",), text=True)]
    rows = [Row(tuple(_line(result, groups, narrow=narrow))) for result in corpus.results]
    note = " ".join(_notes(corpus, groups))
    title = f"Recipes, {corpus.title[0].lower()}{corpus.title[1:]}"
    return Table(f"reproduced_on_{corpus.key}", title, tuple(columns), tuple(rows), note)


def _line(result: Result, groups: Sequence[str], *, narrow: bool) -> Iterator[Cell]:
    yield word(result.recipe)
    for name in groups:
        rate = result.groups.get(name)
        yield missing() if rate is None else measured(rate.eer, percent, strong=True)
        yield bounds(None if rate is None else rate.interval, percent)
    yield count(result.parameters)
    yield Cell(f"{result.seconds / 60:.1f}", (result.seconds / 60,))
    if not narrow:
        yield Cell(_shortened(result.published), (result.published,))


def _shortened(text: str) -> str:
    """The first figures of a long list of them.

    >>> _shortened("EER 19LA 26.826 %, ITW 42.635 %, C1 2.147 %, C2 9.563 %")
    'EER 19LA 26.826 %, ITW 42.635 %, …'
    >>> _shortened("EER 19LA 26.826 %, ITW 42.635 %, C1 2.147 %, mean 17.987 %")
    'mean 17.987 %, …'
    """
    if text.endswith("not known here"):
        return "not known here"
    if len(text) <= _SHORT:
        return text
    mean = re.search(r"\bmean [\d.]+ %", text)
    if mean:
        return f"{mean[0]}, …"
    kept = ""
    for part in text.split(", "):
        if kept and len(kept) + len(part) + 2 > _SHORT:
            break
        kept += f"{part}, "
    return f"{kept}…"


def _groups(corpus: Corpus) -> list[str]:
    return list(dict.fromkeys(name for result in corpus.results for name in result.groups))


def _notes(corpus: Corpus, groups: Sequence[str]) -> Iterator[str]:
    sizes: dict[str, str] = {}
    for name in groups:
        found = next(result.groups[name] for result in corpus.results if name in result.groups)
        sizes[name] = f"{name}: {found.bonafide:,} bona fide and {found.spoof:,} spoofs"
        if found.trivial is not None:
            sizes[name] += f", trivial EER {percent(found.trivial)} %"
    yield f"{'; '.join(sizes.values())}."
    same = [f"{result.recipe} as {result.same}" for result in corpus.results if result.same]
    if same:
        yield f"One run, because they differ in nothing but their data: {', '.join(same)}."


def _refused(corpora: Sequence[Corpus]) -> Table | None:
    """What cannot be had here; a reason that holds for all data is said once."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for corpus in corpora:
        for each in corpus.absent:
            if not each.log:
                reasons.setdefault((each.recipe, each.reason), []).append(corpus.title)
    if not reasons:
        return None
    columns = (
        Column("Recipe", ("recipe",), text=True),
        Column("Data", ("data",), text=True),
        Column("Why", ("reason",), text=True, long=True),
    )
    rows = tuple(
        Row((word(recipe), word(", ".join(data)), word(reason))) for (recipe, reason), data in reasons.items()
    )
    return Table("not_run", "Cannot be run here", columns, rows)


def _crashed(corpora: Sequence[Corpus]) -> Table | None:
    columns = (
        Column("Recipe", ("recipe",), text=True),
        Column("Data", ("data",), text=True),
        Column("Last line", ("reason",), text=True, long=True),
        Column("Log", ("log",), text=True, code=True),
    )
    rows = tuple(
        Row((word(each.recipe), word(corpus.title), word(each.reason), word(each.log)))
        for corpus in corpora
        for each in corpus.absent
        if each.log
    )
    return Table("crashed", "Failed by a fault of ours", columns, rows) if rows else None


def _published(corpora: Sequence[Corpus]) -> Table | None:
    """What is too long for a line."""
    said = {result.recipe: result.published for corpus in corpora for result in corpus.results}
    long = {recipe: text for recipe, text in said.items() if _shortened(text).endswith("…")}
    if not long:
        return None
    columns = (
        Column("Recipe", ("recipe",), text=True),
        Column("Published", ("published",), text=True, long=True),
    )
    rows = tuple(Row((word(recipe), word(text))) for recipe, text in long.items())
    return Table("published", "On the data of the publications", columns, rows)


def _commands(corpora: Sequence[Corpus], command: str) -> Table:
    columns = (
        Column("Data", ("data",), text=True),
        Column("Recipe", ("recipe",), text=True),
        Column("Command", ("command",), text=True, code=True),
    )
    lines = [("all", "this page", command)]
    lines += [
        (corpus.title, result.recipe, result.command) for corpus in corpora for result in corpus.results
    ]
    return Table("commands", "What was run", columns, tuple(Row(tuple(map(word, line))) for line in lines))


def _headlines(corpora: Sequence[Corpus]) -> Iterator[Headline]:
    for corpus in corpora:
        lines = []
        for name in _groups(corpus):
            rates = [result.groups[name].eer for result in corpus.results if name in result.groups]
            low, high = percent(min(rates)), percent(max(rates))
            lines.append(f"{name}: EER {low} %" if low == high else f"{name}: EER {low} to {high} %")
        of = len(corpus.results) + len(corpus.absent)
        yield Headline(corpus.title, str(len(corpus.results)), f"of {of} recipes run", lines)


_GLOSSARY: Final = [
    *((measure.title, measure.meaning) for measure in words.MEASURES if measure.key == "eer"),
    words.INTERVALS,
    words.TRIVIAL,
    ("Parameters", "trained numbers; what is frozen is not counted."),
    (
        "Minutes",
        "of training, testing and reporting on this machine; the first run on some data also reads it.",
    ),
    (
        "Published, on its own data",
        "what the publication or a third party reports for the full recipe on the data that it names.",
    ),
]
