"""The grid of frames that a front end and a model answer on."""

from typing import Final

from bonafide.frontends.frontend import Frontend
from bonafide.models.localizer import Localizer
from bonafide.types import InputError

_CLIPS: Final = (60, 80)  # seconds of which frames are asked
_LONGEST: Final = 1.0  # seconds of a frame


def frame_step(frontend: Frontend, model: Localizer) -> float:
    """Seconds from frame to frame, the same in clips of any length.

    Args:
        frontend: knows the time of its frames.
        model: knows how many of them make one of its own.

    Raises:
        InputError: frames have no length of their own, or are too long to localize anything.
    """
    steps = []
    for seconds in _CLIPS:
        times = frontend.times(seconds * frontend.sample_rate)
        place = len(times) // 2
        one = float(times[place] - times[place - 1]) if len(times) > 1 else float(seconds)
        steps.append(round(one * model.reduction, 9))
    if steps[0] != steps[1] or not 0 < steps[0] <= _LONGEST:
        found = f"{steps[0]:g} s in a minute" if steps[0] != steps[1] else f"{steps[0]:g} s"
        raise InputError(
            f"{type(model).__name__} has frames of {found} on {type(frontend).__name__}, which locate "
            "nothing; try frontend=mel"
        )
    return steps[0]
