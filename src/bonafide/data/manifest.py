"""A corpus as a table: every recording once, with what its file really holds.

The table is columnar and kept as Parquet. A file is inspected again only when its size or time of change
differ, so a second run starts at once and an interrupted listing goes on where it stopped.
"""

import gc
import hashlib
import json
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Final, NamedTuple, final, get_type_hints

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bonafide import counting
from bonafide.alone import alone
from bonafide.audio import files
from bonafide.audio.inspection import Inspection
from bonafide.corpora.corpus import Corpus
from bonafide.data.forking import READERS
from bonafide.types import Utterance
from bonafide.whole import whole

_KINDS: Final = {str: pa.string(), int: pa.int64(), float: pa.float32()}
_LISTED: Final = [pa.field(name, pa.string()) for name in Utterance._fields if name != "segments"]
_SEGMENTS: Final = pa.field("segments", pa.list_(pa.struct({"start": pa.float64(), "end": pa.float64()})))
_STAMPS: Final = [pa.field("bytes", pa.int64()), pa.field("changed", pa.int64())]
_INSPECTED: Final = [pa.field(name, _KINDS[kind]) for name, kind in get_type_hints(Inspection).items()]

SCHEMA: Final = pa.schema([*_LISTED, _SEGMENTS, pa.field("seconds", pa.float64()), *_INSPECTED, *_STAMPS])
"""What the corpus says of a recording, what its file holds, and by what a change of the file is known."""

_SAVE_EVERY_SECONDS = 30.0
_CHUNK = 256  # files
_FEW: Final = {True: 1024, False: 20_000}
"""Files to decode, or headers to read, for which starting processes takes longer than it saves."""


class Depth(NamedTuple):
    """How closely files are looked at before they are used.

    Args:
        decode: decode every file once (finds truncated files and samples that are not numbers); the
            header alone is read otherwise.
        shortest_seconds: a shorter recording is a problem.
        channel: see `bonafide.audio.files.read`.
    """

    decode: bool = True
    shortest_seconds: float = 0.032
    channel: int | None = None


class Manifest(NamedTuple):
    """Args:
    root: folder that relative paths start from.
    table: rows by path, columns as in `SCHEMA`.
    notes: what the corpus says of its listing.
    """

    root: Path
    table: pa.Table
    notes: tuple[str, ...] = ()

    def strings(self, column: str) -> NDArray[np.object_]:
        """A text column as an array."""
        return self.table.column(column).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]

    def numbers(self, column: str) -> NDArray[Any]:
        """A numeric column as an array."""
        return self.table.column(column).to_numpy()  # type: ignore[no-any-return]

    def codes(self, column: str) -> tuple[NDArray[np.int64], list[str]]:
        """A text column as numbers of its different values, and these, sorted."""
        encoded = self.table.column(column).combine_chunks().dictionary_encode()
        values = encoded.dictionary.to_pylist()
        order = sorted(range(len(values)), key=values.__getitem__)
        rank = np.empty(len(values), np.int64)
        rank[order] = np.arange(len(values))
        return rank[encoded.indices.to_numpy()], [values[place] for place in order]

    def problems(self) -> list[str]:
        """Unusable files, a line each, with the line of the protocol that lists them."""
        bad = self.table.select(["path", "problem", "listed"]).filter(pc.not_equal(self.table["problem"], ""))
        return [
            f"{row['path']}: {row['problem']}" + (f" (listed in {row['listed']})" if row["listed"] else "")
            for row in bad.to_pylist()
        ]

    def usable(self) -> "Manifest":
        """The same without the unusable files."""
        keep = pc.equal(self.table.column("problem"), "")
        return self._replace(table=self.table.filter(keep))


