"""A corpus as a table: every recording once, with what its file really holds.

The table is columnar and kept as Parquet. A file is inspected again only when its size or time of change
differ, so a second run starts at once and an interrupted listing goes on where it stopped.
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bonafide.audio import files
from bonafide.corpora.corpus import Corpus
from bonafide.types import Utterance
from bonafide.whole import whole

SCHEMA = pa.schema(
    {
        "path": pa.string(),
        "utterance": pa.string(),
        "corpus": pa.string(),
        "system": pa.string(),
        "speaker": pa.string(),
        "label": pa.string(),
        "split": pa.string(),
        "seconds": pa.float64(),
        "sample_rate": pa.int32(),
        "frames": pa.int64(),
        "channels": pa.int16(),
        "segments": pa.list_(pa.struct({"start": pa.float64(), "end": pa.float64()})),
        "problem": pa.string(),
        "bytes": pa.int64(),
        "changed": pa.int64(),
    }
)

_SAVE_EVERY_SECONDS = 30.0


class Audit(NamedTuple):
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

    def problems(self) -> list[str]:
        """Unusable files, a line each."""
        rows = self.table.select(["path", "problem"]).to_pylist()
        return [f"{row['path']}: {row['problem']}" for row in rows if row["problem"]]

    def usable(self) -> "Manifest":
        """The same without the unusable files."""
        keep = pc.equal(self.table.column("problem"), "")
        return self._replace(table=self.table.filter(keep))


def build(corpus: Corpus, audit: Audit, cache: Path, *, announce: Callable[[str], None] = print) -> Manifest:
    """Lists a corpus and inspects every file that was not inspected before, on all cores.

    Args:
        corpus: to list.
        audit: how closely its files are looked at.
        cache: folder of the Parquet files, one for each corpus, root and audit.
        announce: is told what the user should know, a line at a time.
    """
    corpus.prepare(announce)
    utterances = corpus.utterances()
    stamps = [_stamp(corpus.root / row.path) for row in utterances]
    file = cache / "manifests" / f"{corpus.name}-{_key(corpus.root, audit)}.parquet"
    known = _known(file)
    listing = _Listing(
        utterances,
        stamps,
        [known.get((row.path, *stamp)) for row, stamp in zip(utterances, stamps, strict=True)],
    )
    _inspect_missing(corpus, audit, listing, file)
    return Manifest(corpus.root, listing.table(), tuple(corpus.notes))


class _Listing(NamedTuple):
    """What is known so far, a place for each recording."""

    utterances: Sequence[Utterance]
    stamps: Sequence[tuple[int, int]]
    inspections: list[files.Inspection | None]

    def missing(self) -> list[int]:
        return [place for place, inspection in enumerate(self.inspections) if inspection is None]

    def table(self) -> pa.Table:
        rows = [
            {
                **row._asdict(),
                **found._asdict(),
                "seconds": found.frames / found.sample_rate if found.sample_rate else 0.0,
                "segments": [segment._asdict() for segment in row.segments],
                "bytes": size,
                "changed": changed,
            }
            for row, (size, changed), found in zip(*self, strict=True)
            if found is not None
        ]
        return pa.Table.from_pylist(rows, schema=SCHEMA)


def _key(root: Path, audit: Audit) -> str:
    text = json.dumps([str(root.resolve()), audit, SCHEMA.names])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = os.stat(path)  # noqa: PTH116 - a million files: no Path method in between
    except OSError:
        return (-1, -1)
    return (status.st_size, status.st_mtime_ns)


def _known(file: Path) -> dict[tuple[str, int, int], files.Inspection]:
    if not file.exists():
        return {}
    names = ["path", "bytes", "changed", "frames", "sample_rate", "channels", "problem"]
    try:
        columns = pq.read_table(file, columns=names).to_pydict()
    except (pa.ArrowException, OSError):
        return {}  # a damaged cache is only a slower start
    rows = zip(*(columns[name] for name in names), strict=True)
    return {
        (path, size, changed): files.Inspection(frames, rate, channels, problem)
        for path, size, changed, frames, rate, channels, problem in rows
    }


def _inspect_missing(corpus: Corpus, audit: Audit, listing: _Listing, file: Path) -> None:
    """Fills the gaps of a listing; what is known is saved now and then, and when interrupted."""

    def inspect(place: int) -> files.Inspection:
        return files.inspect(
            corpus.root / listing.utterances[place].path,
            shortest_seconds=audit.shortest_seconds,
            channel=audit.channel,
            header_only=not audit.decode,
        )

    missing = listing.missing()
    if not missing:
        return
    saved = monotonic()
    pool = ThreadPoolExecutor(os.cpu_count() or 1)  # decoding lets go of the interpreter lock
    try:
        with _progress() as progress:
            bar = progress.add_task(f"inspecting {corpus.name}", total=len(missing))
            for place, inspection in zip(missing, pool.map(inspect, missing), strict=True):
                listing.inspections[place] = inspection
                progress.advance(bar)
                if monotonic() - saved > _SAVE_EVERY_SECONDS:
                    _write(file, listing.table())
                    saved = monotonic()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        _write(file, listing.table())


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _write(file: Path, table: pa.Table) -> None:
    with whole(file) as part:
        pq.write_table(table, part)
