"""How much each part of an input adds to an answer.

To add a method: a `@final` subclass of `Method` here or in a file of its own, and a YAML under
`conf/attribute/` that names it with what it lets one set.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

from torch import Tensor

from bonafide.explain.detector.answer import Answer
from bonafide.types import InputError


class Case(NamedTuple):
    """Inputs to explain, and what they are compared with.

    Args:
        inputs: `[batch, channels, bins, frames]` features, or `[batch, time]` waveforms.
        reference: like `inputs`: each of them with nothing in it to be heard.
        background: `[clips, …]` other inputs, for methods that compare with a distribution.
    """

    inputs: Tensor
    reference: Tensor
    background: Tensor


class Attributed(NamedTuple):
    """What a method found.

    Args:
        values: like the inputs.
        due: `[batch]` what the values of each input should add up to; None where a method promises no sum.
    """

    values: Tensor
    due: Tensor | None

    @property
    def error(self) -> Tensor | None:
        """`[batch]` how far the sums are from what is due."""
        return None if self.due is None else self.values.flatten(1).sum(1) - self.due

    def detached(self) -> "Attributed":
        """Without the graph."""
        return Attributed(self.values.detach(), None if self.due is None else self.due.detach())


class Method(ABC):
    """A way to attribute.

    Whatever a method sees of a clip must not depend on the other clips of its batch.
    """

    signed: ClassVar[bool] = True
    """Whether values below 0 speak against the answer; otherwise they only say how much it listens there."""

    @abstractmethod
    def attribute(self, answer: Answer, case: Case) -> Attributed:
        """Attributions of a batch.

        Raises:
            InputError: the method cannot look into this detector, or a setting is out of range.
        """


def at_least(name: str, number: float, least: float) -> None:
    """Refuses a setting of `attribute` below what has a meaning."""
    if not number >= least:
        raise InputError(f"attribute.{name}={number} must be at least {least}")


def difference(answer: Answer, case: Case, batch: int) -> Tensor:
    """`[batch]` what an answer says of the inputs more than of their references."""
    return answer.values(case.inputs, batch) - answer.values(case.reference, batch)


def completeness(error: Tensor, due: Tensor) -> float:
    """Sum of the distances between sums of attributions and what is due, as a share of what is due.

    Sundararajan, Taly and Yan (2017), "Axiomatic Attribution for Deep Networks",
    https://arxiv.org/abs/1703.01365: the axiom of completeness. Clips that the answer hardly changes
    for weigh little here; a mean of shares would be made by them alone.

    >>> import torch
    >>> completeness(torch.tensor([0.1, -0.1]), torch.tensor([4.0, -6.0]))
    0.02
    """
    return round(float(error.double().abs().sum() / due.double().abs().sum().clamp_min(1e-30)), 9)
