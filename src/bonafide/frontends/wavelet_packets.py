"""Wavelet packets as features of generated speech.

Gasenzer and Wolter (2024), "Towards generalizing deep-audio fake detection networks",
https://openreview.net/forum?id=RGewtLtvHz.
"""

from collections.abc import Iterable
from typing import Final, Literal, final, get_args

import torch
from ptwt.constants import BoundaryMode
from torch import Tensor, nn

from bonafide.frontends.frontend import Frontend
from bonafide.frontends.legend import Legend
from bonafide.frontends.packet_tree import Order, PacketTree
from bonafide.types import FeatureShape, InputError

BlockNorm = Literal["clip", "training", "batch"]
"""Where the loudest coefficient that a band is divided by is looked for."""

QUIETEST: Final = 1e-12  # a peak below it is silence, which is not amplified


@final
class TrainingPeaks(nn.Module):
    """The largest magnitude of each band over the training clips, kept in the checkpoint.

    Args:
        bins: how many bands.
    """

    peak: Tensor

    def __init__(self, bins: int) -> None:
        super().__init__()
        self.register_buffer("peak", torch.ones(bins))
        self.fitted = False

    def get_extra_state(self) -> Tensor:
        """Whether training clips have been seen, `[]` bool, for the checkpoint."""
        return torch.tensor(self.fitted)

    def set_extra_state(self, state: Tensor) -> None:
        """Takes from a checkpoint whether training clips have been seen."""
        self.fitted = bool(state)

    def learn(self, batches: Iterable[Tensor]) -> None:
        """Finds the peaks of coefficients, each batch `[batch, bins, frames]`.

        Raises:
            InputError: there are no clips, or a coefficient is not finite.
        """
        peak = torch.zeros_like(self.peak)
        clips = 0
        for coefficients in batches:
            peak = torch.maximum(peak, coefficients.abs().amax(dim=(0, -1)))
            clips += len(coefficients)
        if clips == 0:
            raise InputError("block_norm=training found no training clips to learn from; check data.train.")
        if not bool(peak.isfinite().all()):
            raise InputError(
                "block_norm=training met a sample that is not finite; look for broken files in the audit."
            )
        self.peak.copy_(peak)
        self.fitted = True

    def forward(self) -> Tensor:
        """`[bins, 1]`."""
        if not self.fitted:
            raise RuntimeError(
                "block_norm=training has no peaks yet: call fit(waveforms) or load a checkpoint first."
            )
        return self.peak[:, None]


