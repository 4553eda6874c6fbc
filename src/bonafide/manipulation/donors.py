"""Recordings that a region may be taken from."""

from functools import cached_property
from pathlib import Path
from typing import NamedTuple, final

import numpy as np

from bonafide.audio import files, frames
from bonafide.corpora import tree
from bonafide.manipulation.stage import Waveform
from bonafide.types import InputError

_TRIES = 50


class Donor(NamedTuple):
    """A stretch of another recording.

    Args:
        path: of the recording, relative to the folder of donors.
        start: first sample, at the rate asked for.
        waveform: `[time]`.
    """

    path: str
    start: int
    waveform: Waveform


@final
class Donors:
    """A folder of recordings, searched with all its folders, that a seed draws stretches from.

    Args:
        folder: of the recordings.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).expanduser()

    @cached_property
    def paths(self) -> list[str]:
        """All of them, sorted.

        Raises:
            InputError: there are none.
        """
        found = tree.recordings(self.folder, deep=True)
        if not found:
            raise InputError(
                f"no recordings (.wav, .flac, .mp3, …) in {self.folder} to take regions from; set "
                "inpainter.donors to a folder that has some"
            )
        return found

    def draw(self, clip: Waveform, sample_rate: int, length: int, generator: np.random.Generator) -> Donor:
        """A stretch of `length` samples at `sample_rate` from a recording that is not the clip itself.

        A recording that is too short or damaged is passed over.

        Raises:
            InputError: none is found.
        """
        for _ in range(_TRIES):
            path = self.paths[int(generator.integers(len(self.paths)))]
            place = float(generator.random())
            try:
                header = files.header(self.folder / path)
                total = frames.resampled_length(header.frames, header.sample_rate, sample_rate)
                if total < length:
                    continue
                start = round(place * (total - length))
                if total == clip.size and self._same(path, clip, sample_rate):
                    continue
                piece = files.read(self.folder / path, sample_rate, start=start, length=length)
            except InputError:
                continue
            if piece.size == length and piece.any():
                return Donor(path, start, piece)
        raise InputError(
            f"finds no other recording of {length / sample_rate:.2f} s in {self.folder} to take its "
            "region from; set inpainter.donors to a folder with longer ones"
        )

    def _same(self, path: str, clip: Waveform, sample_rate: int) -> bool:
        """Whether a recording is the clip itself: most of its samples are, the region may be another."""
        other = files.read(self.folder / path, sample_rate)
        return bool(np.mean(np.isclose(other, clip, rtol=0, atol=2**-15)) > 0.5)
