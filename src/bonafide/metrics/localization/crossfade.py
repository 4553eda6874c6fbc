"""Windows that overlap, joined to one timeline without seams.

A model knows least at the edges of a window, where what lies beyond is missing. There a window has no say;
where two windows overlap, the say passes from one to the other in the middle half of the overlap:

    window k        ──────────────╮
    say               1            ╲      0
    window k + 1           ╭────────────────────
    say               0     ╲       1
                     │ ¼ │  ½  │ ¼ │  of the overlap

The first window has all the say at the beginning of the recording, and the last one at its end. Timelines so
joined are those of one pass over the whole recording, if no frame depends on what is farther away than a
quarter of the overlap.
"""

from typing import final

import numpy as np
from numpy.typing import NDArray

from bonafide.metrics.localization.timeline import Floats, Integers, frame_counts


@final
class Crossfade:
    """Joins the windows of one recording, in their order, in memory for the frames that still may change.

    Frame `j` of the timeline takes from each window the frame that holds its middle, `(j + ½) · step`, and
    has their weighted mean. The weight of a window grows as a raised cosine, and weights are divided by their
    sum, so that windows may overlap in any way.

    Args:
        window: samples of a window.
        hop: samples from window to window, `window` for none that overlap; the last one may come earlier.
        sample_rate: in Hz.
        step: seconds from frame to frame.

    >>> timeline = Crossfade(window=8, hop=4, sample_rate=10, step=0.2)
    >>> frames = np.array([[1.0, 1, 1, 1], [3, 3, 3, 3]])
    >>> timeline.add(np.array([0, 4]), np.array([8, 8]), frames, last=True).round(2).tolist()
    [1.0, 1.0, 1.0, 3.0, 3.0, 3.0]
    """

    def __init__(self, window: int, hop: int, sample_rate: int, step: float) -> None:
        self.window, self.overlap = window, window - hop
        self.sample_rate, self.step = sample_rate, step
        self._begin = 0  # the first frame that may change
        self._score, self._weight = np.zeros(0), np.zeros(0)

    def add(self, start: Integers, length: Integers, frames: NDArray[np.floating], *, last: bool) -> Floats:
        """Adds windows; returns the frames that no later one can change, which follow those returned before.

        Args:
            start: `[windows]` first sample of each, ascending.
            length: `[windows]` samples that were there before a window was repeated to its length.
            frames: `[windows, frames]` scores, of which those behind `length` are left out.
            last: whether no window follows.
        """
        unit = self.step * self.sample_rate
        first = np.maximum(np.ceil(start / unit - 0.5), 0).astype(np.int64)
        place = first[:, None] + np.arange(int(np.ceil(self.window / unit)) + 1)
        middle = (place + 0.5) * unit
        stop = start + length
        weight = self._ramp(middle - start[:, None]) if self.overlap else np.ones(place.shape)
        weight[start == 0] = 1.0
        weight[:-1] *= self._ramp(stop[:-1, None] - middle[:-1]) if self.overlap else 1.0
        inside = (middle >= start[:, None]) & (middle < stop[:, None])
        end = int(stop[-1])
        if last:
            final = count = int(frame_counts(end / self.sample_rate, self.step))
            inside[-1] |= middle[-1] >= end  # a part of a frame at the end of the recording
            inside &= place < count
        else:
            weight[-1] *= self._ramp(stop[-1] - middle[-1]) if self.overlap else 1.0
            count = int(place[inside].max(initial=self._begin - 1)) + 1
            final = int(first[-1])  # a later window begins after this one
        self._grow(count)
        heard = ((middle - start[:, None]) / unit).astype(np.int64).clip(0, frames.shape[1] - 1)
        score = np.take_along_axis(frames.astype(np.float64), heard, axis=1)
        where, weight = place[inside] - self._begin, weight[inside]
        np.add.at(self._score, where, weight * score[inside])
        np.add.at(self._weight, where, weight)
        return self._finished(final)

    def _ramp(self, samples: NDArray[np.floating]) -> Floats:
        """The say of a window at a distance from its edge."""
        share = np.clip(2 * samples / self.overlap - 0.5, 0, 1)
        return np.asarray(0.5 - 0.5 * np.cos(np.pi * share))

    def _grow(self, count: int) -> None:
        more = max(0, count - self._begin - len(self._score))
        self._score, self._weight = (np.pad(each, (0, more)) for each in (self._score, self._weight))

    def _finished(self, final: int) -> Floats:
        done = max(0, final - self._begin)
        found = self._score[:done] / self._weight[:done]
        self._begin += done
        self._score, self._weight = self._score[done:].copy(), self._weight[done:].copy()
        return found
