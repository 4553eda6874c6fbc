"""A step of training (forward, backward, Adam), against a plain loop around the published architecture.

Ours is what `python train.py` steps through: front end, model, loss and optimizer that the config makes. The
plain side runs operation by operation on tensors in torch's usual layout, with torch's default Adam, and does
what the published code does at every step: RawNet2 rebuilds its filters band by band, packets are computed
node by node and the statistics of each brought up to date, residual blocks compute an activation that they
forget, pairs of nodes are scored from both ends. Both sides start from the same weights, without dropout
(their draws would differ), and must agree on every gradient and on the losses before they are timed.

The third row is ours with `compile=true` under bfloat16 autocast, as `hardware.precision=bf16-mixed` has it;
on a processor that computes bfloat16, or a GPU. The first step, which compiles, is not timed.

Run: `.venv/bin/python benchmarks/training_step.py`, or with some of aasist, rawnet2, dcnn behind it.
"""

import math
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final, NamedTuple, cast, final

import torch
from plain_aasist import PlainAASIST
from plain_dcnn import DEVIATION, MEAN, PlainDCNN
from plain_rawnet2 import PlainRawNet2
from torch import Tensor, nn
from torch.optim import Optimizer

from bonafide import assembly
from bonafide.models.model import Model
from bonafide.tasks.detection import Detection

THREADS: Final = 2
FEW: Final = 2  # clips whose gradients are compared
TOLERANCE: Final = 1e-4  # of the loss, and of gradients relative to the largest
ROUNDED: Final = 0.05  # of the loss in bfloat16
CUDA_TURNS: Final = 31


class Case(NamedTuple):
    """Args:
    plain: makes the other side.
    config: of ours, beside the name of the model and the length of the clips.
    clips: in a batch.
    samples: of a clip.
    sample_rate: in Hz.
    weight_decay: as published, and so the rest.
    class_weights: of (spoof, bona fide) in the loss.
    turns: on a CPU, after two for checking.
    later: how far the losses after a step may lie apart: Adam moves weights of tiny gradients by their
        rounded signs. AASIST also keeps the best nodes of a graph and the larger of two branches; where two
        are nearly equal, rounding decides: three batches put the sides 1e-4 to 5e-3 apart, and float64 was
        closer to the plain side on one, to ours on another.
    """

    plain: Callable[[], nn.Module]
    config: list[str]
    clips: int
    samples: int
    sample_rate: int
    weight_decay: float
    class_weights: tuple[float, float]
    turns: int
    later: float = 1e-3


CASES: Final = {
    "aasist": Case(PlainAASIST, ["model.faithful=true"], 8, 64_600, 16_000, 1e-4, (0.1, 0.9), 3, 1e-2),
    "rawnet2": Case(PlainRawNet2, ["model.faithful=true"], 8, 64_600, 16_000, 1e-4, (0.1, 0.9), 9),
    "dcnn": Case(
        PlainDCNN, [f"frontend.standardize=[{MEAN},{DEVIATION}]"], 32, 22_050, 22_050, 1e-3, (1.0, 1.0), 5
    ),
}


@final
class Ours:
    """A step as Lightning takes it, with what the config makes."""

    def __init__(self, name: str, case: Case, device: str, *, compiled: bool = False) -> None:
        options = [
            f"model={name}",
            f"compile={compiled}",
            f"data.sample_rate={case.sample_rate}",
            f"data.clip_seconds={case.samples / case.sample_rate}",
            f"task.loss.weights={list(case.class_weights)}",
            "task.loss.balance=false",
            f"task.optimizer.weight_decay={case.weight_decay}",
        ]
        self.task = cast("Detection", assembly.task(assembly.compose(options + case.config)))
        self.task.to(device)
        _drop_nothing(self.task)
        self.optimizer = cast(Optimizer, self.task.configure_optimizers())  # no scheduler is asked for
        self.half = compiled

    @property
    def model(self) -> Model:
        """What takes the weights of the plain side."""
        return self.task.model

    def step(self, waveform: Tensor, target: Tensor) -> float:
        """Loss before the step."""
        self.optimizer.zero_grad()
        device = waveform.device.type
        with torch.autocast(device, torch.bfloat16, enabled=self.half, cache_enabled=False):
            loss: Tensor = self.task.loss(self.task(waveform), target)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.item()


@final
class Plain:
    """A step as a short script takes it."""

    def __init__(self, name: str, case: Case, device: str, learning_rate: float) -> None:
        self.model = case.plain().to(device)
        self.model.train()
        # The published targets of DCNN count up from bona fide.
        self.flipped = name == "dcnn"
        weights = torch.tensor(case.class_weights, device=device)
        self.loss = nn.CrossEntropyLoss(weights.flip(0) if self.flipped else weights)
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=learning_rate, weight_decay=case.weight_decay
        )

    def step(self, waveform: Tensor, target: Tensor) -> float:
        """Loss before the step."""
        self.optimizer.zero_grad()
        loss: Tensor = self.loss(self.model(waveform), 1 - target if self.flipped else target)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.item()

    def gradients(self) -> dict[str, Tensor]:
        """By the names of the state dictionary; buffers, and what never learns, as zeros."""
        slopes = {name: weight.grad for name, weight in self.model.named_parameters()}
        state = {name: torch.zeros_like(value) for name, value in self.model.state_dict().items()}
        return state | {name: slope for name, slope in slopes.items() if slope is not None}


