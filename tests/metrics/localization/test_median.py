"""The median filter is scipy's, file by file, and decides as one of decisions would."""

import numpy as np
import pytest
from scipy.ndimage import median_filter

from bonafide.metrics.localization.median import median_filtered
from bonafide.metrics.localization.timeline import Timelines, timelines
from bonafide.types import InputError


def drawn() -> Timelines:
    random = np.random.default_rng(0)
    counts = (1, 2, 5, 40)
    return timelines(
        "abcd", [0.1 * n for n in counts], [[]] * 4, [random.normal(size=n) for n in counts], 0.1
    )


@pytest.mark.parametrize("width", [1, 3, 7])
def test_it_is_scipys_with_ends_that_last_on(width: int) -> None:
    recordings = drawn()
    files = np.split(recordings.scores, recordings.bounds[1:-1])
    expected = np.concatenate([median_filter(scores, width, mode="nearest") for scores in files])
    np.testing.assert_array_equal(median_filtered(recordings, width).scores, expected)


@pytest.mark.parametrize("width", [3, 5])
def test_filtering_scores_is_filtering_decisions(width: int) -> None:
    recordings = drawn()
    for threshold in (-0.5, 0.0, 0.7):
        decided = recordings._replace(scores=(recordings.scores >= threshold).astype(float))
        filtered = median_filtered(recordings, width).scores >= threshold
        np.testing.assert_array_equal(filtered, median_filtered(decided, width).scores > 0.5)


@pytest.mark.parametrize("width", [0, 2, -1])
def test_a_width_that_has_no_middle_is_refused(width: int) -> None:
    with pytest.raises(InputError, match=r"task\.median_filter=.* odd"):
        median_filtered(drawn(), width)
