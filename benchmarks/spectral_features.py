"""Cepstra and spectrograms of a whole batch, against torchaudio's transforms called clip by clip.

Run: `.venv/bin/python benchmarks/spectral_features.py`
"""

from collections.abc import Callable
from statistics import median
from time import perf_counter

import torch
import torchaudio.transforms
from torch import Tensor, nn

from bonafide.frontends.cepstrum import LFCC, MFCC
from bonafide.frontends.spectrogram import STFT

SAMPLE_RATE, SAMPLES, CLIPS = 16000, 64600, 32
THREADS, WARM_UP, REPEATS = 2, 5, 41
FRAMES = {"n_fft": 512, "hop_length": 256}


class WithSlopes(nn.Module):
    """Cepstra, slopes and slopes of the slopes of one clip, as WaveFake stacks them."""

    def __init__(self, transform: nn.Module) -> None:
        super().__init__()
        self.transform = transform
        self.slope = torchaudio.transforms.ComputeDeltas()

    def forward(self, clip: Tensor) -> Tensor:
        """`[1, time]` → `[1, 3 * coefficients, frames]`."""
        cepstra = self.transform(clip)
        first = self.slope(cepstra)
        return torch.cat([cepstra, first, self.slope(first)], dim=-2)


def pairs() -> dict[str, tuple[nn.Module, nn.Module]]:
    """Ours on a batch `[batch, time]`, and torchaudio's on a clip `[1, time]`."""
    mfcc = torchaudio.transforms.MFCC(SAMPLE_RATE, 20, log_mels=True, melkwargs={**FRAMES, "n_mels": 20})
    lfcc = torchaudio.transforms.LFCC(SAMPLE_RATE, 20, n_lfcc=20, log_lf=True, speckwargs=FRAMES)
    return {
        "MFCC": (MFCC(SAMPLE_RATE), WithSlopes(mfcc)),
        "LFCC": (LFCC(SAMPLE_RATE), WithSlopes(lfcc)),
        "STFT": (STFT(SAMPLE_RATE, scale="linear"), torchaudio.transforms.Spectrogram(**FRAMES)),
    }


def whole(ours: nn.Module, waveform: Tensor) -> Tensor:
    """The batch at once."""
    features: Tensor = ours(waveform)
    return features


def by_clip(theirs: nn.Module, waveform: Tensor) -> Tensor:
    """One clip after the other."""
    return torch.stack([theirs(clip[None]) for clip in waveform])


def seconds(side: Callable[[nn.Module, Tensor], Tensor], of: nn.Module, waveform: Tensor) -> float:
    start = perf_counter()
    side(of, waveform)
    if waveform.is_cuda:
        torch.cuda.synchronize()
    return perf_counter() - start


@torch.inference_mode()
def main() -> None:
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    waveform = 0.1 * torch.randn(CLIPS, SAMPLES, device=device)
    print(f"torch {torch.__version__} on {device}, torch.set_num_threads({torch.get_num_threads()})")
    print(f"{CLIPS} clips of {SAMPLES} samples, median of {REPEATS} turns after {WARM_UP}")
    for name, sides in pairs().items():
        ours, theirs = (side.to(device) for side in sides)
        torch.testing.assert_close(whole(ours, waveform), by_clip(theirs, waveform), atol=1e-3, rtol=1e-3)
        # The sides take turns, and the ratio is taken turn by turn, so that a busy machine hits both alike.
        turns = [
            (seconds(whole, ours, waveform), seconds(by_clip, theirs, waveform))
            for _ in range(WARM_UP + REPEATS)
        ][WARM_UP:]
        fast, slow = (1e3 * median(side) for side in zip(*turns, strict=True))
        ratio = median(s / f for f, s in turns)
        print(f"  {name}  batch {fast:8.2f} ms   clip by clip {slow:8.2f} ms   ratio {ratio:6.2f}")


if __name__ == "__main__":
    main()
