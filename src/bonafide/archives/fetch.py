"""Files brought from their addresses, several at a time, each checked.

A file grows beside its place as `NAME.part`, with what the server said of its version in `NAME.part.json`;
the next attempt, or the next run, asks for the bytes from there on (RFC 9110, sections 13.1.5 and 14.2) and
starts anew if the file has changed or the server gives no ranges. `pooch` fetches one file after the other,
from the start each time, which will not do for 29 GB; so `requests` is used directly.
"""

import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple, final

import requests
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from bonafide.archives import web
from bonafide.archives.listing import PublicFile
from bonafide.types import InputError
from bonafide.whole import whole

_CHUNK: Final = 1 << 18  # bytes; at 1 MB/s Ctrl-C is heard four times a second
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class Wanted(NamedTuple):
    """A file and where it goes.

    Args:
        file: as its server lists it.
        path: below the folder that everything is fetched into, forward slashes.
    """

    file: PublicFile
    path: str


@final
class Ledger:
    """Remembers which files had the right checksum, so that 30 GB are not read again before each run.

    One line of JSON a file, the last one of a path counts; a file that changed since is checked again.

    Args:
        file: is made with the first line.
    """

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file, threading.Lock()
        self._lines: dict[str, str] = {}
        with suppress(FileNotFoundError):
            for line in file.read_text(encoding="utf-8").splitlines():
                # A line that was cut by a power failure only means one more check.
                with suppress(ValueError, KeyError, TypeError):
                    self._lines[json.loads(line)["path"]] = line

    def knows(self, wanted: Wanted, target: Path) -> bool:
        """Whether this very file was found right before."""
        return self._lines.get(wanted.path) == self._line(wanted, target)

    def add(self, wanted: Wanted, target: Path) -> None:
        """Remembers that a file is right."""
        line = self._line(wanted, target)
        with self._lock:
            self._lines[wanted.path] = line
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")

    @staticmethod
    def _line(wanted: Wanted, target: Path) -> str:
        state = target.stat()
        known = {"path": wanted.path, "checksum": wanted.file.checksum}
        return json.dumps(known | {"bytes": state.st_size, "changed": state.st_mtime_ns})


def remaining(wanted: Wanted, root: Path) -> int:
    """Bytes that are still to come, as far as sizes tell; 0 if the server does not say how many there are."""
    target, size = root / wanted.path, wanted.file.size or 0
    if target.is_file() and target.stat().st_size == size:
        return 0
    part = _beside(target, ".part")
    return max(0, size - (part.stat().st_size if part.is_file() else 0))


def fetch(
    files: Sequence[Wanted],
    root: Path,
    ledger: Ledger,
    *,
    talk: requests.Session,
    patience: web.Patience,
    connections: int,
    announce: Callable[[str], None],
) -> None:
    """Brings what is not there yet; a file at its place is whole and has the right checksum.

    One file that cannot be had does not keep the others from coming. Ctrl-C leaves parts that the next run
    goes on with.

    Raises:
        InputError: a file cannot be had or is not what its publisher lists; the first of them, announced too.
    """
    stop = threading.Event()
    failed: list[InputError] = []
    with _bars() as progress, ThreadPoolExecutor(connections, "fetch") as pool:
        try:
            errand = _Errand(root, ledger, talk, patience, stop, progress, announce)
            errand.expect(sum(wanted.file.size or 0 for wanted in files))
            futures = [pool.submit(errand.bring, wanted) for wanted in files]
            for future in as_completed(futures):
                _note(future, failed, announce)
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if failed:
        more = f" (and {len(failed) - 1} more of {len(files)} files, see above)" if len(failed) > 1 else ""
        raise InputError(f"{failed[0]}{more}") from failed[0]


def _note(future: Future[None], failed: list[InputError], announce: Callable[[str], None]) -> None:
    try:
        future.result()
    except InputError as error:
        failed.append(error)
        announce(str(error))


@contextmanager
def _bars() -> Iterator[Progress]:
    """All files together, and each that is on its way."""
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as progress:
        yield progress


