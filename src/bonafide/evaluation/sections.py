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
    """

    title: str
    remarks: Sequence[str]
    tables: Sequence[Table]
    pictures: Sequence[Picture]
    mistakes: Table | None = None
    shown: Sequence[Shown] = ()

    @property
    def silent(self) -> list[str]:
        """Why some mistakes cannot be heard, a sentence each."""
        return [entry.problem for entry in self.shown if entry.problem]


def sections(summary: Summary) -> list[Section]:
    """All parts of a report, those about all groups first."""
    together = [tables.groups(summary), tables.comparison(summary)]
    return [
        Section("All test groups", (), _there(together), _pictures(summary, "")),
        *(_group(summary, name) for name in summary.groups),
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
        _there(made),
        _pictures(summary, name),
        tables.mistakes(summary, name),
        summary.mistakes.get(name, ()),
    )


def _there(made: Sequence[Table | None]) -> list[Table]:
    return [table for table in made if table is not None]


def _pictures(summary: Summary, group: str) -> list[Picture]:
    return [picture for picture in summary.pictures if picture.group == group]
