"""A recording of any length through a model that hears clips: window by window, to one timeline.

Held are the windows of two batches, and of the timeline one number a frame: an hour of frames of 20 ms is
1.4 MB, where its samples are 230 MB.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from bonafide.audio import clip
from bonafide.metrics.localization.crossfade import Crossfade
from bonafide.metrics.localization.timeline import Floats, Integers
from bonafide.tasks.localization import Localization
from bonafide.types import InputError

Window = tuple[int, NDArray[np.float32]]
"""First sample, counted from that of the first window, and the samples."""


class Streamed(NamedTuple):
    """What was heard of a recording.

    Args:
        start: `[windows]` first sample.
        length: `[windows]` samples.
        score: `[windows]` log-odds, high when genuine.
        frames: `[frames]` log-odds, high when genuine; frame `j` begins at `j * frame_seconds`, not filtered.
    """

    start: Integers
    length: Integers
    score: Floats
    frames: Floats


def whole_frames(hop: int, sample_rate: int, step: float) -> int:
    """The longest hop of whole frames that is not longer, so that the frames of all windows lie on one grid.

    Args:
        hop: samples from window to window.
        sample_rate: in Hz.
        step: seconds from frame to frame.

    >>> whole_frames(32_300, 16_000, 0.02), whole_frames(100, 16_000, 0.02)
    (32000, 320)
    """
    unit = step * sample_rate
    return round(max(1, int(hop / unit + 1e-6)) * unit)


def stream(
    task: Localization, windows: Iterable[Window], *, samples: int, hop: int, batch_size: int
) -> Streamed:
    """Hears the windows of a recording and joins their frames.

    Args:
        task: in evaluation mode; see `Localization`.
        windows: in turn; the last one ends where the recording ends. One that is shorter than a clip is
            repeated, and judged by its own frames, as in a test.
        samples: of a clip.
        hop: between windows, in samples, `samples` for none that overlap; see `whole_frames`.
        batch_size: windows heard at once.

    Raises:
        InputError: there are no windows, or the recording holds samples that are not numbers.
    """
    timeline = Crossfade(samples, hop, task.frontend.sample_rate, task.frame_seconds)
    heard = []
    for batch, last in _batches(windows, batch_size):
        start, length = np.array([[first, len(found)] for first, found in batch], np.int64).T
        waveform = torch.from_numpy(np.stack([clip.repeat(found, samples) for _, found in batch]))
        if not torch.isfinite(waveform).all():
            raise InputError("holds samples that are not numbers; mend or remove it")
        with torch.inference_mode():
            score, frames = task.hear(waveform.to(task.device), torch.from_numpy(length).to(task.device))
        done = timeline.add(start, length, frames.cpu().numpy(), last=last)
        heard.append(Streamed(start, length, score.double().cpu().numpy(), done))
    if not heard:
        raise InputError("holds no audio; remove it or record it again")
    return Streamed(*(np.concatenate(column) for column in zip(*heard, strict=True)))


def _batches(windows: Iterable[Window], size: int) -> Iterator[tuple[list[Window], bool]]:
    """Batches, and whether each is the last one."""
    rest = iter(windows)
    batch = list(islice(rest, size))
    while batch:
        following = list(islice(rest, size))
        yield batch, not following
        batch = following
