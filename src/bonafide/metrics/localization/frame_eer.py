"""Point-based EER of PartialSpoof (Zhang, Wang, Cooper, Evans and Yamagishi, 2022,
https://arxiv.org/abs/2204.05177): every frame of every file is a trial.

It depends on the resolution, and at a coarser one than the model's it flatters: a frame that is spoofed in
part counts whole. `range_eer` needs no resolution.
"""

from collections.abc import Sequence
from typing import Final

from bonafide.metrics.localization.labels import LabelRule
from bonafide.metrics.localization.resolution import trials_at
from bonafide.metrics.localization.timeline import Timelines
from bonafide.metrics.localization.weighted_eer import weighted_eer

RESOLUTIONS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)
"""Of PartialSpoof's labels, in seconds; its models start at 0.02."""


def frame_eer(
    recordings: Timelines,
    resolutions: Sequence[float] = RESOLUTIONS,
    *,
    overlap: float = 0.0,
    compat: LabelRule | None = None,
) -> dict[float, float]:
    """EER over all frames at each resolution, fractions; `eer` of what `trials` gives.

    Args:
        recordings: truth and scores.
        resolutions: lengths of a frame in seconds, multiples or fractions of the model's step.
        overlap: share of a frame that regions must exceed; see `frame_labels`.
        compat: a published system whose labels are wanted; see `frame_labels`.

    Raises:
        InputError: a class has no frames, or a resolution is neither a multiple nor a fraction of the step.

    >>> from bonafide.metrics.localization.timeline import timelines
    >>> recordings = timelines(["a"], [1.0], [[(0.3, 0.5)]], [[0.9, 0.4, 0.3, 0.8, 0.7]], step=0.2)
    >>> frame_eer(recordings, (0.1, 0.2))
    {0.1: 0.2, 0.2: 0.0}
    """
    frames_at = trials_at(recordings, resolutions, overlap=overlap, compat=compat)
    return {
        resolution: weighted_eer(frames.scores, ~frames.spoof, frames.spoof, f"frames of {resolution} s")
        for resolution, frames in zip(resolutions, frames_at, strict=True)
    }
