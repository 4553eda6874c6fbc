"""Sound events by energy and onsets, without a caption.

A clip's level is compared with its own background, as in adaptive voice activity detection; what stands out
is divided where the spectral flux (Dixon, Onset detection revisited, DAFx 2006, eq. 2.5) shows that
something new begins.
"""

from typing import final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, median_filter, uniform_filter1d
from scipy.signal import find_peaks

from bonafide.corpora.synthesis.transforms import Signal, stft
from bonafide.manipulation.grounder import Grounded, Grounder
from bonafide.manipulation.stage import Waveform
from bonafide.types import InputError

_STEP = 0.01  # seconds from frame to frame
_WINDOW = 0.032  # seconds
_SILENT = -84.0  # dB relative to full scale: two steps of 16 bits
_LIVELY = 6.0  # dB between background and loud parts below which nothing stands out


@final
class Energy(Grounder):
    """What is louder than the clip's background, divided at strong onsets.

    The background is the level that a tenth of the frames stay below, the loud parts that of one in twenty
    above. A clip that is as loud everywhere (rain) is one stretch.

    Args:
        share: of the way in dB from background to loud, above which a frame belongs to an event; lower gives
            longer stretches.
        bridge: seconds; shorter pauses do not end an event.
        divide: standard deviations by which a peak of the spectral flux must exceed its mean to begin a new
            stretch; null: pauses alone divide.
        shortest: seconds; what is shorter is not told.

    Raises:
        InputError: a setting has no meaning.
    """

    def __init__(
        self, share: float = 0.4, bridge: float = 0.2, divide: float | None = 4.0, shortest: float = 0.04
    ) -> None:
        if not 0 < share < 1 or bridge < 0 or shortest < 0 or (divide is not None and divide <= 0):
            raise InputError(
                f"grounder: share={share} must lie between 0 and 1, bridge={bridge} and shortest={shortest} "
                f"be 0 or more, divide={divide} more than 0"
            )
        self.share, self.bridge, self.divide, self.shortest = share, bridge, divide, shortest

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "energy"

    def ground(self, waveform: Waveform, sample_rate: int, caption: str) -> list[Grounded]:  # noqa: ARG002
        """See `Grounder.ground`; the probability is the mean height above background, 1 for loud parts."""
        hop, length = max(1, round(_STEP * sample_rate)), 2 * max(1, round(_WINDOW * sample_rate / 2))
        if waveform.size < length:
            return []
        spectrum = np.abs(stft(waveform.astype(np.float64), length, hop))
        level = 10 * np.log10(np.mean(spectrum**2, axis=-1) / length + 1e-12)
        level = uniform_filter1d(level, 5)
        low, high = np.quantile(level, [0.1, 0.95])
        if high < _SILENT:
            return []
        seconds = waveform.size / sample_rate
        if high - low < _LIVELY:
            return [Grounded(0.0, seconds, 0.5)]
        height = np.clip((level - low) / (high - low), 0.0, 1.0)
        pause = round(self.bridge / _STEP)
        active = np.pad(height > self.share, pause + 1)
        active = binary_closing(active, np.ones(pause + 1, bool))[pause + 1 : active.size - pause - 1]
        border = np.flatnonzero(np.diff(active.astype(int), prepend=0, append=0)).reshape(-1, 2)
        onsets = self._onsets(spectrum)
        found = []
        for first, last in border.tolist():
            inside = onsets[(onsets > first) & (onsets < last)].tolist()
            for start, end in zip([first, *inside], [*inside, last], strict=True):
                stretch = (start * hop / sample_rate, min(seconds, end * hop / sample_rate))
                if stretch[1] - stretch[0] >= self.shortest:
                    found.append(Grounded(*stretch, float(height[start:end].mean())))
        return found

    def _onsets(self, spectrum: Signal) -> NDArray[np.intp]:
        """Frames in which the magnitudes rise far more than they usually do."""
        if self.divide is None or len(spectrum) < 3:
            return np.empty(0, np.intp)
        # Logarithms, so that a soft event on a soft background counts as much as a loud one.
        compressed = np.log1p(1000 * spectrum / (spectrum.max() + 1e-12))
        flux = np.maximum(np.diff(compressed, axis=0, prepend=compressed[:1]), 0.0).sum(axis=-1)
        rise = flux - median_filter(flux, 11)
        peaks, _ = find_peaks(
            rise, height=rise.mean() + self.divide * rise.std(), distance=round(0.2 / _STEP)
        )
        return np.asarray(peaks, np.intp)
