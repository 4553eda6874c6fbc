"""Frames at another resolution than the model's, after PartialSpoof (https://arxiv.org/abs/2204.05177)."""

from collections.abc import Iterable, Iterator
from math import isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bonafide.metrics.localization.labels import FrameLabels, LabelRule, frame_labels
from bonafide.metrics.localization.timeline import Floats, Integers, Timelines, positions
from bonafide.types import InputError


class Trials(NamedTuple):
    """Frames of many files as trials.

    Args:
        scores: `[frames]`, high when genuine.
        spoof: `[frames]`, whether each is spoofed.
        bounds: `[files + 1]`; file `i` has the frames `bounds[i]` to `bounds[i + 1]`.
    """

    scores: Floats
    spoof: NDArray[np.bool_]
    bounds: Integers

    def by_class(self) -> tuple[Floats, Floats]:
        """Scores of bona fide and of spoofed frames, as the measures of whole trials take them."""
        return self.scores[~self.spoof], self.scores[self.spoof]


def trials(
    recordings: Timelines,
    resolution: float | None = None,
    *,
    overlap: float = 0.0,
    compat: LabelRule | None = None,
) -> Trials:
    """Every frame as a trial.

    At a multiple of the model's step, a frame takes the *lowest* score of those it is made of and is spoofed
    if any of them is. At a fraction of it, scores are repeated, and the labels are those of the finer frames;
    repeated scores are ties, on which `eer_official` is of no use.

    Args:
        recordings: truth and scores.
        resolution: length of a frame in seconds; the model's step if None.
        overlap: share of a frame that regions must exceed; see `frame_labels`.
        compat: a published system whose labels are wanted; see `frame_labels`.

    Raises:
        InputError: the resolution is neither a multiple nor a fraction of the step.

    >>> from bonafide.metrics.localization.timeline import timelines
    >>> recordings = timelines(["a"], [1.0], [[(0.3, 0.5)]], [[0.9, 0.4, 0.3, 0.8, 0.7]], step=0.2)
    >>> [side.tolist() for side in trials(recordings, 0.4).by_class()]
    [[0.7], [0.4, 0.3]]
    """
    wanted = recordings.step if resolution is None else resolution
    (frames,) = trials_at(recordings, (wanted,), overlap=overlap, compat=compat)
    return frames


def trials_at(
    recordings: Timelines,
    resolutions: Iterable[float],
    *,
    overlap: float = 0.0,
    compat: LabelRule | None = None,
) -> Iterator[Trials]:
    """`trials` at each of several resolutions; frames are labelled once for all that are not finer.

    Args:
        recordings: truth and scores.
        resolutions: lengths of a frame in seconds.
        overlap: share of a frame that regions must exceed; see `frame_labels`.
        compat: a published system whose labels are wanted; see `frame_labels`.

    Raises:
        InputError: a resolution is neither a multiple nor a fraction of the step.
    """
    truth, seconds, step = recordings.regions, recordings.seconds, recordings.step
    own = Trials(recordings.scores, *frame_labels(truth, seconds, step, overlap=overlap, compat=compat))
    for resolution in resolutions:
        ratio = _ratio(resolution, step)
        if resolution < step and ratio > 1:
            labels = frame_labels(truth, seconds, resolution, overlap=overlap, compat=compat)
            yield _finer(recordings, labels, ratio)
        else:
            yield _coarser(own, ratio)


def _coarser(frames: Trials, ratio: int) -> Trials:
    """Joins `ratio` frames to one, the rest at the end of a file likewise."""
    if ratio == 1:
        return frames
    counts = -(-np.diff(frames.bounds) // ratio)
    first = np.repeat(frames.bounds[:-1], counts) + positions(counts) * ratio
    return Trials(
        np.minimum.reduceat(frames.scores, first),
        np.logical_or.reduceat(frames.spoof, first),
        np.concatenate(([0], np.cumsum(counts))),
    )


def utterance_scores(recordings: Timelines) -> Floats:
    """`[files]`, the lowest frame score of each: a file is no more genuine than its most suspicious moment.

    >>> from bonafide.metrics.localization.timeline import timelines
    >>> utterance_scores(timelines(["a", "b"], [1, 1], [[], []], [[2, 1], [3, 4]], step=0.5)).tolist()
    [1.0, 3.0]
    """
    return np.minimum.reduceat(recordings.scores, recordings.bounds[:-1])


def _finer(recordings: Timelines, labels: FrameLabels, ratio: int) -> Trials:
    """Repeats each score `ratio` times, as far as the file goes."""
    counts = np.diff(labels.bounds)
    own = np.repeat(recordings.bounds[:-1], counts) + positions(counts) // ratio
    return Trials(recordings.scores[own], *labels)


def fits(resolution: float, step: float) -> bool:
    """Whether frames of one length can be measured at another: one is a multiple of the other.

    >>> fits(0.64, 0.16), fits(0.02, 0.016)
    (True, False)
    """
    return _whole_ratio(resolution, step) is not None


def _ratio(resolution: float, step: float) -> int:
    """How many times the longer of the two holds the shorter."""
    ratio = _whole_ratio(resolution, step)
    if ratio is None:
        raise InputError(
            f"Frames of {step} s cannot be measured at {resolution} s: take a multiple or a whole "
            "fraction of the step, or range_eer, which needs no resolution."
        )
    return ratio


def _whole_ratio(resolution: float, step: float) -> int | None:
    shorter, longer = sorted((resolution, step))
    if not (shorter >= 0.001 and isfinite(longer)):  # also of NaN
        return None
    ratio = round(longer / shorter)
    return ratio if abs(ratio * shorter - longer) <= 1e-6 else None
