"""RawNet2 with filters computed once, against rebuilding them band by band at every forward as published.

Run: `.venv/bin/python benchmarks/sinc_filters.py`
"""

from statistics import median
from time import perf_counter

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.models.layers.sinc import mel_edges
from bonafide.models.rawnet2 import RawNet2
from bonafide.types import FeatureShape

SAMPLE_RATE, SAMPLES, BANDS, TAPS = 16000, 64600, 20, 1025
WARM_UP, REPEATS = 3, 41


class RebuiltSincFilters(nn.Module):
    """The published way: a Python loop over the bands in numpy, then a copy to the device."""

    def __init__(self) -> None:
        super().__init__()
        self.edges = mel_edges(BANDS, SAMPLE_RATE).numpy()
        self.place = np.arange(TAPS) - TAPS // 2

    def filters(self) -> Tensor:
        """`[bands, taps]`."""
        bank = torch.zeros(BANDS, TAPS)
        for band in range(BANDS):
            low, high = 2 * self.edges[band : band + 2] / SAMPLE_RATE
            ideal = high * np.sinc(high * self.place) - low * np.sinc(low * self.place)
            bank[band] = torch.tensor(np.hamming(TAPS) * ideal, dtype=torch.float32)
        return bank

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, 1, time]` → `[batch, bands, time - taps + 1]`."""
        return F.conv1d(waveform, self.filters().to(waveform.device)[:, None])


def seconds(model: nn.Module, waveform: Tensor) -> float:
    start = perf_counter()
    model(waveform)
    if waveform.is_cuda:
        torch.cuda.synchronize()
    return perf_counter() - start


@torch.inference_mode()
def main() -> None:
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    shape = FeatureShape(1, 1, SAMPLES)
    once, rebuilding = (RawNet2(shape, sample_rate=SAMPLE_RATE, bands=BANDS, taps=TAPS) for _ in range(2))
    rebuilding.load_state_dict(once.state_dict())
    rebuilding.sinc = RebuiltSincFilters()
    once, rebuilding = once.eval().to(device), rebuilding.eval().to(device)
    waveform = 0.1 * torch.randn(1, *shape, device=device)
    torch.testing.assert_close(once(waveform), rebuilding(waveform))

    # The sides take turns, and the ratio is taken turn by turn, so that a busy machine hits both alike.
    turns = [(seconds(once, waveform), seconds(rebuilding, waveform)) for _ in range(WARM_UP + REPEATS)]
    fast, slow = zip(*turns[WARM_UP:], strict=True)

    print(f"torch {torch.__version__} on {device}, torch.set_num_threads({torch.get_num_threads()})")
    print(f"RawNet2 forward, one clip of {SAMPLES} samples, median of {REPEATS} turns after {WARM_UP}")
    print(f"  filters built once           {1e3 * median(fast):8.2f} ms")
    print(f"  rebuilt in a loop each time  {1e3 * median(slow):8.2f} ms")
    print(f"  ratio, rebuilt / once        {median(s / f for f, s in zip(fast, slow, strict=True)):8.3f}")


if __name__ == "__main__":
    main()