def _drop_nothing(module: nn.Module) -> None:
    for layer in module.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0


def made(name: str, case: Case, device: str) -> tuple[Ours, Plain, Tensor, Tensor]:
    """Both sides with the same weights, and a batch."""
    torch.manual_seed(0)
    ours = Ours(name, case, device)
    plain = Plain(name, case, device, ours.optimizer.param_groups[0]["lr"])
    ours.model.load_state_dict(ours.model.renamed(plain.model.state_dict()))
    waveform = 0.1 * torch.randn(case.clips, case.samples, device=device)
    return ours, plain, waveform, torch.arange(case.clips, device=device) % 2


def check(name: str, case: Case, device: str) -> float:
    """How far the gradients of a few clips lie apart, in double precision, relative to the largest.

    In single precision values near the kink of an activation, or nearly equal ones under a maximum, fall to
    the other side from one memory layout to another. Where a gradient is the small rest of a long sum, as
    behind DCNN's normalisations, that alone moves it by a hundredth.

    Raises:
        AssertionError: too far.
    """
    ours, plain, waveform, target = made(name, case._replace(clips=FEW), device)
    for module in (ours.task, plain.model, plain.loss):
        module.double()
    ours.task.frontend.register_forward_hook(lambda *call: call[2].double())
    plain.step(waveform, target)
    ours.step(waveform, target)
    wanted = ours.model.renamed(plain.gradients())
    learning = [name for name, weight in ours.model.named_parameters() if weight.requires_grad]
    found = {name: ours.model.get_parameter(name).grad for name in learning}
    largest = max(float(wanted[name].abs().max()) for name in learning)
    apart = max(
        math.inf if slope is None else float((slope - wanted[name]).abs().max()) / largest
        for name, slope in found.items()
    )
    if not apart < TOLERANCE:
        raise AssertionError(f"{name}: the sides have other gradients, by {apart:.1e} of the largest")
    return apart


def obstacle(device: str) -> str:
    """Why bfloat16 or compiling would tell nothing here; empty if nothing is in the way."""
    missing = "" if shutil.which(os.environ.get("CXX", "g++")) else "torch.compile finds no C++ compiler"
    if device == "cuda":
        computes = torch.cuda.is_bf16_supported(including_emulation=False)
        return missing if computes else "this GPU does not compute bfloat16"
    described = Path("/proc/cpuinfo")
    flags = described.read_text().split() if described.is_file() else []
    if not {"avx512_bf16", "amx_bf16"} & set(flags):
        return "this processor does not compute bfloat16 (avx512_bf16 or amx_bf16)"
    return missing


def seconds(step: Callable[[Tensor, Tensor], float], waveform: Tensor, target: Tensor) -> float:
    start = perf_counter()
    step(waveform, target)  # its loss has been read, so a GPU has finished all but the optimizer
    if waveform.is_cuda:
        torch.cuda.synchronize()
    return perf_counter() - start


def compare(name: str, case: Case, device: str) -> None:
    """Prints the rows of one model."""
    print(f"{name}: {case.clips} clips of {case.samples} samples at {case.sample_rate} Hz")
    torch.backends.cudnn.allow_tf32 = False  # its three digits would hide a mistake
    gradients = check(name, case, device)
    ours, plain, waveform, target = made(name, case, device)
    sides: dict[str, Callable[[Tensor, Tensor], float]] = {"plain, float32": plain.step}
    sides["ours, float32"] = ours.step
    compiled = None
    if hindered := obstacle(device):
        print(f"  no compiling in bfloat16: {hindered}")
    else:
        compiled = Ours(name, case, device, compiled=True)
        compiled.model.load_state_dict(ours.model.state_dict())
        sides["ours, bfloat16 and compiled"] = compiled.step
    losses = [[step(waveform, target) for step in sides.values()] for _ in range(2)]
    apart = [abs(mine - wanted) for wanted, mine, *_ in losses]
    if not (apart[0] < TOLERANCE and apart[1] < case.later):
        raise AssertionError(f"{name}: the sides have other losses: {losses}")
    if not all(abs(rounded - wanted) < ROUNDED for wanted, _, *rest in losses for rounded in rest):
        raise AssertionError(f"{name}: compiled in bfloat16 it has other losses: {losses}")
    print(f"  apart: loss {apart[0]:.0e}, after a step {apart[1]:.0e}; gradients in float64 {gradients:.0e}")
    torch.backends.cudnn.allow_tf32 = True
    # The sides take turns, and the ratio is taken turn by turn, so that a busy machine hits all alike.
    repeats = CUDA_TURNS if device == "cuda" else case.turns
    turns = [[seconds(step, waveform, target) for step in sides.values()] for _ in range(repeats)]
    for place, side in enumerate(sides):
        took, ratio = median(turn[place] for turn in turns), median(turn[0] / turn[place] for turn in turns)
        print(f"  {side:30}{1e3 * took:10.1f} ms {ratio:8.2f}×")


def main() -> None:
    torch.set_num_threads(THREADS)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    print(f"torch {torch.__version__} on {device}, torch.set_num_threads({torch.get_num_threads()})")
    print("a step of training, medians over the turns; ratios to the plain side")
    for name in sys.argv[1:] or CASES:
        compare(name, CASES[name], device)


if __name__ == "__main__":
    main()
