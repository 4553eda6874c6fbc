"""Wavelet packets node by node and the DCNN, written down plainly, for `training_step.py`.

Gasenzer and Wolter (2024), https://arxiv.org/abs/2305.13033, in its sizes for sym5, level 8 and 22,050
samples. Dropout is left out: training without it is what both sides are compared by.
"""

from typing import final

import torch
from ptwt.packets import WaveletPacket
from torch import Tensor, nn

WAVELET, LEVEL, BINS, STEPS = "sym5", 8, 256, 12
MEAN, DEVIATION = -12.59, 4.773  # of the released weights' features


@final
class Running:
    """Mean and variance of all that was ever seen of a packet, as the published front end keeps them."""

    def __init__(self) -> None:
        self.count = 0
        self.mean = torch.zeros(())
        self.squares = torch.zeros(())

    def update(self, values: Tensor) -> None:
        """Adds the values of a batch (Welford)."""
        self.mean, self.squares = self.mean.to(values.device), self.squares.to(values.device)
        self.count += values.numel()
        distance = values - self.mean
        self.mean = self.mean + distance.sum() / self.count
        self.squares = self.squares + (distance * (values - self.mean)).sum()


@final
class PlainDCNN(nn.Module):
    """`[batch, time]` → `[batch, 2]` logits of (bona fide, spoof)."""

    def __init__(self) -> None:
        super().__init__()
        self.running = [Running() for _ in range(BINS)]
        self.cnn = nn.Sequential(
            nn.Conv2d(1, 64, 3, padding=2),
            nn.PReLU(),
            nn.MaxPool2d(2),
            nn.BatchNorm2d(64, affine=False),
            nn.Conv2d(64, 64, 1),
            nn.PReLU(),
            nn.BatchNorm2d(64, affine=False),
            nn.Conv2d(64, 96, 3, padding=1),
            nn.PReLU(),
            nn.MaxPool2d(2),
            nn.BatchNorm2d(96, affine=False),
            nn.Conv2d(96, 128, 3, padding=1),
            nn.PReLU(),
            nn.BatchNorm2d(128, affine=False),
            nn.Conv2d(128, 32, 3, padding=1),
            nn.PReLU(),
            nn.BatchNorm2d(32, affine=False),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.PReLU(),
            nn.MaxPool2d(2),
        )
        self.time = nn.Sequential(
            nn.BatchNorm2d(STEPS),
            nn.Conv2d(STEPS, STEPS, 3, padding=1),
            nn.PReLU(),
            nn.BatchNorm2d(STEPS),
            nn.Conv2d(STEPS, STEPS, 5, padding=2, dilation=2),
            nn.PReLU(),
            nn.BatchNorm2d(STEPS),
            nn.Conv2d(STEPS, STEPS, 7, padding=2, dilation=4),
            nn.PReLU(),
        )
        self.fc = nn.Linear(320, 2)

    def features(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, 1, 256, frames]`."""
        tree = WaveletPacket(waveform, WAVELET, mode="reflect", maxlevel=LEVEL)
        packets = []
        for place, path in enumerate(tree.get_level(LEVEL, "freq")):
            packet = tree[path]
            self.running[place].update(packet)
            packets.append(packet)
        energies = torch.log(torch.stack(packets, dim=1).abs().pow(2.0) + 1e-12)
        return (energies[:, None] - MEAN) / DEVIATION

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, 2]`."""
        image = self.features(waveform).transpose(2, 3).contiguous()
        maps = self.cnn(image.to(self.fc.weight))  # [batch, 64, 12, 32]
        steps = self.time(maps.transpose(1, 2).contiguous())  # [batch, 12, 40, 8]
        logits: Tensor = self.fc(steps.flatten(2)).mean(dim=1)
        return logits
