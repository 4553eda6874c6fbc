"""Test groups that share recordings, told of together: their intervals are not independent.

FakeSound's three tests are made from the same clips. Every set drawn anew takes each of these with all that
was made from it, in whatever group, and the mean over the groups is measured on the set.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final, TypedDict

import numpy as np

from bonafide.evaluation.breakdown import Bounds
from bonafide.evaluation.localization.counting import counted_of, ratios
from bonafide.evaluation.localization.outcome import Outcome
from bonafide.evaluation.localization.resampling import Draws, interval, units
from bonafide.metrics.localization.timeline import Floats

MEASURES: Final = ("score", "accuracy", "f1_1s", "f1_20ms", "event_f1")


class Joint(TypedDict):
    """The entry `"localization"` of metrics.json beside those of its groups; fractions.

    `shared` counts the sentences or recordings that more than one group has; `mean` and `intervals` are of
    the plain mean over the groups.
    """

    groups: list[str]
    shared: int
    mean: dict[str, float]
    intervals: Bounds


def joint(outcomes: Mapping[str, Outcome], *, replicates: int = 1000, seed: int = 0) -> Joint | None:
    """The mean over groups, with intervals that know what the groups share; None where they share nothing.

    Args:
        outcomes: of each group.
        replicates: of the bootstrap.
        seed: of the bootstrap.
    """
    held = Counter(name for outcome in outcomes.values() for name in set(outcome.unit))
    shared = sum(times > 1 for times in held.values())
    every = np.array([*held, None], object)[:-1]
    if not shared or len(every) < 2:
        return None
    draws = Draws(len(every), replicates, seed)
    means: dict[str, float] = dict.fromkeys(MEASURES, 0.0)
    drawn: dict[str, Floats] = {name: np.zeros(replicates) for name in MEASURES}
    for outcome in outcomes.values():
        table = counted_of(outcome)
        found = ratios(table.sum(axis=0, keepdims=True))
        blocks = [ratios(sums) for sums in draws.sums(units(outcome.unit, every).sums(table))]
        for name in MEASURES:
            means[name] += float(found[name][0]) / len(outcomes)
            drawn[name] += np.concatenate([block[name] for block in blocks]) / len(outcomes)
    limits = {name: interval(values) for name, values in drawn.items()}
    bounds = {name: pair for name, pair in limits.items() if pair is not None}
    return Joint(groups=list(outcomes), shared=shared, mean=means, intervals=bounds)
