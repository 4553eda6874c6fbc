"""Integrated gradients of a batch, against one input at a time through the same detector.

Run: `.venv/bin/python benchmarks/attribution.py`
"""

from collections.abc import Callable, Mapping
from functools import partial
from statistics import median
from time import perf_counter
from typing import Final

import numpy as np
import torch
from torch import Tensor

from bonafide.explain.detector.answer import Answer
from bonafide.explain.detector.attribution import Case
from bonafide.explain.detector.gradients import IntegratedGradients
from bonafide.frontends.cepstrum import LFCC
from bonafide.frontends.raw import Raw
from bonafide.models.gmm import GMM
from bonafide.models.lcnn import LCNN
from bonafide.models.model import Model
from bonafide.models.rawnet2 import RawNet2
from bonafide.models.regression import Regression
from bonafide.objectives.cross_entropy import CrossEntropy
from bonafide.tasks.detection import Detection
from bonafide.types import FeatureShape

RATE, SAMPLES, CLIPS, STEPS, TURNS = 16_000, 16_000, 8, 8, 3

MODELS: Final[Mapping[str, Callable[[FeatureShape], Model]]] = {
    "GMM, 32 components": partial(GMM, components=32, reservoir=32),
    "Regression": Regression,
    "LCNN": LCNN,
    "RawNet2": partial(RawNet2, sample_rate=RATE),
}


def one_at_a_time(answer: Answer, case: Case) -> Tensor:
    """The same rule, one clip and one place on its path after the other."""
    places, weights = np.polynomial.legendre.leggauss(STEPS)
    found = []
    for inputs, reference in zip(case.inputs, case.reference, strict=True):
        mean = torch.zeros_like(inputs)
        for place, weight in zip((1 + places) / 2, weights / 2, strict=True):
            here = (reference + place * (inputs - reference))[None].requires_grad_()
            (gradient,) = torch.autograd.grad(answer(here).sum(), here)
            mean += weight * gradient[0]
        for end in (inputs, reference):  # what completeness is measured by
            answer.values(end[None], 1)
        found.append(mean * (inputs - reference))
    return torch.stack(found)


def seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def main() -> None:
    torch.manual_seed(0)
    print(f"torch {torch.__version__} on cpu, torch.set_num_threads({torch.get_num_threads()})")
    print(f"integrated gradients, {CLIPS} clips of 1 s, {STEPS} steps, median of {TURNS} turns")
    for name, make in MODELS.items():
        frontend = Raw(RATE) if name == "RawNet2" else LFCC(RATE)
        model = make(frontend.shape(SAMPLES))
        task = Detection(frontend, model, loss=CrossEntropy(), optimizer=torch.optim.Adam)
        task.loss.set_counts(1, 1)
        answer = Answer(task)
        inputs = answer.inputs(0.1 * torch.randn(CLIPS, SAMPLES))
        case = Case(inputs, torch.zeros_like(inputs), inputs)
        method = IntegratedGradients(steps=STEPS)
        torch.testing.assert_close(
            method.attribute(answer, case).values, one_at_a_time(answer, case), atol=1e-4, rtol=1e-2
        )
        # The sides take turns, so that a busy machine hits both alike.
        turns = [
            (
                seconds(partial(method.attribute, answer, case)),
                seconds(partial(one_at_a_time, answer, case)),
            )
            for _ in range(TURNS)
        ]
        batched, single = (median(side) for side in zip(*turns, strict=True))
        ratio = median(slow / fast for fast, slow in turns)
        print(f"  {name:20} batched {batched:7.3f} s   one at a time {single:7.3f} s   ratio {ratio:5.2f}")


if __name__ == "__main__":
    main()
