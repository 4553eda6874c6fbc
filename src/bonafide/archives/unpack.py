"""What is in an archive, written below one folder and nowhere else.

Members may come from a stranger: a name with `..`, a device, and a link that leads out of the folder are
refused by name. `tarfile.data_filter` (PEP 706) is asked first; but zip archives have no such filter, that of
older Pythons has holes (CVE-2025-4517), and neither writes files that are there whole or not at all. So every
member is checked here as well: files first, each in a real folder inside, links last. A leading slash is
dropped, for published archives have them.
"""

import gzip
import io
import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic
from typing import IO, Final, Literal, NamedTuple, final

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from bonafide.archives.names import below
from bonafide.archives.volumes import WHOLE, Archive, joined, spanned
from bonafide.types import InputError

_CHUNK: Final = 1 << 20  # bytes
_RESERVE: Final = 64 << 20  # bytes of the disk that are left for others
_REFRESH_SECONDS: Final = 0.1
_KEPT_NAMES: Final = 100
_LONGEST_LINK: Final = 4096  # bytes
_ENCRYPTED: Final = 1  # bit of a zip member's flags
_PART: Final = ".unpacking.part"
_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError)
_ZIP: Final = (b"PK\3\4", b"PK\5\6", b"PK\7\x08", b"PK00")
_COMPRESSED_TAR: Final = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ")


class _Member(NamedTuple):
    """A member of an archive.

    Args:
        name: as in the archive.
        kind: what it is; folders come with the files in them.
        size: of a file, in bytes.
        target: of a link; of a hard link, a member.
        open: its content.
    """

    name: str
    kind: Literal["file", "folder", "link", "hard link", "device"]
    size: int
    target: str
    open: Callable[[], IO[bytes]]


def unpack(archive: Archive, root: Path, into: Path) -> list[str] | None:
    """Writes the members of an archive; what is there is replaced, each file in one step.

    Args:
        archive: its files.
        root: folder that they are below.
        into: folder that the members go into.

    Returns:
        Up to a hundred of the names at the top, below `into`; None if the pieces are no archive at all.

    Raises:
        InputError: the archive is damaged, incomplete, locked or not to be trusted, or the disk is full; the
            message names archive and member.
    """
    paths = [root / part for part in archive.parts]
    try:
        into.mkdir(parents=True, exist_ok=True)
        with closing(joined(paths)) as raw:
            start = raw.read(512)
        if start.startswith(_ZIP):
            with closing(spanned(paths, archive.name)) as raw:
                return _Unpacking(archive.name, into, raw).write(_zip_members(raw, archive.name, into))
        tar = WHOLE.fullmatch(archive.name) and not archive.name.lower().endswith(".zip")
        if tar or start.startswith(_COMPRESSED_TAR) or start[257:262] == b"ustar":
            with closing(joined(paths)) as raw:
                return _Unpacking(archive.name, into, raw).write(_tar_members(raw, archive.name, into))
    except OSError as error:
        place = error.filename or into
        raise InputError(
            f"{archive.name}: {place} cannot be read or written ({error.strerror or error}); free some space "
            "or set another folder, and run the same command again"
        ) from error
    if archive.name.lower().endswith(".zip"):
        raise _damaged(archive.name, "it is not a zip archive")
    return None


def room(needed: int, folder: Path, what: str) -> None:
    """Looks whether a disk has room for so many bytes.

    Raises:
        InputError: it has not; how many are missing.
    """
    free = shutil.disk_usage(folder).free - _RESERVE
    if needed > free:
        raise InputError(
            f"{what} needs {decimal(needed)}, and the disk of {folder} has {decimal(max(0, free))} free; "
            f"free {decimal(needed - max(0, free))} more or set data.root to another disk"
        )


def _damaged(name: str, how: str) -> InputError:
    return InputError(
        f"{name}: {how}; if it is the one published (see its checksum), ask its publisher, otherwise remove "
        "it and run the same command again"
    )


