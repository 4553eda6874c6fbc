"""RawBoost, after Tak et al. (2022), "RawBoost: A Raw Data Boosting and Augmentation Method applied to
Automatic Speaker Verification Anti-Spoofing", https://arxiv.org/abs/2111.04433.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, final

import torch
from torch import Tensor

from bonafide.augment.augmentation import Augmentation
from bonafide.augment.convolutive import Convolutive, ConvolutiveDrawn
from bonafide.augment.impulsive import Impulsive, ImpulsiveDrawn
from bonafide.augment.level import no_louder_than_full_scale
from bonafide.augment.notch import NotchFilters
from bonafide.augment.stationary import Stationary, StationaryDrawn
from bonafide.types import InputError, Label

SERIES: Final = ((), (1,), (2,), (3,), (1, 2, 3), (1, 2), (1, 3), (2, 3), (1, 2))
"""Noises of each algorithm in order: 1 convolutive, 2 impulsive, 3 stationary."""

PARALLEL: Final = 8
"""The algorithm whose noises all hear the clip itself, and are summed."""


class RawBoostDrawn(NamedTuple):
    """Draws of the three noises; one that an algorithm leaves out is drawn for clips of no samples."""

    convolutive: ConvolutiveDrawn
    impulsive: ImpulsiveDrawn
    stationary: StationaryDrawn


@final
class RawBoost(Augmentation[RawBoostDrawn]):
    """Channel noises that need no recordings, with the published parameters.

    The published recipes use algorithm 5 for logical access, 3 for deepfakes, 4 with Nes2Net. There it is
    applied to whole recordings, here to clips.

    Args:
        sample_rate: in Hz.
        algorithm: 0 none, 1 convolutive, 2 impulsive, 3 stationary; in series 4: 1, 2, 3; 5: 1, 2; 6: 1, 3;
            7: 2, 3; 8: 1 and 2 in parallel, summed, and divided by the peak where it exceeds 1.
        bands: band-stops in series in a filter.
        centre_hz: of a band-stop.
        width_hz: of a band-stop.
        taps: of a band-stop; the next odd number. More are sharper.
        gain_db: highest gain of the linear filter.
        order: highest power of the waveform that is filtered too; 1 is linear.
        nonlinear_drop_db: by which the filters of the powers lie below the linear one.
        impulse_share: highest share of the samples that impulses hit.
        impulse_gain: of the impulses.
        snr_db: of the stationary noise.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: no such algorithm, or a range without meaning at this rate.

    Shape:
        `[batch, time]` → `[batch, time]`.
    """

    def __init__(
        self,
        sample_rate: int,
        algorithm: int = 5,
        *,
        bands: int = 5,
        centre_hz: Sequence[float] = (20, 8000),
        width_hz: Sequence[float] = (100, 1000),
        taps: Sequence[float] = (10, 100),
        gain_db: Sequence[float] = (0, 0),
        order: int = 5,
        nonlinear_drop_db: Sequence[float] = (5, 20),
        impulse_share: float = 0.1,
        impulse_gain: float = 2.0,
        snr_db: Sequence[float] = (10, 40),
        p: float = 1.0,
        only: Label | None = None,
    ) -> None:
        super().__init__(p, only)
        if algorithm not in range(len(SERIES)):
            raise InputError(f"augment: RawBoost has no algorithm={algorithm}; choose one from 0 to 8")
        self.algorithm = algorithm
        filters = NotchFilters(sample_rate, bands=bands, centre_hz=centre_hz, width_hz=width_hz, taps=taps)
        self.convolutive = Convolutive(
            filters, order=order, gain_db=gain_db, nonlinear_drop_db=nonlinear_drop_db
        )
        self.impulsive = Impulsive(share=impulse_share, gain=impulse_gain)
        self.stationary = Stationary(filters, snr_db=snr_db)

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> RawBoostDrawn:
        """See `Augmentation.draw`."""
        series = SERIES[self.algorithm]
        return RawBoostDrawn(
            self.convolutive.draw(batch, generator),
            self.impulsive.draw(batch, samples if 2 in series else 0, generator),
            self.stationary.draw(batch, samples if 3 in series else 0, generator),
        )

    def apply(self, x: Tensor, drawn: RawBoostDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`."""
        if self.algorithm == PARALLEL:
            return no_louder_than_full_scale(
                self.convolutive.apply(x, drawn.convolutive) + self.impulsive.apply(x, drawn.impulsive)
            )
        for noise in SERIES[self.algorithm]:
            if noise == 1:
                x = self.convolutive.apply(x, drawn.convolutive)
            elif noise == 2:
                x = self.impulsive.apply(x, drawn.impulsive)
            else:
                x = self.stationary.apply(x, drawn.stationary)
        return x