def build(corpus: Corpus, depth: Depth, cache: Path, *, announce: Callable[[str], None] = print) -> Manifest:
    """Lists a corpus and inspects every file that was not inspected before, on all cores.

    Args:
        corpus: to list.
        depth: how closely its files are looked at.
        cache: folder of the Parquet files, one for each corpus, root and depth.
        announce: is told what the user should know, a line at a time.
    """
    place = hashlib.sha256(str(corpus.root.resolve()).encode()).hexdigest()[:16]
    lock = cache / "locks" / f"{corpus.name}-{place}"
    with alone(lock, announce, f"preparing {corpus.name}"):
        corpus.prepare(announce)
    with _uncollected():
        listed = _listed(corpus.root, corpus.utterances())
    file = cache / "manifests" / f"{corpus.name}-{_key(corpus.root, depth)}.parquet"
    table = _whole(file, listed)
    if table is None:
        with alone(lock, announce, f"inspecting {corpus.name}"):
            table = _whole(file, listed)  # somebody may have been faster
            if table is None:
                table = _inspected(corpus, depth, listed, _known(file), file)
    return Manifest(corpus.root, table, tuple(corpus.notes))


def _whole(file: Path, listed: pa.Table) -> pa.Table | None:
    """An earlier table, if it holds just what is listed now."""
    known = _known(file)
    same = known is not None and known.select(listed.column_names).equals(listed)
    return known if same else None


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for garbage: a million rows are none, and each look at them takes its time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def columns(utterances: Sequence[Utterance]) -> pa.Table:
    """What a corpus says of its recordings, a row each."""
    found = dict(zip(Utterance._fields, zip(*utterances, strict=True), strict=False))
    segments = found.pop("segments", ())
    texts = [pa.array(found.get(field.name, ()), pa.string()) for field in _LISTED]
    pairs = [segment for row in segments for segment in row]
    ends = np.cumsum([0, *map(len, segments)]) if pairs else np.zeros(len(utterances) + 1, np.int64)
    instants = [pa.array([pair[place] for pair in pairs], pa.float64()) for place in (0, 1)]
    flat = pa.StructArray.from_arrays(instants, names=["start", "end"])
    lists = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), flat)
    return pa.table([*texts, lists], schema=pa.schema([*_LISTED, _SEGMENTS]))


def _listed(root: Path, utterances: Sequence[Utterance]) -> pa.Table:
    """The listing with the stamps of the files."""
    table = columns(utterances)
    prefix = f"{root}/"
    stamps = [_stamp(path if path[0] == "/" else prefix + path) for path, *_ in utterances]
    for place, field in enumerate(_STAMPS):
        values = np.fromiter((stamp[place] for stamp in stamps), np.int64, len(stamps))
        table = table.append_column(field, pa.array(values))
    return table


def _stamp(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)  # noqa: PTH116 - a million files: no Path object for each
    except OSError:
        return (-1, -1)
    return (status.st_size, status.st_mtime_ns)


