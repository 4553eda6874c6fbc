"""The order of a report, the same on a page, in Markdown and in LaTeX: all groups together, then each."""

from collections.abc import Iterator, Sequence

from bonafide.evaluation import tables, words
from bonafide.evaluation.cells import Cell, Table
from bonafide.evaluation.document import Document, Headline, Section
from bonafide.evaluation.localization import section as localization
from bonafide.evaluation.localization.words import share
from bonafide.evaluation.summary import Picture, Summary


def document(summary: Summary) -> Document:
    """The report of a run or of a comparison."""
    made = sections(summary)
    return Document(
        summary.title,
        made,
        [_headline(summary, row) for row in _by_key(made[0].tables[0])],
        summary.facts,
        summary.note,
        list(glossary(summary)),
    )


def sections(summary: Summary) -> list[Section]:
    """All parts of a report, those about all groups first."""
    together = [tables.groups(summary), tables.comparison(summary) if summary.detailed else None]
    title = "All test groups" if summary.detailed else "Overview"
    measured = list(summary.groups) if summary.detailed else []
    remarks = [] if summary.detailed else _remarks(summary)
    others = dict.fromkeys(table.group for table in summary.tables if table.group not in {"", *measured})
    return [
        Section(
            title, remarks, [*_there(together), *_tables(summary, "")], _pictures(summary, ""), stacked=True
        ),
        *([] if summary.where is None else [localization.section(summary.where)]),
        *(_group(summary, name) for name in measured),
        *(_further(summary, name) for name in others),
    ]


def glossary(summary: Summary) -> Iterator[tuple[str, str]]:
    """What the words of a report mean."""
    yield words.SCORE
    for measure in words.MEASURES:
        yield measure.title, measure.meaning
        if measure.key == "eer":
            yield words.INTERVALS
            if any("intervals_speaker_x_system" in group for group in summary.groups.values()):
                yield words.CROSSED_MEANING
            if summary.trivial:
                yield words.TRIVIAL
    if summary.where is not None:
        yield from localization.glossary()


def _by_key(table: Table) -> Iterator[dict[str, str]]:
    def texts(cells: Sequence[Cell]) -> dict[str, str]:
        return {column.keys[0]: cell.text for column, cell in zip(table.columns, cells, strict=True)}

    return (texts(row.cells) for row in table.rows)


def _headline(summary: Summary, row: dict[str, str]) -> Headline:
    known = row["group"] in summary.trivial
    trivial = [f"trivial classifier {row['trivial_eer']}"] if known else []
    counts = f"{row['bonafide']} bona fide, {row['spoof']} spoof"
    lines = [f"{words.INTERVAL} {row['eer_low']}", *trivial, *_located(summary, row["group"]), counts]
    return Headline(row["group"], row["eer"], "% EER", lines)


def _located(summary: Summary, name: str) -> list[str]:
    """The score of localization, and what calling all fake would reach."""
    if summary.where is None or name not in summary.where.groups:
        return []
    found = summary.where.groups[name]
    everything = found["trivial"]["all fake"]["score"]
    return [f"localization score {share(found['score'])} (all fake {share(everything)})"]


def _group(summary: Summary, name: str) -> Section:
    made = [tables.measures(summary, name), tables.systems(summary, name), tables.corpora(summary, name)]
    return Section(
        name,
        summary.groups[name]["remarks"],
        [*_there(made), *_tables(summary, name)],
        _pictures(summary, name),
        tables.mistakes(summary, name),
        summary.mistakes.get(name, ()),
    )


def _further(summary: Summary, name: str) -> Section:
    """What there is to say of a group whose detectors are the lines of the report."""
    return Section(name, (), _tables(summary, name), _pictures(summary, name), stacked=True)


def _remarks(summary: Summary) -> list[str]:
    """Those of all groups, each once and with the groups that it is about."""
    about: dict[str, list[str]] = {}
    for name, group in summary.groups.items():
        for remark in group["remarks"]:
            about.setdefault(remark, []).append(name)
    return [f"{', '.join(names)}: {remark}" for remark, names in about.items()]


def _tables(summary: Summary, group: str) -> list[Table]:
    return [table for table in summary.tables if table.group == group]


def _there(made: Sequence[Table | None]) -> list[Table]:
    return [table for table in made if table is not None]


def _pictures(summary: Summary, group: str) -> list[Picture]:
    return [picture for picture in summary.pictures if picture.group == group]
