"""Does the answer change where the attribution says that it should?

Deletion and insertion curves: Petsiuk, Das and Saenko (2018), "RISE", https://arxiv.org/abs/1806.07421, after
Samek et al. (2015), https://arxiv.org/abs/1509.06321, here against parts taken away in random order.
"""

from typing import Final, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bonafide.explain.detector.answer import Answer
from bonafide.explain.detector.attribution import Case
from bonafide.explain.detector.removal import Unit, parts, ranks, removed, units, worth
from bonafide.types import InputError

_RESAMPLED: Final = 1000


class Curves(NamedTuple):
    """What answers do while parts of their inputs vanish or appear, for one kind of part.

    Each is 1 for the whole input and 0 for the reference, in units of the mean change between the two.

    Args:
        shares: `[steps]` of the parts that are gone (or there).
        deletion: `[clips, steps]` the most attributed parts gone first.
        insertion: `[clips, steps]` the most attributed parts there first.
        random: `[orders, clips, steps]` parts gone in random orders.
    """

    shares: NDArray[np.float64]
    deletion: NDArray[np.float64]
    insertion: NDArray[np.float64]
    random: NDArray[np.float64]


class Faithfulness(NamedTuple):
    """How much sooner the answer moves than with random orders: an area between two curves.

    0 is as good as chance. 0.5 is an answer that hangs on one part alone and a map that names it; above, the
    answer swings to the other side on its way.

    Args:
        deletion: area between random and attributed deletion.
        deletion_interval: 95 % over clips, by percentile bootstrap.
        insertion: area between attributed and random insertion.
        insertion_interval: likewise.
        chance: standard deviation of the same area for single random orders.
        clips: that were looked at.
    """

    deletion: float
    deletion_interval: tuple[float, float]
    insertion: float
    insertion_interval: tuple[float, float]
    chance: float
    clips: int


@final
class Trial:
    """Takes inputs apart, batch by batch, and remembers what answers do.

    Args:
        steps: removals from the whole input to the reference.
        orders: random ones that the attributed one is set against.
        seed: of the random orders.
        batch: inputs at a time.

    Raises:
        InputError: a number is out of range.
    """

    def __init__(self, *, steps: int = 16, orders: int = 5, seed: int = 0, batch: int = 64) -> None:
        for name, number, least in (("steps", steps, 2), ("orders", orders, 2)):
            if number < least:
                raise InputError(f"faithfulness.{name}={number} must be at least {least}")
        self.shares = torch.linspace(0, 1, steps + 1, dtype=torch.float64)
        self.orders, self.batch = orders, batch
        self._generator = torch.Generator().manual_seed(seed)
        self._found: dict[Unit, list[tuple[Tensor, Tensor, Tensor]]] = {}

    def add(self, answer: Answer, case: Case, values: Tensor, *, signed: bool) -> None:
        """Takes a batch apart.

        What is taken first is what carries the answer away from that of the reference: of signed values those
        with the sign of this difference, of others the largest.

        Args:
            answer: that is asked.
            case: inputs and references.
            values: attributions of the inputs.
            signed: see `Method.signed`.
        """
        ends = torch.stack([answer.values(end, self.batch) for end in case[:2]]).double().cpu()  # [2, batch]
        sign = (ends[0] - ends[1]).sign().to(values.device) if signed else values.new_ones(len(values))
        for unit in units(case.inputs.shape):
            part = parts(case.inputs.shape, unit, values.device)
            value = worth(values, part) * sign[:, None]
            deletion = self._curve(answer, case, part, ranks(value), ends)
            # What is there when a share has come is what is left when the least attributed rest has gone.
            insertion = self._curve(answer, case, part, ranks(-value), ends).flip(-1)
            drawn = [torch.rand(value.shape, generator=self._generator) for _ in range(self.orders)]
            random = [
                self._curve(answer, case, part, ranks(order).to(values.device), ends) for order in drawn
            ]
            kept = (deletion, insertion, torch.stack(random))
            self._found.setdefault(unit, []).append(kept)

    def _curve(self, answer: Answer, case: Case, part: Tensor, rank: Tensor, ends: Tensor) -> Tensor:
        """`[batch, steps + 1]` the way from the answer to that of the reference, from ±d to 0."""
        inner = [
            answer.values(left, self.batch).double().cpu()
            for left in removed(case.inputs, case.reference, part, rank, self.shares[1:-1])
        ]
        way = torch.stack([ends[0], *inner, ends[1]], dim=1) - ends[1][:, None]
        return way * (ends[0] - ends[1]).sign()[:, None]

    def curves(self) -> dict[str, Curves]:
        """Everything so far; nothing if no answer differed from that of its reference."""
        made: dict[str, Curves] = {}
        for unit, found in self._found.items():
            deletion, insertion = (torch.cat([kept[place] for kept in found]).numpy() for place in (0, 1))
            random = torch.cat([kept[2] for kept in found], dim=1).numpy()
            whole = float(deletion[:, 0].mean())
            if whole > 0:
                made[unit] = Curves(self.shares.numpy(), deletion / whole, insertion / whole, random / whole)
        return made


def measure(curves: Curves, *, seed: int = 0) -> Faithfulness:
    """The areas between the curves of a kind of part."""
    random: NDArray[np.float64] = curves.random.mean(0)
    deletion = _area(random - curves.deletion, curves.shares)
    insertion = _area(curves.insertion - random[:, ::-1], curves.shares)
    single = [
        _area(np.delete(curves.random, order, 0).mean(0) - curves.random[order], curves.shares).mean()
        for order in range(len(curves.random))
    ]
    weight = curves.deletion[:, 0]
    return Faithfulness(
        float(deletion.mean()),
        _interval(deletion, weight, seed),
        float(insertion.mean()),
        _interval(insertion, weight, seed),
        float(np.std(single, ddof=1)),
        len(deletion),
    )


def _area(way: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.trapezoid(way, shares, axis=-1))


def _interval(area: NDArray[np.float64], weight: NDArray[np.float64], seed: int) -> tuple[float, float]:
    """Of the sum of areas over the sum of weights: the unit of the curves is drawn anew with the clips."""
    drawn = np.random.default_rng(seed).integers(0, len(area), (_RESAMPLED, len(area)))
    whole: NDArray[np.float64] = np.maximum(weight[drawn].sum(1), np.finfo(float).tiny)
    low, high = np.quantile(area[drawn].sum(1) / whole, (0.025, 0.975))
    return float(low), float(high)
