"""Score of ADD 2023, track 2."""

import pytest

from bonafide.metrics.localization.combined import clip_accuracy, combined_score
from bonafide.metrics.localization.timeline import regions
from bonafide.types import InputError


def test_published_figures() -> None:
    assert combined_score(0.8223, 0.6066) == pytest.approx(0.67131)
    assert combined_score(0.81, 0.685) == pytest.approx(0.724, abs=2e-3)  # a third party's, on rounded parts


def test_a_clip_is_spoofed_by_any_region() -> None:
    true = regions("abcd", [[(1, 2)], [], [(0, 1), (3, 4)], []])
    assert clip_accuracy(true, regions("abcd", [[(8, 9)], [], [], [(0, 1)]])) == 0.5
    # A region without length says nothing.
    assert clip_accuracy(true, regions("abcd", [[(8, 9)], [(0, 0)], [(1, 2)], []])) == 1.0


def test_per_cent_and_other_files_are_refused() -> None:
    with pytest.raises(InputError, match=r"accuracy = 82\.23 cannot be combined"):
        combined_score(82.23, 0.6)
    with pytest.raises(InputError, match=r"F1 = nan cannot be combined"):
        combined_score(0.8, float("nan"))
    with pytest.raises(InputError, match="different files"):
        clip_accuracy(regions("a", [[]]), regions("b", [[]]))
