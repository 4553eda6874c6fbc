"""Tables as a report shows them: what stands in a cell, and how a number looks, the same for every writer.

A cell holds the text for people and the values for programs: a page, Markdown and LaTeX print the text, CSV
the values in full.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final, NamedTuple, TypeAlias

Value: TypeAlias = float | int | str
Form: TypeAlias = Callable[[float], str]


class Column(NamedTuple):
    """What a column says.

    Args:
        title: for people, with the unit.
        keys: names of its values in CSV.
        text: words, to be aligned on the left.
        over: heading that it shares with its neighbours; empty for none.
        long: sentences, which may take several lines.
        code: what is typed or opened as it stands, which may take several lines.
    """

    title: str
    keys: tuple[str, ...]
    text: bool = False
    over: str = ""
    long: bool = False
    code: bool = False

    @property
    def name(self) -> str:
        """Its title where no heading can stand above it."""
        return f"{self.over}: {self.title}" if self.over else self.title


class Cell(NamedTuple):
    """One entry.

    Args:
        text: for people.
        values: one for each key of the column; rates are fractions.
        share: drawn as a bar behind the text where there is room for it; None for no bar.
        strong: the number to look at first.
        best: of its column, printed bold everywhere.
    """

    text: str
    values: tuple[Value, ...]
    share: float | None = None
    strong: bool = False
    best: bool = False


class Row(NamedTuple):
    """One line.

    Args:
        cells: one for each column; the first names the line.
        total: sums up the lines above it; no line of its own in CSV.
    """

    cells: tuple[Cell, ...]
    total: bool = False


class Table(NamedTuple):
    """Lines under a heading.

    Args:
        key: what kind of table this is, and the name of its CSV file.
        title: for people.
        columns: from left to right.
        rows: from top to bottom.
        note: what must be known to read it; empty for none.
        group: test group that it is about; empty for all.
    """

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""
    group: str = ""

    @property
    def headings(self) -> list[tuple[str, int]]:
        """Headings above the titles and how many columns each spans; nothing where no column has one."""
        if not any(column.over for column in self.columns):
            return []
        return [(over, len(list(same))) for over, same in groupby(column.over for column in self.columns)]


DASH: Final = "–"


def percent(rate: float) -> str:
    """A fraction in per cent with 2 decimals, 3 below 0.1 %.

    >>> percent(0.0106), percent(0.0000756), percent(0.0)
    ('1.06', '0.008', '0.00')
    """
    return f"{100 * rate:.3f}" if 0 < rate < 0.001 else f"{100 * rate:.2f}"


def number(value: float) -> str:
    """A number with 4 decimals and a true minus.

    >>> number(0.5), number(-1.25)
    ('0.5000', '−1.2500')
    """
    return _signed(f"{value:.4f}")


def score(value: float) -> str:
    """A score or a threshold, with four digits that count.

    >>> score(-0.641853886), score(12345.6), score(3)
    ('−0.6419', '1.235e+04', '3')
    """
    return _signed(f"{value:.4g}")


def word(text: str) -> Cell:
    """A name."""
    return Cell(text, (text,))


def count(value: int) -> Cell:
    """A number of trials, by thousands.

    >>> count(63882).text
    '63,882'
    """
    return Cell(f"{value:,}", (value,))


def measured(value: float, form: Form, *, strong: bool = False, bar: bool = False) -> Cell:
    """A measure in the form of its kind; `bar` draws a rate."""
    return Cell(form(value), (value,), share=value if bar else None, strong=strong)


def bounds(pair: Sequence[float] | None, form: Form) -> Cell:
    """From low to high; a dash where there is no interval.

    >>> bounds([0.1, 0.2], percent).text
    '10.00 – 20.00'
    """
    if pair is None:
        return missing(2)
    low, high = pair
    return Cell(f"{form(low)} {DASH} {form(high)}", (low, high))


def missing(keys: int = 1) -> Cell:
    """What is not there: a dash for people, nothing for programs."""
    return Cell(DASH, ("",) * keys)


def _signed(text: str) -> str:
    return "−" + text[1:] if text.startswith("-") else text
