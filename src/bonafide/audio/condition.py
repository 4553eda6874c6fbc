"""Taking away what gives a label away without listening: level, offset, hum, silent ends, exact zeros.

Applied to bona fide speech and spoofs alike, in training, in tests and in predictions.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from bonafide.types import InputError

_ORDER = 4
_STEP = 1 / 32768  # of 16 bits


class Condition(NamedTuple):
    """What is done to every clip, in this order.

    Args:
        trim_seconds: cut from both ends of a recording before clips are taken: vocoders and recordings end
            in different kinds of silence.
        highpass_hz: frequencies below are removed without a change of phase, and the mean with them:
            microphones make rumble, vocoders do not.
        lowpass_hz: likewise above: where the two sides had different sample rates.
        level_db: root mean square of a clip, re full scale; less where it would exceed full scale.
        dither: quantise to 16 bits with triangular dither, so that exact zeros and bit depth tell nothing.
    """

    trim_seconds: float = 0.0
    highpass_hz: float | None = None
    lowpass_hz: float | None = None
    level_db: float | None = None
    dither: bool = False

    @property
    def changes(self) -> bool:
        """Whether `apply` does anything."""
        return bool(self.highpass_hz or self.lowpass_hz or self.level_db is not None or self.dither)


def check(condition: Condition, sample_rate: int) -> Condition:
    """The same, if it can be done.

    Raises:
        InputError: a cut-off that is no frequency of the clip, a negative trim, a level above full scale.
    """
    for name in ("highpass_hz", "lowpass_hz"):
        cut = getattr(condition, name)
        if cut is not None and not 0 < cut < sample_rate / 2:
            raise InputError(
                f"data.condition.{name}={cut} is no frequency of a clip at {sample_rate} Hz; "
                f"choose one above 0 and below {sample_rate / 2:g}, or null"
            )
    if condition.trim_seconds < 0:
        raise InputError(
            f"data.condition.trim_seconds={condition.trim_seconds} is negative; choose 0 or more"
        )
    if condition.level_db is not None and condition.level_db > 0:
        raise InputError(
            f"data.condition.level_db={condition.level_db} is above full scale; choose 0 or less"
        )
    return condition


def apply(
    condition: Condition, waveform: NDArray[np.float32], sample_rate: int, seed: int
) -> NDArray[np.float32]:
    """A clip without what the condition takes away.

    Args:
        condition: what to do; see `check`.
        waveform: of the clip.
        sample_rate: of it, in Hz.
        seed: of the dither: the same clip is always the same.

    Shape:
        `[time]` → `[time]`.
    """
    if not condition.changes or not len(waveform):
        return waveform
    found = waveform.astype(np.float64)
    if condition.highpass_hz is not None:
        found = _filtered(found - found.mean(), condition.highpass_hz, "highpass", sample_rate)
    if condition.lowpass_hz is not None:
        found = _filtered(found, condition.lowpass_hz, "lowpass", sample_rate)
    if condition.level_db is not None:
        found = _at_level(found, condition.level_db)
    if condition.dither:
        random = np.random.default_rng(seed)
        noise = random.uniform(-0.5, 0.5, len(found)) + random.uniform(-0.5, 0.5, len(found))
        found = np.clip(np.round(found / _STEP + noise), -32768, 32767) * _STEP
    return found.astype(np.float32)


def _filtered(
    waveform: NDArray[np.float64], cut: float, kind: Literal["highpass", "lowpass"], sample_rate: int
) -> NDArray[np.float64]:
    """Zero-phase: forwards and backwards, mirrored at the ends."""
    sections = signal.butter(_ORDER, cut, kind, output="sos", fs=sample_rate)
    mirrored = min(3 * sample_rate // 100, len(waveform) - 1)
    return np.asarray(signal.sosfiltfilt(sections, waveform, padlen=mirrored), np.float64)


def _at_level(waveform: NDArray[np.float64], level_db: float) -> NDArray[np.float64]:
    """Silence stays silence."""
    rms, peak = np.sqrt(np.mean(waveform**2)), np.abs(waveform).max()
    if rms < _STEP / 1e3:
        return waveform
    gain: float = min(10 ** (level_db / 20) / rms, 1 / peak)
    return waveform * gain
