"""What is known of the time of many files: where they are spoofed, and how genuine each moment sounds.

Files of different length lie one behind the other in flat arrays; `bounds[i]` and `bounds[i + 1]` delimit
what belongs to file `i`, so that no measure loops over files.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bonafide.types import InputError

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

MILLISECONDS: Final = 1_000
NANOSECONDS: Final = 1_000_000_000
"""Ticks a second."""

_TOLERANCE: Final = 2  # frames that a model may have too many or too few for a file
_LONGEST: Final = 1e6  # seconds; keeps whole nanoseconds of thousands of files within 64 bits


class Regions(NamedTuple):
    """Spoofed stretches `[start, end)` of files; all else of a file is bona fide. Made by `regions`.

    Args:
        names: `[files]`.
        start: `[regions]` in seconds from the start of the file.
        end: `[regions]` in seconds, not before the start.
        bounds: `[files + 1]`; those of file `i` are the rows `bounds[i]` to `bounds[i + 1]`.
    """

    names: tuple[str, ...]
    start: Floats
    end: Floats
    bounds: Integers

    @property
    def file(self) -> Integers:
        """`[regions]`, which file each lies in."""
        return np.repeat(np.arange(len(self.names)), np.diff(self.bounds))

    @property
    def spoofed(self) -> NDArray[np.bool_]:
        """`[files]`, whether each has a region of some length."""
        return np.bincount(self.file, self.end > self.start, minlength=len(self.names)) > 0


class Timelines(NamedTuple):
    """The truth about files and the scores of their frames. Made by `timelines`.

    Args:
        regions: where the files are truly spoofed.
        seconds: `[files]` durations.
        scores: `[frames]`, high when genuine; frame `j` of a file begins at `j * step`.
        bounds: `[files + 1]`; file `i` has the frames `bounds[i]` to `bounds[i + 1]`, which cover it exactly.
        step: seconds from frame to frame.
    """

    regions: Regions
    seconds: Floats
    scores: Floats
    bounds: Integers
    step: float


def regions(names: Iterable[str], segments: Sequence[Sequence[tuple[float, float]]]) -> Regions:
    """Regions from a list a file; empty for a genuine file, or where nothing was detected.

    Args:
        names: of the files, each different.
        segments: of each file, start and end in seconds (`bonafide.types.Segment` is such a pair).

    Raises:
        InputError: no files, a name twice, not a list a file, or a region that is none.

    >>> regions(["a", "b"], [[(0.5, 1.0), (2.0, 2.5)], []]).bounds.tolist()
    [0, 2, 2]
    """
    names = tuple(names)
    _refuse_names(names, len(segments), "lists of regions")
    bounds = _bounds([len(listed) for listed in segments])
    pairs = np.array([pair for listed in segments for pair in listed], np.float64).reshape(-1, 2)
    start, end = np.ascontiguousarray(pairs.T)
    wrong = np.flatnonzero(~((start >= 0) & (end >= start) & (end <= _LONGEST)))
    if wrong.size:
        first = wrong[0]
        name = names[np.searchsorted(bounds, first, side="right") - 1]
        raise InputError(
            f"The region from {start[first]} to {end[first]} s of {name} is none ({wrong.size} such): "
            "give seconds, the start 0 or later and the end not before it."
        )
    return Regions(names, start, end, bounds)


def timelines(
    names: Iterable[str],
    seconds: ArrayLike,
    segments: Sequence[Sequence[tuple[float, float]]],
    scores: Sequence[ArrayLike],
    step: float,
) -> Timelines:
    """Timelines from one item a file.

    A file of `d` seconds has `⌈d / step⌉` frames, `d` in whole milliseconds. Up to two frames too many are
    cut off; where up to two are missing, the last score is repeated.

    Args:
        names: of the files, each different.
        seconds: `[files]` durations.
        segments: true spoofed regions of each file, in seconds; what lies past the end of a file is cut off.
        scores: of each file, `[frames]`.
        step: seconds from frame to frame.

    Raises:
        InputError: items are missing or impossible, a score is NaN or infinite, or scores do not fit a file.

    >>> timelines(["a"], [1.0], [[(0.3, 0.5)]], [[0.9, 0.4, 0.3, 0.8]], step=0.2).scores.tolist()
    [0.9, 0.4, 0.3, 0.8, 0.8]
    """
    true = regions(names, segments)
    seconds = durations(true, seconds)
    _refuse_names(true.names, len(scores), "lists of scores")
    frames = [np.asarray(of_file, np.float64).reshape(-1) for of_file in scores]
    given, wanted = np.array([of_file.size for of_file in frames]), frame_counts(seconds, step)
    unfit = np.flatnonzero((np.abs(given - wanted) > _TOLERANCE) | (given == 0))
    if unfit.size:
        first = unfit[0]
        raise InputError(
            f"{true.names[first]} has {given[first]} frame scores where {seconds[first]} s make "
            f"{wanted[first]} of {step} s ({unfit.size} of {given.size} files are more than {_TOLERANCE} "
            "frames off): check the step and the durations."
        )
    flat = np.concatenate(frames)
    _refuse_scores(true.names, flat, _bounds(given))
    if (given != wanted).any():
        place = np.minimum(positions(wanted), np.repeat(given - 1, wanted))
        flat = flat[np.repeat(_bounds(given)[:-1], wanted) + place]
    return Timelines(true, seconds, flat, _bounds(wanted), float(step))


def durations(true: Regions, seconds: ArrayLike) -> Floats:
    """The durations of the files as a vector, each positive and reaching into all regions of its file.

    Raises:
        InputError: there is not one for each file, one is impossible, or a region begins after it.
    """
    seconds = np.asarray(seconds, np.float64).reshape(-1)
    _refuse_names(true.names, seconds.size, "durations")
    wrong = np.flatnonzero(~((seconds > 0) & (seconds <= _LONGEST)))
    if wrong.size:
        raise InputError(
            f"{true.names[wrong[0]]} lasts {seconds[wrong[0]]} s ({wrong.size} such): "
            "give durations in seconds, above 0."
        )
    beyond = np.flatnonzero((true.start >= seconds[true.file]) & (true.end > true.start))
    if beyond.size:
        first = beyond[0]
        name, duration = true.names[true.file[first]], seconds[true.file[first]]
        raise InputError(
            f"A region of {name} begins at {true.start[first]} s, but the file ends at {duration} s "
            f"({beyond.size} such): check that both are in seconds and of the same file."
        )
    return seconds


def frame_counts(seconds: ArrayLike, step: float) -> Integers:
    """⌈d / h⌉ with d in whole milliseconds, at least one; how many frames of h = `step` s cover each file.

    Raises:
        InputError: the step is no finite time of at least a millisecond.

    >>> frame_counts([0.04, 0.0400001, 0.041], 0.02).tolist()
    [2, 2, 3]
    """
    if not (isfinite(step) and step * MILLISECONDS >= 1):
        raise InputError(f"Frames of {step} s are impossible here: give a step of at least 0.001 s.")
    # What is less than half a millisecond does not open a frame; the rest of a rounded duration is no more.
    exact = (np.asarray(seconds, np.float64) * MILLISECONDS - 0.5) / (step * MILLISECONDS)
    return np.maximum(1, np.ceil(exact)).astype(np.int64)


def positions(counts: Integers) -> Integers:
    """The place of each item of a ragged array in its file.

    >>> positions(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    return np.arange(counts.sum()) - np.repeat(_bounds(counts)[:-1], counts)


def ticks(seconds: ArrayLike, per_second: int) -> Integers:
    """Instants on a grid of whole ticks, the nearest one.

    >>> ticks([0.3, 8.28, 2.0000625], MILLISECONDS).tolist()
    [300, 8280, 2000]
    """
    return np.rint(np.asarray(seconds, np.float64) * per_second).astype(np.int64)


def _bounds(counts: Sequence[int] | Integers) -> Integers:
    return np.concatenate(([0], np.cumsum(np.asarray(counts, np.int64))))


def _refuse_names(names: tuple[str, ...], items: int, what: str) -> None:
    if len(names) != items or not names:
        raise InputError(f"{len(names)} files and {items} {what}: give one for each of at least one file.")
    if len(set(names)) != len(names):
        name, times = Counter(names).most_common(1)[0]
        raise InputError(f"{name} is among the files {times} times: name each file once.")


def _refuse_scores(names: tuple[str, ...], scores: Floats, bounds: Integers) -> None:
    wrong = np.flatnonzero(~np.isfinite(scores))
    if wrong.size:
        name = names[np.searchsorted(bounds, wrong[0], side="right") - 1]
        raise InputError(
            f"{wrong.size} of {scores.size} frame scores are NaN or infinite, the first in {name}: "
            "score in float32 and look for an overflow."
        )
