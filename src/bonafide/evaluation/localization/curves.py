"""Measures that are equal error rates: of clips, of frames and segments, and of time."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from bonafide.evaluation.localization.outcome import Outcome
from bonafide.evaluation.localization.resampling import Draws, Units
from bonafide.metrics.localization.binned_eer import Binned, binned, binned_eer
from bonafide.metrics.localization.frame_eer import RESOLUTIONS
from bonafide.metrics.localization.resolution import Trials, fits, trials_at, utterance_scores
from bonafide.metrics.localization.tape import times
from bonafide.metrics.localization.timeline import Floats, Integers
from bonafide.metrics.localization.weighted_eer import Weights, weighted_eer
from bonafide.types import BONAFIDE

SEGMENTS: Final = RESOLUTIONS[1:]
"""Lengths of segments in seconds; PartialSpoof's models begin with 20 ms."""


class Curve(NamedTuple):
    """What an EER is of.

    Args:
        scores: `[pieces]`, high when genuine.
        bonafide: `[pieces]` weights.
        spoof: `[pieces]` weights.
        file: `[pieces]`, which file each is of.
        what: the pieces, for messages.
    """

    scores: Floats
    bonafide: Weights
    spoof: Weights
    file: Integers
    what: str

    @property
    def eer(self) -> float:
        """Exact, a fraction.

        Raises:
            InputError: a class weighs nothing.
        """
        return weighted_eer(self.scores, self.bonafide, self.spoof, self.what)

    def bins(self, units: Units) -> Binned:
        """What each unit adds to the curve, `[units, bins]`."""
        return binned(self.scores, self.bonafide, self.spoof, units.of[self.file], units.number)


def drawn_eers(found: Mapping[str, Curve], units: Units, draws: Draws) -> dict[str, Floats]:
    """`[sets]` of each curve, the EER of every set drawn anew.

    Bins of scores lie a little off; by as much as they do for all files together, the sets are moved.

    Args:
        found: of `curves`.
        units: of the same files.
        draws: of these units.
    """
    bins = {name: curve.bins(units) for name, curve in found.items()}
    # Shares instead of weights: single precision is enough for these, and halves memory and time.
    sides = [side / max(side.sum(), 1) for pair in bins.values() for side in pair]
    table = np.concatenate(sides, axis=1, dtype=np.float32)
    width = sides[0].shape[1]
    sums = np.concatenate(list(draws.sums(table))).reshape(draws.replicates, -1, 2, width)
    together = {
        name: binned_eer(Binned(*(side.sum(axis=0)[None] for side in pair))) for name, pair in bins.items()
    }
    return {
        name: np.clip(
            binned_eer(Binned(sums[:, place, 0], sums[:, place, 1])) - together[name] + curve.eer, 0, 1
        )
        for place, (name, curve) in enumerate(found.items())
    }


def curves(outcome: Outcome) -> dict[str, Curve]:
    """By key of the measure; those of segments are `segment_eer_0.04`.

    Segments are as long as PartialSpoof's, as far as they are multiples or whole fractions of the step.
    """
    recordings = outcome.recordings
    genuine, every = outcome.label == BONAFIDE, np.arange(len(outcome.label))
    own = _file(recordings.bounds)
    lengths = [length for length in SEGMENTS if fits(length, recordings.step)]
    step, *segments = trials_at(recordings, [recordings.step, *lengths])
    return {
        "clip_eer": Curve(outcome.score, genuine, ~genuine, every, "clips"),
        "lowest_frame_eer": Curve(utterance_scores(recordings), genuine, ~genuine, every, "clips"),
        "range_eer": Curve(recordings.scores, *times(recordings), own, "time"),
        "frame_eer": _frames(step, "frames"),
        **{
            f"segment_eer_{length:g}": _frames(frames, f"segments of {length:g} s")
            for length, frames in zip(lengths, segments, strict=True)
        },
    }


def _frames(frames: Trials, what: str) -> Curve:
    return Curve(frames.scores, ~frames.spoof, frames.spoof, _file(frames.bounds), what)


def _file(bounds: Integers) -> Integers:
    return np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
