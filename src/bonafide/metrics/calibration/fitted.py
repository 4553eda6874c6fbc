"""What every fitted value promises: it is applied to scores and goes through JSON unchanged."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bonafide.metrics.curve import Rates
from bonafide.types import InputError


@dataclass(frozen=True)
class Fitted(ABC):
    """A few numbers fitted on development trials; its fields are numbers, words and tuples of them."""

    kind: ClassVar[str]
    """Names the class in a file."""
    gives_ratios: ClassVar[bool] = True
    """Whether log-likelihood ratios come out; False for what only ranks or decides."""

    @abstractmethod
    def apply(self, scores: ArrayLike) -> NDArray[Any]:
        """What the scores become.

        Raises:
            InputError: a score is NaN or infinite.
        """

    @property
    def cautions(self) -> Sequence[str]:
        """What a reader must know of the fit, a sentence each."""
        return ()

    def plain(self) -> dict[str, object]:
        """Everything needed to make it again, ready for JSON."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def of(cls, plain: Mapping[str, object]) -> Self:
        """Makes it again from `plain`, also after a way through JSON.

        Raises:
            InputError: another kind, a field missing or too many, or a value that cannot be.
        """
        wanted = {"kind", *(field.name for field in fields(cls))}
        if set(plain) != wanted or plain["kind"] != cls.kind:
            raise InputError(
                f"Not a stored {cls.kind}: kind {plain.get('kind')!r} with {', '.join(sorted(plain))} where "
                f"{', '.join(sorted(wanted))} should be; fit it again."
            )
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()}
        del values["kind"]
        try:
            return cls(**values)
        except InputError:
            raise
        except (TypeError, ValueError) as error:
            raise InputError(f"A stored {cls.kind} has a value of the wrong kind ({error}).") from error


def finite(scores: ArrayLike) -> Rates:
    """The scores in float64.

    Raises:
        InputError: one is NaN or infinite.
    """
    values = np.asarray(scores, dtype=np.float64)
    bad = values.size - int(np.isfinite(values).sum())
    if bad:
        raise InputError(
            f"{bad} of {values.size} scores are NaN or infinite and mean nothing: score in float32 and "
            "look for an overflow."
        )
    return values
