"""The trials that a detector is most wrong about, and what there is to be heard of them."""

import hashlib
import re
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bonafide.audio import files, frames, mp3
from bonafide.evaluation.scores import Trials
from bonafide.types import BONAFIDE, InputError

# A temporal media fragment, https://www.w3.org/TR/media-frags: seconds from … to ….
_FRAGMENT: Final = re.compile(r"#t=([0-9.e+-]+),([0-9.e+-]+)$")


class Mistake(NamedTuple):
    """A trial on the wrong side of the threshold.

    Args:
        path: of the trial.
        system: that made it, `"-"` for bona fide.
        speaker: who speaks.
        label: what it is.
        score: log-odds, high when genuine.
        margin: how far the score lies on the wrong side, not negative.
    """

    path: str
    system: str
    speaker: str
    label: str
    score: float
    margin: float


class Excerpt(NamedTuple):
    """What is heard of a recording.

    Args:
        waveform: `[time]`.
        sample_rate: in Hz.
        start: of the first sample in the recording, in seconds.
    """

    waveform: NDArray[np.float32]
    sample_rate: int
    start: float


class Shown(NamedTuple):
    """A mistake in a report.

    Args:
        mistake: the trial.
        sound: MP3 file; empty if it cannot be had.
        picture: JPEG file of its spectrogram; empty if it cannot be had.
        problem: why it cannot, a sentence; empty if it can.
    """

    mistake: Mistake
    sound: bytes = b""
    picture: bytes = b""
    problem: str = ""


def wrong(trials: Trials, threshold: float) -> NDArray[np.bool_]:
    """Which trials are decided wrongly; accepted iff `score >= threshold`."""
    found: NDArray[np.bool_] = (trials.score >= threshold) != (trials.label == BONAFIDE)
    return found


def worst(trials: Trials, threshold: float, *, most: int = 10, seed: int = 0) -> tuple[Mistake, ...]:
    """Trials decided wrongly, the farthest from the threshold first.

    Equally wrong trials stand in an order that the seed and their paths give, whatever the order of the
    table.

    Args:
        trials: of a group.
        threshold: accept iff `score >= threshold`.
        most: how many at the most.
        seed: of the order of equals.
    """
    margin = _margin(trials, threshold)
    lost = np.flatnonzero(wrong(trials, threshold))
    # Only trials that may be among the first need a lot: those not below the last of them.
    farthest = np.sort(margin[lost])[::-1][:most]
    near = lost[margin[lost] >= farthest.min(initial=np.inf)].tolist()
    near.sort(key=lambda row: (-margin[row], _lot(str(trials.path[row]), seed)))
    return tuple(_mistake(trials, row, margin[row]) for row in near[:most])


def worst_of_each(
    trials: Trials, threshold: float, *, most: int = 10, seed: int = 0
) -> dict[str, tuple[Mistake, ...]]:
    """The worst mistakes of each system, and of bona fide trials (`"-"`), by name; none without mistakes.

    Args:
        trials: of a group.
        threshold: accept iff `score >= threshold`.
        most: of each system at the most.
        seed: of the order of equals.
    """
    of_each = {name: trials.where(trials.system == name) for name in sorted(set(trials.system))}
    found = {name: worst(own, threshold, most=most, seed=seed) for name, own in of_each.items()}
    return {name: mistakes for name, mistakes in found.items() if mistakes}


def only_of(
    trials: Trials, threshold: float, other: Trials, other_threshold: float, *, most: int = 10, seed: int = 0
) -> tuple[tuple[Mistake, float], ...]:
    """A sample of the trials that one detector decides wrongly and another rightly.

    Which they are depends on the seed and their paths, not on the order of the table.

    Args:
        trials: with the scores of the one that errs.
        threshold: of its decisions.
        other: the same trials in the same order, with the scores of the one that is right.
        other_threshold: of that one's decisions.
        most: how many at the most.
        seed: of the sample.

    Returns:
        Each mistake with the score of the detector that is right.
    """
    lost = np.flatnonzero(wrong(trials, threshold) & ~wrong(other, other_threshold)).tolist()
    lost.sort(key=lambda row: _lot(str(trials.path[row]), seed))
    margin = _margin(trials, threshold)
    return tuple((_mistake(trials, row, margin[row]), float(other.score[row])) for row in lost[:most])


def excerpt(
    path: str,
    root: str | Path,
    sample_rate: int,
    *,
    seconds: float = 5.0,
    resampler: str = "soxr_hq",
    channel: int | None = None,
) -> Excerpt:
    """The beginning of a trial's recording, or of the window that its path names (`a.wav#t=1,2`).

    Args:
        path: of the trial, from the root.
        root: of the corpus.
        sample_rate: that is wanted, in Hz; MP3 may need a higher one.
        seconds: at the most.
        resampler: see `bonafide.audio.files.read`.
        channel: see `bonafide.audio.files.read`.

    Raises:
        InputError: the recording has vanished, cannot be read, or has nothing there.
    """
    start, file = 0.0, Path(root) / path
    window = _FRAGMENT.search(path)
    if window and not file.exists():
        start, end = float(window[1]), float(window[2])
        file, seconds = Path(root) / path[: window.start()], min(seconds, end - start)
    rate = mp3.rate(sample_rate)
    if not file.is_file():
        raise InputError(f"{path} is no longer there")
    waveform = files.read(
        file,
        rate,
        start=frames.to_samples(start, rate),
        length=frames.to_samples(seconds, rate),
        resampler=resampler,
        channel=channel,
    )
    if not len(waveform):
        raise InputError(f"{path} has nothing to be heard")
    return Excerpt(waveform, rate, start)


def _margin(trials: Trials, threshold: float) -> NDArray[np.float64]:
    """How far each score lies on the wrong side."""
    return np.where(trials.label == BONAFIDE, threshold - trials.score, trials.score - threshold)


def _mistake(trials: Trials, row: int, margin: float) -> Mistake:
    return Mistake(
        trials.path[row],
        trials.system[row],
        trials.speaker[row],
        trials.label[row],
        float(trials.score[row]),
        float(margin),
    )


def _lot(path: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{path}".encode("utf-8", "surrogatepass")).digest()
