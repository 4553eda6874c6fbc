"""What a test may hand over, and what is refused."""

import numpy as np
import pytest

from bonafide.metrics.localization.timeline import (
    MILLISECONDS,
    Timelines,
    frame_counts,
    regions,
    ticks,
    timelines,
)
from bonafide.types import InputError, Segment


def recordings(
    seconds: float = 1.0,
    segment: tuple[float, float] = (0.3, 0.5),
    scores: tuple[float, ...] = (1, 2, 3, 4, 5),
    step: float = 0.2,
) -> Timelines:
    return timelines(["first", "clip"], [1, seconds], [[], [segment]], [[0] * 5, scores], step)


def test_files_of_different_length_lie_one_behind_the_other() -> None:
    made = timelines(
        ["a", "b", "c"],
        [0.4, 0.2, 0.6],
        [[Segment(0, 0.1)], [], [Segment(0.2, 0.3)]],
        [[1, 2], [3], [4, 5, 6]],
        0.2,
    )
    assert made.scores.tolist() == [1, 2, 3, 4, 5, 6]
    assert made.bounds.tolist() == [0, 2, 3, 6]
    assert made.regions.file.tolist() == [0, 2]
    assert made.regions.spoofed.tolist() == [True, False, True]


def test_two_frames_more_or_less_are_made_to_fit() -> None:
    assert recordings(scores=(1, 2, 3)).scores.tolist() == [0] * 5 + [1, 2, 3, 3, 3]
    assert recordings(scores=(1, 2, 3, 4, 5, 6, 7)).scores.tolist() == [0] * 5 + [1, 2, 3, 4, 5]


@pytest.mark.parametrize("count", [0, 2, 8])
def test_three_frames_more_or_less_are_refused(count: int) -> None:
    with pytest.raises(
        InputError, match=rf"clip has {count} frame scores where 1.0 s make 5 of 0.2 s \(1 of 2"
    ):
        recordings(scores=(1,) * count)


def test_a_file_without_scores_is_refused_even_if_short() -> None:
    with pytest.raises(InputError, match="a has 0 frame scores"):
        timelines(["a"], [0.2], [[]], [[]], 0.2)


def test_every_grid_instant_is_counted_exactly() -> None:
    instants = np.arange(1, 5001) * 0.02
    assert (frame_counts(instants, 0.02) == np.arange(1, 5001)).all()
    assert (ticks(instants, MILLISECONDS) == 20 * np.arange(1, 5001)).all()
    assert frame_counts([1.0, 1.0000625, 1.001], 0.02).tolist() == [50, 50, 51]
    hop = 256 / 22050
    assert frame_counts(np.array([10, 100]) * hop, hop).tolist() == [10, 100]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seconds": 0.0}, "clip lasts 0.0 s"),
        ({"seconds": np.nan}, "clip lasts nan s"),
        ({"segment": (1.0, 1.2)}, "region of clip begins at 1.0 s, but the file ends at 1.0 s"),
        ({"segment": (0.5, 0.3)}, "region from 0.5 to 0.3 s of clip is none"),
        ({"segment": (-0.1, 0.3)}, "region from -0.1 to 0.3 s of clip is none"),
        ({"segment": (0.1, np.nan)}, "region from 0.1 to nan s of clip is none"),
        (
            {"scores": (1, 2, np.inf, 4, np.nan)},
            "2 of 10 frame scores are NaN or infinite, the first in clip",
        ),
        ({"step": 0.0}, "Frames of 0.0 s are impossible"),
        ({"step": np.nan}, "Frames of nan s are impossible"),
    ],
)
def test_the_impossible_is_refused_by_name(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        recordings(**change)  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)


def test_a_region_past_the_end_is_cut_not_refused() -> None:
    assert recordings(segment=(0.9, 1.2)).regions.end.tolist() == [1.2]


def test_names_are_checked() -> None:
    with pytest.raises(InputError, match="a is among the files 2 times"):
        regions(["a", "b", "a"], [[], [], []])
    with pytest.raises(InputError, match="2 files and 1 lists of regions"):
        regions(["a", "b"], [[]])
    with pytest.raises(InputError, match="0 files and 0 lists of regions"):
        regions([], [])
    with pytest.raises(InputError, match="1 files and 2 durations"):
        timelines(["a"], [1, 2], [[]], [[1]], 1)
    with pytest.raises(InputError, match="1 files and 0 lists of scores"):
        timelines(["a"], [1], [[]], [], 1)
