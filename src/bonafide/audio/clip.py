"""Clips of one length from waveforms of any length; the last axis is time."""

import numpy as np
from numpy.typing import NDArray

from bonafide.audio import frames
from bonafide.types import InputError


def repeat(waveform: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """A short waveform over and over, cut to `length`; a long one keeps its beginning.

    The field's way to lengthen a clip (AASIST, RawNet2 and most others, at 64,600 samples).

    Raises:
        InputError: there is nothing to repeat.

    Shape:
        `[..., time]` → `[..., length]`.

    >>> repeat(np.array([1, 2, 3], dtype=np.float32), 7)
    array([1., 2., 3., 1., 2., 3., 1.], dtype=float32)
    """
    time = waveform.shape[-1]
    if time == 0:
        raise InputError("an empty recording cannot be repeated to a clip; leave it out")
    copies = -(-length // time)
    if copies > 1:
        waveform = np.tile(waveform, copies)
    return waveform[..., :length]


def crop_start(total: int, length: int, draw: int) -> int:
    """Where a clip begins in a recording: uniform on 0 … `total - length`, the last place included.

    Args:
        total: samples of the recording.
        length: samples of the clip.
        draw: a random integer, zero or more, drawn from a range much wider than `total`.

    >>> [crop_start(6, 4, draw) for draw in range(5)], crop_start(3, 4, 7)
    ([0, 1, 2, 0, 1], 0)
    """
    return draw % (total - length + 1) if total > length else 0


def starts(total: int, length: int, hop: int) -> NDArray[np.int64]:
    """Where the windows of a recording begin; the last one ends where the recording ends.

    Args:
        total: samples of the recording; if shorter than a window, there is one, at 0.
        length: samples of a window.
        hop: samples from one window to the next.

    Raises:
        InputError: a window or hop of no samples, or a hop that jumps over some.

    >>> starts(10, 4, 4), starts(8, 4, 4), starts(3, 4, 4)
    (array([0, 4, 6]), array([0, 4]), array([0]))
    """
    if not 0 < hop <= length:
        raise InputError(f"windows of {length} samples every {hop} miss some; take a hop of 1 to {length}")
    firsts = np.arange(frames.covering(total, length, hop), dtype=np.int64) * hop
    return np.minimum(firsts, max(0, total - length))
