"""One recording through a detector that says where: regions, their frames as a file, their picture."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bonafide.evaluation.localization import frames
from bonafide.evaluation.localization.outcome import Outcome, decided
from bonafide.metrics.localization.median import median_filtered
from bonafide.metrics.localization.timeline import Floats, timelines
from bonafide.scripts.jobs import judging, predicted_timelines
from bonafide.scripts.jobs.judging import Settings
from bonafide.tasks.localization import Localization
from bonafide.tasks.streaming import Streamed, stream
from bonafide.types import InputError


class Where(NamedTuple):
    """How regions are found, and where they are shown.

    Args:
        threshold: log-odds; a frame below it is called fake.
        median_filter: width in frames, odd; 1 for none.
        pictures: folder of timelines; None for none.
        frames: folder of frame scores; None for none.
        root: folder that all recordings lie in; pictures and frames stand below theirs as they do below it.
    """

    threshold: float
    median_filter: int
    pictures: Path | None
    frames: Path | None
    root: Path

    def beside(self, folder: Path, path: Path, suffix: str) -> Path:
        """The file in a folder that belongs to a recording."""
        place = folder / path.absolute().relative_to(self.root)
        return place.with_name(place.name + suffix)


def judge(task: Localization, where: Where, path: Path, settings: Settings) -> dict[str, Any]:
    """What `judging.judge` says of a recording, and its regions."""
    first, streamed = _heard(task, path, settings)
    row = judging.row(
        path,
        judging.pooled(streamed.score.tolist(), task.of_recording),
        zip(
            (first + streamed.start).tolist(), streamed.length.tolist(), streamed.score.tolist(), strict=True
        ),
        settings,
    )
    outcome = _outcome(task, where, row, first / settings.sample_rate, streamed.frames)
    row |= {
        "frame_seconds": task.frame_seconds,
        "frame_threshold": where.threshold,
        "median_filter": where.median_filter,
        "regions": [
            {
                "start": round(float(start + outcome.first[0]), 6),
                "end": round(float(end + outcome.first[0]), 6),
                "probability": round(float(share), 6),
            }
            for start, end, share in zip(
                outcome.predicted.start, outcome.predicted.end, outcome.probability, strict=True
            )
        ],
    }
    if where.frames is not None:
        row["frames"] = str(where.beside(where.frames, path, ".npz"))
        frames.write(row["frames"], outcome)
    if where.pictures is not None:
        row["timeline"] = str(where.beside(where.pictures, path, ".png"))
        predicted_timelines.draw(Path(row["timeline"]), row, outcome, settings)
    return row


def _heard(task: Localization, path: Path, settings: Settings) -> tuple[int, Streamed]:
    """The first sample that was heard, and what was heard from there on."""
    first = -1

    def moved() -> Iterator[tuple[int, NDArray[np.float32]]]:
        nonlocal first
        for start, window in judging.windows(path, settings):
            first = start if first < 0 else first
            yield start - first, window

    try:
        found = stream(
            task, moved(), samples=settings.samples, hop=settings.hop, batch_size=settings.batch_size
        )
    except InputError as error:
        raise InputError(str(error) if str(path) in str(error) else f"{path} {error}") from error
    return first, found


def _outcome(task: Localization, where: Where, row: dict[str, Any], first: float, scores: Floats) -> Outcome:
    """Regions of a recording, of which the truth is not known; `first` seconds of it were not heard."""
    seconds = row["seconds"] - first
    recording = timelines([row["path"]], [seconds], [[]], [scores], task.frame_seconds)
    return decided(
        median_filtered(recording, where.median_filter),
        where.threshold,
        label=np.array(["-"], object),
        unit=np.array([row["path"]], object),
        score=np.array([row["score"]]),
        clip_threshold=row["threshold"],
        first=np.array([first]),
        whole=np.array([row["seconds"] + first]),
        resolution=max(task.frame_seconds, task.frontend.resolution),
    )
