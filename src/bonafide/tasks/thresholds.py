"""How the thresholds of frames and of clips are found: by a rule on validation clips, or as probabilities."""

import math
from typing import Literal, NamedTuple

from bonafide.metrics.localization.labels import LabelRule
from bonafide.metrics.localization.operating_point import best_threshold, frame_eer_threshold
from bonafide.metrics.localization.timeline import Timelines
from bonafide.types import InputError

FrameRule = float | Literal["segment_f1", "frame_eer"]
ClipRule = float | Literal["eer"]


class Thresholds(NamedTuple):
    """Args:
    frame: `"segment_f1"`, `"frame_eer"`, or the probability of a fake above which a frame is spoofed.
    clip: `"eer"`, or the probability of a fake above which a clip is spoofed.
    """

    frame: FrameRule
    clip: ClipRule

    def check(self) -> None:
        """Raises an `InputError` unless both are rules or probabilities."""
        for name, rule, rules in (
            ("frame", self.frame, ("segment_f1", "frame_eer")),
            ("clip", self.clip, ("eer",)),
        ):
            if rule not in rules and (isinstance(rule, str) or not 0 < rule < 1):
                raise InputError(
                    f"task.{name}_threshold={rule} is no rule; choose {', '.join(rules)}, or a probability "
                    "between 0 and 1"
                )

    def of_frames(self, recordings: Timelines, labels: LabelRule | None) -> float:
        """The log-odds below which a frame is spoofed.

        Args:
            recordings: of the validation clips.
            labels: a published system whose labels are wanted; see `frame_labels`.

        Raises:
            InputError: the recordings do not allow it.
        """
        match self.frame:
            case "segment_f1":
                return best_threshold(recordings)
            case "frame_eer":
                return frame_eer_threshold(recordings, compat=labels)
            case probability:
                return odds_at(float(probability))


def odds_at(probability: float) -> float:
    """Log-odds of bona fide where a fake has this probability.

    >>> odds_at(0.5)
    0.0
    """
    return math.log1p(-probability) - math.log(probability)
