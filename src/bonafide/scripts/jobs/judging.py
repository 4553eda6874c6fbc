"""One recording through a trained detector."""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray

from bonafide.audio import clip, condition, files, frames
from bonafide.audio.condition import Condition
from bonafide.metrics.calibration.fitted import Fitted
from bonafide.tasks.scoring import Pooling, Scoring
from bonafide.types import InputError

_SHORTEST = 0.032  # seconds


class Settings(NamedTuple):
    """How recordings are heard and judged.

    Args:
        sample_rate: of the model, in Hz.
        samples: of a window.
        hop: between windows, in samples.
        resampler: of the recipe.
        channel: see `bonafide.audio.files.read`.
        batch_size: windows scored at once.
        prior: probability of spoof before listening.
        threshold: accept as bona fide at this score or above.
        condition: what was done to every clip in training.
        calibration: of scores, before they are judged; None for none.
    """

    sample_rate: int
    samples: int
    hop: int
    resampler: str
    channel: int | None
    batch_size: int
    prior: float
    threshold: float
    condition: Condition
    calibration: Fitted | None = None

    def ratio(self, score: float) -> float:
        """Log-likelihood ratio of a score; the score itself where there is no calibration."""
        return score if self.calibration is None else float(self.calibration.apply(score))

    @property
    def trim(self) -> int:
        """Samples left out at either end of a recording."""
        return frames.to_samples(self.condition.trim_seconds, self.sample_rate)


def judge(task: Scoring, path: Path, settings: Settings) -> dict[str, Any]:
    """Score, probability of spoof, decision and timeline of one recording.

    The score of a recording is the mean of its windows' scores, or the lowest, as evaluation has it; a
    recording of up to one window has the score that evaluation gives it.
    """
    timeline = list(_scored(task, path, settings))
    if not timeline:
        raise InputError(f"{path} holds no audio; remove it or record it again")
    return row(path, pooled([score for _, _, score in timeline], task.of_recording), timeline, settings)


def pooled(scores: Sequence[float], pooling: Pooling) -> float:
    """The score of a recording from those of its windows.

    >>> pooled([1.0, -2.0, 4.0], "mean"), pooled([1.0, -2.0, 4.0], "min")
    (1.0, -2.0)
    """
    return min(scores) if pooling == "min" else math.fsum(scores) / len(scores)


def row(
    path: Path, score: float, windows: Iterable[tuple[int, int, float]], settings: Settings
) -> dict[str, Any]:
    """What is said of a recording.

    Args:
        path: of the recording.
        score: of all of it.
        windows: first sample, samples and score of each.
        settings: by which it was judged.
    """
    rate, prior = settings.sample_rate, settings.prior
    timeline = [
        {
            "start": round(start / rate, 4),
            "end": round((start + length) / rate, 4),
            "score": found,
            "probability": probability(settings.ratio(found), prior),
        }
        for start, length, found in windows
    ]
    ratio = settings.ratio(score)
    return {
        "path": str(path),
        "score": score,
        **({} if settings.calibration is None else {"calibrated": ratio}),
        "probability": probability(ratio, prior),
        "decision": "bonafide" if ratio >= settings.threshold else "spoof",
        "threshold": settings.threshold,
        "prior": prior,
        "seconds": timeline[-1]["end"],
        "windows": timeline,
    }


def probability(score: float, prior: float) -> float:
    """Probability of spoof after a score, given the probability before it."""
    odds = score + math.log((1 - prior) / prior)
    return 1 / (1 + math.exp(odds)) if odds < 700 else 0.0


def windows(path: Path, settings: Settings) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """First sample and samples of each window, as the model is to hear it; a shorter one is not repeated.

    Raises:
        InputError: the recording cannot be used.
    """
    problem = files.inspect(path, shortest_seconds=_SHORTEST, channel=settings.channel).problem
    if problem:
        raise InputError(f"{path}: {problem}".replace("data.channel", "channel"))
    stream = files.windows(
        path,
        settings.sample_rate,
        settings.samples,
        settings.hop,
        ends=settings.trim,
        resampler=settings.resampler,
        channel=settings.channel,
    )
    for start, window in stream:
        seed = crc32(f"{path}:{start}".encode())
        yield start, condition.apply(settings.condition, window, settings.sample_rate, seed)


def _scored(task: Scoring, path: Path, settings: Settings) -> Iterator[tuple[int, int, float]]:
    """Start, length (samples) and score of each window, a batch at a time."""
    stream = windows(path, settings)
    while batch := list(islice(stream, settings.batch_size)):
        starts, found = zip(*batch, strict=True)
        waveform = torch.from_numpy(np.stack([clip.repeat(window, settings.samples) for window in found]))
        if not torch.isfinite(waveform).all():
            raise InputError(f"{path} holds samples that are not numbers; mend or remove it")
        with torch.inference_mode():
            scores = task.score(waveform.to(task.device)).double().cpu()
        yield from zip(starts, map(len, found), scores.tolist(), strict=True)
