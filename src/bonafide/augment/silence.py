"""Silence removal as WaveFake does it: SoX `silence 1 0.2 1% -1 0.2 1%`, in our own words.

Frank and Schönherr (2021), "WaveFake", https://arxiv.org/abs/2111.02813.
"""

from itertools import pairwise
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bonafide.audio import clip, frames
from bonafide.augment.augmentation import Augmentation
from bonafide.augment.change import Nothing
from bonafide.types import InputError, Label

_LEVEL_SECONDS = 0.02  # over which SoX takes the root mean square


def without_silence(
    waveform: NDArray[np.float32], sample_rate: int, *, threshold: float = 0.01, seconds: float = 0.2
) -> NDArray[np.float32]:
    """A recording from its first sound on, without any long stretch below a threshold.

    A sound begins where the running level stays above the threshold for `seconds`; it ends where the level
    stays below for as long, and such a stretch is cut out whole. If nothing is left, all is kept.

    Args:
        waveform: `[time]`.
        sample_rate: in Hz.
        threshold: root mean square over the last 20 ms, re full scale.
        seconds: shortest sound to begin with, and longest silence to keep.

    Returns:
        `[time]`, as long or shorter.
    """
    window = max(1, frames.to_samples(_LEVEL_SECONDS, sample_rate))
    least = max(1, frames.to_samples(seconds, sample_rate))
    energy = np.concatenate([np.zeros(window), np.cumsum(waveform.astype(np.float64) ** 2)])
    loud = energy[window:] - energy[:-window] > window * threshold**2
    edges = np.flatnonzero(np.diff(loud, prepend=~loud[:1], append=~loud[-1:]))
    kept, sounding = np.zeros(len(waveform), bool), False
    for start, stop in pairwise(edges.tolist()):
        long = stop - start >= least
        if loud[start]:
            sounding = sounding or long
        elif long:
            sounding = False
        kept[start:stop] = sounding
    return waveform[kept] if kept.any() else waveform


@final
class Silence(Augmentation[Nothing]):
    """Cuts leading silence and long pauses, then repeats what is left to the length of the clip.

    Works in the loader, because what is left differs in length.

    Args:
        sample_rate: in Hz.
        threshold: level below which there is silence, re full scale.
        seconds: longest silence to keep.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: a threshold or duration without meaning.

    Shape:
        `[batch, time]` → `[batch, time]`.
    """

    moves = True

    def __init__(
        self,
        sample_rate: int,
        *,
        threshold: float = 0.01,
        seconds: float = 0.2,
        p: float = 1.0,
        only: Label | None = None,
    ) -> None:
        super().__init__(p, only)
        self.place = "loader"
        if not 0 < threshold < 1:
            raise InputError(f"augment: threshold={threshold} is no level; choose one between 0 and 1")
        if seconds <= 0:
            raise InputError(f"augment: seconds={seconds} would cut every sample; choose more than 0")
        self.sample_rate, self.threshold, self.seconds = sample_rate, threshold, seconds

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> Nothing:  # noqa: ARG002
        """See `Augmentation.draw`."""
        return Nothing()

    def apply(self, x: Tensor, drawn: Nothing) -> Tensor:  # noqa: ARG002
        """`[batch, time]` → `[batch, time]`."""
        return torch.stack([torch.from_numpy(self._cut(row)) for row in x.numpy()])

    def _cut(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        left = without_silence(waveform, self.sample_rate, threshold=self.threshold, seconds=self.seconds)
        return clip.repeat(left, len(waveform))
