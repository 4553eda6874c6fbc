"""Rates from counts of what was found, falsely found, and missed."""

from typing import NamedTuple

from bonafide.metrics.localization.timeline import Integers, Regions
from bonafide.types import InputError


class Detections(NamedTuple):
    """Outcomes of looking for one class, summed over all files (micro): segments, events, frames, or time.

    Args:
        true_positives: found where it is.
        false_positives: found where it is not.
        false_negatives: not found where it is.
    """

    true_positives: float
    false_positives: float
    false_negatives: float

    @property
    def precision(self) -> float:
        """TP / (TP + FP), a fraction.

        Raises:
            InputError: nothing was found.
        """
        found = self.true_positives + self.false_positives
        if not found:
            raise InputError(
                "Nothing was detected anywhere, so there is no precision: read recall and F1, which are 0, "
                "or choose another threshold."
            )
        return self.true_positives / found

    @property
    def recall(self) -> float:
        """TP / (TP + FN), a fraction.

        Raises:
            InputError: there was nothing to find.
        """
        return self.true_positives / self._reference("recall")

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN), a fraction; 0 if nothing was found.

        Raises:
            InputError: there was nothing to find.
        """
        self._reference("F1")
        return (
            2 * self.true_positives / (2 * self.true_positives + self.false_positives + self.false_negatives)
        )

    @property
    def error_rate(self) -> float:
        """(FN + FP) / (TP + FN), deletions and insertions; may exceed 1.

        One class knows no substitutions.

        Raises:
            InputError: there was nothing to find.
        """
        return (self.false_negatives + self.false_positives) / self._reference("error rate")

    def _reference(self, measure: str) -> float:
        reference = self.true_positives + self.false_negatives
        if not reference:
            raise InputError(
                f"The files hold nothing of the class that is looked for, so there is no {measure}: check "
                "their regions, or add files that do."
            )
        return reference


class FileDetections(NamedTuple):
    """`Detections` of each file by itself, so that files can be compared, or drawn anew.

    Args:
        true_positives: `[files]`.
        false_positives: `[files]`.
        false_negatives: `[files]`.
    """

    true_positives: Integers
    false_positives: Integers
    false_negatives: Integers

    @property
    def total(self) -> Detections:
        """Those of all files together."""
        return Detections(*(int(counts.sum()) for counts in self))


def refuse_other_files(true: Regions, predicted: Regions) -> None:
    """Raises an `InputError` unless both speak of the same files in the same order."""
    if true.names != predicted.names:
        if len(true.names) != len(predicted.names):
            what = f"{len(true.names)} files have truth, {len(predicted.names)} predictions"
        else:
            one, other = next(
                pair for pair in zip(true.names, predicted.names, strict=True) if pair[0] != pair[1]
            )
            what = f"where the truth has {one}, the predictions have {other}"
        raise InputError(
            f"Truth and predictions are of different files ({what}): give both in the same order."
        )
