"""What every selector promises: which of the grounded stretches are manipulated."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from bonafide.manipulation.grounder import Grounded
from bonafide.manipulation.stage import Stage
from bonafide.types import Segment


class Selector(Stage):
    """Chooses the region of a clip that is regenerated."""

    @abstractmethod
    def select(
        self, grounded: Sequence[Grounded], seconds: float, generator: np.random.Generator
    ) -> Segment | None:
        """A region within the clip; None if no stretch will do, and the clip is left out.

        Args:
            grounded: stretches that a grounder points at, in any order.
            seconds: length of the clip.
            generator: decides where there is a choice.
        """
