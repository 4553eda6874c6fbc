"""Random notch filters, after Tak et al. (2022), "RawBoost", https://arxiv.org/abs/2111.04433, section 3.

A filter is several band-stops in series, each a windowed sinc with a Hamming window; its highest gain is set.
"""

from collections.abc import Sequence
from math import pi
from typing import NamedTuple, final

import torch
from torch import Tensor
from torch.nn import functional as F

from bonafide.augment.uniform import Uniform, uniform
from bonafide.types import InputError

_EDGE_HZ = 0.001  # from 0 and from half the sample rate; band edges come no nearer
_BINS = 512  # frequencies from 0 up to half the sample rate among which the highest gain is looked for


class Notches(NamedTuple):
    """Filters of a batch.

    Args:
        centre: `[batch, filters, bands]` Hz.
        width: `[batch, filters, bands]` Hz.
        taps: `[batch, filters, bands]` int64, odd.
        gain_db: `[batch, filters]`, the highest gain of a filter.
    """

    centre: Tensor
    width: Tensor
    taps: Tensor
    gain_db: Tensor


@final
class NotchFilters:
    """Draws notch filters and computes them.

    Args:
        sample_rate: in Hz.
        bands: band-stops in series in a filter.
        centre_hz: of a band-stop.
        width_hz: of a band-stop.
        taps: of a band-stop; the next odd number.

    Raises:
        InputError: no bands, or a range outside of what the sample rate allows.
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        bands: int = 5,
        centre_hz: Sequence[float] = (20, 8000),
        width_hz: Sequence[float] = (100, 1000),
        taps: Sequence[float] = (10, 100),
    ) -> None:
        if bands < 1:
            raise InputError(f"augment: a filter of bands={bands} stops nothing; choose at least 1")
        self.sample_rate, self.bands = sample_rate, bands
        self.centre = uniform("centre_hz", centre_hz, 0, sample_rate / 2)
        self.width = uniform("width_hz", width_hz, 2 * _EDGE_HZ, sample_rate / 2)
        self.taps = uniform("taps", taps, 3, 10_000)

    def draw(self, batch: int, gains_db: Sequence[Uniform], generator: torch.Generator) -> Notches:
        """A filter of each range of gains for each clip."""
        shape = (batch, len(gains_db), self.bands)
        return Notches(
            self.centre.draw(generator, *shape),
            self.width.draw(generator, *shape),
            self.taps.draw(generator, *shape).long() | 1,
            torch.stack([gain.draw(generator, batch) for gain in gains_db], dim=1),
        )

    def responses(self, notches: Notches) -> Tensor:
        """Impulse responses `[batch, filters, taps]`, symmetric about the middle tap."""
        longest = int(self.taps.high) | 1
        bands = _band_stops(notches, longest, self.sample_rate)
        reach = self.bands * (longest // 2)
        size = max(2 * _BINS, 1 << (2 * reach + 1).bit_length())
        # About time 0 a symmetric filter has a real spectrum, and that of filters in series is the product.
        spectrum = _about_zero(bands, size).prod(dim=-2)
        highest = spectrum[..., : size // 2 : size // (2 * _BINS)].abs().amax(dim=-1, keepdim=True)
        response: Tensor = torch.fft.irfft(spectrum / highest, n=size).roll(reach, dims=-1)[
            ..., : 2 * reach + 1
        ]
        return response * 10 ** (notches.gain_db[..., None] / 20)


def _band_stops(notches: Notches, longest: int, sample_rate: int) -> Tensor:
    """`[batch, filters, bands, longest]`: windowed differences of sincs, with 0 where a filter is shorter.

    Their gain is positive at 0 Hz, as where it is scaled to 1 there; its size is set for the whole filter.
    """
    half = sample_rate / 2
    low = ((notches.centre - notches.width / 2).clamp(_EDGE_HZ, half - _EDGE_HZ) / half)[..., None]
    high = ((notches.centre + notches.width / 2).clamp(_EDGE_HZ, half - _EDGE_HZ) / half)[..., None]
    place = torch.arange(longest, device=low.device) - longest // 2
    taps = notches.taps[..., None]
    window = 0.54 + 0.46 * torch.cos(2 * pi * place / (taps - 1))
    ideal = (place == 0) + low * torch.sinc(low * place) - high * torch.sinc(high * place)
    stops = torch.where(2 * place.abs() < taps, window * ideal, 0)
    return torch.where(stops.sum(dim=-1, keepdim=True) < 0, -stops, stops)


def _about_zero(response: Tensor, size: int) -> Tensor:
    """Real spectrum `[..., size // 2 + 1]` of symmetric responses `[..., taps]` about their middle."""
    padded = F.pad(response, (0, size - response.shape[-1]))
    spectrum: Tensor = torch.fft.rfft(padded.roll(-(response.shape[-1] // 2), dims=-1)).real
    return spectrum
