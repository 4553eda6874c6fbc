"""EER, minDCF and Cllr of 1,000 resampled sets, against a loop that draws, sorts and measures each set.

`python benchmarks/bootstrap.py`: as many trials as ASVspoof 2021 DF (14,869 bona fide, 519,059 spoof), scores
that overlap at 5 %. Both sides take turns and share nothing but the scores; the loop is numpy on one core,
one sort a set for all three measures, and makes fewer sets: its time is *scaled* by its seconds a set. Their
standard errors must agree within the noise of so few sets. The targets are less than 20 s on two cores, less
than 2 GB, and a ratio of at least 5.
"""

import os
import resource
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from bonafide.metrics.cllr import cllr
from bonafide.metrics.dcf import min_dcf
from bonafide.metrics.eer import eer
from bonafide.metrics.intervals import intervals

BONAFIDE, SPOOF = 14_869, 519_059
REPLICATES, FEW, REPEATS = 1_000, 30, 3
MEASURES = {"EER": eer, "minDCF": min_dcf, "Cllr": cllr}

Scores = np.ndarray[Any, np.dtype[np.float64]]


def naive(bonafide: Scores, spoof: Scores, replicates: int, seed: int) -> list[float]:
    """Standard errors, one set at a time; what the measures share is computed once."""
    generator = np.random.default_rng(seed)
    values = []
    for _ in range(replicates):
        genuine = bonafide[generator.integers(bonafide.size, size=bonafide.size)]
        fake = spoof[generator.integers(spoof.size, size=spoof.size)]
        scores = np.concatenate((genuine, fake))
        order = np.argsort(scores)
        last = np.append(np.diff(scores[order]) > 0, True)  # tied scores are one operating point
        is_genuine = order < genuine.size
        frr = np.append(0, np.cumsum(is_genuine)[last] / genuine.size)
        far = np.append(1, 1 - np.cumsum(~is_genuine)[last] / fake.size)
        gap = frr - far
        after = int(np.argmax(gap >= 0))
        share = -gap[after - 1] / (gap[after] - gap[after - 1])
        values.append(
            (
                frr[after - 1] + share * (frr[after] - frr[after - 1]),
                (1.9 * frr + far).min(),
                (np.logaddexp(0, -genuine).mean() + np.logaddexp(0, fake).mean()) / (2 * np.log(2)),
            )
        )
    return [float(error) for error in np.std(values, axis=0, ddof=1)]


def megabytes() -> float:
    """Most memory that the process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    generator = np.random.default_rng(0)
    bonafide = generator.normal(2.7, 1.6448, BONAFIDE)
    spoof = generator.normal(-2.7, 1.6448, SPOOF)
    before = megabytes()
    intervals(MEASURES, bonafide, spoof, replicates=REPLICATES, seed=REPEATS)  # a turn to warm up
    held = megabytes()
    turns = []
    for turn in range(REPEATS):
        begin = perf_counter()
        found = intervals(MEASURES, bonafide, spoof, replicates=REPLICATES, seed=turn)
        middle = perf_counter()
        errors = naive(bonafide, spoof, FEW, seed=turn)
        turns.append((middle - begin, (perf_counter() - middle) * REPLICATES / FEW))
        for measured, error in zip(found.values(), errors, strict=True):
            # The error of a standard error from so few sets is 13 %.
            assert 0.5 < error / measured.standard_error < 1.6  # noqa: S101
    ours, theirs = (median(side) for side in zip(*turns, strict=True))
    ratio = median(slow / fast for fast, slow in turns)
    print(f"{BONAFIDE:,} bona fide and {SPOOF:,} spoof trials, {REPLICATES:,} replicates")
    for name, measured in found.items():
        print(f"  {name:7} {measured.estimate:.6f}, 95 % {measured.low:.6f} to {measured.high:.6f}")
    print(f"weights on sorted trials: {ours:8.2f} s on {os.cpu_count()} cores")
    print(f"drawn and sorted anew:    {theirs:8.2f} s on one core, scaled from {FEW} replicates")
    print(f"memory {held:.0f} MB at the peak, {before:.0f} MB before")
    print(f"ratio {ratio:.1f}, median of {REPEATS} turns")


if __name__ == "__main__":
    main()
