"""How far a cell of a sweep has come, as it says itself."""

from typing import NamedTuple

from bonafide.validated import Validated


class Progress(NamedTuple):
    """How far a cell has come.

    Args:
        epoch: that is being trained, from 1; 0 before the first.
        epochs: at most; -1 without bound.
        validated: the best so far.
        testing: whether training is over.
    """

    epoch: int = 0
    epochs: int = -1
    validated: Validated | None = None
    testing: bool = False

    def __str__(self) -> str:
        value = "" if self.validated is None else f", {self.validated}"
        if self.testing:
            return f"testing{value}"
        if not self.epoch:
            return "preparing"
        return f"epoch {self.epoch}" + (f" of {self.epochs}" if self.epochs > 0 else "") + value
