"""The region from elsewhere: copy-move within a clip, or from another one."""

from pathlib import Path
from typing import final

import numpy as np

from bonafide.manipulation.donors import Donor, Donors
from bonafide.manipulation.inpainter import Inpainter
from bonafide.manipulation.level import matched, rms
from bonafide.manipulation.stage import Waveform
from bonafide.types import InputError


@final
class Copy(Inpainter):
    """Real sound in the wrong place.

    Args:
        donors: folder of recordings to take the region from; null takes it from elsewhere in the clip, where
            it is repeated if the rest of the clip is shorter than the region.
        match_level: gives it the level of what it replaces.
    """

    def __init__(self, donors: str | Path | None = None, *, match_level: bool = False) -> None:
        self.donors = None if donors is None else Donors(donors)
        self.match_level = match_level

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "copy_move" if self.donors is None else "copy"

    @property
    def masked(self) -> bool:
        """See `Inpainter.masked`; the level of the region is known from itself alone."""
        return not self.match_level

    def require(self) -> None:
        """See `Stage.require`."""
        if self.donors is not None and len(self.donors.paths) < 2:
            raise InputError(
                f"{self.donors.folder} holds a single recording, and regions are taken from another; set "
                "inpainter.donors to a folder with more"
            )

    def account(
        self, masked: Waveform, sample_rate: int, start: int, end: int, *, seed: int
    ) -> dict[str, str]:
        """See `Inpainter.account`."""
        donor = self._donor(masked, sample_rate, start, end, seed)
        return {"donor": donor.path, "donor_start": f"{donor.start / sample_rate:.6f}"}

    def fill(
        self, masked: Waveform, sample_rate: int, start: int, end: int, *, caption: str, seed: int
    ) -> Waveform:
        """See `Inpainter.fill`."""
        del caption
        piece = self._donor(masked, sample_rate, start, end, seed).waveform
        filled = masked.copy()
        filled[start:end] = matched(piece, rms(masked[start:end])) if self.match_level else piece
        return filled

    def _donor(self, clip: Waveform, sample_rate: int, start: int, end: int, seed: int) -> Donor:
        generator = np.random.default_rng(seed)
        if self.donors is not None:
            return self.donors.draw(clip, sample_rate, end - start, generator)
        size, before, after = end - start, start, clip.size - end
        # Places where a whole region fits, on either side; if there is none, the longer side over and over.
        left, right = max(0, before - size + 1), max(0, after - size + 1)
        if left + right:
            place = int(generator.integers(left + right))
            first = place if place < left else end + place - left
            return Donor("", first, clip[first : first + size])
        first, length = (0, before) if before >= after else (end, after)
        if length == 0:
            raise InputError(
                "has nothing but its region, and nowhere to copy from; choose a shorter selector.longest"
            )
        return Donor("", first, np.resize(clip[first : first + length], size))
