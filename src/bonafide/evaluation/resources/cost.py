"""What a second of audio costs: a front end and a model, timed one after the other on a batch of clips."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import perf_counter
from typing import Any, Final, NamedTuple, Self

import torch
from torch import Tensor, nn

from bonafide.evaluation.resources import memory
from bonafide.frontends.frontend import Frontend
from bonafide.models.model import Model
from bonafide.types import FeatureShape

FLOAT: Final = 4
"""Bytes of a number in single precision."""


class Cost(NamedTuple):
    """Of a front end and a model.

    Args:
        clip_seconds: of a clip.
        clips: at once.
        shape: of the features of a clip.
        extraction: seconds that the front end took for a second of audio, at each repeat.
        scoring: seconds that the model took then.
        extraction_memory: bytes by which memory grew at most while a batch went through the front end; None
            where the system does not tell.
        batch_memory: the same for front end and model.
        weights: bytes of the parameters and buffers of both.
        frontend_parameters: how many there are, trained or frozen.
        model_parameters: likewise.
        threads: of torch on the CPU.
    """

    clip_seconds: float
    clips: int
    shape: FeatureShape
    extraction: Sequence[float]
    scoring: Sequence[float]
    extraction_memory: int | None
    batch_memory: int | None
    weights: int
    frontend_parameters: int
    model_parameters: int
    threads: int

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Self:
        """From what `_asdict` gave, after JSON.

        Raises:
            TypeError: it is something else.
        """
        found = cls(**plain)
        return found._replace(shape=FeatureShape(*found.shape))

    @property
    def clip_bytes(self) -> int:
        """Of the features of a clip, in single precision."""
        return FLOAT * self.shape.channels * self.shape.bins * self.shape.frames

    @property
    def storage(self) -> float:
        """Bytes that the features of a second of audio take."""
        return self.clip_bytes / self.clip_seconds

    @property
    def factors(self) -> list[float]:
        """Real-time factor of each repeat: seconds taken for a second of audio."""
        return [sum(both) for both in zip(self.extraction, self.scoring, strict=True)]

    @property
    def factor(self) -> float:
        """That of the medians, so that a table adds up."""
        return median(self.extraction) + median(self.scoring)

    @property
    def memory(self) -> int | None:
        """Bytes at the peak: weights, and what a batch adds to them."""
        return None if self.batch_memory is None else self.weights + self.batch_memory


@torch.inference_mode()
def measure(frontend: Frontend, model: Model, waveform: Tensor, *, repeats: int) -> Cost:
    """Times both and watches memory, in full precision, after a clip and two batches to warm up.

    Args:
        frontend: on the device of the waveform; learns its statistics from the first clip, if it has any.
        model: likewise, of the front end's shape.
        waveform: `[clips, time]`.
        repeats: timed batches.
    """
    device, rate = waveform.device, frontend.sample_rate
    clips, samples = waveform.shape
    frontend.eval()
    model.eval()
    if not frontend.fitted:
        frontend.fit([waveform[:1]])
    model(frontend(waveform[:1]))
    extraction_memory = memory.growth(lambda: frontend(waveform), device)
    batch_memory = memory.growth(lambda: model(frontend(waveform)), device)
    extraction, scoring = [], []
    for _ in range(repeats):
        features, taken = _timed(frontend, waveform)
        extraction.append(taken * rate / (clips * samples))
        _, taken = _timed(model, features)
        scoring.append(taken * rate / (clips * samples))
    return Cost(
        clip_seconds=samples / rate,
        clips=clips,
        shape=frontend.shape(samples),
        extraction=extraction,
        scoring=scoring,
        extraction_memory=extraction_memory,
        batch_memory=batch_memory,
        weights=_bytes(frontend) + _bytes(model),
        frontend_parameters=_count(frontend),
        model_parameters=_count(model),
        threads=torch.get_num_threads(),
    )


def _timed(work: Callable[[Tensor], Tensor], given: Tensor) -> tuple[Tensor, float]:
    _finish(given.device)
    start = perf_counter()
    made = work(given)
    _finish(given.device)
    return made, perf_counter() - start


def _finish(device: torch.device) -> None:
    """Waits for a GPU, which computes while Python goes on."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _bytes(module: nn.Module) -> int:
    return sum(part.nbytes for part in [*module.parameters(), *module.buffers()])


def _count(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())
