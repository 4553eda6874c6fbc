"""What an input is compared with: the same input with nothing in it to be heard."""

from typing import Final, Literal

import torch
from torch import Tensor

from bonafide.explain.detector.blur import blur
from bonafide.types import InputError

Baseline = Literal["zero", "blur", "mean"]

BASELINES: Final = ("zero", "blur", "mean")


def reference(inputs: Tensor, background: Tensor, baseline: Baseline, *, sigma: float) -> Tensor:
    """A reference for each input.

    `zero` is the mean of the training data where features are standardized, and silence of a waveform; of
    other features it can be louder than any clip. `blur` keeps how loud a clip is and smears where. `mean` is
    the mean of other clips.

    Args:
        inputs: `[batch, …]`.
        background: `[clips, …]` other inputs; only `mean` needs them.
        baseline: which.
        sigma: of the blur, in rows and frames, or samples.

    Raises:
        InputError: the baseline is unknown, or the mean has too few clips.
    """
    if baseline not in BASELINES:
        raise InputError(f"baseline={baseline} is unknown; choose {', '.join(BASELINES)}")
    if baseline == "zero":
        return torch.zeros_like(inputs)
    if baseline == "blur":
        return blur(inputs, sigma, "reflect")
    if len(background) < 2:
        raise InputError(
            "baseline=mean is the mean of other clips, and there are none here; try baseline=zero"
        )
    return background.mean(0, keepdim=True).expand_as(inputs)
