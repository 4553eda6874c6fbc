"""Everything that is measured of a recording, for many of different lengths at once."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from ptwt.constants import BoundaryMode
from torch import Tensor
from torchaudio.functional import detect_pitch_frequency

from bonafide.audio import frames
from bonafide.explain.corpus import fingerprints, statistics
from bonafide.explain.corpus.loudness import loudness
from bonafide.explain.corpus.pitch import pitch
from bonafide.frontends.packet_tree import PacketTree
from bonafide.types import InputError

NUMBERS: Final = (
    "seconds",
    "centroid_hz",
    "pitch_hz",
    "pitch_spread_hz",
    "voiced",
    "loudness_lufs",
    "rms_db",
)
"""What is one number of a recording: `pitch_spread_hz` is the standard deviation over its voiced frames,
`voiced` the share of frames that have a pitch."""

Measured = Mapping[str, NDArray[np.float64]]
"""`numbers` in the order of `NUMBERS`, `spectrum` in dB, `packets` and `lines` as magnitudes, and the
`waveform` that these are taken of; each `[recordings, values]`, not a number where a recording has none."""

_BLOCK: Final = 1 << 19
"""Samples at once, as in `bonafide.frontends.framing`."""


class Settings(NamedTuple):
    """How recordings are measured.

    Args:
        sample_rate: in Hz.
        n_fft: samples in a frame of the spectrum; longer ones tell finer lines apart.
        hop: samples between these frames.
        wavelet: of the packets, any discrete one of PyWavelets.
        level: depth of their tree; `2**level` bands.
        mode: how a clip goes on beyond its ends.
        seconds: beginning of a recording that fingerprints are taken of; shorter recordings have none.
        lowest_pitch: that is looked for, in Hz.
        highest_pitch: likewise.
        faithful: pitch as published: cross-correlation without a decision about voicing; and the mean
            waveform that published fingerprints are taken of.
    """

    sample_rate: int
    n_fft: int = 256
    hop: int = 128
    wavelet: str = "haar"
    level: int = 14
    mode: BoundaryMode = "reflect"
    seconds: float = 1.0
    lowest_pitch: float = 50.0
    highest_pitch: float = 500.0
    faithful: bool = False

    @property
    def samples(self) -> int:
        """Of the clips that fingerprints are taken of."""
        return frames.to_samples(self.seconds, self.sample_rate)

    def tree(self) -> PacketTree:
        """The packets."""
        return PacketTree(self.wavelet, self.level, self.mode)

    def check(self) -> None:
        """Refuses what cannot be measured.

        Raises:
            InputError: a setting has no meaning; the message names its option.
        """
        if self.n_fft < 2 or self.hop < 1:
            raise InputError(
                f"spectrum.n_fft={self.n_fft} with spectrum.hop={self.hop} makes no frames; "
                "choose at least 2 and 1 samples"
            )
        if not 0 < self.lowest_pitch < self.highest_pitch <= self.sample_rate / 4:
            raise InputError(
                f"pitch.lowest={self.lowest_pitch:g} to pitch.highest={self.highest_pitch:g} is no range of "
                f"pitch at {self.sample_rate} Hz; 50 to 500 is usual"
            )
        least = len(self.tree().lowpass) - 1 + 2 ** (self.level - 1)
        if self.samples < least:
            raise InputError(
                f"fingerprint.level={self.level} of {self.wavelet} needs {least} samples, and "
                f"fingerprint.seconds={self.seconds:g} are {self.samples} at {self.sample_rate} Hz; "
                "take more seconds or fewer levels"
            )


def measure(recordings: Sequence[NDArray[np.float32]], settings: Settings) -> Measured:
    """All that is measured, a row for each recording, in their order.

    Args:
        recordings: `[time]` each, none empty.
        settings: how.
    """
    tree = settings.tree()
    order = np.argsort([len(recording) for recording in recordings], kind="stable")
    with torch.inference_mode():
        blocks = _blocks([recordings[place] for place in order])
        parts = [_measured(block, settings, tree) for block in blocks]
    back = np.argsort(order, kind="stable")
    return {name: torch.cat([part[name] for part in parts]).numpy()[back] for name in parts[0]}


def _blocks(recordings: Sequence[NDArray[np.float32]]) -> list[list[NDArray[np.float32]]]:
    """Neighbours in length, so that little is padded, and few enough for a processor's cache."""
    blocks: list[list[NDArray[np.float32]]] = [[]]
    for recording in recordings:
        if blocks[-1] and (len(blocks[-1]) + 1) * len(recording) > _BLOCK:
            blocks.append([])
        blocks[-1].append(recording)
    return blocks


def _measured(
    recordings: Sequence[NDArray[np.float32]], settings: Settings, tree: PacketTree
) -> dict[str, Tensor]:
    """Of recordings that rise in length."""
    length = torch.tensor([len(recording) for recording in recordings])
    waveform = torch.zeros(len(recordings), int(length[-1]))
    for row, recording in enumerate(recordings):
        waveform[row, : len(recording)] = torch.from_numpy(recording)
    rate = settings.sample_rate
    powers, present = statistics.power(waveform, length, settings.n_fft, settings.hop)
    numbers = [
        length / rate,
        statistics.centroid(powers, present, rate),
        *_pitch(waveform, length, settings),
        loudness(waveform, length, rate),
        statistics.rms(waveform, length),
    ]
    found = {
        "numbers": torch.stack([number.double() for number in numbers], 1),
        "spectrum": statistics.level_spectrum(powers, present),
    }
    begun = waveform[length >= settings.samples, : settings.samples]
    short = len(recordings) - len(begun)  # these come first
    heard = (
        {"packets": fingerprints.packets(begun, tree), "lines": fingerprints.lines(begun)}
        if len(begun)
        else {}
    )
    if settings.faithful and len(begun):
        heard["waveform"] = begun
    sizes = {"packets": 2**settings.level, "lines": settings.samples // 2 + 1}
    sizes |= {"waveform": settings.samples} if settings.faithful else {}
    for name, size in sizes.items():
        nothing = torch.full((short, size), torch.nan)
        found[name] = torch.cat([nothing, heard[name]]) if name in heard else nothing
    return found


def _pitch(waveform: Tensor, length: Tensor, settings: Settings) -> tuple[Tensor, Tensor, Tensor]:
    """Mean, standard deviation and share of the voiced frames of each clip."""
    low, high = settings.lowest_pitch, settings.highest_pitch
    if settings.faithful:
        hertz = torch.full((len(waveform), 1), torch.nan)
        least = 16 * ceil(0.01 * settings.sample_rate)  # half of what its smoothing looks over
        for row, samples in enumerate(length.tolist()):  # together, it would look into the padding
            if samples < least:
                continue
            found = detect_pitch_frequency(
                waveform[row, :samples], settings.sample_rate, freq_low=int(low), freq_high=int(high)
            )
            grow = max(0, len(found) - hertz.shape[1])
            hertz = torch.nn.functional.pad(hertz, (0, grow), value=torch.nan)
            hertz[row, : len(found)] = found
    else:
        hertz = pitch(waveform, length, settings.sample_rate, lowest=low, highest=high)
    hertz = hertz.double()
    voiced = hertz > 0
    count = voiced.sum(1)
    mean = torch.where(voiced, hertz, 0).sum(1) / count
    squares = torch.where(voiced, (hertz - mean[:, None]).square(), 0).sum(1)
    spread = torch.where(count > 1, (squares / (count - 1).clamp(min=1)).sqrt(), torch.nan)
    return mean, spread, count / (~hertz.isnan()).sum(1)
