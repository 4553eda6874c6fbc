"""What every stage of the pipeline promises."""

from abc import ABC, abstractmethod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bonafide import __version__

Waveform: TypeAlias = NDArray[np.float32]
"""`[time]`, mono, full scale 1."""


class Stage(ABC):
    """One exchangeable step of a manipulation.

    A constructor checks settings and loads nothing: a stage travels to every worker process, and loads what
    it needs when it is first called. It is called for many clips in any order, so what it returns depends on
    its arguments alone, the seed among them, and never on an earlier call.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """As the manifest tells it, such as `"lpc"` or `"audioldm2"`."""

    @property
    def version(self) -> str:
        """Of what does the work: this package's, unless the stage says another's, such as a library's."""
        return __version__

    @property
    def heavy(self) -> bool:
        """Whether a process that holds it needs gigabytes; one does the work, unless `workers` says more."""
        return False

    def provenance(self) -> dict[str, str]:
        """What else the manifest should tell, such as the checkpoint and the licence of its weights."""
        return {}

    def require(self) -> None:  # noqa: B027 - most stages need nothing
        """Looks, before the first clip, whether all that the stage needs is there; loads nothing.

        Raises:
            InputError: a package or a checkpoint is missing; where it was looked for, and what to do.
        """