def _key(root: Path, depth: Depth) -> str:
    text = json.dumps([str(root.resolve()), depth, str(SCHEMA)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _known(file: Path) -> pa.Table | None:
    if not file.exists():
        return None
    try:
        with file.open("rb") as whole_file:  # opened once: another process may replace it meanwhile
            found = pq.read_table(whole_file)
    except (pa.ArrowException, OSError):
        return None  # a damaged cache is only a slower start
    return found if found.schema.equals(SCHEMA) else None


@final
class _Findings:
    """What is known of the files of a listing so far: rows of `table` in the order of discovery.

    Args:
        listed: the recordings.
        known: an earlier table.
    """

    def __init__(self, listed: pa.Table, known: pa.Table | None) -> None:
        self.listed = listed
        self.place = np.full(listed.num_rows, -1, np.int64)
        fields = pa.schema(_INSPECTED)
        self.chunks = [fields.empty_table()]
        self.rows = 0
        if known is not None:
            keys = ["path", *(field.name for field in _STAMPS)]
            rows = {key: row for row, key in enumerate(_tuples(known, keys))}
            found = (rows.get(key, -1) for key in _tuples(listed, keys))
            self.place[:] = np.fromiter(found, np.int64, listed.num_rows)
            self.chunks = [known.select(fields.names)]
            self.rows = known.num_rows

    def missing(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.place < 0)

    def add(self, places: NDArray[np.int64], found: Sequence[Sequence[Any]]) -> None:
        arrays = [pa.array(values, field.type) for values, field in zip(found, _INSPECTED, strict=True)]
        self.chunks.append(pa.table(arrays, schema=pa.schema(_INSPECTED)))
        self.place[places] = np.arange(self.rows, self.rows + len(places))
        self.rows += len(places)

    def table(self) -> pa.Table:
        """The recordings whose files are known."""
        have = np.flatnonzero(self.place >= 0)
        listed = self.listed if len(have) == self.listed.num_rows else self.listed.take(pa.array(have))
        found = pa.concat_tables(self.chunks).combine_chunks().take(pa.array(self.place[have]))
        rate = found.column("sample_rate").to_numpy()
        seconds = found.column("frames").to_numpy() / np.maximum(rate, 1)
        parts = {name: listed.column(name) for name in listed.column_names}
        parts |= {name: found.column(name) for name in found.column_names}
        parts["seconds"] = pa.array(seconds)
        return pa.table([parts[name] for name in SCHEMA.names], schema=SCHEMA).combine_chunks()


def _tuples(table: pa.Table, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(table.column(name).to_pylist() for name in names), strict=True)


def _inspected(
    corpus: Corpus, depth: Depth, listed: pa.Table, known: pa.Table | None, file: Path
) -> pa.Table:
    """Fills the gaps of a listing; what is known is saved now and then, and when interrupted."""
    findings = _Findings(listed, known)
    missing = findings.missing()
    if not len(missing):
        table = findings.table()
        _write(file, table)
        return table
    saved = monotonic()
    paths = listed.column("path").to_numpy(zero_copy_only=False)
    size = _CHUNK if len(missing) > 4 * _CHUNK else 1
    chunks = [missing[start : start + size] for start in range(0, len(missing), size)]
    work = partial(_inspect, str(corpus.root), depth)
    pool = _pool(len(missing), depth)
    try:
        with counting.bar() as progress:
            bar = progress.add_task(f"inspecting {corpus.name}", total=len(missing))
            found = pool.map(work, [paths[places].tolist() for places in chunks])
            for places, inspections in zip(chunks, found, strict=True):
                findings.add(places, inspections)
                progress.advance(bar, len(places))
                if monotonic() - saved > _SAVE_EVERY_SECONDS:
                    _write(file, findings.table())
                    saved = monotonic()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        table = findings.table()
        _write(file, table)
    return table


def _inspect(root: str, depth: Depth, paths: Sequence[str]) -> list[tuple[Any, ...]]:
    """Looks at a few files, in a process of its own where there are many; the columns of what they hold."""
    found = [
        files.inspect(
            path if path[0] == "/" else f"{root}/{path}",
            shortest_seconds=depth.shortest_seconds,
            channel=depth.channel,
            header_only=not depth.decode,
        )
        for path in paths
    ]
    return list(zip(*found, strict=True))


def _pool(number: int, depth: Depth) -> Executor:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if number <= _FEW[depth.decode] or cores == 1:  # decoders let go of the interpreter lock
        return ThreadPoolExecutor(cores if depth.decode else 1)  # reading headers keeps the interpreter busy
    context = multiprocessing.get_context(READERS)
    return ProcessPoolExecutor(cores, context, signal.signal, (signal.SIGINT, signal.SIG_IGN))


def _write(file: Path, table: pa.Table) -> None:
    texts = [field.name for field in _LISTED if field.name not in {"path", "utterance", "listed"}]
    with whole(file) as part:
        pq.write_table(table, part, use_dictionary=[*texts, "problem"])
