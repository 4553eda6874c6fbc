"""The measure by which validation chose the weights of a run, and what it came to."""

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, Self

Mode = Literal["min", "max"]

_SPELT: Final = {"eer": "EER", "f1": "F1"}


class Validated(NamedTuple):
    """A validation measure at its best.

    Args:
        value: of the best epoch.
        measure: as it is logged.
        mode: whether the best is the smallest or the largest.

    >>> print(Validated(0.0526), Validated(0.93, "val/segment_f1", "max"), sep="; ")
    validation EER 5.26 %; validation segment F1 0.9300
    >>> Validated(0.25).cost, Validated(0.75, "val/score", "max").cost
    (0.25, 0.25)
    """

    value: float
    measure: str = "val/eer"
    mode: Mode = "min"

    def __str__(self) -> str:
        return f"validation {self.named}"

    @classmethod
    def of(cls, value: float, measure: str, mode: str) -> Self:
        """From what a checkpoint callback says of itself."""
        return cls(value, measure, "max" if mode == "max" else "min")

    @property
    def named(self) -> str:
        """The value with its name and unit, such as EER 5.26 %."""
        return f"{self.name} {self.text}" + (" %" if self.rate else "")

    @property
    def name(self) -> str:
        """The measure in words, such as EER, loss or segment F1."""
        return " ".join(_SPELT.get(word, word) for word in self.key.split("_"))

    @property
    def key(self) -> str:
        """The measure as the head of a column of numbers, such as eer."""
        return self.measure.removeprefix("val/").replace("/", "_")

    @property
    def rate(self) -> bool:
        """Whether it is read in per cent."""
        return self.key.endswith(("eer", "accuracy"))

    @property
    def title(self) -> str:
        """The head of a column, with the unit.

        >>> Validated(0.1).title, Validated(0.9, "val/score", "max").title
        ('EER %', 'score')
        """
        return f"{self.name} %" if self.rate else self.name

    @property
    def text(self) -> str:
        """The value under such a head."""
        return f"{100 * self.value:.2f}" if self.rate else f"{self.value:.4f}"

    @property
    def cost(self) -> float:
        """What searches lower: the value, or what the largest one lacks to 1."""
        return self.value if self.mode == "min" else 1 - self.value

    def better(self, other: "Validated | None") -> "Validated":
        """The better one of two of the same measure."""
        return self if other is None or self.cost < other.cost else other


def titles(found: Iterable[Validated | None]) -> tuple[str, str]:
    """Title and key of a column that holds them: those of the measure, if they have only one.

    >>> titles([None, Validated(0.1)]), titles([Validated(0.1), Validated(0.9, "val/loss")]), titles([])
    (('EER %', 'eer'), ('', ''), ('', ''))
    """
    heads = {(one.title, one.key) for one in found if one is not None}
    return heads.pop() if len(heads) == 1 else ("", "")
