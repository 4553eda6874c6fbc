"""Files that are one archive together: zip volumes, and archives cut in pieces.

* `train.z01`, `train.z02`, …, `train.zip` are what `zip -s` writes: one archive whose directory counts every
  offset from the start of a volume (APPNOTE.TXT 6.3.10, sections 4.3 and 4.4, PKWARE). `zipfile` reads no
  such directory, and the libraries that join files leave it as it is; `spanned` joins the volumes and shows
  `zipfile` a directory whose offsets count from the first byte.
* `x.tar.gz.00`, `x.tar.gz.01`, …, `x.tar.gz.part_aa`, …, `x.zip.001`, … are one stream cut in pieces, as
  `split` does.
* `flac_T_aa.tar`, `flac_T_ab.tar`, … each end in the suffix of an archive: each is one.
"""

import io
import re
import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, final

from bonafide.types import InputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_SUFFIX: Final = r"\.(?:zip|tar|tar\.(?:gz|bz2|xz)|tgz|tbz2?|txz)"
WHOLE = re.compile(rf".+{_SUFFIX}", re.IGNORECASE)
_VOLUME = re.compile(r"(?P<stem>.+)\.z(?P<number>\d{2,})", re.IGNORECASE)
_CUT = re.compile(rf"(?P<stem>.+{_SUFFIX})[._-]?(?:part[._-]?)?(?P<number>\d+|[a-z]{{2,3}})", re.IGNORECASE)
_BARE = re.compile(r"(?P<stem>(?:.*[/._-])?part)[._-]?(?P<number>\d+|[a-z]{2})", re.IGNORECASE)

# The records of APPNOTE.TXT, with the numbers of its sections.
_ENTRY = struct.Struct("<4s6H3L5H2L")  # 4.3.12, a member in the central directory
_END64 = struct.Struct("<4sQ2H2L4Q")  # 4.3.14
_LOCATOR = struct.Struct("<4sLQL")  # 4.3.15, where the one above lies
_END = struct.Struct("<4s4H2LH")  # 4.3.16
_LONGEST_COMMENT: Final = 0xFFFF
_IN_EXTRA_16: Final = 0xFFFF
_IN_EXTRA_32: Final = 0xFFFFFFFF
_EXTRA_64: Final = 1
_BUFFER: Final = 1 << 20  # bytes


class Archive(NamedTuple):
    """Files that are one archive.

    Args:
        name: of the archive, as if it were one file.
        parts: its files in the order of their bytes.
        zip_volumes: written by `zip -s`, not cut from one stream.
    """

    name: str
    parts: tuple[str, ...]
    zip_volumes: bool = False


def grouped(paths: Sequence[str]) -> tuple[list[Archive], list[str]]:
    """The archives among files, and the files that are none, both sorted.

    Raises:
        InputError: a volume or a piece between two others, or the first one, is missing.
    """
    whole, rest = [], []
    volumes: dict[str, dict[int, str]] = {}
    cuts: dict[tuple[str, bool], dict[int, str]] = {}
    for path in sorted(paths):
        if WHOLE.fullmatch(path):
            whole.append(path)
        elif match := _VOLUME.fullmatch(path):
            volumes.setdefault(match["stem"], {})[int(match["number"])] = path
        elif match := _CUT.fullmatch(path) or _BARE.fullmatch(path):
            letters = not match["number"].isdigit()
            cuts.setdefault((match["stem"], letters), {})[_number(match["number"])] = path
        else:
            rest.append(path)
    archives = []
    for (stem, letters), pieces in cuts.items():
        first = 0 if letters or 0 in pieces else 1
        if WHOLE.fullmatch(stem) or (len(pieces) > 1 and first in pieces):
            archives.append(Archive(stem, _in_order(stem, pieces, first)))
        else:  # a file that is merely called "part_02"
            rest += pieces.values()
    lasts = {path[: -len(".zip")]: path for path in whole if path.lower().endswith(".zip")}
    for stem, pieces in volumes.items():
        if stem not in lasts:
            raise InputError(
                f"{pieces[min(pieces)]} is a volume of {stem}.zip, which is not among the files; fetch it too"
            )
        parts = (*_in_order(f"{stem}.zip", pieces, first=1), lasts[stem])
        archives.append(Archive(lasts[stem], parts, zip_volumes=True))
    taken = {archive.name for archive in archives if archive.zip_volumes}
    archives += [Archive(path, (path,)) for path in whole if path not in taken]
    return sorted(archives), sorted(rest)


