"""Trivial numbers of a recording, which say nothing of whether it is genuine unless a data set is flawed.

Everything is gathered in one pass over blocks of any size, where a file is decoded anyway. Kept are one
number for 256 samples and one spectrum.
"""

import hashlib
from functools import lru_cache
from math import ceil, inf, log2, log10, nan
from typing import Final, NamedTuple, final

import numpy as np
import scipy.fft
from numpy.typing import NDArray

CHUNK: Final = 1 << 17  # samples; the stream is cut here, so sums do not depend on the blocks that come in
FRAME: Final = 256  # samples, of silence; four of them are a frame of the noise floor
SILENCE_DB: Final = -40.0
_LEVEL = 1e-20  # power: the lowest level is -200 dB
_SHARE = 1e-12  # the lowest share is -120 dB
_LOUDEST = 1e6  # in a broken file of floats; squares of more would overflow
_FULL = np.float32(1 << 15)
_FINE = np.float32(1 << 23)


class Probe(NamedTuple):
    """What a listener need not hear to tell two classes apart; NaN, 0 and "" where nothing was decoded.

    Levels are in dB re full scale, at least -200. Shares of energy are in dB re the energy of the whole
    recording without its mean, at least -120, which is "nothing there".

    Args:
        leading_silence: seconds before the first frame of 256 samples within 40 dB of the loudest one.
        trailing_silence: seconds after the last such frame.
        zeros_at_end: samples that are exactly 0 after the last one that is not.
        zeros: share of samples that are exactly 0, a fraction.
        rms: level.
        peak: level of the largest sample, at most 120.
        crest: peak over RMS, dB.
        dc: absolute value of the mean, a fraction of full scale.
        below_40hz: share of energy below 40 Hz, the mean removed.
        below_60hz: share of energy below 60 Hz, the mean removed.
        from_7_to_8khz: share of energy in [7, 8) kHz.
        above_7khz: share of energy from 7 kHz.
        top_band: share of energy in the top 8 % of the band, from 0.46 of the sample rate.
        floor: 5th percentile of the levels of frames of 1,024 samples.
        bits: 16 or 24 if every sample lies on that grid, else 32.
        content: SHA-256 of the samples rounded to 16 bit, its first 16 digits: the same in every lossless
            container.
    """

    leading_silence: float = nan
    trailing_silence: float = nan
    zeros_at_end: float = nan
    zeros: float = nan
    rms: float = nan
    peak: float = nan
    crest: float = nan
    dc: float = nan
    below_40hz: float = nan
    below_60hz: float = nan
    from_7_to_8khz: float = nan
    above_7khz: float = nan
    top_band: float = nan
    floor: float = nan
    bits: int = 0
    content: str = ""


def of(waveform: NDArray[np.float32], rate: int) -> Probe:
    """The numbers of a waveform that is in memory, such as one after conditioning.

    Args:
        waveform: finite samples.
        rate: in Hz.

    Shape:
        `[time]`.

    >>> of(np.zeros(1600, np.float32), 16000).trailing_silence
    0.1
    """
    prober = Prober(rate)
    prober.add(np.ascontiguousarray(waveform, np.float32))
    return prober.result()


