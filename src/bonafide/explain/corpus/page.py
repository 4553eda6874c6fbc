"""The description of a corpus as one HTML page that needs nothing else: pictures and sounds are inside."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from bonafide.pages import rendering
from bonafide.pages.rendering import Image


class Cell(NamedTuple):
    """A number of a system.

    Args:
        value: as text.
        difference: to its reference; empty for none.
        sure: whether the interval of the difference leaves out 0.
    """

    value: str
    difference: str = ""
    sure: bool = False


class Row(NamedTuple):
    """A system.

    Args:
        name: of it.
        genuine: whether it is a bona fide collection.
        cells: one for each column but the first.
    """

    name: str
    genuine: bool
    cells: Sequence[Cell]


class Picture(NamedTuple):
    """A figure inside the page.

    Args:
        image: of it.
        caption: what it shows.
    """

    image: Image
    caption: str

    @classmethod
    def of(cls, file: Path, caption: str) -> Self:
        """A PNG file.

        Raises:
            InputError: it cannot be read.
        """
        return cls(rendering.image(file), caption)


class Chapter(NamedTuple):
    """Pictures of one kind.

    Args:
        title: heading.
        text: what to look for.
        pictures: in the order shown.
    """

    title: str
    text: str
    pictures: Sequence[Picture]


class Sound(NamedTuple):
    """What is played.

    Args:
        title: what it is.
        gain: by how much it was raised, as text.
        data: MP3 as base64; empty for silence.
    """

    title: str
    gain: str
    data: str


class Heard(NamedTuple):
    """The sounds of a system.

    Args:
        name: of it.
        sounds: in the order shown.
    """

    name: str
    sounds: Sequence[Sound]


class Page(NamedTuple):
    """What the page says.

    Args:
        title: heading.
        remarks: what a reader must know first.
        facts: in the order shown.
        columns: headings of the table.
        rows: of the table.
        chapters: in the order shown.
        heard: fingerprints as sound.
        phase: how they were made.
        glossary: words and their meaning.
    """

    title: str
    remarks: Sequence[str]
    facts: Mapping[str, str]
    columns: Sequence[str]
    rows: Sequence[Row]
    chapters: Sequence[Chapter]
    heard: Sequence[Heard]
    phase: str
    glossary: Sequence[tuple[str, str]]


def render(page: Page) -> str:
    """HTML."""
    return rendering.render("explain/corpus", "page.html.j2", page=page)