def _zip_members(raw: io.BufferedReader, name: str, into: Path) -> Iterator[_Member]:
    """In the order of their bytes, so that the disk is read once from front to end."""
    try:
        file = zipfile.ZipFile(raw)
    except (*_DAMAGE, ValueError, NotImplementedError) as error:
        raise _damaged(name, f"its directory cannot be read ({error})") from error
    with file:
        entries = sorted(file.infolist(), key=lambda entry: entry.header_offset)
        total = sum(entry.file_size for entry in entries)
        if total > shutil.disk_usage(into).free - _RESERVE:
            # What an interrupted run left is written over, and is no reason to stop.
            total -= sum(_size(into, entry.filename) for entry in entries)
        room(total, into, f"{name}: unpacking it")
        for entry in entries:
            kind = _zip_kind(entry)
            if entry.flag_bits & _ENCRYPTED:
                raise InputError(f"{name}: {entry.filename!r} is locked with a password; unpack it by hand")
            target = ""
            if kind == "link":
                if entry.file_size > _LONGEST_LINK:
                    raise _refused(name, entry.filename, "it is a link to a name of more than 4096 bytes")
                target = b"".join(_chunks(_opener(file, entry), name, entry.filename)).decode(
                    errors="replace"
                )
            yield _Member(entry.filename, kind, entry.file_size, target, _opener(file, entry))


