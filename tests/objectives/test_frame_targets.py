"""Which frames are spoofed: FakeSound's counts, and the laws of rounding to a grid."""

import json
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from tests.corpora import real
from torch import Tensor

from bonafide.objectives.frame_targets import own_frames, spoofed_frames

LISTS = real.SOURCE / "general/fakesound/metadata"
RATE, STEP, FRAMES = 16_000, 0.02, 500
GOLDEN = {
    "train": (3_166, 325, 156_446, 156_375),
    "easy": (92, 10, 4_422, 4_424),
    "hard": (270, 21, 15_608, 15_605),
    "zeroshot": (270, 32, 14_296, 14_300),
}
"""Borders of regions, those that are cut off to another frame, and spoofed frames rounded and cut off."""


def samples(seconds: Sequence[tuple[float, float]]) -> Tensor:
    """One clip a region, `[regions, 1, 2]`."""
    return torch.from_numpy(np.rint(np.array(seconds) * RATE).astype(np.int64))[:, None]


def first_and_after(frames: Tensor) -> Tensor:
    """Of one run of frames each, `[regions, 2]`."""
    first = frames.int().argmax(dim=1)
    return torch.stack([first, first + frames.sum(dim=1)], dim=1)


def counted(regions: Tensor) -> tuple[int, int, int, int]:
    rounded, cut = (
        spoofed_frames(regions, FRAMES, STEP, RATE, faithful=faithful) for faithful in (False, True)
    )
    moved = int((first_and_after(rounded) != first_and_after(cut)).sum())
    return regions.numel(), moved, int(rounded.sum()), int(cut.sum())


@pytest.mark.parametrize("name", GOLDEN)
def test_the_counts_of_fakesound(name: str) -> None:
    if not (LISTS / f"{name}.json").is_file():
        pytest.skip("no real audio: set BONAFIDE_REAL_AUDIO to its folder")
    records = json.loads((LISTS / f"{name}.json").read_text())["audios"]
    fakes = [record["onset_offset"].split("_") for record in records if record["label"] == 1]
    assert counted(samples([(float(start), float(end)) for start, end in fakes])) == GOLDEN[name]


def test_borders_that_binary_fractions_put_a_frame_early() -> None:
    """Of those on FakeSound's grid of 0.04 s; the quotient of each is a little less than it should be."""
    grid = [round(0.04 * step, 2) for step in range(1, 250)]
    early = [edge for edge in grid if int(edge / 0.02) != round(edge / 0.02)]
    assert early[:3] == [1.16, 1.88, 2.28]
    found = counted(samples([(0.04, edge) for edge in grid[1:]]))
    exact = sum(round(edge / 0.02) - 2 for edge in grid[1:])
    assert found == (2 * 248, len(early), exact, exact - len(early))


@pytest.mark.parametrize("faithful", [False, True])
def test_a_clip_without_regions_is_bona_fide_and_a_whole_one_spoofed(faithful: bool) -> None:
    regions = torch.tensor([[[0, 0], [0, 0]], [[0, 160_000], [0, 0]]])
    found = spoofed_frames(regions, FRAMES, STEP, RATE, faithful=faithful)
    assert found.sum(dim=1).tolist() == [0, 500]


def test_regions_that_touch_or_overlap_are_one() -> None:
    regions = torch.tensor([[[320, 960], [640, 1_600], [1_600, 1_920], [0, 0]]])
    assert spoofed_frames(regions, 8, STEP, RATE).int().tolist() == [[0, 1, 1, 1, 1, 1, 0, 0]]


def test_a_region_that_is_too_short_marks_the_frame_of_its_middle() -> None:
    regions = samples([(0.041, 0.043), (0.175, 0.185)])
    found = spoofed_frames(regions, 12, 0.16, RATE)
    assert [frames.nonzero()[:, 0].tolist() for frames in found] == [[0], [1]]
    assert not spoofed_frames(regions, 12, 0.16, RATE, faithful=True).any()


def test_no_border_is_off_by_more_than_half_a_frame() -> None:
    random = np.random.default_rng(0)
    edges = np.sort(random.integers(0, 100_000, (300, 2)), axis=1)
    edges = edges[edges[:, 1] - edges[:, 0] > 2_000]
    for step in (0.01, 0.02, 0.16 / 3, 0.1):
        found = spoofed_frames(torch.from_numpy(edges)[:, None], 1_000, step, RATE)
        off = first_and_after(found).numpy() * step - edges / RATE
        assert np.abs(off).max() <= step / 2 + 1e-5


def test_frames_of_a_repetition_are_not_a_clips_own() -> None:
    own = own_frames(torch.tensor([16_000, 8_000, 8_001, 1]), 51, 0.02, RATE)
    assert own.sum(dim=1).tolist() == [50, 25, 26, 1]
    assert torch.equal(own, own.cummin(dim=1).values)
