"""Energies of 85 semitones, each through its own elliptic filter.

Müller (2007), "Information Retrieval for Music and Motion", https://doi.org/10.1007/978-3-540-74048-3, ch. 3;
Müller and Ewert (2011), Chroma Toolbox, https://www.audiolabs-erlangen.de/resources/MIR/chromatoolbox/.
The filters and windows are those of librosa's `iirt`.

librosa runs each filter forwards over the clip and backwards over the result (`sosfiltfilt`). Here both runs
are products in the frequency domain, for all clips and the notes of an octave at once, each band at a rate of
three to six times its frequency. From C3 (131 Hz) upwards, energies agree to a tenth of the largest of their
note; below, where a window holds but two periods and librosa counts it in 56 samples, to half of it.
"""

import math
from functools import cache, lru_cache
from typing import Final, NamedTuple, final

import numpy as np
import scipy.signal
import torch
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn import functional as F

from bonafide.frontends.framing import Framed
from bonafide.frontends.legend import Legend
from bonafide.frontends.scale import Scale, Scaling
from bonafide.types import InputError

QUALITY: Final = 25.0  # centre over width of the pass band
RIPPLE, ATTENUATION = 1.0, 50.0  # decibels, within the pass band and in the stop band
RATES: Final = ((60, 882.0), (94, 4410.0), (math.inf, 22050.0))  # up to which note filters are for which rate
LOWEST, HIGHEST = 12, 120  # notes whose filters are sound at those rates
RING: Final = 200  # periods of a filter's frequency until it has rung out
OVERSAMPLING: Final = 3.0
"""Least rate of a band over its highest frequency, so that the alias of its square lies as high as itself."""