def _beside(target: Path, suffix: str) -> Path:
    return target.with_name(target.name + suffix)


@final
class _Part:
    """A file on its way: its bytes so far, their digest, and the version that they are of."""

    def __init__(self, target: Path, checksum: str) -> None:
        self.path, self._note = _beside(target, ".part"), _beside(target, ".part.json")
        self._algorithm = checksum.partition(":")[0]
        self._digest = self._new()
        self.size = 0

    def _new(self) -> "hashlib._Hash | None":
        return hashlib.new(self._algorithm, usedforsecurity=False) if self._algorithm else None

    @property
    def checksum(self) -> str:
        """Of the bytes so far; `""` if none is asked for."""
        return f"{self._algorithm}:{self._digest.hexdigest()}" if self._digest else ""

    @property
    def version(self) -> str:
        """An entity tag or a date, for `If-Range`; `""` if the server gave none."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            return str(note["version"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def begin(self, version: str) -> None:
        """Forgets what is there, for bytes of this version."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._note.unlink(missing_ok=True)
        self.path.write_bytes(b"")
        self.size, self._digest = 0, self._new()
        if version:
            with whole(self._note) as note:
                note.write_text(json.dumps({"version": version}), encoding="utf-8")

    def add(self, chunk: bytes) -> None:
        """Counts bytes that are in the file."""
        self.size += len(chunk)
        if self._digest:
            self._digest.update(chunk)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
        self.size, self._digest = 0, self._new()

    def finish(self, target: Path) -> None:
        """Puts the file in its place."""
        with self.path.open("rb+") as file:
            os.fsync(file.fileno())
        self.path.replace(target)
        self._note.unlink(missing_ok=True)