def _opener(file: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    return lambda: file.open(entry)


def _size(into: Path, name: str) -> int:
    """Of what is there already under a member's name."""
    try:
        return os.lstat(into / below(name)).st_size
    except (OSError, ValueError):
        return 0


def _zip_kind(entry: zipfile.ZipInfo) -> Literal["file", "folder", "link", "device"]:
    mode = stat.S_IFMT(entry.external_attr >> 16)  # 0 if made on a system without such modes
    if entry.is_dir():
        return "folder"
    if mode == stat.S_IFLNK:
        return "link"
    return "file" if mode in {0, stat.S_IFREG} else "device"


@final
class _StrictHeader(tarfile.TarInfo):
    """A header that is not a header ends the reading, where `tarfile` takes it for the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_StrictHeader":
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if len(buf) == tarfile.BLOCKSIZE and not any(buf):
                raise  # the mark at the end of every archive
            raise tarfile.ReadError("it ends too early, or is damaged") from error


def _tar_members(raw: io.BufferedReader, name: str, into: Path) -> Iterator[_Member]:
    last = "its start"
    try:
        with tarfile.open(fileobj=raw, mode="r:*", tarinfo=_StrictHeader) as file:
            while (entry := file.next()) is not None:
                # tarfile remembers every header, which for 740,000 members is a gigabyte.
                file.members = []  # type: ignore[attr-defined]
                _filtered(entry, name, into)
                kind = _tar_kind(entry)
                yield _Member(entry.name, kind, entry.size, entry.linkname, _tar_opener(file, entry))
                last = repr(entry.name)
    except (gzip.BadGzipFile, *_DAMAGE) as error:
        raise _damaged(
            name, f"it is damaged or ends too early after {last} ({_first_line(error)})"
        ) from error


def _filtered(entry: tarfile.TarInfo, name: str, into: Path) -> None:
    try:
        tarfile.data_filter(entry, str(into))
    except tarfile.FilterError as error:
        raise _refused(name, entry.name, _first_line(error)) from error


def _tar_opener(file: tarfile.TarFile, entry: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
    return lambda: file.extractfile(entry) or io.BytesIO()


def _tar_kind(entry: tarfile.TarInfo) -> Literal["file", "folder", "link", "hard link", "device"]:
    if entry.isreg():
        return "file"
    if entry.isdir():
        return "folder"
    if entry.issym():
        return "link"
    return "hard link" if entry.islnk() else "device"


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _refused(name: str, member: str, why: str) -> InputError:
    return InputError(
        f"{name}: its member {member!r} is refused ({why}); nothing outside the folder was written, tell the "
        "publisher, and unpack it by hand only if you trust it"
    )


def _chunks(open_: Callable[[], IO[bytes]], name: str, member: str) -> Iterator[bytes]:
    """The content of a member; zip archives check its CRC at the end."""
    try:
        with open_() as source:
            while True:
                chunk = source.read(_CHUNK)
                if not chunk:
                    return
                yield chunk
    except NotImplementedError as error:
        raise InputError(
            f"{name}: {member!r} is packed in a way unknown here ({error}); unpack it by hand, with 7z"
        ) from error
    except _DAMAGE as error:
        raise _damaged(name, f"its member {member!r} is damaged ({_first_line(error)})") from error


@final
class _Unpacking:
    """One archive being written into one folder.

    Args:
        name: of the archive.
        into: the folder.
        raw: the archive; how far it was read moves the bar.
    """

    def __init__(self, name: str, into: Path, raw: io.BufferedReader) -> None:
        self._name, self._into, self._raw = name, into, raw
        self._real = Path(os.path.realpath(into))
        self._folders: dict[str, Path] = {}
        self._left = 0  # bytes known to be free
        self._drawn = 0.0

    def write(self, members: Iterator[_Member]) -> list[str]:
        """Every member; see `unpack`."""
        tops: dict[str, None] = {}
        links: list[tuple[str, _Member]] = []
        size = self._raw.seek(0, io.SEEK_END)
        self._raw.seek(0)
        with Progress(
            TextColumn("unpacking {task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        ) as progress:
            task = progress.add_task(self._name, total=size)

            def moved() -> None:
                if monotonic() - self._drawn > _REFRESH_SECONDS:
                    self._drawn = monotonic()
                    progress.update(task, completed=self._raw.tell())

            for member in members:
                path = self._path(member)
                if not path:
                    continue
                if len(tops) < _KEPT_NAMES:
                    tops[path.partition("/")[0]] = None
                if member.kind == "file":
                    self._file(path, member, moved)
                elif member.kind == "folder":
                    self._folder(path, member)
                else:
                    links.append((path, member))
            progress.update(task, completed=size)
        self._links(links)
        return list(tops)

    def _path(self, member: _Member) -> str:
        """Below the folder."""
        try:
            path = below(member.name)
        except ValueError as error:
            raise _refused(self._name, member.name, f"it {error}") from error
        if member.kind == "device":
            raise _refused(self._name, member.name, "it is a device or a pipe")
        return path

    def _folder(self, path: str, member: _Member) -> Path:
        """Makes a folder once, and looks that it really lies inside."""
        folder = self._folders.get(path)
        if folder is None:
            folder = self._real / path
            self._must_be_inside(folder, member)
            folder.mkdir(parents=True, exist_ok=True)
            self._folders[path] = folder
        return folder

    def _must_be_inside(self, place: Path, member: _Member) -> None:
        # Unlike `Path.resolve`, this answers for links that go in a circle, too.
        real = Path(os.path.realpath(place))
        if not real.is_relative_to(self._real):
            raise _refused(self._name, member.name, f"it leads to {real}, out of {self._into}")

    def _file(self, path: str, member: _Member, moved: Callable[[], None]) -> None:
        head, _, tail = path.rpartition("/")
        folder = self._folder(head, member)
        if member.size > self._left:
            room(member.size, self._into, f"{self._name}: its member {member.name!r}")
            self._left = shutil.disk_usage(self._into).free - _RESERVE
        self._left -= member.size
        part = folder / _PART
        try:
            with part.open("wb") as out:
                for chunk in _chunks(member.open, self._name, member.name):
                    out.write(chunk)
                    moved()
            part.replace(folder / tail)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise

    def _links(self, links: Sequence[tuple[str, _Member]]) -> None:
        """Made when all files are there, so none is written through one, and then looked at again."""
        made = []
        try:
            for path, member in links:
                head, _, tail = path.rpartition("/")
                folder = self._folder(head, member)
                place, part = folder / tail, folder / _PART
                part.unlink(missing_ok=True)
                if member.kind == "hard link":
                    source = self._real / self._path(member._replace(name=member.target))
                    self._must_be_inside(source, member)
                    part.hardlink_to(source)
                else:
                    self._must_be_inside(folder / member.target, member)
                    part.symlink_to(member.target)
                part.replace(place)
                part.unlink(missing_ok=True)  # two names of one file are not renamed onto each other
                made.append((place, member))
            for place, member in made:
                self._must_be_inside(place, member)
        except InputError:
            for place, _ in made:
                place.unlink()
            raise
