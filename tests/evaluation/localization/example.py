"""Test groups in miniature: outcomes of localization made by hand."""

from collections.abc import Sequence

import numpy as np

from bonafide.evaluation.localization.outcome import Outcome, decided
from bonafide.metrics.localization.timeline import timelines

Pairs = Sequence[tuple[float, float]]

SPEC = {
    "a": ([(6.12, 7.4)], [(6.5, 7.0)]),
    "b": ([], [(2.0, 2.5)]),
    "c": ([(1.4, 4.8)], [(1.0, 3.2), (4.5, 5.2)]),
    "d": ([], []),
}
"""Truth and estimate of four clips; sed_eval counts TP 5, FP 2, FN 1 at 1 s, and 130, 65, 104 at 20 ms."""


def sure(found: Pairs, seconds: float, step: float) -> list[float]:
    """Frame scores that make just these regions, −2 inside and 2 outside."""
    middle = (np.arange(int(np.ceil(round(seconds / step, 6)))) + 0.5) * step
    inside = np.zeros(len(middle), bool)
    for start, end in found:
        inside |= (middle > start) & (middle < end)
    return np.where(inside, -2.0, 2.0).tolist()


def outcome(
    files: dict[str, tuple[Pairs, Pairs]],
    *,
    seconds: float = 10.0,
    step: float = 0.02,
    units: Sequence[str] | None = None,
    noise: float = 0.0,
    seed: int = 0,
    resolution: float | None = None,
) -> Outcome:
    """Files with their true regions and those that their frame scores make; a clip has its lowest score."""
    generator = np.random.default_rng(seed)
    names, true = list(files), [pairs for pairs, _ in files.values()]
    scores = [np.array(sure(found, seconds, step)) for _, found in files.values()]
    scores = [one + noise * generator.standard_normal(len(one)) for one in scores]
    return decided(
        timelines(names, [seconds] * len(names), true, scores, step),
        0.0,
        label=np.array(["spoof" if pairs else "bonafide" for pairs in true], object),
        unit=np.array(units or names, object),
        score=np.array([one.min() for one in scores]),
        clip_threshold=0.0,
        first=np.zeros(len(names)),
        whole=np.full(len(names), seconds),
        resolution=step if resolution is None else resolution,
    )


def random_group(files: int, *, seed: int = 0, noise: float = 1.5, shared: bool = True) -> Outcome:
    """Pairs of a genuine recording and a fake of it, found more or less."""
    generator = np.random.default_rng(seed)
    made: dict[str, tuple[Pairs, Pairs]] = {}
    for number in range(files):
        start = generator.uniform(0, 3)
        made[f"{number}_fake"] = ([(start, start + 1)], [(start + generator.normal(0, 0.1), start + 1.1)])
        made[f"{number}"] = ([], [])
    units = [name.partition("_")[0] for name in made] if shared else None
    return outcome(made, seconds=5, noise=noise, seed=seed, units=units)
