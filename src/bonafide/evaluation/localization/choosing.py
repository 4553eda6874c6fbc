"""Recordings that show how well a model locates: the best, the worst, and what lies between."""

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bonafide.evaluation.localization.outcome import Outcome
from bonafide.metrics.localization.segment_f1 import segments_of_each


class Chosen(NamedTuple):
    """A recording to be shown.

    Args:
        file: its number in the outcome.
        title: why it was chosen.
        f1: of segments of 20 ms; None for a genuine recording, which has nothing to be found.
    """

    file: int
    title: str
    f1: float | None


def choose(outcome: Outcome, most: int, *, seed: int = 0) -> list[Chosen]:
    """Recordings with a fake region, evenly from the best to the worst, and the worst false alarm.

    Equally good ones stand in an order that the seed and their names give, whatever the order of the table.

    Args:
        outcome: of a group.
        most: how many at the most; the false alarm is one of them if there is one and two others have room.
        seed: of the order of equals.
    """
    found = segments_of_each(outcome.true, outcome.predicted, resolution=0.02)
    reference = 2 * found.true_positives + found.false_positives + found.false_negatives
    f1 = 2 * found.true_positives / np.maximum(reference, 1)
    spoofed = np.flatnonzero(outcome.true.spoofed)
    alarms = np.where(outcome.true.spoofed, 0, found.false_positives)
    loudest = _ordered(outcome, np.arange(len(alarms)), alarms, seed)[:1]
    alarm = [Chosen(int(file), "Worst false alarm", None) for file in loudest if alarms[file] and most > 2]
    ranked = _ordered(outcome, spoofed, f1[spoofed], seed)
    room = min(most - len(alarm), len(ranked))
    room -= room > 2 and room % 2 == 0  # so that the median is among them
    first, last = (0.0, len(ranked) - 1.0) if room > 1 else ((len(ranked) - 1) / 2,) * 2
    places = np.unique(np.linspace(first, last, room).round().astype(np.int64))
    shown = [
        Chosen(int(ranked[place]), _title(int(place), len(ranked)), float(f1[ranked[place]]))
        for place in places
    ]
    return [*shown, *alarm]


def _ordered(
    outcome: Outcome, files: NDArray[np.int64], by: NDArray[np.int64] | NDArray[np.float64], seed: int
) -> NDArray[np.int64]:
    """Files, the highest first."""
    names = (f"{seed}\0{outcome.names[file]}".encode("utf-8", "surrogatepass") for file in files)
    lots = np.array([hashlib.sha256(name).hexdigest() for name in names], np.str_)
    return files[np.lexsort((lots, -by))]


def _title(place: int, of: int) -> str:
    if of == 1:
        return "The only one with a fake region"
    if place in {0, of - 1}:
        return f"{'Worst' if place else 'Best'} of {of:,} with a fake region"
    middle = abs(2 * place + 1 - of) <= 1
    return f"{'Median' if middle else f'Rank {place + 1:,}'} of {of:,} with a fake region"
