"""Chroma: the energy of each of the twelve pitch classes, whatever the octave.

Ellis (2007), "Chroma feature analysis and synthesis",
https://www.ee.columbia.edu/~dpwe/resources/matlab/chroma-ansyn/, in the form of librosa's `chroma_stft`.
"""

from typing import Literal, final

import numpy as np
import torch
from torch import Tensor

from bonafide.frontends.framing import Framed, Padding
from bonafide.frontends.legend import Legend
from bonafide.frontends.scale import Scale, Scaling
from bonafide.frontends.spectrogram import Spectrum
from bonafide.types import InputError

CENTRE, WIDTH = 5.0, 2.0
"""Octaves above A0 / 2 = 13.75 Hz: where the weights peak (440 Hz), and how far they reach."""

NOTES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")


def bank(sample_rate: int, n_fft: int, classes: int, tuning: float) -> Tensor:
    """Weight of each line of the spectrum for each pitch class, from C upwards, `[n_fft // 2 + 1, classes]`.

    A bump of Gaussian shape around the class in every octave, as wide as a line where lines are wider than
    classes; a line's weights have unit norm, then fade away from 440 Hz.
    """
    reference = 440.0 * 2 ** (tuning / classes)
    lines = np.arange(1, n_fft) * sample_rate / n_fft
    pitch = classes * np.log2(lines / (reference / 16))  # in classes above A0 / 2
    # The line at 0 Hz has no pitch: as if one and a half octaves below the first, between the classes.
    pitch = np.concatenate([pitch[:1] - 1.5 * classes, pitch])
    width = np.concatenate([np.maximum(np.diff(pitch), 1.0), [1.0]])
    half = np.round(classes / 2)
    distance = (pitch[:, None] - np.arange(classes) + half + 10 * classes) % classes - half
    weights = np.exp(-0.5 * (2 * distance / width[:, None]) ** 2)
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    weights *= np.exp(-0.5 * ((pitch / classes - CENTRE) / WIDTH) ** 2)[:, None]
    from_c = np.roll(weights, -3 * (classes // 12), axis=1)
    return torch.from_numpy(from_c[: n_fft // 2 + 1]).float()


@final
class Chroma(Framed):
    """Energy of the pitch classes C, C♯, …, B, the strongest of each frame being 1 (0 dB).

    The tuning is fixed. librosa estimates it from the clip unless told: a step that has no gradient, and that
    shifts the features of a clip as a whole. Its `chroma_stft(…, tuning=0.0)` is what this front end gives.

    Args:
        sample_rate: of the waveforms, in Hz.
        classes: per octave, a multiple of 12 to go beyond semitones.
        n_fft: samples in a frame and in its Hann window; longer frames tell low notes apart.
        hop: samples between frames.
        tuning: deviation from A = 440 Hz, in fractions of a class.
        norm: `max` divides each frame by its strongest class, which removes the level; `None` keeps it.
        scale: `decibel`, `log` (ln(x + floor)) or `linear`.
        floor: power below which nothing is told apart.
        padding: what lies beyond the edges: `zero` (librosa's) or `reflect`.

    Shape:
        `[batch, time]` → `[batch, 1, classes, 1 + time // hop]`, from C upwards.

    Raises:
        InputError: a setting has no meaning, or a clip is shorter than one frame.

    >>> Chroma(16000).shape(32000)
    FeatureShape(channels=1, bins=12, frames=126)
    """

    bank: Tensor

    def __init__(
        self,
        sample_rate: int,
        *,
        classes: int = 12,
        n_fft: int = 1024,
        hop: int = 256,
        tuning: float = 0.0,
        norm: Literal["max"] | None = "max",
        scale: Scale = "decibel",
        floor: float = 1e-10,
        padding: Padding = "zero",
    ) -> None:
        super().__init__(sample_rate, bins=classes, length=n_fft, hop=hop)
        if classes < 1 or classes % 12:
            raise InputError(f"Chroma cannot divide the octave into {classes}; use 12, 24, 36, …")
        if norm not in ("max", None):
            raise InputError(f"Chroma knows no norm={norm}; use max or null.")
        self.norm = norm
        self.scaling = Scaling(scale, 2, floor)
        self.spectrum = Spectrum(n_fft, hop, padding=padding)
        self.register_buffer("bank", bank(sample_rate, n_fft, classes, tuning), persistent=False)

    def legend(self) -> Legend:
        """Pitch classes."""
        step = self.bins // len(NOTES)
        marks = tuple((place * step, note) for place, note in enumerate(NOTES))
        return Legend("pitch class", self.scaling.title, marks=marks)

    def features(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, frames, classes]`."""
        raw = self.spectrum(waveform) @ self.bank
        if self.norm is None:
            return self.scaling(raw)
        strongest = raw.amax(-1, keepdim=True)
        # A silent frame stays 0; so does one too faint for its quotient to have digits.
        audible = strongest > torch.finfo(torch.float32).tiny
        return self.scaling(raw / strongest.where(audible, torch.ones_like(strongest)))
