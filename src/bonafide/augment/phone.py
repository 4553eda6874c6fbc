"""A phone call as WaveFake simulates it: low-pass, compander, 8 kHz, GSM.

Frank and Schönherr (2021), "WaveFake", https://arxiv.org/abs/2111.02813.
"""

import io
from typing import Final, final

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchaudio.functional import lowpass_biquad

from bonafide.audio.resample import resample
from bonafide.augment.augmentation import Augmentation
from bonafide.augment.change import Nothing
from bonafide.types import InputError, Label

RATE: Final = 8000  # Hz, of GSM 06.10
CUT_HZ: Final = 4000.0
ATTACK_SECONDS, DECAY_SECONDS, AHEAD_SECONDS = 0.02, 0.05, 0.05
START_DB, GAIN_DB = -7.0, -8.0
CURVE_IN_DB: Final = (-60.0, -30.0, -20.0, -5.0, -2.0, 0.0)
CURVE_OUT_DB: Final = (-60.0, -10.0, -8.0, -8.0, -8.0, 0.0)  # SoX adds the last point itself


def companded(waveform: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Loud and quiet brought nearer, as SoX `compand` with WaveFake's settings.

    A follower of the level, fast up and slow down, looks 50 ms ahead and says the gain: that of the curve
    at this level, and below the curve that of its first point.

    Shape:
        `[time]` → `[time]`.
    """
    level = _followed(np.abs(waveform), sample_rate)
    ahead = round(AHEAD_SECONDS * sample_rate)
    level = np.append(level[ahead:], np.repeat(level[-1:], min(ahead, len(level))))
    level_db = np.clip(20 * np.log10(np.maximum(level, 1e-10)), CURVE_IN_DB[0], 0)
    gain_db = np.interp(level_db, CURVE_IN_DB, CURVE_OUT_DB) - level_db + GAIN_DB
    return np.asarray(np.clip(waveform * 10 ** (gain_db / 20), -1, 1), np.float32)


def _followed(size: NDArray[np.float32], sample_rate: int) -> NDArray[np.float64]:
    """Exponential smoothing, with a time constant for rising and one for falling levels."""
    rise, fall = (-np.expm1(-1 / (sample_rate * time)) for time in (ATTACK_SECONDS, DECAY_SECONDS))
    rise, fall, level = float(rise), float(fall), 10 ** (START_DB / 20)
    levels = []
    for each in size.tolist():  # each depends on the last, and on which of the two it was: no array operation
        level += (each - level) * (rise if each > level else fall)
        levels.append(level)
    return np.array(levels)


def through_gsm(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Encoded and decoded by GSM 06.10 full rate: `[time]` → `[time]`, at 8 kHz."""
    file = io.BytesIO()
    soundfile.write(file, np.clip(waveform, -1, 1), RATE, format="WAV", subtype="GSM610")
    file.seek(0)
    decoded, _ = soundfile.read(file, dtype="float32")
    return np.asarray(decoded[: len(waveform)], np.float32)


@final
class Phone(Augmentation[Nothing]):
    """Sends a clip through a phone call, and back to its rate.

    Published: fakes alone are called (`only: spoof`), and they stay at 8 kHz. Works in the loader, because
    the codec does.

    Args:
        sample_rate: in Hz.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: the rate is not above that of the call.

    Shape:
        `[batch, time]` → `[batch, time]`.
    """

    def __init__(self, sample_rate: int, *, p: float = 1.0, only: Label | None = None) -> None:
        super().__init__(p, only)
        self.place = "loader"
        if sample_rate <= RATE:
            raise InputError(
                f"augment: a phone call at {RATE} Hz needs clips of a higher rate, not {sample_rate} Hz; "
                "set data.sample_rate=16000"
            )
        self.sample_rate = sample_rate

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> Nothing:  # noqa: ARG002
        """See `Augmentation.draw`."""
        return Nothing()

    def apply(self, x: Tensor, drawn: Nothing) -> Tensor:  # noqa: ARG002
        """`[batch, time]` → `[batch, time]`."""
        dull = lowpass_biquad(x, self.sample_rate, CUT_HZ).numpy()
        return torch.stack([torch.from_numpy(self._call(row)) for row in dull])

    def _call(self, dull: NDArray[np.float32]) -> NDArray[np.float32]:
        narrow = resample(companded(dull, self.sample_rate), self.sample_rate, RATE)
        back = resample(through_gsm(narrow), RATE, self.sample_rate)[: len(dull)]
        return np.pad(back, (0, len(dull) - len(back)))
