"""Features of a second epoch out of a memo, against computing them again.

Of two front ends: hidden states of wav2vec 2.0 Base in its published size (94 million weights, frozen and
here random), for which a memo is meant, and a wavelet packet tree of 256 bands, which hardly needs one.

Run: `.venv/bin/python benchmarks/memo.py`
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import final

import torch
from torch import Tensor
from transformers import Wav2Vec2Config, Wav2Vec2Model

from bonafide.frontends.frontend import Frontend
from bonafide.frontends.legend import Legend
from bonafide.frontends.memo import Memo
from bonafide.frontends.wavelet_packets import WaveletPackets
from bonafide.types import FeatureShape

SAMPLES, BATCH, BATCHES = 64_600, 4, 6


@final
class HiddenStates(Frontend):
    """The last hidden states of wav2vec 2.0 Base, whose weights do not matter here."""

    def __init__(self) -> None:
        super().__init__(16_000)
        self.encoder = Wav2Vec2Model(Wav2Vec2Config()).requires_grad_(requires_grad=False)

    @property
    def external(self) -> Mapping[str, str]:
        """The encoder, as if it had been read from somewhere."""
        return {"encoder.": "random"}

    def shape(self, samples: int) -> FeatureShape:
        """One vector of 768 numbers for every 20 ms."""
        frames = int(self.encoder._get_feat_extract_output_lengths(samples))  # noqa: SLF001
        return FeatureShape(1, self.encoder.config.hidden_size, frames)

    def times(self, samples: int) -> Tensor:
        """Beginning of each frame in seconds, `[frames]`."""
        return torch.arange(self.shape(samples).frames, dtype=torch.float64) * 0.02

    def legend(self) -> Legend:
        """Hidden units."""
        return Legend("hidden unit", "activation")

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, 1, 768, frames]`."""
        hidden: Tensor = self.encoder(waveform).last_hidden_state
        return hidden.mT[:, None]


def seconds(frontend: Frontend, waveform: Tensor) -> float:
    start = perf_counter()
    frontend(waveform)
    if waveform.is_cuda:
        torch.cuda.synchronize()
    return perf_counter() - start


def compare(frontend: Frontend, device: str, folder: Path) -> None:
    frontend = frontend.eval().to(device)
    clips = [0.1 * torch.randn(BATCH, SAMPLES, device=device) for _ in range(BATCHES)]
    size = 4 * torch.Size(frontend.shape(SAMPLES)).numel()
    print(f"{type(frontend).__name__}: {list(frontend.shape(SAMPLES))}, {size / 1e6:.2f} MB a clip")
    print(f"  {'computed':24} {'ms a clip':>10} {'remembered':>11} {'ratio':>8}   largest difference")
    for half in (False, True):
        memo = Memo(frontend, folder, half=half)
        first = sum(seconds(memo, batch) for batch in clips)  # the first epoch also writes
        error = max(float((memo(batch) - frontend(batch)).abs().max()) for batch in clips)
        # The sides take turns, and the ratio is taken turn by turn, so that a busy machine hits both alike.
        turns = [(seconds(frontend, batch), seconds(memo, batch)) for batch in clips]
        again, remembered = (1e3 / BATCH * median(side) for side in zip(*turns, strict=True))
        ratio = median(slow / fast for slow, fast in turns)
        name = f"memo in {'half' if half else 'full'} precision"
        print(f"  {name:24} {again:10.2f} {remembered:11.3f} {ratio:8.1f}   {error:.1e}")
        print(f"    first epoch, {1e3 * first / BATCH / BATCHES:.2f} ms a clip")


@torch.inference_mode()
def main() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(2)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    print(f"torch {torch.__version__} on {device}, torch.set_num_threads(2)")
    print(f"{BATCHES} batches of {BATCH} clips of {SAMPLES} samples, median of the batches of a second epoch")
    with tempfile.TemporaryDirectory() as folder:
        compare(HiddenStates(), device, Path(folder))
        compare(WaveletPackets(16_000), device, Path(folder))


if __name__ == "__main__":
    main()
