"""Small detectors for tests of attribution."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from bonafide.frontends.raw import Raw
from bonafide.frontends.spectrogram import STFT
from bonafide.frontends.standardize import Standardize
from bonafide.models.model import Model
from bonafide.models.regression import Regression
from bonafide.objectives.cross_entropy import CrossEntropy
from bonafide.tasks.detection import Detection
from bonafide.types import FeatureShape

RATE, SAMPLES = 16_000, 4_000


def detector(
    make: Callable[[FeatureShape], Model] = Regression, *, raw: bool = False, clips: Tensor | None = None
) -> Detection:
    """A model on a standardized spectrogram of 0.25 s, or on the waveform."""
    torch.manual_seed(0)
    frontend = Raw(RATE) if raw else Standardize(STFT(RATE, n_fft=128, hop=64))
    if isinstance(frontend, Standardize):
        frontend.fit([noise(8) if clips is None else clips])
    model = make(frontend.shape(SAMPLES))
    task = Detection(frontend, model, loss=CrossEntropy(), optimizer=partial(torch.optim.Adam, lr=1e-2))
    task.loss.set_counts(1, 1)
    return task.eval()


def noise(clips: int, seed: int = 0) -> Tensor:
    """`[clips, time]`."""
    return 0.1 * torch.randn(clips, SAMPLES, generator=torch.Generator().manual_seed(seed))


def planted(clips: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Noise, in every second clip with a faint tone between 5 and 5.5 kHz: waveforms and targets."""
    generator = torch.Generator().manual_seed(seed)
    waveform = noise(clips, seed)
    target = (torch.arange(clips) % 2).float()
    hertz = 5000 + 500 * torch.rand(clips, 1, generator=generator)
    tone = 0.05 * torch.sin(2 * torch.pi * hertz * torch.arange(SAMPLES) / RATE)
    return torch.where(target[:, None] == 0, waveform + tone, waveform), target


def train(task: Detection, waveform: Tensor, target: Tensor, steps: int) -> None:
    """Full batches of Adam."""
    features = task.frontend(waveform)
    optimizer = torch.optim.Adam(task.model.parameters(), lr=1e-2, weight_decay=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        task.loss(task.model(features), target).backward()
        optimizer.step()
    task.eval()
