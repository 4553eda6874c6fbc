"""Localization at a threshold frozen on development data, in frames or in time.

Most of the time of most files is bona fide, so accuracy says little: read precision, recall and F1 of each
class, and the same over spoofed files alone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bonafide.metrics.localization.counts import Detections
from bonafide.metrics.localization.labels import LabelRule
from bonafide.metrics.localization.resolution import trials
from bonafide.metrics.localization.runs import refuse_threshold
from bonafide.metrics.localization.tape import times
from bonafide.metrics.localization.timeline import NANOSECONDS, Integers, Timelines
from bonafide.metrics.localization.weighted_eer import Weights
from bonafide.types import InputError


class Decisions(NamedTuple):
    """Frames, or seconds, of each class by decision.

    Args:
        bonafide_accepted: rightly.
        bonafide_rejected: called spoofed.
        spoof_accepted: called bona fide.
        spoof_rejected: rightly.
    """

    bonafide_accepted: float
    bonafide_rejected: float
    spoof_accepted: float
    spoof_rejected: float

    @property
    def accuracy(self) -> float:
        """Share of right decisions, a fraction."""
        return (self.bonafide_accepted + self.spoof_rejected) / sum(self)

    @property
    def spoof(self) -> Detections:
        """Precision, recall and F1 with spoof as the class looked for."""
        return Detections(self.spoof_rejected, self.bonafide_rejected, self.spoof_accepted)

    @property
    def bonafide(self) -> Detections:
        """Precision, recall and F1 with bona fide as the class looked for."""
        return Detections(self.bonafide_accepted, self.spoof_accepted, self.bonafide_rejected)


def frame_decisions(
    recordings: Timelines,
    threshold: float,
    *,
    resolution: float | None = None,
    spoofed_only: bool = False,
    overlap: float = 0.0,
    compat: LabelRule | None = None,
) -> Decisions:
    """Frames of each class accepted and rejected.

    Args:
        recordings: truth and scores.
        threshold: a frame is accepted as bona fide iff `score >= threshold`.
        resolution: length of a frame in seconds; the model's step if None. See `trials`.
        spoofed_only: leave out files that have no spoofed region.
        overlap: share of a frame that regions must exceed; see `frame_labels`.
        compat: a published system whose labels are wanted; see `frame_labels`.

    Raises:
        InputError: the threshold is not finite, no file is spoofed where only such are wanted, or the
            resolution is neither a multiple nor a fraction of the step.

    >>> from bonafide.metrics.localization.timeline import timelines
    >>> recordings = timelines(["a"], [1.0], [[(0.3, 0.5)]], [[0.9, 0.3, 0.2, 0.8, 0.1]], step=0.2)
    >>> decisions = frame_decisions(recordings, 0.35)
    >>> decisions
    Decisions(bonafide_accepted=2, bonafide_rejected=1, spoof_accepted=0, spoof_rejected=2)
    >>> decisions.accuracy, decisions.spoof.f1
    (0.8, 0.8)
    """
    refuse_threshold(threshold)
    frames = trials(recordings, resolution, overlap=overlap, compat=compat)
    kept = _kept(recordings, frames.bounds, spoofed_only)
    return Decisions(*_totals(~frames.spoof, frames.spoof, frames.scores >= threshold, kept))


def time_decisions(recordings: Timelines, threshold: float, *, spoofed_only: bool = False) -> Decisions:
    """Seconds of each class accepted and rejected; exact at the borders of regions.

    Args:
        recordings: truth and scores.
        threshold: the time of a frame is accepted as bona fide iff `score >= threshold`.
        spoofed_only: leave out files that have no spoofed region.

    Raises:
        InputError: the threshold is not finite, or no file is spoofed where only such are wanted.

    >>> from bonafide.metrics.localization.timeline import timelines
    >>> recordings = timelines(["a"], [1.0], [[(0.3, 0.5)]], [[0.9, 0.3, 0.2, 0.8, 0.1]], step=0.2)
    >>> time_decisions(recordings, 0.35)
    Decisions(bonafide_accepted=0.4, bonafide_rejected=0.4, spoof_accepted=0.0, spoof_rejected=0.2)
    """
    refuse_threshold(threshold)
    kept = _kept(recordings, recordings.bounds, spoofed_only)
    totals = _totals(*times(recordings), recordings.scores >= threshold, kept)
    return Decisions(*(total / NANOSECONDS for total in totals))


def _totals(
    bonafide: Weights, spoof: Weights, accepted: NDArray[np.bool_], kept: NDArray[np.bool_]
) -> tuple[int, ...]:
    """In the order of `Decisions`."""
    return tuple(
        int(side[kept & decided].sum()) for side in (bonafide, spoof) for decided in (accepted, ~accepted)
    )


def _kept(recordings: Timelines, bounds: Integers, spoofed_only: bool) -> NDArray[np.bool_]:
    """`[frames]`, whether each is of a file that counts."""
    counts = np.diff(bounds)
    if not spoofed_only:
        return np.ones(int(counts.sum()), np.bool_)
    spoofed = recordings.regions.spoofed
    if not spoofed.any():
        raise InputError(
            "No file has a spoofed region, so none is left: check the regions or take all files."
        )
    return np.repeat(spoofed, counts)
