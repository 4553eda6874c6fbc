"""All files laid end to end on one axis of whole ticks, where measuring spoofed time is a subtraction."""

from typing import NamedTuple

import numpy as np

from bonafide.metrics.localization.timeline import (
    NANOSECONDS,
    Integers,
    Regions,
    Timelines,
    positions,
    ticks,
)


class Tape(NamedTuple):
    """Spoofed stretches of files laid end to end, in ticks. Made by `tape`.

    Args:
        origin: `[files + 1]` where each file begins, and where the last one ends.
        start: `[stretches]`, ascending; no two overlap.
        end: `[stretches]`.
    """

    origin: Integers
    start: Integers
    end: Integers

    def spoofed(self, edges: Integers) -> Integers:
        """Spoofed ticks between neighbouring edges.

        Args:
            edges: `[pieces + 1]`, ascending from the start of the tape to its end.

        Returns:
            `[pieces]`.
        """
        first = np.searchsorted(edges, self.start, side="right") - 1
        last = np.searchsorted(edges, self.end, side="left") - 1
        # Every piece that a stretch touches counts whole; what juts out at its two ends is taken off again.
        pieces = edges.size - 1
        touching = np.bincount(first, minlength=pieces) - np.bincount(last + 1, minlength=pieces + 1)[:pieces]
        time = np.diff(edges) * np.cumsum(touching)
        np.subtract.at(time, first, self.start - edges[first])
        np.subtract.at(time, last, edges[last + 1] - self.end)
        return time


def tape(regions: Regions, lengths: Integers, per_second: int) -> Tape:
    """Lays the files end to end; regions are joined where they overlap and cut at the end of their file.

    Args:
        regions: of each file.
        lengths: `[files]` durations in ticks.
        per_second: ticks a second.
    """
    origin = np.concatenate(([0], np.cumsum(lengths)))
    file = regions.file
    start, end = (
        origin[file] + np.minimum(ticks(side, per_second), lengths[file])
        for side in (regions.start, regions.end)
    )
    return Tape(origin, *joined(start, end))


def joined(start: Integers, end: Integers) -> tuple[Integers, Integers]:
    """The union of intervals `[start, end)`: ascending, disjoint, none empty; those that touch become one.

    >>> [side.tolist() for side in joined(np.array([4, 0, 2, 7]), np.array([5, 2, 3, 7]))]
    [[0, 4], [3, 5]]
    """
    order = np.argsort(start, kind="stable")
    order = order[end[order] > start[order]]
    start, reach = start[order], np.maximum.accumulate(end[order])
    opens = np.flatnonzero(np.concatenate(([True], start[1:] > reach[:-1]))[: start.size])
    closes = np.concatenate((opens[1:], [start.size]))[: opens.size] - 1
    return start[opens], reach[closes]


def times(recordings: Timelines) -> tuple[Integers, Integers]:
    """Bona fide and spoofed nanoseconds in each frame, two of `[frames]`.

    The last frame ends with its file. Nanoseconds keep every instant that is a decimal number or a sample at
    8, 16 or 32 kHz, so sums over any number of files are exact.

    >>> from bonafide.metrics.localization.timeline import timelines
    >>> bonafide, spoof = times(timelines(["a"], [0.5], [[(0.3, 0.45)]], [[1, 0, 1]], step=0.2))
    >>> (bonafide // 10**6).tolist(), (spoof // 10**6).tolist()
    ([200, 100, 50], [0, 100, 50])
    """
    line = tape(recordings.regions, ticks(recordings.seconds, NANOSECONDS), NANOSECONDS)
    edges = frame_edges(line, np.diff(recordings.bounds), recordings.step, NANOSECONDS)
    spoof = line.spoofed(edges)
    return np.diff(edges) - spoof, spoof


def frame_edges(line: Tape, counts: Integers, step: float, per_second: int) -> Integers:
    """`[frames + 1]`, where frames begin on the tape, and its end; the last frame of a file ends with it."""
    begin = ticks(positions(counts) * step, per_second)
    begin = np.minimum(begin, np.repeat(np.diff(line.origin), counts)) + np.repeat(line.origin[:-1], counts)
    return np.append(begin, line.origin[-1])
