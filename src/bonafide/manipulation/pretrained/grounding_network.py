"""A network that hears in every 40 ms whether a phrase fits.

Xu et al. (2024), "Towards weakly supervised text-to-audio grounding", https://arxiv.org/abs/2401.02584: a
convolutional recurrent network for the sound, the mean of word vectors for the phrase, and the sigmoid of
their product. The convolutions are those of PANNs, Kong et al. (2020), https://arxiv.org/abs/1912.10211.
"""

from typing import Final, Literal, final

import torch
import torchaudio
from torch import Tensor, nn
from torch.nn import functional as F

Pooling = Literal["average", "average+maximum"]

BINS: Final = 64
CHANNELS: Final = (1, 64, 128, 256, 512)
REDUCTION: Final = 4
"""Frames of the spectrogram, 10 ms each, that one frame of the output stands for."""


@final
class ConvBlock(nn.Module):
    """Two 3×3 convolutions, then pooling of both kinds.

    Shape:
        `[batch, channels_in, frames, bins]` → `[batch, channels_out, frames // pool[0], bins // pool[1]]`.
    """

    def __init__(self, channels_in: int, channels_out: int, pool: tuple[int, int], pooling: Pooling) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels_out)
        self.pool = pool
        self.pooling = pooling

    def forward(self, features: Tensor) -> Tensor:
        """See the class."""
        hidden = F.relu(self.bn1(self.conv1(features)))
        hidden = F.relu(self.bn2(self.conv2(hidden)))
        average = F.avg_pool2d(hidden, self.pool)
        return average if self.pooling == "average" else average + F.max_pool2d(hidden, self.pool)


@final
class GroundingNetwork(nn.Module):
    """Log-mel spectrogram, eight convolutions, a bidirectional GRU; and an embedding of words.

    The names are those of PANNs. With 5,221 words of 512 numbers it has 8,804,800 parameters.

    Args:
        words: of the vocabulary.
        sample_rate: Hz; windows are 32 ms long and 10 ms apart.
        pooling: of the convolutions.

    Shape:
        `[batch, time]` and `[words]` → `[batch, frames]`, 25 frames a second.
    """

    def __init__(self, words: int, sample_rate: int, pooling: Pooling) -> None:
        super().__init__()
        length, self.hop = round(0.032 * sample_rate), sample_rate // 100
        self.sample_rate = sample_rate
        # Of PANNs; what a file brings takes their place.
        highest = min(14_000.0, sample_rate / 2)
        bank = torchaudio.functional.melscale_fbanks(length // 2 + 1, 50.0, highest, BINS, sample_rate)
        self.register_buffer("window", torch.hann_window(length))
        self.register_buffer("bank", bank)
        self.bn0 = nn.BatchNorm2d(BINS)
        pools = ((2, 2), (2, 2), (1, 2), (1, 2))
        for place, pool in enumerate(pools):
            block = ConvBlock(CHANNELS[place], CHANNELS[place + 1], pool, pooling)
            self.add_module(f"conv_block{place + 1}", block)
        self.fc1 = nn.Linear(512, 512)
        self.rnn = nn.GRU(512, 256, batch_first=True, bidirectional=True)
        self.embedding = nn.Embedding(words, 512)

    def mel(self, waveform: Tensor) -> Tensor:
        """Decibels, `[batch, time]` → `[batch, frames, bins]`."""
        window, bank = self.get_buffer("window"), self.get_buffer("bank")
        spectrum = torch.stft(
            waveform, len(window), self.hop, window=window, center=True, return_complex=True
        )
        power: Tensor = spectrum.abs().square().transpose(1, 2) @ bank
        return 10 * power.clamp(min=1e-10).log10()

    def sound(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, frames, 512]`."""
        hidden = self.bn0(self.mel(waveform).transpose(1, 2)[..., None])  # [batch, bins, frames, 1]
        hidden = hidden.permute(0, 3, 2, 1)  # [batch, 1, frames, bins]
        for place in range(4):
            hidden = self.get_submodule(f"conv_block{place + 1}")(hidden)
        hidden = hidden.mean(-1).transpose(1, 2)  # [batch, frames, 512]
        heard: Tensor = self.rnn(F.relu(self.fc1(hidden)))[0]
        return heard

    def forward(self, waveform: Tensor, phrase: Tensor) -> Tensor:
        """Probability that the phrase is heard, in every frame."""
        return torch.sigmoid(self.sound(waveform) @ self.embedding(phrase).mean(0))
