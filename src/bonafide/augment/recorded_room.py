"""Rooms whose impulse responses were recorded, such as those of Ko et al. (2017), https://openslr.org/28."""

from typing import NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bonafide.audio import files, frames
from bonafide.augment.augmentation import Augmentation
from bonafide.augment.recordings import picked, recordings
from bonafide.augment.reverberation import reverberated
from bonafide.types import InputError, Label


class RecordedRoomDrawn(NamedTuple):
    """Args:
    recording: `[batch]` from 0 to 1, place among the recordings.
    """

    recording: Tensor


@final
class RecordedRoom(Augmentation[RecordedRoomDrawn]):
    """Puts a clip into a room from a folder of impulse responses; level and alignment are kept.

    The direct sound of a response is its peak; what comes before is cut off. Of several microphones the first
    is taken. Works in the loader, which reads files anyway.

    Args:
        sample_rate: in Hz; responses are resampled to it.
        folder: of the responses, searched through all its levels.
        seconds: longest response; the rest is cut off.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: no recordings there, or responses of no length.

    Shape:
        `[batch, time]` → `[batch, time]`.
    """

    def __init__(
        self,
        sample_rate: int,
        folder: str,
        *,
        seconds: float = 1.0,
        p: float = 1.0,
        only: Label | None = None,
    ) -> None:
        super().__init__(p, only)
        self.place = "loader"
        self.sample_rate, self.taps = sample_rate, frames.to_samples(seconds, sample_rate)
        if self.taps < 1:
            raise InputError(
                f"augment: seconds={seconds} leaves nothing of a response; choose more, such as 1"
            )
        self.paths = recordings("folder", folder)

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> RecordedRoomDrawn:  # noqa: ARG002
        """See `Augmentation.draw`."""
        return RecordedRoomDrawn(torch.rand(batch, generator=generator))

    def apply(self, x: Tensor, drawn: RecordedRoomDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`."""
        responses = [self._read(picked(self.paths, recording)) for recording in drawn.recording]
        return reverberated(x, torch.from_numpy(np.stack(responses)).to(x))

    def _read(self, path: str) -> NDArray[np.float32]:
        """`[taps]`, the peak first."""
        found = files.read(path, self.sample_rate, channel=0)
        if not found.any():
            raise InputError(f"{path} is silent, no impulse response of a room; remove it")
        response = found[int(np.abs(found).argmax()) :][: self.taps]
        return np.pad(response, (0, self.taps - len(response)))
