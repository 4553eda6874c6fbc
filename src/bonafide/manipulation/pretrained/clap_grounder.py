"""Grounding by likeness: where a clip sounds most like its caption."""

from collections.abc import Sequence
from functools import cached_property
from typing import final

import numpy as np
from scipy.special import softmax

from bonafide.manipulation.grounder import Grounded, Grounder
from bonafide.manipulation.pretrained import checkpoint, regions
from bonafide.manipulation.pretrained.clap import Clap
from bonafide.manipulation.stage import Waveform
from bonafide.types import InputError

_BATCH = 32  # windows at a time


@final
class ClapGrounder(Grounder):
    """CLAP hears a window that slides over the clip, and says whether the caption fits it best.

    Each window's probability is the softmax of its likeness to the caption and to `against`; a stretch of
    `hop` seconds has the mean of all windows that cover it. Much coarser than a network made for grounding,
    but of any sound that CLAP knows, and for any caption.

    Args:
        weights: folder of a `ClapModel`, or OWNER/NAME on the Hugging Face hub.
        revision: branch, tag or commit of a hub repository.
        window: seconds; a longer one knows more of what it hears, and less of where.
        hop: seconds between windows, the grain of what comes out.
        against: sentences that hold where the caption does not.
        threshold: probability above which a stretch belongs to a region.
        filter_window: stretches under a median filter over the decisions, odd; 1 is none.
        device: "auto" is the GPU if there is one.

    Raises:
        InputError: a setting has no meaning.
    """

    def __init__(
        self,
        *,
        weights: str = "laion/clap-htsat-unfused",
        revision: str | None = None,
        window: float = 2.0,
        hop: float = 0.2,
        against: Sequence[str] = ("silence", "background noise"),
        threshold: float = 0.5,
        filter_window: int = 1,
        device: str = "auto",
    ) -> None:
        regions.check(threshold, filter_window, "grounder")
        if not 0 < hop <= window or not against:
            raise InputError(
                f"grounder.hop={hop} must be more than 0 and at most grounder.window={window}, and "
                "grounder.against hold one sentence or more"
            )
        self.weights, self.revision, self.device = weights, revision, device
        self.window, self.hop, self.against = window, hop, list(against)
        self.threshold, self.filter_window = threshold, filter_window

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "clap"

    @property
    def needs_caption(self) -> bool:
        """See `Grounder.needs_caption`."""
        return True

    @property
    def heavy(self) -> bool:
        """See `Stage.heavy`."""
        return True

    def provenance(self) -> dict[str, str]:
        """See `Stage.provenance`."""
        said = {"weights": self.weights, "sha256": self._sha256}
        return said | {name: f"{getattr(self, name):g}" for name in ("window", "hop", "threshold")}

    def require(self) -> None:
        """See `Stage.require`."""
        checkpoint.device(self.device, "grounder.device")
        Clap.require(self.weights, self.revision, "grounder.weights")

    @cached_property
    def _sha256(self) -> str:
        return checkpoint.digest(Clap.require(self.weights, self.revision, "grounder.weights"))

    @cached_property
    def clap(self) -> Clap:
        """The network.

        Raises:
            InputError: it is no CLAP, or hears less at once than a window.
        """
        place = checkpoint.device(self.device, "grounder.device")
        found = Clap.loaded(self.weights, self.revision, place, "grounder.weights")
        if self.window > found.longest:
            raise InputError(f"{self.weights} hears {found.longest:g} s at once; set grounder.window to that")
        return found

    def ground(self, waveform: Waveform, sample_rate: int, caption: str) -> list[Grounded]:
        """See `Grounder.ground`."""
        if not waveform.size:
            return []
        hop, length = max(1, round(self.hop * sample_rate)), round(self.window * sample_rate)
        starts = np.arange(0, max(waveform.size - length, 0) + hop, hop)
        clips = [waveform[start : start + length] for start in np.minimum(starts, waveform.size - 1)]
        sentences = [caption, *self.against]
        likeness = np.concatenate(
            [
                self.clap.similarity(clips[first : first + _BATCH], sample_rate, sentences)
                for first in range(0, len(clips), _BATCH)
            ]
        )
        fits = softmax(self.clap.scale * likeness.astype(np.float64), axis=-1)[:, 0]
        stretches = np.arange(-(-waveform.size // hop))
        covered = (starts[:, None] < (stretches + 1) * hop) & (starts[:, None] + length > stretches * hop)
        probability = (covered * fits[:, None]).sum(0) / covered.sum(0)
        seconds = waveform.size / sample_rate
        return regions.regions(
            probability, hop / sample_rate, seconds, threshold=self.threshold, window=self.filter_window
        )
