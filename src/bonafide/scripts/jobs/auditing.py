"""The audit of a data set: done once for each division and kept beside the manifest."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from lightning_utilities.core.rank_zero import rank_zero_info, rank_zero_only

from bonafide.alone import alone
from bonafide.data import audit
from bonafide.data.audit import Findings
from bonafide.data.heard import heard, sample
from bonafide.data.manifest import Manifest
from bonafide.data.module import AudioData
from bonafide.data.split import TRAIN
from bonafide.types import InputError
from bonafide.whole import whole

FILES, CLIPS = "files", "clips"
"""The two sides that are looked at: what lies on the disk, and what a detector hears of it."""


class Audited(NamedTuple):
    """What was found of files and of clips.

    Args:
        files: recordings as they are.
        clips: resampled, cut and conditioned as in training; a sample where there are very many.
    """

    files: Findings
    clips: Findings


def look(
    data: AudioData, *, pretraining: Sequence[str] = (), speakers_apart: bool = False, seed: int = 0
) -> Audited:
    """Audits the files and the clips of a division.

    Args:
        data: prepared.
        pretraining: see `bonafide.data.audit.audit`.
        speakers_apart: likewise.
        seed: of the bootstrap, and of the choice among very many recordings.
    """
    manifest = _manifest(data)
    groups = {name: np.unique(clips.rows) for name, clips in data.groups().items()}
    training = np.unique(data.clips(TRAIN).rows)
    files = audit.audit(
        manifest, data.parts, training=training, groups=groups,
        speakers_apart=speakers_apart, pretraining=pretraining, seed=seed,
    )  # fmt: skip
    rows = sample([training, *groups.values()], seed)
    clips = audit.audit(
        heard(manifest, rows, data.form),
        data.parts[rows],
        training=_places(rows, training),
        groups={name: _places(rows, wanted) for name, wanted in groups.items()},
        seed=seed,
    )
    return Audited(files, clips._replace(leaks=(), overlaps=()))


def _places(rows: np.ndarray[Any, np.dtype[np.int64]], wanted: np.ndarray[Any, np.dtype[np.int64]]) -> Any:
    """Where the rows that are wanted stand among those chosen."""
    return np.flatnonzero(np.isin(rows, wanted))


def plain(found: Audited) -> dict[str, Any]:
    """For JSON."""
    return {FILES: audit.summary(found.files), CLIPS: audit.summary(found.clips)}


def remembered(data: AudioData) -> Path:
    """The file in which the audit of this division is kept."""
    manifest = _manifest(data)
    text = [data.corpus.name, data.split, data.train, data.tests, data.form, data.windows, data.limit]
    digest = hashlib.sha256(json.dumps(text, default=str, sort_keys=True).encode())
    digest.update("\0".join(manifest.strings("path")).encode("utf-8", "surrogatepass"))
    for column in ("bytes", "changed"):
        digest.update(np.ascontiguousarray(manifest.numbers(column)).tobytes())
    return data.cache / "audits" / f"{data.corpus.name}-{digest.hexdigest()[:16]}.json"


def once(data: AudioData) -> dict[str, Any]:
    """The audit of this division, done now if it was never done; empty if files were not decoded.

    Its warnings are printed when it is done, and only then.
    """
    if not data.depth.decode:
        return {}
    file = remembered(data)
    if not file.is_file():
        _first(data, file)
    return read(file)


@rank_zero_only
def _first(data: AudioData, file: Path) -> None:
    with alone(file.with_suffix(".lock"), rank_zero_info, f"auditing {data.corpus.name}"):
        if file.is_file():
            return
        found = look(data)
        keep(file, plain(found))
    for side, findings in found._asdict().items():
        for line in audit.warnings(findings):
            rank_zero_info(f"audit of {side}: {line}")


def keep(file: Path, content: Mapping[str, Any]) -> None:
    """Writes the audit, whole or not at all."""
    with whole(file) as part, part.open("w", encoding="utf-8") as stream:
        json.dump(content, stream, indent=1, allow_nan=False)
        stream.write("\n")


def read(file: Path) -> dict[str, Any]:
    """A kept audit; empty if there is none."""
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def baseline(kept: Mapping[str, Any]) -> dict[str, float]:
    """EER of the trivial baseline on the clips of each test group, a fraction."""
    groups = kept.get(CLIPS, {}).get("baseline", {}).get("groups", {})
    return {name: float(group["eer"]) for name, group in groups.items()}


def _manifest(data: AudioData) -> Manifest:
    if data.manifest is None:
        raise InputError("an audit needs prepared data; call prepare_data first")
    return data.manifest
