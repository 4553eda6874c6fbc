"""A detector of a few weights on a few numbers, to follow a training by hand."""

from collections.abc import Sequence
from functools import partial
from typing import Any, final

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from bonafide.frontends.raw import Raw
from bonafide.models.model import Model, Network
from bonafide.objectives.cross_entropy import CrossEntropy
from bonafide.tasks.detection import Detection
from bonafide.types import Batch, FeatureShape

SAMPLES = 8


@final
class Tiny(Network):
    """A layer, batch normalization if wanted, and a head."""

    def __init__(self, shape: FeatureShape, classes: int = 2, *, norm: bool = False) -> None:
        super().__init__(shape, classes)
        self.layer = nn.Linear(shape.frames, 4)
        self.norm = nn.BatchNorm1d(4) if norm else nn.Identity()
        self.head = nn.Linear(4, classes)

    @property
    def width(self) -> int:
        return 4

    def embed(self, features: Tensor) -> Tensor:
        embedding: Tensor = self.norm(self.layer(features.flatten(1)).tanh())
        return embedding


@final
class Headless(Model):
    """Without an embedding."""

    def __init__(self, shape: FeatureShape, classes: int = 2) -> None:
        super().__init__(shape, classes)
        self.layer = nn.Linear(shape.frames, classes)

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.layer(features.flatten(1))
        return logits


@final
class Numbers(pl.LightningDataModule):
    """Clips of noise, louder ones genuine, in batches that are always the same."""

    def __init__(self, batches: Sequence[Batch]) -> None:
        super().__init__()
        self.batches = batches

    def counts(self) -> tuple[int, int]:
        genuine = sum(int(batch.target.sum()) for batch in self.batches)
        return sum(len(batch.target) for batch in self.batches) - genuine, genuine

    def train_dataloader(self) -> Any:
        return DataLoader(self.batches, batch_size=None)  # type: ignore[arg-type]

    def val_dataloader(self) -> Any:
        return self.train_dataloader()


def batches(count: int, size: int = 4) -> list[Batch]:
    random = torch.Generator().manual_seed(1)
    found = []
    for place in range(count):
        target = (torch.arange(size) % 2).float()
        waveform = torch.randn(size, SAMPLES, generator=random) + target[:, None]
        index = torch.arange(size) + place * size
        found.append(Batch(waveform, target, torch.full((size,), SAMPLES), index))
    return found


def detection(*, norm: bool = False, optimizer: Any = None, **settings: Any) -> Detection:
    torch.manual_seed(0)
    frontend = Raw(16_000)
    model = settings.pop("model", None) or Tiny(frontend.shape(SAMPLES), norm=norm)
    settings.setdefault("loss", CrossEntropy())
    optimizer = optimizer or partial(torch.optim.SGD, lr=0.1)
    return Detection(frontend, model, optimizer=optimizer, **settings)


def trainer(**settings: Any) -> pl.Trainer:
    quiet: dict[str, Any] = dict.fromkeys(
        ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False
    )
    plain = {"accelerator": "cpu", "devices": 1, "max_epochs": 1, "num_sanity_val_steps": 0}
    return pl.Trainer(**{**quiet, **plain, "use_distributed_sampler": False, **settings})
