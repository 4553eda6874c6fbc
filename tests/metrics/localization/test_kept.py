"""Frames that are remembered batch by batch, or process by process, are those of whole files."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import distributed, multiprocessing

from bonafide.metrics.localization.kept import KeptFrames, timelines_of
from bonafide.metrics.localization.timeline import timelines
from bonafide.types import InputError

RATE = 1_000
LENGTH = torch.tensor([100, 45, 21, 100])
REGIONS = torch.tensor([[[10, 30], [50, 60]], [[0, 0], [0, 0]], [[0, 21], [0, 0]], [[90, 100], [0, 0]]])


def kept(scores: torch.Tensor, batches: list[list[int]]) -> KeptFrames:
    found = KeptFrames(0.02, RATE)
    for rows in batches:
        found.update(scores[rows], scores[rows, 0], torch.ones(len(rows)), LENGTH[rows], REGIONS[rows])
    return found


@pytest.mark.parametrize("batches", [[[0, 1, 2, 3]], [[0], [1, 2], [3]]])
@pytest.mark.parametrize("frames", [4, 5, 6])
def test_batches_give_the_timelines_of_their_files(batches: list[list[int]], frames: int) -> None:
    scores = torch.randn(4, frames, generator=torch.Generator().manual_seed(0))
    found = timelines_of(kept(scores, batches).compute(), 0.02)
    counts = [5, 3, 2, 5]
    rows = [np.resize(row[: min(n, frames)].tolist(), n) for row, n in zip(scores, counts, strict=True)]
    for row, own in zip(rows, scores, strict=True):
        row[frames:] = own[-1]
    segments = [[(0.01, 0.03), (0.05, 0.06)], [], [(0, 0.021)], [(0.09, 0.1)]]
    wanted = timelines(map(str, range(4)), LENGTH.numpy() / RATE, segments, rows, 0.02)
    assert found.regions.names == wanted.regions.names
    for one, other in zip((*found.regions[1:], *found[1:]), (*wanted.regions[1:], *wanted[1:]), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_single_clip_with_a_single_region_is_no_scalar() -> None:
    found = KeptFrames(0.1, RATE)
    found.update(torch.ones(1, 1), torch.ones(1), torch.ones(1), LENGTH[:1], REGIONS[3:])
    made = timelines_of(found.compute(), 0.1)
    assert (made.scores.shape, made.regions.start.tolist()) == ((1,), [0.09])


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="no length of their own"):
        kept(torch.ones(4, 2), [[0, 1, 2, 3]])
    with pytest.raises(InputError, match="1 of 15 frame scores are NaN"):
        timelines_of(
            kept(
                torch.ones(4, 5).index_put((torch.tensor(1), torch.tensor(1)), torch.tensor(torch.nan)),
                [[0, 1, 2, 3]],
            ).compute(),
            0.02,
        )


def share(rank: int, folder: str) -> None:
    """One of two processes: first with unequal shares, then the second process without a clip."""
    distributed.init_process_group(
        "gloo",
        init_method=f"file://{folder}/meeting",
        rank=rank,
        world_size=2,
        timeout=dt.timedelta(seconds=60),
    )
    scores = torch.randn(4, 5, generator=torch.Generator().manual_seed(0))
    found = []
    for rows in (([0, 1, 2], [3])[rank], ([0, 1, 2, 3], [])[rank]):
        metric = kept(scores, [rows] if rows else [])
        metric._update_count = 1  # where its loader was empty: no warning wanted
        found.append(metric.compute())
    torch.save(found, f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


@pytest.mark.slow
def test_processes_with_unequal_shares_agree(tmp_path: Path) -> None:
    multiprocessing.spawn(share, (str(tmp_path),), nprocs=2)
    scores = torch.randn(4, 5, generator=torch.Generator().manual_seed(0))
    wanted = kept(scores, [[0, 1, 2, 3]]).compute()
    for rank in range(2):
        for found in torch.load(tmp_path / f"{rank}.pt", weights_only=True):
            assert found.keys() == wanted.keys()
            assert all(torch.equal(found[name], wanted[name]) for name in wanted)
