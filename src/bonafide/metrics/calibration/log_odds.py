"""Probabilities as log-odds: the scale on which calibration works and saturation shows."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logit

from bonafide.metrics.calibration.fitted import finite
from bonafide.metrics.curve import Rates
from bonafide.types import InputError

GRAIN: Final = 2.0**-24
"""How close to 1 a probability in float32 can come; what is closer is saturated."""


class LogOdds(NamedTuple):
    """Converted probabilities.

    Args:
        scores: natural log-odds, of the shape of the probabilities.
        clipped: how many probabilities were closer to 0 or 1 than `GRAIN`.
    """

    scores: Rates
    clipped: int


def log_odds(probabilities: ArrayLike) -> LogOdds:
    """ln(p / (1 - p)) with p clipped to [2^-24, 1 - 2^-24].

    Args:
        probabilities: of bona fide, of any shape.

    Raises:
        InputError: a value is NaN or outside [0, 1].

    >>> log_odds([0.5, 0.75, 1.0])
    LogOdds(scores=array([ 0.        ,  1.09861229, 16.63553227]), clipped=1)
    """
    values = finite(probabilities)
    outside = np.count_nonzero((values < 0) | (values > 1))
    if outside:
        raise InputError(
            f"{outside} of {values.size} scores lie outside [0, 1] and are no probabilities: take them as "
            "they are, without log_odds."
        )
    clipped = np.count_nonzero((values < GRAIN) | (values > 1 - GRAIN))
    return LogOdds(np.asarray(logit(values.clip(GRAIN, 1 - GRAIN))), int(clipped))
