"""Arrays on disk, by key: written once, mapped when read, shared by any number of processes without a lock.

A folder holds shards: files that grow at their end, each written by one process only. Beside a shard lies
its index, which is replaced as a whole after every write, so that a reader sees entries that are complete.
What is damaged all the same (a checksum of every array says so) is removed and can be written again.
"""

import os
import secrets
import time
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, Final, final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from bonafide.types import InputError
from bonafide.whole import whole

KEY_BYTES: Final = 16
_ENTRY: Final = np.dtype(
    [("key", f"V{KEY_BYTES}"), ("start", "<u8"), ("shape", "<u4", (3,)), ("checksum", "<u4")]
)
_MAGIC: Final = b"bonafide arrays1"  # then the checksum of the rest, then entries
_ALIGNED: Final = 64  # bytes
_SHARE: Final = 64  # shards that the limit has room for
_ENTRIES: Final = 8192  # in a shard, whose index is rewritten with every batch
_LOOK_AGAIN_SECONDS: Final = 5.0


@final
class Shard:
    """Arrays in one file, mapped read-only.

    Args:
        path: of the file; its index lies beside it.
        trusted: that its arrays are what would be computed now; a reader may want to see it once.
    """

    def __init__(self, path: Path, *, trusted: bool) -> None:
        self.path, self.trusted = path, trusted
        self.entries: NDArray[Any] = np.empty(0, _ENTRY)
        self._map: mmap | None = None

    def read(self, row: int, dtype: np.dtype[Any]) -> NDArray[Any] | None:
        """One array, not writable; None if the file does not hold what was written.

        Raises:
            FileNotFoundError: the shard was removed.
        """
        entry = self.entries[row]
        start, shape = int(entry["start"]), tuple(entry["shape"].tolist())
        end = start + int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        if self._map is None or len(self._map) < end:
            with self.path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < end:
                    return None
                self._map = mmap(file.fileno(), 0, access=ACCESS_READ)
        if self._map.size() < end:  # cut off since; reading beyond the end would kill the process
            return None
        data = memoryview(self._map)[start:end]
        if _checksum(entry["key"].tobytes(), data) != entry["checksum"]:
            return None
        return np.frombuffer(data, dtype).reshape(shape)


