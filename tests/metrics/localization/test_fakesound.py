"""FakeSound's published lists: how its labels and its measure differ from exact ones."""

import json

import numpy as np
import pytest
from tests.corpora.real import SOURCE

from bonafide.metrics.localization.combined import clip_accuracy, combined_score
from bonafide.metrics.localization.labels import frame_labels
from bonafide.metrics.localization.segment_f1 import active_segments, segment_f1
from bonafide.metrics.localization.timeline import Regions, regions

LISTS = SOURCE / "general" / "fakesound" / "metadata"
pytestmark = pytest.mark.skipif(
    not (LISTS / "train.json").is_file(),
    reason="no lists of FakeSound here: set BONAFIDE_REAL_AUDIO to the folder that holds general/",
)


def read(part: str) -> Regions:
    records = json.loads((LISTS / f"{part}.json").read_text())["audios"]
    segments = [
        [tuple(map(float, record["onset_offset"].split("_")))] if record["label"] else []
        for record in records
    ]
    return regions([record["audio_id"] for record in records], segments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("part", "early", "clips"),
    [("train", 325, 311), ("easy", 10, 10), ("hard", 21, 17), ("zeroshot", 32, 28)],
)
def test_truncation_moves_boundaries_a_frame_early(part: str, early: int, clips: int) -> None:
    true = read(part)
    seconds = np.full(len(true.names), 10.0)
    exact = frame_labels(true, seconds, 0.02).spoof.reshape(-1, 500).astype(int)
    truncated = frame_labels(true, seconds, 0.02, compat="fakesound").spoof.reshape(-1, 500).astype(int)
    moved = np.stack(
        [
            np.argmax(exact, axis=1) != np.argmax(truncated, axis=1),
            np.argmax(exact[:, ::-1], axis=1) != np.argmax(truncated[:, ::-1], axis=1),
        ]
    )
    assert 2 * true.start.size == {"train": 3166, "easy": 92, "hard": 270, "zeroshot": 270}[part]
    assert (moved.sum(), moved.any(axis=0).sum()) == (early, clips)


@pytest.mark.parametrize(
    ("part", "exact", "truncated"),
    [
        ("train", 156_446, 156_375),
        ("easy", 4_422, 4_424),
        ("hard", 15_608, 15_605),
        ("zeroshot", 14_296, 14_300),
    ],
)
def test_spoofed_frames(part: str, exact: int, truncated: int) -> None:
    true = read(part)
    seconds = np.full(len(true.names), 10.0)
    assert frame_labels(true, seconds, 0.02).spoof.sum() == exact
    assert frame_labels(true, seconds, 0.02, compat="fakesound").spoof.sum() == truncated


@pytest.mark.parametrize(
    ("part", "floors", "ceilings"),
    [("train", 127, 145), ("easy", 6, 6), ("hard", 9, 21), ("zeroshot", 18, 21)],
)
def test_binary_fractions_in_the_measure(part: str, floors: int, ceilings: int) -> None:
    true = read(part)
    for edges, expected in zip(
        zip(active_segments(true, 0.02), active_segments(true, 0.02, compat="sed_eval"), strict=True),
        (floors, ceilings),
        strict=True,
    ):
        assert np.count_nonzero(edges[0] != edges[1]) == expected


@pytest.mark.parametrize(
    ("part", "seconds", "frames", "score"),
    [
        ("easy", 0.239234, 0.175400, 0.3175),
        ("hard", 0.269231, 0.207267, 0.3385),
        ("zeroshot", 0.253558, 0.191512, 0.3275),
    ],
)
def test_calling_everything_spoofed_or_genuine(
    part: str, seconds: float, frames: float, score: float
) -> None:
    true = read(part)
    every = regions(true.names, [[(0, 10)]] * len(true.names))
    none = regions(true.names, [[]] * len(true.names))
    assert segment_f1(true, every) == pytest.approx(seconds, abs=5e-7)
    assert segment_f1(true, every, resolution=0.02) == pytest.approx(frames, abs=5e-7)
    assert combined_score(clip_accuracy(true, every), segment_f1(true, every)) == pytest.approx(
        score, abs=5e-5
    )
    assert combined_score(clip_accuracy(true, none), segment_f1(true, none)) == pytest.approx(0.15)
