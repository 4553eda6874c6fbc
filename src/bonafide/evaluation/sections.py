"""The order of a report, the same on a page, in Markdown and in LaTeX: all groups together, then each."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bonafide.evaluation import tables, words
from bonafide.evaluation.cells import Table
from bonafide.evaluation.mistakes import Shown
from bonafide.evaluation.summary import Picture, Summary


class Section(NamedTuple):
    """A part of a report.

    Args:
        title: heading.
        remarks: what a reader must know first.
        tables: in the order shown.
        pictures: likewise.
        mistakes: as a table; None for none.
        shown: the same mistakes with what there is to be heard and seen of them.
        stacked: whether the tables are too wide to stand beside each other.
    """

    title: str
    remarks: Sequence[str]
    tables: Sequence[Table]
    pictures: Sequence[Picture]
    mistakes: Table | None = None
    shown: Sequence[Shown] = ()
    stacked: bool = False

    @property
    def silent(self) -> list[str]:
        """Why some mistakes cannot be heard, a sentence each."""
        return [entry.problem for entry in self.shown if entry.problem]


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