@final
class Store:
    """Arrays `[channels, bins, frames]` by keys of 16 bytes.

    Takes some 250 bytes of memory an entry. A copy in another process, forked or unpickled, reads the same
    shards and begins one of its own.

    Args:
        folder: of the shards; made with the first array.
        dtype: of all arrays in the folder.
        limit: in bytes, of `folder` and those beside it together; the oldest shards make room. Each further
            process that writes may exceed it by a 64th.
    """

    def __init__(self, folder: Path, dtype: DTypeLike, limit: int) -> None:
        self.folder, self.dtype, self.limit = folder, np.dtype(dtype), limit
        self._shards: dict[str, Shard] = {}
        self._stamps: dict[str, tuple[int, int]] = {}
        self._places: dict[bytes, tuple[str, int]] = {}
        self._looked = -np.inf
        self._own, self._process = "", 0
        self._written: list[NDArray[Any]] = []  # entries of the own shard, some not published yet
        self._end = 0
        self._stopped = False

    def __reduce__(self) -> tuple[Any, ...]:
        return Store, (self.folder, self.dtype, self.limit)

    def find(self, key: bytes) -> tuple[NDArray[Any], Shard] | None:
        """An array, not writable, and the shard that it lies in; None if it is not there whole."""
        if key not in self._places:
            self._look_again()
        if key not in self._places:
            return None
        name, row = self._places[key]
        shard = self._shards[name]
        try:
            found = shard.read(row, self.dtype)
        except FileNotFoundError:
            self._drop(name)
            return None
        if found is None:
            self.discard(shard, "is damaged")
            return None
        return found, shard

    def refresh(self) -> None:
        """Learns of everything that is there now; `find` looks only every few seconds."""
        self._looked = -np.inf
        self._look_again()

    def put(self, arrays: Mapping[bytes, NDArray[Any]]) -> None:
        """Adds arrays; if they cannot be written it says so once, and adds nothing more."""
        if self._stopped:
            return
        try:
            for key, array in arrays.items():
                if key not in self._places and array.size * self.dtype.itemsize <= self.limit:
                    self._append(key, np.ascontiguousarray(array, self.dtype))
            self._publish()
        except (OSError, InputError) as error:
            self._stopped = True
            why = (error.strerror if isinstance(error, OSError) else None) or error
            _warn(f"{self.folder} takes no more ({why}); what is not remembered is computed each time")

    def discard(self, shard: Shard, why: str) -> None:
        """Removes a shard and all that it holds."""
        _remove(shard.path)
        self._drop(shard.path.name)
        _warn(f"{shard.path} {why}; it is removed, and what it held is computed again")

    def _append(self, key: bytes, array: NDArray[Any]) -> None:
        room = max(self.limit // _SHARE, array.nbytes)
        full = self._end + array.nbytes > room or len(self._written) >= _ENTRIES
        if full or self._process != os.getpid() or not (self.folder / self._own).is_file():
            self._publish()
            self._begin(room)
        entry = np.zeros((), _ENTRY)
        data = memoryview(array.tobytes())
        entry["key"], entry["start"] = np.void(key), self._end
        entry["shape"], entry["checksum"] = array.shape, _checksum(key, data)
        with (self.folder / self._own).open("r+b") as file:
            file.seek(self._end)
            file.write(data)
        self._end += -(-array.nbytes // _ALIGNED) * _ALIGNED
        self._written.append(entry)

    def _begin(self, room: int) -> None:
        """A shard of this process, to which no other writes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._make_room(room)
        self._process, self._own = os.getpid(), f"{os.getpid()}-{secrets.token_hex(6)}.shard"
        path = self.folder / self._own
        path.touch(exist_ok=False)
        self._shards[self._own] = Shard(path, trusted=True)
        self._written, self._end = [], 0

    def _make_room(self, room: int) -> None:
        """Removes the oldest shards until so many bytes are free below the limit."""
        found = sorted(_shards(self.folder.parent))
        total = sum(size for _, size, _ in found)
        for _, size, path in found:
            if total + room <= self.limit:
                break
            _remove(path)
            total -= size
            if path.parent == self.folder:
                self._drop(path.name)
                _warn(
                    f"{self.folder.parent} is full: {self.limit / 1e9:g} GB are too few to remember all, and "
                    "the oldest is forgotten; raise frontend.memo.limit_gb"
                )

    def _publish(self) -> None:
        """Shows what was written to every reader: first the data reaches the disk, then the index."""
        path = self.folder / self._own
        if self._process != os.getpid() or not path.is_file():  # another process may have made room
            return
        with path.open("r+b") as file:
            getattr(os, "fdatasync", os.fsync)(file.fileno())
        entries = np.array(self._written, _ENTRY)
        with whole(path.with_suffix(".index")) as part:
            data = entries.tobytes()
            part.write_bytes(_MAGIC + zlib.crc32(data).to_bytes(4, "little") + data)
        self._take(self._own, entries)

    def _take(self, name: str, entries: NDArray[Any]) -> None:
        """Takes up what is new in a shard."""
        shard = self._shards[name]
        known, shard.entries = len(shard.entries), entries
        for row in range(known, len(entries)):
            self._places.setdefault(entries["key"][row].tobytes(), (name, row))

    def _look_again(self) -> None:
        """Learns of what other processes have written or removed since the last look."""
        if time.monotonic() - self._looked < _LOOK_AGAIN_SECONDS:
            return
        self._looked = time.monotonic()
        seen = set()
        with suppress(OSError), os.scandir(self.folder) as listed:
            for file in listed:
                if file.name.endswith(".index"):
                    with suppress(FileNotFoundError):
                        facts = file.stat()
                        name = f"{file.name[: -len('.index')]}.shard"
                        self._load(name, (facts.st_mtime_ns, facts.st_size))
                        seen.add(name)
        for name in self._shards.keys() - seen - {self._own}:
            self._drop(name)

    def _load(self, name: str, stamp: tuple[int, int]) -> None:
        """Takes up the entries of a shard, unless its index is as it was."""
        if self._stamps.get(name) == stamp or (name == self._own and self._process == os.getpid()):
            return
        path = self.folder / name
        data = path.with_suffix(".index").read_bytes()
        head, entries = data[: len(_MAGIC) + 4], data[len(_MAGIC) + 4 :]
        shard = self._shards.setdefault(name, Shard(path, trusted=False))
        if head != _MAGIC + zlib.crc32(entries).to_bytes(4, "little"):
            self.discard(shard, "has a damaged index")
            return
        self._stamps[name] = stamp
        self._take(name, np.frombuffer(entries, _ENTRY))

    def _drop(self, name: str) -> None:
        """Forgets a shard that is no longer there."""
        self._shards.pop(name, None)
        self._stamps.pop(name, None)
        self._places = {key: place for key, place in self._places.items() if place[0] != name}


def _checksum(key: bytes, data: memoryview) -> int:
    """Of an array in its place: the data of another does not pass for it."""
    return zlib.crc32(data, zlib.crc32(key))


def _shards(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """Time of the last change, bytes and path of every shard in the folders of a folder."""
    for path in folder.glob("*/*.shard"):
        with suppress(FileNotFoundError):
            facts = path.stat()
            yield facts.st_mtime, facts.st_size, path


def _remove(path: Path) -> None:
    """The index first: a shard without one is waste, an index without its shard would promise too much."""
    for file in (path.with_suffix(".index"), path):
        with suppress(OSError):
            file.unlink()


def _warn(said: str) -> None:
    warnings.warn(said, stacklevel=3)