class Filter(NamedTuple):
    """The elliptic filter of one note.

    Args:
        sections: of second order, `[sections, 6]`.
        rate: that it is for, in Hz.
        centre: of its pass band, in Hz.
        edge: where its upper stop band begins, in Hz.
    """

    sections: NDArray[np.float64]
    rate: float
    centre: float
    edge: float

    @property
    def run_out(self) -> float:
        """Seconds of nothing that the forward run goes on into, before the backward run sets in."""
        return 3 * (2 * len(self.sections) + 1) / self.rate

    def response(self, frequencies: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Complex gain at `frequencies` in Hz; nothing is heard above half the filter's rate."""
        audible = frequencies < self.rate / 2
        gain = np.zeros(len(frequencies), dtype=np.complex128)
        gain[audible] = scipy.signal.sosfreqz(self.sections, frequencies[audible], fs=self.rate)[1]
        return gain


@cache
def design(note: int, tuning: float) -> Filter:
    """The filter of a note: a pass band of 1/25 of its frequency, stop bands half as far again."""
    centre = 440 * 2 ** ((note + tuning - 69) / 12)
    rate = next(rate for limit, rate in RATES if note < limit)
    width = centre / QUALITY
    inner, outer = ([2 * (centre - part) / rate, 2 * (centre + part) / rate] for part in (width / 2, width))
    sections = scipy.signal.iirdesign(inner, outer, RIPPLE, ATTENUATION, ftype="ellip", output="sos")
    return Filter(np.asarray(sections, dtype=np.float64), rate, centre, centre + width)


@lru_cache(maxsize=32)
def responses(
    notes: tuple[int, ...],
    tuning: float,
    *,
    halvings: int,
    length: int,
    sample_rate: int,
    device: torch.device,
) -> Tensor:
    """Gains of the notes on the lines of a transform of `length` at a rate halved so often, `[notes, lines]`.

    Kept, for clips of a run nearly always have one length.
    """
    lines = np.arange((length >> halvings) // 2 + 1) * sample_rate / length
    rows = np.stack([design(note, tuning).response(lines) for note in notes])
    with torch.inference_mode(mode=False):  # what is kept must serve training too
        return torch.from_numpy(rows).to(device, torch.complex64)


class Group(NamedTuple):
    """Notes whose bands share one rate.

    Args:
        halvings: of the rate of the waveform.
        notes: MIDI numbers, lowest first, whose filters are for one rate.
        tuning: in semitones.
    """

    halvings: int
    notes: tuple[int, ...]
    tuning: float

    def bands(self, waveform: Tensor, sample_rate: int) -> Tensor:
        """Filtered forwards and backwards, `[batch, time]` → `[batch, notes, time >> halvings]` or longer."""
        samples, lowest = waveform.shape[-1], design(self.notes[0], self.tuning)
        rung = samples + round(RING / lowest.centre * sample_rate)
        size = next_fast_len(-(-rung // 2**self.halvings), real=True)
        length = size * 2**self.halvings
        gain: Tensor = torch.compiler.disable(responses)(  # type: ignore[no-untyped-call]
            self.notes,
            self.tuning,
            halvings=self.halvings,
            length=length,
            sample_rate=sample_rate,
            device=waveform.device,
        )
        spectrum = torch.fft.rfft(waveform, n=length)[:, None, : gain.shape[-1]]
        last = (samples + round(lowest.run_out * sample_rate)) // 2**self.halvings
        forward = torch.fft.irfft(spectrum * gain, n=size)[..., :last]
        backward: Tensor = torch.fft.irfft(torch.fft.rfft(forward, n=size) * gain.conj(), n=size)
        return backward / 2.0**self.halvings


@final
class IIRT(Framed):
    """Energy of the semitones from C1 (32.7 Hz) to C8 (4186 Hz), through infinite impulse response filters.

    The sum of squares of a band over the window. Low filters ring for a second and more: the lowest octaves
    say little about when.

    Args:
        sample_rate: of the waveforms, in Hz.
        lowest: MIDI number of the first note; 69 is A = 440 Hz.
        notes: how many semitones from there.
        window: samples over which energies are summed; longer ones are smoother.
        hop: samples between frames; powers of two in `window` and `hop` make it faster.
        tuning: deviation from A = 440 Hz, in fractions of a semitone.
        scale: `decibel`, `log` (ln(x + floor)) or `linear`.
        floor: energy below which nothing is told apart.
        top_db: decibels below the loudest value of a clip at which it is cut off; none if not given.

    Shape:
        `[batch, time]` → `[batch, 1, notes, 1 + time // hop]`, for an odd `window` `1 + (time - 1) // hop`
        frames; lowest note first.

    Raises:
        InputError: a setting has no meaning, or a clip is shorter than one window.

    >>> IIRT(16000).shape(32000)
    FeatureShape(channels=1, bins=85, frames=126)
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        lowest: int = 24,
        notes: int = 85,
        window: int = 1024,
        hop: int = 256,
        tuning: float = 0.0,
        scale: Scale = "decibel",
        floor: float = 1e-10,
        top_db: float | None = None,
    ) -> None:
        super().__init__(sample_rate, bins=notes, length=window, hop=hop)
        if notes < 1 or lowest < LOWEST or lowest + notes - 1 > HIGHEST:
            found = f"IIRT has filters for the notes {LOWEST} to {HIGHEST}"
            raise InputError(f"{found}, not for {notes} from {lowest}; 85 from 24 is usual.")
        if not -1 < tuning < 1:
            raise InputError(f"IIRT cannot be tuned by {tuning:g} semitones; use less than 1 either way.")
        filters = [design(note, tuning) for note in range(lowest, lowest + notes)]
        fitting = sum(one.edge < sample_rate / 2 for one in filters)
        if fitting < notes:
            found = f"IIRT's highest note reaches up to {filters[-1].edge:.0f} Hz"
            remedy = f"use at most notes={fitting}" if fitting else "use a lower one"
            raise InputError(f"{found}, above half the sample rate of {sample_rate} Hz; {remedy}.")
        self.scaling = Scaling(scale, 2, floor, top_db)
        self.centres = torch.tensor([one.centre for one in filters], dtype=torch.float64)
        self.step = math.gcd(window, hop)
        by_rate: dict[tuple[int, float], list[int]] = {}
        for note, one in enumerate(filters, start=lowest):
            by_rate.setdefault((_halvings(one, sample_rate, self.step), one.rate), []).append(note)
        self.groups = tuple(
            Group(halvings, tuple(members), tuning) for (halvings, _), members in by_rate.items()
        )

    def legend(self) -> Legend:
        """Notes by their frequency."""
        return Legend("frequency", self.scaling.title, hertz=self.centres)

    def features(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, frames, notes]`."""
        frames = self.shape(waveform.shape[-1]).frames
        padded = F.pad(waveform, (self.length // 2, self.length // 2))
        sums = [
            self._sums(group.bands(padded, self.sample_rate), group.halvings, frames) for group in self.groups
        ]
        return self.scaling(torch.cat(sums, dim=-2).transpose(-2, -1))

    def _sums(self, band: Tensor, halvings: int, frames: int) -> Tensor:
        """Energy in each window, `[batch, notes, time]` → `[batch, notes, frames]`.

        Windows and hops are whole numbers of steps, so each square is added up once, into its step.
        """
        long, far = self.length // self.step, self.hop // self.step
        steps = far * (frames - 1) + long
        step = self.step // 2**halvings
        squares = band[..., : steps * step].square().reshape(*band.shape[:-1], steps, step)
        sums: Tensor = squares.sum(-1).unfold(-1, long, far).sum(-1)
        return sums * 2.0**halvings


def _halvings(one: Filter, sample_rate: int, step: int) -> int:
    """How often the rate may be halved: to `OVERSAMPLING` times the filter's edge, and whole steps."""
    found = 0
    while step % 2 ** (found + 1) == 0 and sample_rate / 2 ** (found + 1) >= OVERSAMPLING * one.edge:
        found += 1
    return found
