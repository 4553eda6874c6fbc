"""What is known of a test group once a localization model has heard it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bonafide.evaluation.scores import Texts
from bonafide.metrics.localization.runs import detected
from bonafide.metrics.localization.timeline import Floats, Integers, Regions, Timelines
from bonafide.types import SPOOF


class Truth(NamedTuple):
    """What a corpus says of recordings.

    Args:
        label: `[recordings]`, `"bonafide"` or `"spoof"`.
        start: `[regions]` where spoofed stretches begin, in seconds.
        end: `[regions]` where they end.
        bounds: `[recordings + 1]`; those of recording `i` are the rows `bounds[i]` to `bounds[i + 1]`.
    """

    label: Texts
    start: Floats
    end: Floats
    bounds: Integers


class Outcome(NamedTuple):
    """A test group: truth, scores and decisions. Time begins where hearing began.

    Args:
        label: `[files]`, `"bonafide"` or `"spoof"`.
        unit: `[files]`, what belongs together when files are drawn anew: the sentence, or the recording that
            a fake and its original share.
        score: `[files]` of each as a whole, log-odds, high when genuine.
        recordings: true regions and frame scores.
        predicted: regions that were called spoofed.
        probability: `[predicted regions]` mean probability of a spoof in each.
        threshold: log-odds; a frame below it is called spoofed.
        clip_threshold: likewise of whole clips.
        first: `[files]` seconds of each recording before it was heard.
        whole: `[files]` seconds of each recording, heard or not.
        resolution: seconds within which the model cannot tell where; at least the step of its frames.
    """

    label: Texts
    unit: Texts
    score: Floats
    recordings: Timelines
    predicted: Regions
    probability: Floats
    threshold: float
    clip_threshold: float
    first: Floats
    whole: Floats
    resolution: float

    @property
    def names(self) -> tuple[str, ...]:
        """`[files]`."""
        return self.recordings.regions.names

    @property
    def true(self) -> Regions:
        """Spoofed regions."""
        return self.recordings.regions


def decided(
    recordings: Timelines,
    threshold: float,
    *,
    label: Texts,
    unit: Texts,
    score: Floats,
    clip_threshold: float,
    first: Floats,
    whole: Floats,
    resolution: float,
) -> Outcome:
    """An outcome with the regions that the threshold finds; see `Outcome`.

    Raises:
        InputError: the threshold is not finite.
    """
    predicted = detected(recordings, threshold)
    probability = region_probability(recordings, predicted)
    return Outcome(
        label, unit, score, recordings, predicted, probability, threshold, clip_threshold, first, whole,
        resolution,
    )  # fmt: skip


def heard_truth(truth: Truth, whose: Integers, first: Floats, seconds: Floats) -> tuple[Integers, Floats]:
    """Spoofed regions within what was heard, counted from its beginning.

    A spoof without regions is spoofed from beginning to end.

    Args:
        truth: of recordings.
        whose: `[files]`, which recording each file is (a part) of.
        first: `[files]` seconds of the recording before it.
        seconds: `[files]` duration.

    Returns:
        `[regions]`, which file each is in, ascending; `[regions, 2]`, their starts and ends in seconds.

    >>> truth = Truth(np.array(["spoof", "spoof"], object), *np.array([[1.0], [3.0]]), np.array([0, 1, 1]))
    >>> file, regions = heard_truth(truth, np.array([0, 1]), np.array([2.0, 0]), np.array([4.0, 5]))
    >>> file.tolist(), regions.tolist()
    ([0, 1], [[0.0, 1.0], [0.0, 5.0]])
    """
    counts = np.diff(truth.bounds)[whose]
    file = np.repeat(np.arange(len(whose)), counts)
    begin = np.repeat(truth.bounds[:-1][whose] - np.cumsum(counts) + counts, counts)
    row = begin + np.arange(len(file))
    found = np.stack([truth.start[row], truth.end[row]], axis=1) - first[file, None]
    found = np.clip(found, 0, seconds[file, None])
    through = np.flatnonzero((counts == 0) & (truth.label[whose] == SPOOF))
    file = np.concatenate([file, through])
    found = np.concatenate([found, np.stack([np.zeros(len(through)), seconds[through]], axis=1)])
    kept = np.flatnonzero(found[:, 1] > found[:, 0])
    kept = kept[np.argsort(file[kept], kind="stable")]
    return file[kept], found[kept]


def region_probability(recordings: Timelines, predicted: Regions) -> Floats:
    """`[regions]`, mean probability of a spoof over the frames of each.

    Args:
        recordings: frame scores.
        predicted: regions that begin and end on frames, or at the end of their file.

    >>> from bonafide.metrics.localization.timeline import timelines
    >>> recordings = timelines(["a"], [1.0], [[]], [[9, -9, 0, 9, 9]], step=0.2)
    >>> region_probability(recordings, detected(recordings, 1.0)).round(2).tolist()
    [0.75]
    """
    begin = recordings.bounds[predicted.file]
    first = begin + np.rint(predicted.start / recordings.step).astype(np.int64)
    # The last frame of a file may be a part of one; rounding keeps 0.3 / 0.1 from being more than 3.
    after = begin + np.ceil(np.round(predicted.end / recordings.step, 6)).astype(np.int64)
    total = np.concatenate(([0.0], np.cumsum(spoof_probability(recordings.scores))))
    return np.asarray((total[after] - total[first]) / (after - first))


def spoof_probability(score: NDArray[np.floating] | float) -> Floats:
    """Of log-odds that are high when genuine, `1 / (1 + exp(score))`, whatever their size.

    >>> spoof_probability(np.array([0.0, 1000.0, -1000.0])).tolist()
    [0.5, 0.0, 1.0]
    """
    return np.asarray(0.5 * (1 - np.tanh(np.asarray(score, np.float64) / 2)))
