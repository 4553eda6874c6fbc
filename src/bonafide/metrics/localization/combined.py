"""Score of ADD 2023, track 2 (Yi et al., https://arxiv.org/abs/2305.13774), which FakeSound also reports."""

from math import isfinite
from typing import Final

import numpy as np

from bonafide.metrics.localization.counts import refuse_other_files
from bonafide.metrics.localization.timeline import Regions
from bonafide.types import InputError

ACCURACY: Final = 0.3
"""Weight of the clips' accuracy; the rest is that of the segments' F1."""


def clip_accuracy(true: Regions, predicted: Regions) -> float:
    """Share of files rightly called genuine or spoofed; a file is spoofed if it has any region. A fraction.

    Args:
        true: spoofed regions.
        predicted: of the same files, in the same order.

    Raises:
        InputError: the files differ.

    >>> from bonafide.metrics.localization.timeline import regions
    >>> clip_accuracy(regions("ab", [[(1, 2)], []]), regions("ab", [[(3, 4)], [(0, 1)]]))
    0.5
    """
    refuse_other_files(true, predicted)
    return float(np.mean(true.spoofed == predicted.spoofed))


def combined_score(clip_accuracy: float, segment_f1: float) -> float:
    """0.3 · accuracy of clips + 0.7 · segment F1 at 1 s, a fraction.

    Args:
        clip_accuracy: of this module, or of a model's own decision on clips; a fraction.
        segment_f1: at a resolution of 1 s; a fraction.

    Raises:
        InputError: one is no fraction.

    >>> round(combined_score(0.8223, 0.6066), 5)
    0.67131
    """
    for name, value in (("accuracy", clip_accuracy), ("F1", segment_f1)):
        if not (isfinite(value) and 0 <= value <= 1):
            raise InputError(
                f"{name} = {value} cannot be combined: give a fraction from 0 to 1, not per cent."
            )
    return ACCURACY * clip_accuracy + (1 - ACCURACY) * segment_f1
