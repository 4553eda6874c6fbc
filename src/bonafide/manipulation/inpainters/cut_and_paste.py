"""Partial fakes of speech: another utterance's sound pasted over the region.

After the PartialSpoof database (Zhang et al., 2022, https://arxiv.org/abs/2204.05177, section III): segments
are normalised in level, the joint is moved to where the waveforms agree best (cross-correlation), and
overlapped there.
"""

from pathlib import Path
from typing import final

import numpy as np
from scipy.signal import correlate

from bonafide.audio import frames
from bonafide.corpora.synthesis.transforms import Signal
from bonafide.manipulation.donors import Donor, Donors
from bonafide.manipulation.inpainter import Inpainter
from bonafide.manipulation.level import matched, rms
from bonafide.manipulation.stage import Waveform
from bonafide.types import InputError


@final
class CutAndPaste(Inpainter):
    """A stretch of another recording, at the level of what it replaces, moved until the joints agree.

    The length of the clip stays, and the region covers all that is pasted, overlap included: take
    `splicer=cross_fade` with the same overlap (this option's YAML does), which adds the overlapping ends.

    Args:
        donors: folder of recordings to cut from; each clip takes another one than itself.
        overlap_seconds: at either joint, over which the waveforms should agree.
        search_seconds: by which the cut may be moved for that.
        draws: stretches drawn, of which the loudest is taken: speech rather than a pause.

    Raises:
        InputError: a setting has no meaning.
    """

    def __init__(
        self,
        donors: str | Path,
        overlap_seconds: float = 0.01,
        search_seconds: float = 0.02,
        draws: int = 4,
    ) -> None:
        if not 0 < overlap_seconds <= 1 or not 0 <= search_seconds <= 1 or not 1 <= draws <= 100:
            raise InputError(
                f"inpainter: overlap_seconds={overlap_seconds} must be above 0 and at most 1, "
                f"search_seconds={search_seconds} 0 to 1, draws={draws} 1 to 100"
            )
        self.donors, self.overlap, self.search, self.draws = (
            Donors(donors),
            overlap_seconds,
            search_seconds,
            draws,
        )

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "cut_and_paste"

    @property
    def masked(self) -> bool:
        """See `Inpainter.masked`; the joints are compared with what was there."""
        return False

    def require(self) -> None:
        """See `Stage.require`."""
        if len(self.donors.paths) < 2:
            raise InputError(
                f"{self.donors.folder} holds a single recording, and regions are cut from another; set "
                "inpainter.donors to a folder with more"
            )

    def account(
        self, masked: Waveform, sample_rate: int, start: int, end: int, *, seed: int
    ) -> dict[str, str]:
        """See `Inpainter.account`."""
        donor = self._aligned(masked, sample_rate, start, end, seed)
        return {"donor": donor.path, "donor_start": f"{donor.start / sample_rate:.6f}"}

    def fill(
        self, masked: Waveform, sample_rate: int, start: int, end: int, *, caption: str, seed: int
    ) -> Waveform:
        """See `Inpainter.fill`."""
        del caption
        donor = self._aligned(masked, sample_rate, start, end, seed)
        filled = masked.copy()
        filled[start:end] = matched(donor.waveform, rms(masked[start:end]))
        return filled

    def _aligned(self, clip: Waveform, sample_rate: int, start: int, end: int, seed: int) -> Donor:
        """The stretch that is pasted."""
        generator, size = np.random.default_rng(seed), end - start
        spare = frames.to_samples(self.search, sample_rate)
        drawn = [self.donors.draw(clip, sample_rate, size + 2 * spare, generator) for _ in range(self.draws)]
        loudest = max(drawn, key=lambda donor: rms(donor.waveform))
        overlap = max(1, min(frames.to_samples(self.overlap, sample_rate), size // 2))
        region, wide = clip[start:end].astype(np.float64), loudest.waveform.astype(np.float64)
        agreement = _agreement(wide[: 2 * spare + overlap], region[:overlap])
        agreement = agreement + _agreement(wide[size - overlap :], region[size - overlap :])
        shift = int(np.argmax(agreement))
        return Donor(loudest.path, loudest.start + shift, loudest.waveform[shift : shift + size])


def _agreement(wide: Signal, joint: Signal) -> Signal:
    """Normalised cross-correlation at every shift: `[shifts + overlap - 1]`, `[overlap]` → `[shifts]`."""
    energy = np.convolve(wide**2, np.ones(joint.size), mode="valid")
    product = correlate(wide, joint, mode="valid")
    return np.asarray(product / np.sqrt(np.maximum(energy, 1e-12) * max(float(joint @ joint), 1e-12)))
