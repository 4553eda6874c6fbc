"""Short-time spectra, line by line or gathered by triangles on the mel scale.

The short-time Fourier transform is `torch.stft` with a periodic Hann window, the filters are torchaudio's.
The mel scale: Stevens, Volkmann and Newman (1937), https://doi.org/10.1121/1.1915893.
"""

from typing import Literal, final

import torch
from torch import Tensor, nn

from bonafide.frontends import triangles
from bonafide.frontends.framing import Framed, Padding
from bonafide.frontends.legend import Legend
from bonafide.frontends.scale import Scale, Scaling
from bonafide.types import InputError


@final
class Spectrum(nn.Module):
    """Magnitudes or powers of centred frames.

    Args:
        n_fft: samples in a frame and in its Hann window.
        hop: samples between frames.
        power: 2 for powers, 1 for magnitudes.
        padding: what lies beyond the edges of the clip.

    Shape:
        `[batch, time]` → `[batch, frames, n_fft // 2 + 1]`: lines last, as the transform leaves them, so that
        a filter bank is one matrix product without a copy.
    """

    window: Tensor

    def __init__(
        self, n_fft: int, hop: int, *, power: Literal[1, 2] = 2, padding: Padding = "reflect"
    ) -> None:
        super().__init__()
        if padding not in ("reflect", "zero"):
            raise InputError(f"there is no padding={padding}; use reflect or zero.")
        self.n_fft = n_fft
        self.hop = hop
        self.power = power
        self.mode = "reflect" if padding == "reflect" else "constant"
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, frames, lines]`."""
        spectrum = torch.stft(
            waveform, self.n_fft, self.hop, window=self.window, pad_mode=self.mode, return_complex=True
        ).transpose(-2, -1)
        if self.power == 1:
            return spectrum.abs()  # its gradient at 0 is 0
        # The square needs no root; two passes over memory instead of three for the sum of two squares.
        return torch.addcmul(spectrum.real.square(), spectrum.imag, spectrum.imag)


@final
class STFT(Framed):
    """The spectrogram: all frequencies alike, evenly spaced from 0 to half the sample rate.

    Args:
        sample_rate: of the waveforms, in Hz.
        n_fft: samples in a frame and in its Hann window; longer frames resolve pitch, shorter ones clicks.
        hop: samples between frames.
        power: 2 for powers, 1 for magnitudes; in decibels both are the same.
        scale: `decibel`, `log` (ln(x + floor)) or `linear`.
        floor: power below which nothing is told apart; raise it to hide what lies under the noise.
        top_db: decibels below the loudest value of a clip at which it is cut off, a floor that follows the
            level of the clip; none if not given.
        padding: what lies beyond the edges: `reflect` (the clip mirrored) or `zero`.

    Shape:
        `[batch, time]` → `[batch, 1, n_fft // 2 + 1, 1 + time // hop]`, for an odd `n_fft`
        `1 + (time - 1) // hop` frames; lowest frequency first.

    Raises:
        InputError: a setting has no meaning, or a clip is shorter than one frame.

    >>> STFT(22050, n_fft=511, hop=220).shape(22050)
    FeatureShape(channels=1, bins=256, frames=101)
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        n_fft: int = 512,
        hop: int = 256,
        power: Literal[1, 2] = 2,
        scale: Scale = "decibel",
        floor: float = 1e-10,
        top_db: float | None = None,
        padding: Padding = "reflect",
    ) -> None:
        super().__init__(sample_rate, bins=n_fft // 2 + 1, length=n_fft, hop=hop)
        self.scaling = Scaling(scale, power, floor, top_db)
        self.spectrum = Spectrum(n_fft, hop, power=power, padding=padding)

    def legend(self) -> Legend:
        """Lines of the spectrum."""
        lines = torch.arange(self.bins, dtype=torch.float64) * self.sample_rate / self.length
        return Legend("frequency", self.scaling.title, hertz=lines)

    def features(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, frames, n_fft // 2 + 1]`."""
        return self.scaling(self.spectrum(waveform))


@final
class Mel(Framed):
    """The mel spectrogram: bands as narrow as the ear's, fine below 1 kHz and coarse above.

    Args:
        sample_rate: of the waveforms, in Hz.
        filters: triangles on the mel scale; more resolve the lowest bands, and need a larger `n_fft`.
        n_fft: samples in a frame and in its Hann window; longer frames resolve pitch, shorter ones clicks.
        hop: samples between frames.
        f_min: lower edge of the filters, in Hz.
        f_max: upper edge of the filters, in Hz; half the sample rate if not given. Lower it to test what a
            detector hears without the highest band.
        mel_scale: `htk` (torchaudio's) or `slaney` (librosa's).
        norm: `slaney` gives the triangles equal areas (librosa's); equal heights if not given.
        power: 2 sums powers within a triangle, 1 magnitudes.
        scale: `decibel`, `log` (ln(x + floor)) or `linear`.
        floor: power below which nothing is told apart; raise it to hide what lies under the noise.
        top_db: decibels below the loudest value of a clip at which it is cut off; none if not given.
        padding: what lies beyond the edges: `reflect` (the clip mirrored) or `zero`.

    Shape:
        `[batch, time]` → `[batch, 1, filters, 1 + time // hop]`, lowest band first.

    Raises:
        InputError: a setting has no meaning, or a clip is shorter than one frame.

    >>> Mel(16000, hop=128).shape(64600)
    FeatureShape(channels=1, bins=80, frames=505)
    """

    bank: Tensor

    def __init__(
        self,
        sample_rate: int,
        *,
        filters: int = 80,
        n_fft: int = 512,
        hop: int = 160,
        f_min: float = 0.0,
        f_max: float | None = None,
        mel_scale: triangles.MelScale = "htk",
        norm: Literal["slaney"] | None = None,
        power: Literal[1, 2] = 2,
        scale: Scale = "decibel",
        floor: float = 1e-10,
        top_db: float | None = None,
        padding: Padding = "reflect",
    ) -> None:
        super().__init__(sample_rate, bins=filters, length=n_fft, hop=hop)
        bank = triangles.mel(
            "Mel",
            sample_rate,
            filters=filters,
            n_fft=n_fft,
            f_min=f_min,
            f_max=f_max,
            mel_scale=mel_scale,
            norm=norm,
        )
        self.register_buffer("bank", bank, persistent=False)
        self.centres = triangles.mel_centres(
            sample_rate, filters=filters, f_min=f_min, f_max=f_max, mel_scale=mel_scale
        )
        self.scaling = Scaling(scale, power, floor, top_db)
        self.spectrum = Spectrum(n_fft, hop, power=power, padding=padding)

    def legend(self) -> Legend:
        """Bands where their triangles peak."""
        return Legend("frequency", self.scaling.title, hertz=self.centres)

    def features(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, frames, filters]`."""
        return self.scaling(self.spectrum(waveform) @ self.bank)
