"""Range-based EER (Zhang, Wang, Cooper, Evans and Yamagishi, Range-based equal error rate for spoof
localization, Interspeech 2023, https://arxiv.org/abs/2305.17739), computed exactly.

Time takes the place of trials. At threshold t all time covered by frames with score < t is called spoofed:

    FRR(t) = bona fide time called spoofed / bona fide time
    FAR(t) = spoofed time accepted / spoofed time

over all files. The authors search the threshold by bisection; here every frame adds its bona fide and its
spoofed time to the operating curve, on which the crossing is exact.
"""

from bonafide.metrics.localization.tape import times
from bonafide.metrics.localization.timeline import Timelines
from bonafide.metrics.localization.weighted_eer import weighted_eer


def range_eer(recordings: Timelines) -> float:
    """Where FRR(t) = FAR(t), interpolated linearly; a fraction. Does not depend on how time is cut.

    Args:
        recordings: truth and scores; genuine files add bona fide time only.

    Raises:
        InputError: no time is spoofed, or none is bona fide.

    >>> from bonafide.metrics.localization.timeline import timelines
    >>> range_eer(timelines(["a"], [1.0], [[(0.3, 0.5)]], [[0.9, 0.4, 0.3, 0.8, 0.7]], step=0.2))
    0.2
    """
    return weighted_eer(recordings.scores, *times(recordings), "time")
