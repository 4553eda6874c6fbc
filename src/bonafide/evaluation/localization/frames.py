"""Frame scores of a test group as a file: NumPy's `.npz` without objects, which any program may read.

`path` names the recordings, or the stretches of them that were heard; file `i` has the scores
`score[bounds[i]:bounds[i + 1]]`, high when genuine, of which the `j`-th begins `first[i] + j · step` seconds
after the recording does. A frame below `threshold` was called spoofed, and a recording whose score lies below
`clip_threshold`; `resolution` is the time in seconds that the model tells apart.
"""

import zipfile
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from bonafide.evaluation.localization.outcome import Outcome, decided
from bonafide.evaluation.localization.segments import Located
from bonafide.evaluation.scores import Texts
from bonafide.metrics.localization.timeline import Floats, Integers, Timelines, frame_counts
from bonafide.types import InputError
from bonafide.whole import whole

_KEYS: Final = ("path", "score", "bounds", "step", "first", "threshold", "clip_threshold", "resolution")


class Frames(NamedTuple):
    """What such a file says.

    Args:
        path: `[files]`.
        score: `[frames]` log-odds, high when genuine.
        bounds: `[files + 1]`.
        step: seconds from frame to frame.
        first: `[files]` seconds before the first frame.
        threshold: log-odds, of frames.
        clip_threshold: log-odds, of recordings.
        resolution: seconds.
    """

    path: tuple[str, ...]
    score: Floats
    bounds: Integers
    step: float
    first: Floats
    threshold: float
    clip_threshold: float
    resolution: float


def write(path: str | Path, outcome: Outcome) -> None:
    """Writes the frame scores, whole or not at all, in single precision, in which they were computed.

    Raises:
        InputError: the file cannot be written; the message has the reason.
    """
    recordings = outcome.recordings
    with whole(path) as part, part.open("wb") as file:
        np.savez_compressed(
            file,
            path=np.array(outcome.names, dtype=np.str_),
            score=recordings.scores.astype(np.float32),
            bounds=recordings.bounds,
            step=np.float64(recordings.step),
            first=outcome.first,
            threshold=np.float64(outcome.threshold),
            clip_threshold=np.float64(outcome.clip_threshold),
            resolution=np.float64(outcome.resolution),
        )


def read(path: str | Path) -> Frames:
    """Reads what `write` wrote; unpickles nothing.

    Raises:
        InputError: no such file, or another one.
    """
    try:
        with np.load(path, allow_pickle=False) as kept:
            found = {key: kept[key] for key in _KEYS}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path} holds no frame scores ({error}): name a localization run's scores/<group>.frames.npz"
        ) from error
    bounds = found["bounds"]
    score = found["score"].astype(np.float64)
    if len(bounds) != len(found["path"]) + 1 or bounds[-1] != len(score) or (np.diff(bounds) < 0).any():
        raise InputError(f"{path} does not say which frames are whose: score the group again")
    return Frames(
        tuple(map(str, found["path"])),
        score,
        bounds,
        float(found["step"]),
        found["first"],
        float(found["threshold"]),
        float(found["clip_threshold"]),
        float(found["resolution"]),
    )


def outcome_of(located: Located, frames: Frames, unit: Texts | None = None) -> Outcome:
    """What a test left, from its two files.

    Args:
        located: of `segments.read`.
        frames: of `read`.
        unit: `[files]`, what is drawn together; each file for itself if None.

    Raises:
        InputError: the files are of different recordings, or of different length.
    """
    if frames.path != located.true.names:
        raise InputError(
            "the regions and the frame scores are of different recordings: score the group again"
        )
    if (np.diff(frames.bounds) != frame_counts(located.seconds, frames.step)).any():
        raise InputError("the frame scores do not cover their recordings: score the group again")
    recordings = Timelines(located.true, located.seconds, frames.score, frames.bounds, frames.step)
    return decided(
        recordings,
        frames.threshold,
        label=located.label,
        unit=np.array(frames.path, object) if unit is None else unit,
        score=located.score,
        clip_threshold=frames.clip_threshold,
        first=located.first,
        whole=located.whole,
        resolution=frames.resolution,
    )