@final
class Prober:
    """Gathers the numbers of one recording, block by block.

    Args:
        rate: in Hz.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._rest = np.empty(0, np.float32)
        self._samples = self._zeros = self._zeros_at_end = 0
        self._peak, self._sum, self._bits = 0.0, 0.0, 16
        self._energies: list[NDArray[np.float32]] = []
        self._content = hashlib.sha256()
        self._spectrum = _Spectrum(rate)

    def add(self, block: NDArray[np.float32]) -> None:
        """Takes the next finite samples, `[time]`, which nobody may change before the result is out."""
        waveform = np.concatenate([self._rest, block]) if len(self._rest) else block
        whole = len(waveform) // CHUNK * CHUNK
        for start in range(0, whole, CHUNK):
            self._take(waveform[start : start + CHUNK])
        self._rest = waveform[whole:]

    def result(self) -> Probe:
        """The numbers of all that was added; nothing can be added afterwards."""
        if len(self._rest):
            self._take(self._rest)
        if not self._samples:
            return Probe()
        energies = np.concatenate(self._energies).astype(np.float64)
        mean, power = self._sum / self._samples, float(energies.sum()) / self._samples
        leading, trailing = self._silence(energies)
        rms, peak = _level(power), _level(self._peak**2)
        return Probe(
            leading_silence=leading,
            trailing_silence=trailing,
            zeros_at_end=float(self._zeros_at_end),
            zeros=self._zeros / self._samples,
            rms=rms,
            peak=peak,
            crest=peak - rms,
            dc=abs(mean),
            **self._spectrum.shares(mean, self._rest, self._samples),
            floor=self._floor(energies),
            bits=self._bits,
            content=self._content.hexdigest()[:16],
        )

    def _take(self, chunk: NDArray[np.float32]) -> None:
        """A whole chunk, or the last one."""
        zero = chunk == 0
        zeros = int(np.count_nonzero(zero))
        if zeros == len(chunk):
            self._zeros_at_end += zeros
        else:
            self._zeros_at_end = int(np.argmin(zero[::-1])) if zero[-1] else 0
        self._zeros += zeros
        self._samples += len(chunk)
        peak = max(float(chunk.max()), -float(chunk.min()))
        if peak > _LOUDEST:
            chunk, peak = np.clip(chunk, -_LOUDEST, _LOUDEST), _LOUDEST
        self._peak = max(self._peak, peak)
        self._sum += float(chunk.sum())
        whole = len(chunk) // FRAME * FRAME
        for frames in (chunk[:whole].reshape(-1, FRAME), chunk[whole:].reshape(1, -1)):
            if frames.size:
                self._energies.append(np.vecdot(frames, frames))
        self._spectrum.add(chunk)
        self._round(chunk, peak)

    def _round(self, chunk: NDArray[np.float32], peak: float) -> None:
        """Looks for the grid on which the samples lie."""
        scaled = chunk * _FULL
        rounded = np.rint(scaled)
        if self._bits < 32 and not (rounded == scaled).all():
            fine = chunk * _FINE
            self._bits = max(self._bits, 24 if (np.rint(fine) == fine).all() else 32)
        if peak >= 1:
            np.clip(rounded, -_FULL, _FULL - 1, out=rounded)
        self._content.update(rounded.astype("<i2"))

    def _silence(self, energies: NDArray[np.float64]) -> tuple[float, float]:
        """Seconds of silence at either end."""
        power = energies.copy()
        power[-1] *= FRAME / (self._samples - FRAME * (len(energies) - 1))
        loud = np.flatnonzero(power > power.max() * 10 ** (SILENCE_DB / 10))
        if not len(loud):
            return self._samples / self._rate, self._samples / self._rate
        end = min(self._samples, (int(loud[-1]) + 1) * FRAME)
        return int(loud[0]) * FRAME / self._rate, (self._samples - end) / self._rate

    def _floor(self, energies: NDArray[np.float64]) -> float:
        """Whole frames of 1,024 samples; a shorter recording is one frame."""
        whole = self._samples // (4 * FRAME)
        if not whole:
            return _level(float(energies.sum()) / self._samples)
        power = energies[: 4 * whole].reshape(whole, 4).sum(axis=1)
        power.sort()
        place, between = divmod(0.05 * (whole - 1), 1)  # as percentile(), which is slow to start
        low, high = (_level(float(power[each]) / (4 * FRAME)) for each in (int(place), ceil(place + between)))
        return low + between * (high - low)


@final
class _Spectrum:
    """Energy by frequency: Hann windows of 0.16 to 0.33 s, one after the other.

    What is left over at the end is not looked at, unless it is all there is.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._size = min(CHUNK, max(16, 1 << ceil(log2(0.16 * rate))))
        self._window = _window(self._size)
        self._squares = np.zeros(2 * (self._size // 2 + 1))  # of real and imaginary parts in turn
        self._lowest = np.zeros(2)  # real parts of the two bins that the mean is in
        self._windows = 0

    def add(self, chunk: NDArray[np.float32]) -> None:
        windows = chunk[: len(chunk) // self._size * self._size].reshape(-1, self._size)
        if not len(windows):
            return
        bins = scipy.fft.rfft(windows * self._window, overwrite_x=True)
        parts = bins.view(np.float32)
        self._squares += np.einsum("fb,fb->b", parts, parts)
        self._lowest += bins[:, :2].real.sum(axis=0)
        self._windows += len(windows)

    def shares(self, mean: float, rest: NDArray[np.float32], samples: int) -> dict[str, float]:
        """The parts of the energy by their names in `Probe`."""
        power = self._without(mean) if self._windows else self._short(rest - np.float32(mean), samples)
        power[0] /= 2  # all but the ends stand for negative frequencies too
        power[-1] /= 2
        total = float(power.sum())
        bands = {
            "below_40hz": (-inf, 40.0),
            "below_60hz": (-inf, 60.0),
            "from_7_to_8khz": (7000.0, 8000.0),
            "above_7khz": (7000.0, inf),
            "top_band": (0.46 * self._rate, inf),
        }
        return {
            name: _share(float(power[self._bin(low) : self._bin(high)].sum()), total)
            for name, (low, high) in bands.items()
        }

    def _bin(self, frequency: float) -> int:
        """The first bin at or above a frequency."""
        return ceil(min(max(frequency * self._size / self._rate, 0.0), float(self._size)))

    def _without(self, mean: float) -> NDArray[np.float64]:
        """As if the mean, known only now, had been taken off first: it lies in the two lowest bins alone."""
        power: NDArray[np.float64] = self._squares[::2] + self._squares[1::2]
        for place, share in enumerate((0.5, -0.25)):  # transform of a Hann window, 0 from there on
            offset = mean * share * self._size
            moved = power[place] + self._windows * offset**2 - 2 * offset * self._lowest[place]
            power[place] = max(0.0, float(moved))
        return power

    def _short(self, waveform: NDArray[np.float32], samples: int) -> NDArray[np.float64]:
        bins = np.fft.rfft(waveform.astype(np.float64) * _hann(samples), self._size)
        return bins.real**2 + bins.imag**2


@lru_cache(maxsize=8)
def _window(size: int) -> NDArray[np.float32]:
    window = _hann(size)
    window.flags.writeable = False
    return window


def _hann(size: int) -> NDArray[np.float32]:
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size), np.float32)


def _level(power: float) -> float:
    return 10 * log10(max(power, _LEVEL))


def _share(energy: float, total: float) -> float:
    return 10 * log10(max(energy / total, _SHARE)) if total > 0 else 10 * log10(_SHARE)