def _number(said: str) -> int:
    """Place of a piece: digits, or letters as `split` counts them (aa, ab, …)."""
    if said.isdigit():
        return int(said)
    place = 0
    for letter in said.lower():
        place = place * 26 + ord(letter) - ord("a")
    return place


def _in_order(name: str, pieces: dict[int, str], first: int) -> tuple[str, ...]:
    """The pieces by number, none missing between the first and the last."""
    missing = [number for number in range(first, max(pieces)) if number not in pieces]
    if missing:
        raise InputError(
            f"{name} comes in pieces, and {len(missing)} of them are missing, the first before "
            f"{pieces[min(number for number in pieces if number > missing[0])]}; fetch them all"
        )
    return tuple(pieces[number] for number in sorted(pieces))


class _Piece(NamedTuple):
    """Bytes of a joined file."""

    length: int
    open: Callable[[], BinaryIO]


@final
class _Joined(io.RawIOBase):
    """Pieces read as one file; one of them is open at a time, for there may be a thousand.

    Args:
        pieces: in the order of their bytes.
    """

    def __init__(self, pieces: Sequence[_Piece]) -> None:
        super().__init__()
        self._pieces = pieces
        self._starts = [0, *accumulate(piece.length for piece in pieces)]
        self._place = 0
        self._current = -1
        self._file: BinaryIO = io.BytesIO()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._starts[-1]}[whence]
        if base + offset < 0:
            # As a plain file does: what opens archives looks for a table before the start of a short one.
            raise OSError(22, "Invalid argument")
        self._place = base + offset
        return self._place

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        if self._place >= self._starts[-1]:
            return 0
        number = bisect_right(self._starts, self._place) - 1
        if number != self._current:
            self._file.close()
            self._file, self._current = self._pieces[number].open(), number
        self._file.seek(self._place - self._starts[number])
        part = self._file.read(min(len(view), self._starts[number + 1] - self._place))
        view[: len(part)] = part
        self._place += len(part)
        return len(part)

    def close(self) -> None:
        self._file.close()
        super().close()


def _pieces(paths: Sequence[Path]) -> list[_Piece]:
    def opener(path: Path) -> Callable[[], BinaryIO]:
        return lambda: path.open("rb", buffering=0)

    return [_Piece(path.stat().st_size, opener(path)) for path in paths]


def joined(paths: Sequence[Path]) -> io.BufferedReader:
    """Pieces of one stream as one file."""
    return io.BufferedReader(_Joined(_pieces(paths)), _BUFFER)


class _Directory(NamedTuple):
    """Where the central directory of a zip archive lies.

    Args:
        last: number of the last volume, from 0.
        volume: the one that it starts in.
        offset: from the start of that volume.
        size: in bytes.
        entries: in it.
    """

    last: int
    volume: int
    offset: int
    size: int
    entries: int


def spanned(paths: Sequence[Path], name: str) -> io.BufferedReader:
    """Zip volumes, the last one `.zip`, as one archive; a zip of one volume as it is.

    Args:
        paths: in the order of their bytes.
        name: for messages.

    Raises:
        InputError: a volume is missing, or there is no directory.
    """
    raw = joined(paths)
    volumes = _pieces(paths)
    starts = [0, *accumulate(volume.length for volume in volumes)]
    directory = _directory(raw, starts, name)
    if directory.last == 0 and len(paths) == 1:
        return raw
    if directory.last + 1 != len(paths):
        raise InputError(
            f"{name} has {directory.last + 1} volumes (.z01 … .z{directory.last:02}, .zip), here are "
            f"{len(paths)}; fetch them all, and no others"
        )
    start = starts[directory.volume] + directory.offset
    raw.seek(start)
    entries = b"".join(_entries(raw.read(directory.size), directory.entries, starts, name))
    end = _END64.pack(
        b"PK\6\6", _END64.size - 12, 45, 45, 0, 0, directory.entries, directory.entries, len(entries), start
    )
    locator = _LOCATOR.pack(b"PK\6\7", 0, start + len(entries), 1)
    rest = _END.pack(b"PK\5\6", 0, 0, *(_IN_EXTRA_16,) * 2, *(_IN_EXTRA_32,) * 2, 0)
    tail = entries + end + locator + rest
    raw.close()
    kept = [
        volume._replace(length=min(volume.length, start - begin))
        for volume, begin in zip(volumes, starts, strict=False)
        if begin < start
    ]
    return io.BufferedReader(_Joined([*kept, _Piece(len(tail), lambda: io.BytesIO(tail))]), _BUFFER)


