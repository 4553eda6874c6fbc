"""How far a cell of a sweep has come, as it says itself."""

from typing import NamedTuple


class Progress(NamedTuple):
    """How far a cell has come.

    Args:
        epoch: that is being trained, from 1; 0 before the first.
        epochs: at most; -1 without bound.
        value: best validation EER so far, a fraction.
        testing: whether training is over.
    """

    epoch: int = 0
    epochs: int = -1
    value: float | None = None
    testing: bool = False

    def __str__(self) -> str:
        value = "" if self.value is None else f", validation EER {100 * self.value:.2f} %"
        if self.testing:
            return f"testing{value}"
        if not self.epoch:
            return "preparing"
        return f"epoch {self.epoch}" + (f" of {self.epochs}" if self.epochs > 0 else "") + value
