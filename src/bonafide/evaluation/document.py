"""A report before it is written: what stands where, the same on a page, in Markdown, LaTeX and CSV."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bonafide.evaluation.cells import Table
from bonafide.evaluation.localization.found import Clip
from bonafide.evaluation.mistakes import Shown
from bonafide.evaluation.summary import Picture


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
        clips: recordings on their timelines, to be seen and heard.
    """

    title: str
    remarks: Sequence[str]
    tables: Sequence[Table]
    pictures: Sequence[Picture]
    mistakes: Table | None = None
    shown: Sequence[Shown] = ()
    stacked: bool = False
    clips: Sequence[Clip] = ()

    @property
    def silent(self) -> list[str]:
        """Why some mistakes and clips cannot be heard, a sentence each."""
        problems = [entry.problem for entry in self.shown] + [clip.problem for clip in self.clips]
        return [problem for problem in problems if problem]

    @property
    def figures(self) -> list[tuple[Path, str]]:
        """Every picture with its caption, timelines included."""
        named = [(picture.file, picture.caption) for picture in self.pictures]
        return named + [(clip.figure, f"{clip.title}: {clip.path}. {clip.caption}") for clip in self.clips]

    @property
    def written(self) -> list[Table]:
        """Every table, mistakes included."""
        return [*self.tables, *([] if self.mistakes is None else [self.mistakes])]


class Headline(NamedTuple):
    """A number that a reader came for.

    Args:
        name: what it is of; a section of this title is linked.
        figure: the number.
        unit: behind it, with what it measures.
        lines: what must be known of it.
    """

    name: str
    figure: str
    unit: str
    lines: Sequence[str] = ()


class Document(NamedTuple):
    """A report.

    Args:
        title: heading.
        sections: from top to bottom.
        headlines: above everything.
        facts: in the order shown.
        note: shown above everything; empty for none.
        glossary: what the words mean.
    """

    title: str
    sections: Sequence[Section]
    headlines: Sequence[Headline] = ()
    facts: Mapping[str, str] = {}
    note: str = ""
    glossary: Sequence[tuple[str, str]] = ()

    @property
    def tables(self) -> Iterator[Table]:
        """All tables in the order shown."""
        return (table for section in self.sections for table in section.written)

    @property
    def pictures(self) -> Iterator[Picture]:
        """All pictures in the order shown, timelines left out."""
        return (picture for section in self.sections for picture in section.pictures)

    @property
    def figures(self) -> Iterator[Path]:
        """Files of all pictures in the order shown, timelines included."""
        return (file for section in self.sections for file, _ in section.figures)