@final
class WaveletPackets(Frontend):
    """Log-scaled energies of the packets at one level: narrow bands of equal width, lowest first.

    Band `k` of `2**level` covers `k` to `k + 1` times `sample_rate / 2**(level + 1)` Hz; a frame stands for
    `2**level` samples. Energies are `ln(|w|**power + floor)` of the coefficients `w`.

    Args:
        sample_rate: of the waveforms, in Hz.
        wavelet: any name of `pywt.wavelist(kind="discrete")`; longer filters (`sym8`, `coif4`) separate bands
            more sharply and smear time, `haar` is the shortest.
        level: depth of the tree, 1 to 14; each level more halves the bands and the number of frames.
        mode: how a clip goes on beyond its ends: `reflect` (mirrored at the outermost sample), `symmetric`
            (mirrored beyond it), `periodic`, `constant` or `zero`.
        order: `frequency` (lowest band first) or `natural` (paths in alphabetical order, which shuffles the
            bands).
        power: 2 for energies, 1 for magnitudes; below 1 silence would have no gradient.
        log: `false` keeps `|w|**power`. The logarithm costs accuracy on known generators and gains it on
            others.
        floor: added to `|w|**power` under the logarithm; below it nothing is told apart.
        top_db: decibels below the loudest coefficient of a clip at which it is cut off, a floor that follows
            the level of the clip; none if not given. Near 100 it hides the rounding of single precision in
            bands that hold nothing.
        signs: adds a second channel, +1 where `w >= 0` and -1 elsewhere: what the energies leave out.
        block_norm: divides each band by its largest magnitude: in the `clip`, in the `training` clips (learnt
            before the first step, kept in the checkpoint), or in the `batch`. The last is the published one,
            for comparison only: the features of a clip then depend on its company. None if not given.

    Shape:
        `[batch, time]` → `[batch, 1, 2**level, frames]`, or 2 channels with `signs`; each level takes `n`
        samples to `(n + taps - 1) // 2`.

    Raises:
        InputError: a setting has no meaning, or a clip is too short for the tree.

    >>> WaveletPackets(22050, wavelet="sym5").shape(22050)
    FeatureShape(channels=1, bins=256, frames=95)
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        wavelet: str = "sym5",
        level: int = 8,
        mode: BoundaryMode = "reflect",
        order: Order = "frequency",
        power: float = 2.0,
        log: bool = True,
        floor: float = 1e-12,
        top_db: float | None = None,
        signs: bool = False,
        block_norm: BlockNorm | None = None,
    ) -> None:
        super().__init__(sample_rate)
        if not power >= 1:
            raise InputError(f"power={power:g} has no gradient at silence; use 1, 2 or anything above 1.")
        if log and not floor > 0:
            raise InputError(f"floor={floor:g} has no logarithm; use a positive one such as 1e-12.")
        if top_db is not None and not top_db > 0:
            raise InputError(f"top_db={top_db:g} leaves nothing; use a positive one such as 100, or null.")
        if block_norm is not None and block_norm not in get_args(BlockNorm):
            raise InputError(f"there is no block_norm={block_norm}; use clip, training, batch or null.")
        self.tree = PacketTree(wavelet, level, mode, order)
        self.peaks = TrainingPeaks(2**level) if block_norm == "training" else None
        self.power, self.log, self.floor, self.top_db = power, log, floor, top_db
        self.signs, self.block_norm = signs, block_norm

    def shape(self, samples: int) -> FeatureShape:
        """`(1, 2**level, frames)`, or 2 channels with `signs`; the boundary is included.

        Raises:
            InputError: the clip is too short for the tree.
        """
        return FeatureShape(2 if self.signs else 1, 2**self.tree.level, self.tree.lengths(samples)[-1])

    def times(self, samples: int) -> Tensor:
        """Centre of each frame in seconds, `[frames]` float64; see `PacketTree.centres`."""
        return self.tree.centres(samples) / self.sample_rate

    def legend(self) -> Legend:
        """Bands by their middle, or in the order of their paths."""
        quantity = {1.0: "|w|", 2.0: "|w|²"}.get(float(self.power), f"|w|^{self.power:g}")
        values = f"ln {quantity}" if self.log else quantity
        channels = (values, "sign") if self.signs else ()
        values = "value" if self.signs else values
        if self.tree.order == "natural":
            return Legend("packet in natural order", values, channels=channels)
        bands = 2**self.tree.level
        middles = (torch.arange(bands, dtype=torch.float64) + 0.5) * self.sample_rate / (2 * bands)
        return Legend("frequency", values, hertz=middles, channels=channels)

    @property
    def fitted(self) -> bool:
        """Whether the peaks of the training clips are known, where they are wanted."""
        return self.peaks is None or self.peaks.fitted

    @torch.no_grad()
    def fit(self, waveforms: Iterable[Tensor]) -> None:
        """Learns the peaks of the bands for `block_norm=training`.

        Raises:
            InputError: there are no clips, or a sample is not finite.
        """
        if self.peaks is not None:
            device = self.peaks.peak.device
            self.peaks.learn(self.analyze(waveform.to(device)) for waveform in waveforms)

    def analyze(self, waveform: Tensor) -> Tensor:
        """The coefficients, `[batch, time]` → `[batch, 2**level, frames]`; float64 stays float64."""
        coefficients: Tensor = self.tree(waveform)
        return coefficients

    def synthesize(self, coefficients: Tensor, samples: int) -> Tensor:
        """The waveform that has these coefficients, `[batch, 2**level, frames]` → `[batch, samples]`."""
        return self.tree.inverse(coefficients, samples)

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, 1 or 2, 2**level, frames]`, float32 under autocast too."""
        with torch.autocast(waveform.device.type, enabled=False):
            coefficients = self.analyze(waveform.float())
            values = self._scaled(self._normed(coefficients.abs()))
            if not self.signs:
                return values[:, None]
            return torch.stack([values, torch.where(coefficients >= 0, 1.0, -1.0)], dim=1)

    def _normed(self, magnitudes: Tensor) -> Tensor:
        """`[batch, bins, frames]` → the same, each band divided by its peak if that is wanted."""
        if self.block_norm is None:
            return magnitudes
        if self.peaks is not None:
            peak: Tensor = self.peaks()
        else:
            peak = magnitudes.amax(-1 if self.block_norm == "clip" else (0, -1), keepdim=True)
        return magnitudes / peak.clamp(min=QUIETEST)

    def _scaled(self, magnitudes: Tensor) -> Tensor:
        """`[batch, bins, frames]` → the same as energies, under the logarithm if that is wanted."""
        values = magnitudes.square() if self.power == 2 else magnitudes.pow(self.power)
        if self.top_db is not None:
            loudest = values.amax((-2, -1), keepdim=True)
            values = torch.maximum(values, loudest * 10 ** (-self.top_db * self.power / 20))
        return (values + self.floor).log() if self.log else values
