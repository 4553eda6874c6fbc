"""Where recordings are spoofed, and what of it lies in a clip: arithmetic on columns, no object for each."""

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bonafide.data.manifest import Manifest
from bonafide.types import SPOOF

Integers = NDArray[np.int64]

_TOLERANCE: Final = 1e-6  # samples; products of binary fractions that should end in .5 may lie below


class SpoofedRegions(NamedTuple):
    """Spoofed stretches `[start, end)` of recordings, in samples at the models' rate.

    Made by `spoofed_regions`; a spoof of which nobody says where it was manipulated is spoofed throughout. A
    recording costs a byte if nobody says, since every worker that reads has them all.

    Args:
        whole: `[recordings]` bool, spoofed throughout.
        listed: `[partial]` the other spoofs, ascending.
        bounds: `[partial + 1]`; the regions of `listed[i]` are the rows `bounds[i]` to `bounds[i + 1]`.
        start: `[regions]` from the first sample that clips are cut from; negative where it was trimmed off.
        end: `[regions]`.
    """

    whole: NDArray[np.bool_]
    listed: Integers
    bounds: Integers
    start: Integers
    end: Integers

    def within(self, recordings: Integers, starts: Integers, lengths: Integers) -> Integers:
        """What of it lies in clips, from the start of each.

        Args:
            recordings: `[clips]` that each is cut from.
            starts: `[clips]` first sample of each.
            lengths: `[clips]` samples of each.

        Returns:
            `[clips, regions, 2]`, those without any samples as (0, 0) behind the others; at least one row.
        """
        throughout = np.zeros((len(recordings), 1, 2), np.int64)
        throughout[:, 0, 1] = lengths * self.whole[recordings]
        if not len(self.start):
            return throughout
        partial = np.minimum(np.searchsorted(self.listed, recordings), len(self.listed) - 1)
        known = self.listed[partial] == recordings
        if not known.any():
            return throughout
        first = self.bounds[partial]
        counts = np.where(known, self.bounds[partial + 1] - first, 0)
        row = np.arange(int(counts.max()))
        place = np.minimum(first[:, None] + row, len(self.start) - 1)
        sides = np.stack([self.start[place], self.end[place]], axis=-1)  # [clips, regions, 2]
        inside = np.clip(sides - starts[:, None, None], 0, lengths[:, None, None])
        empty = (row >= counts[:, None]) | (inside[..., 0] >= inside[..., 1])
        inside[empty] = 0
        order = np.argsort(empty, axis=1, kind="stable")
        most = max(1, int((~empty).sum(axis=1).max()))
        found = np.take_along_axis(inside, order[..., None], axis=1)[:, :most]
        found[:, :1] += throughout  # of others than those that are listed
        return found

    def samples(self, recordings: Integers, starts: Integers, lengths: Integers) -> Integers:
        """Spoofed samples of clips, `[clips]`; where regions overlap they count once."""
        found = self.within(recordings, starts, lengths)
        found = np.take_along_axis(found, np.argsort(found[..., :1], axis=1, kind="stable"), axis=1)
        reach = np.maximum.accumulate(found[..., 1], axis=1)
        before = np.concatenate([np.zeros_like(reach[:, :1]), reach[:, :-1]], axis=1)
        total: Integers = np.maximum(found[..., 1] - np.maximum(found[..., 0], before), 0).sum(axis=1)
        return total


def spoofed_regions(manifest: Manifest, rows: Integers, sample_rate: int, trim: int) -> SpoofedRegions:
    """The regions of some recordings, from the segments of their corpus.

    Args:
        manifest: the corpus.
        rows: `[recordings]` of it.
        sample_rate: of the models, in Hz.
        trim: samples that are cut from each end.
    """
    table = manifest.table.select(["label", "segments"]).take(pa.array(rows))
    spoof = table.column("label").to_numpy(zero_copy_only=False) == SPOOF
    segments = table.column("segments").combine_chunks()
    counts = segments.value_lengths().fill_null(0).to_numpy().astype(np.int64)
    pairs, mine = segments.flatten(), np.repeat(spoof, counts)
    start, end = (
        np.floor(pairs.field(side).to_numpy(zero_copy_only=False)[mine] * sample_rate + 0.5 + _TOLERANCE)
        for side in ("start", "end")
    )
    listed = np.flatnonzero(spoof & (counts > 0))
    bounds = np.concatenate([[0], np.cumsum(counts[listed])])
    return SpoofedRegions(
        spoof & (counts == 0), listed, bounds, start.astype(np.int64) - trim, end.astype(np.int64) - trim
    )
