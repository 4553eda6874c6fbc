"""Reading protocols, keys and metadata strictly: what is wrong is said with file and line.

Line ends may be CRLF, the last one may be missing, fields may be padded; nothing else is forgiven.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, final

from bonafide.types import BONAFIDE, SPOOF, InputError, Label

LABELS: Mapping[str, Label] = {"bonafide": BONAFIDE, "spoof": SPOOF}


class Line(NamedTuple):
    """A line of a protocol.

    Args:
        file: it stands in.
        number: from 1, as an editor counts.
        fields: without the white space around them.
    """

    file: Path
    number: int
    fields: tuple[str, ...]

    @property
    def place(self) -> str:
        """For `Utterance.listed`."""
        return f"{self.file.name}:{self.number}"

    def wrong(self, what: str) -> InputError:
        """What is wrong with this line, to be raised."""
        return InputError(f"{self.file}, line {self.number}: {what}; get the file again or mend the line")

    def label(self, text: str, labels: Mapping[str, Label] = LABELS) -> Label:
        """The label that a field means; each corpus has its own words, and no other is guessed at.

        Raises:
            InputError: an unknown word.
        """
        found = labels.get(text)
        if found is None:
            raise self.wrong(f"the label {text!r} is none of {', '.join(labels)}")
        return found

    def one_of(self, text: str, known: Collection[str], what: str) -> str:
        """A field that must be one of a few words.

        Raises:
            InputError: it is another.
        """
        if text not in known:
            raise self.wrong(f"the {what} {text!r} is none of {', '.join(known)}")
        return text


def lines(
    file: Path, columns: int | Sequence[int], *, separator: str | None = None, header: bool = False
) -> Iterator[Line]:
    """The lines of a protocol, without empty ones.

    Args:
        file: UTF-8 text, a byte-order mark is no part of it.
        columns: how many fields a line has; several numbers if it may have any of them.
        separator: between fields; white space if None. Quotes mean nothing.
        header: the first line names the columns and is left out.

    Raises:
        InputError: the file is missing, empty or not text, or a line has another number of fields.
    """
    allowed = (columns,) if isinstance(columns, int) else tuple(columns)
    some = False
    for number, text in enumerate(_text(file), 1):
        stripped = text.strip()
        if not stripped or (header and number == 1):
            continue
        fields = tuple(stripped.split(separator))
        if separator is not None:
            fields = tuple(field.strip() for field in text.rstrip("\r\n").split(separator))
        line = Line(file, number, fields)
        if len(fields) not in allowed:
            wanted = " or ".join(map(str, allowed))
            raise line.wrong(f"{len(fields)} fields where there should be {wanted}")
        some = True
        yield line
    if not some:
        raise InputError(f"{file} lists nothing; get it again")


def table(
    file: Path, wanted: Sequence[str], *, separator: str = ","
) -> Iterator[tuple[Line, dict[str, str]]]:
    """The lines of a file whose first one names the columns, each with its fields by name; no quoting.

    Raises:
        InputError: as `lines`, or a wanted column is not there.
    """
    first = next(iter(_text(file)), "")
    names = [name.strip() for name in first.rstrip("\r\n").split(separator)]
    missing = [name for name in wanted if name not in names]
    if missing:
        raise InputError(
            f"{file}, line 1: no column {', '.join(missing)} among {', '.join(names)}; get it again"
        )
    for line in lines(file, len(names), separator=separator, header=True):
        yield line, dict(zip(names, line.fields, strict=True))


@final
class Once:
    """Refuses what is listed twice.

    Args:
        what: is listed, for the message.
    """

    def __init__(self, what: str = "recording") -> None:
        self.what = what
        self._met: dict[str, Line] = {}

    def __call__(self, name: str, line: Line) -> str:
        """The name, which must not have come before.

        Raises:
            InputError: it has, with both places.
        """
        before = self._met.setdefault(name, line)
        if before is not line:
            raise line.wrong(f"the {self.what} {name} is listed already in {before.place}")
        return name


def counted(found: int, published: int, what: str) -> str:
    """A note on a list that is not as long as the published one; empty if it is.

    >>> counted(24, 25380, "train.trn.txt")
    'train.trn.txt lists 24 recordings, the published one 25,380: a part, or another version'
    """
    if found == published:
        return ""
    return f"{what} lists {found:,} recordings, the published one {published:,}: a part, or another version"


def _text(file: Path) -> Iterator[str]:
    try:
        with file.open(encoding="utf-8-sig", newline="\n") as stream:
            yield from stream
    except FileNotFoundError as error:
        raise InputError(f"{file} does not exist; put the published file there") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text ({error.reason}); get it again") from error
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror})") from error
