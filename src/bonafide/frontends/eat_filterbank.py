"""Kaldi's log mel filter bank with the settings of EAT, for whole batches and with gradients.

The values are those of `torchaudio.compliance.kaldi.fbank(htk_compat=True, use_energy=False,
window_type="hanning", num_mel_bins=128, dither=0.0)`, which takes one clip at a time. Kaldi: Povey et al.
(2011), "The Kaldi Speech Recognition Toolkit", https://kaldi-asr.org/doc/feat.html.
"""

from typing import Final, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchaudio.compliance.kaldi import get_mel_banks

SAMPLE_RATE: Final = 16_000
BINS: Final = 128
FRAME: Final = 400  # samples: 25 ms
HOP: Final = 160  # samples: 10 ms
_FFT: Final = 512  # the frame filled up with zeros to a power of two
_PRE_EMPHASIS: Final = 0.97
_LOWEST: Final = 20.0  # Hz, lower edge of the first filter; the last one ends at half the sample rate


@final
class KaldiFilterbank(nn.Module):
    """Log energies in 128 mel bands of 16 kHz clips, every 10 ms.

    Each frame of 25 ms loses its mean; then pre-emphasis by 0.97, a symmetric Hann window, the power spectrum
    of 512 points, triangles on the mel scale `1127 ln(1 + f / 700)` from 20 to 8000 Hz, and the natural
    logarithm, nothing below the resolution of float32. EAT's own chain takes the mean of the whole clip away
    first; the frames' means leave nothing of that but rounding.

    Shape:
        `[batch, time]` → `[batch, 1 + (time − 400) // 160, 128]`, float32 under autocast too.

    >>> KaldiFilterbank()(torch.zeros(2, 160_000)).shape
    torch.Size([2, 998, 128])
    """

    window: Tensor
    bank: Tensor

    def __init__(self) -> None:
        super().__init__()
        bank, _ = get_mel_banks(BINS, _FFT, float(SAMPLE_RATE), _LOWEST, 0.0, 100.0, -500.0, 1.0)
        self.register_buffer("window", torch.hann_window(FRAME, periodic=False), persistent=False)
        self.register_buffer("bank", F.pad(bank, (0, 1)).T.contiguous(), persistent=False)  # [lines, bins]

    @staticmethod
    def frames(samples: int) -> int:
        """Frames that lie wholly within `samples`; none below 400.

        >>> [KaldiFilterbank.frames(n) for n in (399, 400, 160_000, 163_999, 164_080)]
        [0, 1, 998, 1023, 1024]
        """
        return max(0, 1 + (samples - FRAME) // HOP)

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, frames, 128]`."""
        with torch.autocast(waveform.device.type, enabled=False):
            frames = waveform.float().unfold(-1, FRAME, HOP)  # [batch, frames, 400]
            frames = frames - frames.mean(dim=-1, keepdim=True)
            # Kaldi emphasizes a frame's first sample too; the window weighs it with zero.
            emphasized = (frames[..., 1:] - _PRE_EMPHASIS * frames[..., :-1]) * self.window[1:]
            spectrum = torch.fft.rfft(F.pad(emphasized, (1, _FFT - FRAME)))
            power = spectrum.real.square() + spectrum.imag.square()  # unlike abs(), smooth at silence
            features: Tensor = (power @ self.bank).clamp(min=torch.finfo(torch.float32).eps).log()
            return features
