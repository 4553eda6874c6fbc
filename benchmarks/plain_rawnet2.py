"""RawNet2 written down plainly, for `training_step.py`; `Residual` has its slip, the filters their loop.

Tak et al. (2021), https://arxiv.org/abs/2011.01108, in the sizes and with the names of the weights of the
ASVspoof 2021 baseline.
"""

from itertools import pairwise
from typing import final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

SAMPLE_RATE, BANDS, TAPS = 16000, 20, 1025
WIDTHS = (20, 20, 20, 128, 128, 128, 128)


def sinc_filters(bands: int, taps: int) -> Tensor:
    """`[bands, 1, taps]`, band by band in numpy."""
    mel = np.linspace(0, 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700), bands + 1)
    edges = 700 * (10 ** (mel / 2595) - 1)
    place = np.arange(taps) - taps // 2
    bank = torch.zeros(bands, 1, taps)
    for band in range(bands):
        low, high = 2 * edges[band : band + 2] / SAMPLE_RATE
        ideal = high * np.sinc(high * place) - low * np.sinc(low * place)
        bank[band] = torch.tensor(np.hamming(taps) * ideal, dtype=torch.float32)
    return bank


@final
class Residual(nn.Module):
    """`[batch, inputs, time]` → `[batch, outputs, time // 3]`."""

    def __init__(self, inputs: int, outputs: int, *, first: bool) -> None:
        super().__init__()
        self.first, self.widens = first, inputs != outputs
        self.activation = nn.LeakyReLU(0.3)
        if not first:
            self.bn1 = nn.BatchNorm1d(inputs)
        self.conv1 = nn.Conv1d(inputs, outputs, 3, padding=1)
        self.bn2 = nn.BatchNorm1d(outputs)
        self.conv2 = nn.Conv1d(outputs, outputs, 3, padding=1)
        if self.widens:
            self.conv_downsample = nn.Conv1d(inputs, outputs, 1)
        self.pool = nn.MaxPool1d(3)

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, inputs, time]` → `[batch, outputs, time // 3]`."""
        if not self.first:
            self.activation(self.bn1(x))  # the published slip: computed, and not used
        y = self.conv2(self.activation(self.bn2(self.conv1(x))))
        if self.widens:
            x = self.conv_downsample(x)
        pooled: Tensor = self.pool(y + x)
        return pooled


@final
class PlainRawNet2(nn.Module):
    """`[batch, time]` → `[batch, 2]` log-probabilities of (spoof, bona fide)."""

    def __init__(self) -> None:
        super().__init__()
        self.first_bn = nn.BatchNorm1d(BANDS)
        self.selu = nn.SELU(inplace=True)
        for place, (inputs, outputs) in enumerate(pairwise(WIDTHS)):
            setattr(self, f"block{place}", nn.Sequential(Residual(inputs, outputs, first=place == 0)))
            setattr(self, f"fc_attention{place}", nn.Sequential(nn.Linear(outputs, outputs)))
        self.bn_before_gru = nn.BatchNorm1d(WIDTHS[-1])
        self.gru = nn.GRU(WIDTHS[-1], 1024, 3, batch_first=True)
        self.fc1_gru = nn.Linear(1024, 1024)
        self.fc2_gru = nn.Linear(1024, 2)

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, 2]`."""
        filters = sinc_filters(BANDS, TAPS).to(self.fc2_gru.weight)  # at every step
        x = F.max_pool1d(F.conv1d(waveform[:, None].to(filters), filters).abs(), 3)
        x = self.selu(self.first_bn(x))
        for place in range(len(WIDTHS) - 1):
            x = self.get_submodule(f"block{place}")(x)
            pooled = F.adaptive_avg_pool1d(x, 1).flatten(1)
            scale = self.get_submodule(f"fc_attention{place}")(pooled).sigmoid()[..., None]
            x = x * scale + scale
        x = self.selu(self.bn_before_gru(x))
        self.gru.flatten_parameters()
        steps, _ = self.gru(x.permute(0, 2, 1))
        return F.log_softmax(self.fc2_gru(self.fc1_gru(steps[:, -1])), dim=1)