class _Errand(NamedTuple):
    """What the threads of one `fetch` share; see there."""

    root: Path
    ledger: Ledger
    talk: requests.Session
    patience: web.Patience
    stop: threading.Event
    progress: Progress
    announce: Callable[[str], None]

    def expect(self, size: int) -> None:
        """Adds the bar of all files, the first one."""
        self.progress.add_task("all files", total=size)

    def bring(self, wanted: Wanted) -> None:
        """One file, from whatever is there of it."""
        if self.stop.is_set():
            return
        name = wanted.path.rpartition("/")[2]
        bar = _Bar(self.progress, self.progress.add_task(name, total=wanted.file.size), wanted.file.size)
        try:
            if not self._is_there(wanted, bar):
                self._complete(wanted, bar)
        except web.StoppedError:
            return
        except OSError as error:
            raise InputError(
                f"{self.root / wanted.path} cannot be written ({error.strerror or error}); free some space "
                "or set another folder, what has been fetched is kept"
            ) from error
        finally:
            self.progress.remove_task(bar.task)

    def _is_there(self, wanted: Wanted, bar: "_Bar") -> bool:
        """Whether the file at its place is the one wanted; it is read only if it is not known."""
        target, file = self.root / wanted.path, wanted.file
        if not target.is_file():
            return False
        size = target.stat().st_size
        right = file.size in {None, size}
        if right and not self.ledger.knows(wanted, target):
            if file.checksum:
                found = _Part(target, file.checksum)
                self._read(target, found, bar)
                right = found.checksum == file.checksum
                bar.set(0)
            if right:
                self.ledger.add(wanted, target)
        if right:
            bar.set(size)
        else:
            self.announce(f"{target} is not the file of {file.address}; it is fetched again")
        return right

    def _read(self, path: Path, part: _Part, bar: "_Bar") -> None:
        """Counts the bytes of a file."""
        with path.open("rb") as source:
            while chunk := source.read(_CHUNK):
                if self.stop.is_set():
                    raise web.StoppedError
                part.add(chunk)
                bar.set(part.size)

    def _complete(self, wanted: Wanted, bar: "_Bar") -> None:
        """Fetches what is missing, checks the whole and puts it in its place."""
        target, file = self.root / wanted.path, wanted.file
        part = _Part(target, file.checksum)
        if part.path.is_file():
            # Bytes of an unknown version are good only if a checksum will tell.
            if (part.version or file.checksum) and part.path.stat().st_size <= (file.size or float("inf")):
                self._read(part.path, part, bar)
            else:
                part.remove()
        attempts, farthest = web.Attempts(file.address, self.patience, self.stop), part.size
        while file.size is None or part.size < file.size or not part.path.is_file():
            try:
                self._attempt(file, part, bar)
                break
            except web.BrokenError as broken:
                # A server without ranges starts anew each time: only bytes never had before are progress.
                if part.size > farthest:
                    farthest = part.size
                    attempts.progressed()
                attempts.failed(broken)
        if part.checksum != file.checksum:
            found = part.checksum
            part.remove()
            raise InputError(
                f"{file.address} has the checksum {found}, its publisher lists {file.checksum}; what came "
                "was removed, run the same command again"
            )
        part.finish(target)
        self.ledger.add(wanted, target)

    def _attempt(self, file: PublicFile, part: _Part, bar: "_Bar") -> None:
        """Asks once for the rest of a file, and writes what comes."""
        headers = {"Range": f"bytes={part.size}-"} if part.size else {}
        if part.size and part.version:
            headers["If-Range"] = part.version
        with web.answer(self.talk, "GET", file.address, self.patience, headers) as response:
            total = _continued(response, part)
            if total is None:
                part.begin(_version(response))
                length = response.headers.get("Content-Length", "")
                total = int(length) if length.isdigit() else file.size
            if file.size is not None and total != file.size:
                part.remove()
                raise InputError(
                    f"{file.address} is {total} bytes, its publisher lists {file.size}; the file has changed "
                    "or a page came in its place, look at the address in a browser"
                )
            bar.expect(total)
            bar.set(part.size)
            with part.path.open("ab") as out:
                for chunk in response.raw.stream(_CHUNK, decode_content=False):
                    out.write(chunk)
                    part.add(chunk)
                    bar.set(part.size)
                    if self.stop.is_set():
                        raise web.StoppedError
                    if total is not None and part.size > total:
                        break
        if total is not None and part.size > total:
            part.remove()
            raise InputError(
                f"{file.address} is longer than the {total} bytes listed; look at it in a browser"
            )
        if total is not None and part.size < total:
            raise web.BrokenError(f"the connection ended {total - part.size} bytes early")


def _continued(response: requests.Response, part: _Part) -> int | None:
    """Size of the whole file if the answer goes on where the part ends; None if it starts anew.

    Raises:
        BrokenError: it does neither; the part is removed, so that the next attempt starts anew.
    """
    if response.status_code == requests.codes.ok:
        return None
    match = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    version = _version(response)
    if (
        response.status_code == requests.codes.partial_content
        and match
        and int(match[1]) == part.size
        and match[2] != "*"
        and (not part.version or not version or version == part.version)
    ):
        return int(match[2])
    part.remove()
    raise web.BrokenError("the file has changed on the server")


def _version(response: requests.Response) -> str:
    """What `If-Range` may hold: a strong entity tag, or the date of the last change."""
    tag = str(response.headers.get("ETag", ""))
    return tag if tag and not tag.startswith("W/") else str(response.headers.get("Last-Modified", ""))


@final
class _Bar:
    """The bar of one file, which moves that of all files along.

    Args:
        progress: both are in.
        task: of the file.
        size: in bytes, if known.
    """

    def __init__(self, progress: Progress, task: TaskID, size: int | None) -> None:
        self.task = task
        self._progress, self._size, self._done = progress, size, 0

    def set(self, done: int) -> None:
        """So many bytes are there."""
        self._progress.update(self.task, completed=done)
        self._progress.update(TaskID(0), advance=done - self._done)
        self._done = done

    def expect(self, size: int | None) -> None:
        """The server says how many bytes there will be."""
        if size is not None and self._size is None:
            self._size = size
            self._progress.update(self.task, total=size)
            self._progress.update(TaskID(0), total=(self._progress.tasks[0].total or 0) + size)
