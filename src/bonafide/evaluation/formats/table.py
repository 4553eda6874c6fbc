"""Files of lines read by columns: hundreds of thousands of lines in about a second.

Columns are checked as wholes, and only a file in which something is wrong is looked through line by line, to
name the lines.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import compress, islice
from pathlib import Path
from typing import Final, Literal, NamedTuple, NoReturn, TextIO

from bonafide.types import InputError

Separator = Literal["space", "tab", "comma"]
"""Between fields. Commas come with quotes; a file "of spaces" whose first line has a tab is one of tabs, so
that names may have blanks."""

_NAMED: Final = 10
"""How many wrong lines a message names."""


class Table(NamedTuple):
    """What a file says, by columns.

    Args:
        file: it stands in.
        numbers: of the lines, from 1.
        columns: texts by what they are.
    """

    file: Path
    numbers: Sequence[int]
    columns: Mapping[str, Sequence[str]]

    @property
    def scores(self) -> list[float]:
        """The column `score`.

        Raises:
            InputError: some are no numbers; the first ten lines are named.
        """
        texts = self.columns["score"]
        try:
            return list(map(float, texts))
        except ValueError:
            self.refuse((not is_number(text) for text in texts), "score", "is no number")

    def refuse(self, wrong: Iterable[bool], column: str, why: str) -> NoReturn:
        """Names the lines in which a column is wrong.

        Raises:
            InputError: always.
        """
        found = compress(zip(self.numbers, self.columns[column], strict=True), wrong)
        _refuse(self.file, [(number, f"the {column} {text!r} {why}") for number, text in found])


def read(file: Path, columns: Sequence[str], separator: Separator, header: Sequence[str]) -> Table:
    """The lines of a file by columns; empty lines are left out.

    Args:
        file: UTF-8 text, with any line ends; a byte-order mark is no part of it.
        columns: what each field is; `-` if it is of no use.
        separator: between fields.
        header: fields of the first line; none if it holds data already.

    Raises:
        InputError: the file cannot be read, has nothing below its header or another header, or lines have
            more or fewer fields; the first ten of these are named.
    """
    text = _text(file)
    numbers, widths, fields = _quoted(file, text) if separator == "comma" else _plain(text, separator)
    if header and numbers and tuple(fields[: widths[0]]) != tuple(header):
        raise InputError(f"{file}, line {numbers[0]}: the columns are not {', '.join(header)}.")
    if header:
        numbers, widths, fields = numbers[1:], widths[1:], fields[widths[0] :] if widths else fields
    if not numbers:
        raise InputError(f"{file} lists nothing; get it again.")
    if set(widths) != {len(columns)}:
        numbered = zip(numbers, widths, strict=True)
        wrong = [(number, f"{width} fields") for number, width in numbered if width != len(columns)]
        _refuse(file, wrong, f", where there should be {len(columns)}: {' '.join(columns)}")
    by_name = {name: fields[place :: len(columns)] for place, name in enumerate(columns)}
    by_name.pop("-", None)
    return Table(file, numbers, by_name)


def first_line(file: Path) -> str:
    """The first line that is not empty, without its end.

    Raises:
        InputError: the file cannot be read or has no line.
    """
    with _opened(file) as stream:
        line = next(filter(str.strip, stream), None)
    if line is None:
        raise InputError(f"{file} is empty; get it again.")
    return line.rstrip("\r\n")


def split(line: str, separator: Separator) -> list[str]:
    """Fields of a first line."""
    if separator == "comma":
        return next(csv.reader([line]))
    return line.split("\t") if separator == "tab" or "\t" in line else line.split()


def is_number(text: str) -> bool:
    """Whether a text is a number, be it NaN or infinite.

    >>> [is_number(text) for text in ("-1.5e-3", "nan", "spoof")]
    [True, True, False]
    """
    try:
        float(text)
    except ValueError:
        return False
    return True


def _quoted(file: Path, text: str) -> tuple[list[int], list[int], list[str]]:
    """Numbers of the lines, how many fields each has, and the fields of all, one after the other."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    numbers: list[int] = []
    widths: list[int] = []
    fields: list[str] = []
    try:
        for row in filter(None, reader):
            numbers.append(reader.line_num)
            widths.append(len(row))
            fields += row
    except csv.Error as error:
        raise InputError(f"{file}, line {reader.line_num}: {error}; mend the line.") from error
    return numbers, widths, fields


def _plain(text: str, separator: Separator) -> tuple[list[int], list[int], list[str]]:
    """The same without quotes. Lines are not kept as lists: a million of them cost seconds and a gigabyte."""
    lines = text.replace("\r\n", "\n").split("\n")
    numbers = [number for number, line in enumerate(lines, 1) if line.strip()]
    if len(numbers) < len(lines):
        lines = [lines[number - 1] for number in numbers]
    if separator == "tab" or "\t" in next(iter(lines), ""):
        return numbers, [line.count("\t") + 1 for line in lines], "\t".join(lines).split("\t")
    return numbers, [len(line.split()) for line in lines], " ".join(lines).split()


def _text(file: Path) -> str:
    with _opened(file) as stream:
        return stream.read()


@contextmanager
def _opened(file: Path) -> Iterator[TextIO]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            yield stream
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text ({error.reason}); get it again.") from error
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}); name another file.") from error


def _refuse(file: Path, wrong: Sequence[tuple[int, str]], remark: str = "") -> NoReturn:
    named = "; ".join(f"line {number}: {what}" for number, what in islice(wrong, _NAMED))
    more = f"; and {len(wrong) - _NAMED} more lines" if len(wrong) > _NAMED else ""
    raise InputError(f"{file}, {named}{more}{remark}. Mend the lines or get the file again.")
