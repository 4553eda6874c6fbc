"""Reads what Weights & Biases keeps of an offline run: its log of records, one protocol buffer each.

The file is a LevelDB log (https://github.com/google/leveldb/blob/main/doc/log_format.md) behind a header of
seven bytes: blocks of 32 KiB, in which every piece of a record has its checksum, length and kind.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from wandb.proto import wandb_internal_pb2 as proto

_BLOCK, _HEAD = 32_768, 7


class Kept(NamedTuple):
    """An offline run.

    Args:
        run: its own record: name, group, job type, tags, id.
        config: by name.
        history: one mapping for each call of `log`.
        artifacts: files by the artifact's name, each with its copy on this machine.
        exit_code: None if the run was never ended.
    """

    run: Any
    config: dict[str, Any]
    history: list[dict[str, Any]]
    artifacts: dict[str, dict[str, Path]]
    exit_code: int | None

    def last(self, name: str) -> Any:
        return next(entry[name] for entry in reversed(self.history) if name in entry)


def offline_runs(folder: Path) -> list[Path]:
    return sorted(folder.glob("wandb/offline-run-*/run-*.wandb"))


def read(file: Path) -> Kept:
    run, config, history, artifacts, code = None, {}, [], {}, None
    for text in _records(file.read_bytes()):
        record = proto.Record.FromString(text)
        kind = record.WhichOneof("record_type")
        if kind == "run":
            run = run or record.run
            config |= {each.key: json.loads(each.value_json) for each in record.run.config.update}
        elif kind == "config":
            config |= {each.key: json.loads(each.value_json) for each in record.config.update}
        elif kind == "history":
            history.append(_entry(record.history))
        elif kind == "artifact" or (kind == "request" and record.request.HasField("log_artifact")):
            found = record.artifact if kind == "artifact" else record.request.log_artifact.artifact
            artifacts[found.name] = {each.path: Path(each.local_path) for each in found.manifest.contents}
        elif kind == "exit":
            code = record.exit.exit_code
    return Kept(run, config, history, artifacts, code)


def _entry(history: Any) -> dict[str, Any]:
    return {each.key or "/".join(each.nested_key): json.loads(each.value_json) for each in history.item}


def _records(raw: bytes) -> Iterator[bytes]:
    whole, place = b"", _HEAD
    while place + _HEAD <= len(raw):
        if _BLOCK - place % _BLOCK < _HEAD:  # too little for a head: the rest of the block is empty
            place += _BLOCK - place % _BLOCK
            continue
        length, kind = int.from_bytes(raw[place + 4 : place + 6], "little"), raw[place + 6]
        whole += raw[place + _HEAD : place + _HEAD + length]
        place += _HEAD + length
        if kind in {1, 4}:  # full, or the last piece
            yield whole
            whole = b""