def _directory(raw: io.BufferedReader, starts: Sequence[int], name: str) -> _Directory:
    """What the end of the last volume says of the directory."""
    begin = max(0, starts[-1] - _END.size - _LONGEST_COMMENT)
    raw.seek(begin)
    tail = raw.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail):
        raise InputError(
            f"{name} is not a zip archive, or its end is missing; remove it and run the same command again"
        )
    _, last, volume, _, entries, size, offset, _ = _END.unpack_from(tail, at)
    if at >= _LOCATOR.size and tail.startswith(b"PK\6\7", at - _LOCATOR.size):
        _, disk, place, disks = _LOCATOR.unpack_from(tail, at - _LOCATOR.size)
        if disks > len(starts) - 1 or disk >= len(starts) - 1:
            return _Directory(max(disks, disk + 1) - 1, 0, 0, 0, 0)
        raw.seek(starts[disk] + place)
        record = raw.read(_END64.size)
        if len(record) == _END64.size and record.startswith(b"PK\6\6"):
            _, _, _, _, last, volume, _, entries, size, offset = _END64.unpack(record)
    if volume > last:
        raise InputError(f"{name} is damaged: its directory starts in a volume that it does not have")
    return _Directory(last, volume, offset, size, entries)


def _entries(directory: bytes, entries: int, starts: Sequence[int], name: str) -> Iterator[bytes]:
    """The members of a directory with offsets that count from the first byte of the first volume."""
    place = 0
    for number in range(1, entries + 1):
        if place + _ENTRY.size > len(directory) or not directory.startswith(b"PK\1\2", place):
            raise InputError(f"{name} is damaged: member {number} of its directory cannot be read")
        fields = list(_ENTRY.unpack_from(directory, place))
        packed, size, name_length, extra_length, comment_length, disk = fields[8:14]
        offset = fields[16]
        label = place + _ENTRY.size
        extra = label + name_length
        comment = extra + extra_length
        place = comment + comment_length
        wide, others = _extra(directory[extra:comment])
        large = [size == _IN_EXTRA_32, packed == _IN_EXTRA_32, offset == _IN_EXTRA_32]
        needed = 8 * sum(large) + (4 if disk == _IN_EXTRA_16 else 0)
        if len(wide) < needed:
            raise InputError(f"{name} is damaged: member {number} of its directory lacks its sizes")
        sizes = wide[: 8 * sum(large[:2])]
        if large[2]:
            (offset,) = struct.unpack_from("<Q", wide, len(sizes))
        if disk == _IN_EXTRA_16:
            (disk,) = struct.unpack_from("<L", wide, 8 * sum(large))
        if disk >= len(starts) - 1:
            raise InputError(
                f"{name} is damaged: member {number} lies in volume {disk + 1}, which is not there"
            )
        offset += starts[disk]
        if offset >= _IN_EXTRA_32:
            sizes += struct.pack("<Q", offset)
            offset = _IN_EXTRA_32
        if sizes:
            others = struct.pack("<2H", _EXTRA_64, len(sizes)) + sizes + others
        fields[11], fields[13], fields[16] = len(others), 0, offset
        yield _ENTRY.pack(*fields) + directory[label:extra] + others + directory[comment:place]


def _extra(field: bytes) -> tuple[bytes, bytes]:
    """What an extra field says of sizes beyond 4 GiB, and the rest of it."""
    wide, others, place = b"", b"", 0
    while place + 4 <= len(field):
        kind, length = struct.unpack_from("<2H", field, place)
        record = field[place : place + 4 + length]
        if kind == _EXTRA_64:
            wide = record[4:]
        else:
            others += record
        place += 4 + length
    return wide, others
