"""Windows are arithmetic: they cover what they should; sources are limited, balanced and divided by them."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.listing import manifest, paired

from bonafide.data import windows
from bonafide.data.windows import Clipped, Windows
from bonafide.types import InputError

TILE, DROP = Windows(tile=True), Windows(tile=True, remainder="drop")


@settings(max_examples=50, deadline=None)
@given(lengths=st.lists(st.integers(1, 500), min_size=1, max_size=20), samples=st.integers(1, 120))
def test_windows_cover_each_recording_once(lengths: list[int], samples: int) -> None:
    total, rows = np.array(lengths), np.arange(len(lengths))
    found = windows.cut(total, rows, samples, TILE)
    for row, length in enumerate(lengths):
        starts = found.starts[found.rows == row]
        assert starts.tolist() == list(range(0, length, samples))
    dropped = windows.cut(total, rows, samples, DROP)
    assert Counter(dropped.rows.tolist()) == Counter(
        {row: length // samples for row, length in enumerate(lengths) if length >= samples}
    )
    assert (dropped.starts + samples <= total[dropped.rows]).all()


@pytest.mark.parametrize(("samples", "count"), [(31_999, 0), (32_000, 1), (63_999, 1), (64_000, 2)])
def test_the_published_two_second_pieces(samples: int, count: int) -> None:
    """Firc et al.: non-overlapping pieces of 32,000 samples, remainders and short clips are dropped."""
    assert len(windows.cut(np.array([samples]), np.array([0]), 32_000, DROP)) == count


def test_without_tiles_there_is_one_clip_of_each() -> None:
    found = windows.cut(np.array([10, 1_000]), np.array([1, 0]), 100, Windows())
    assert (found.rows.tolist(), found.starts.tolist()) == ([1, 0], [0, 0])


def test_training_cuts_at_random_unless_windows_are_fixed() -> None:
    assert Windows().crops
    assert not any(found.crops for found in (TILE, DROP, Windows(start="first")))


def test_a_limit_keeps_the_first_of_each_source_and_balance_cuts_to_the_smallest() -> None:
    source = np.array([7, 3, 7, 7, 3, 7])
    clips = Clipped(np.arange(6), np.zeros(6, np.int64))
    assert windows.limited(clips, source, None, balance=False) is clips
    assert windows.limited(clips, source, 3, balance=False).rows.tolist() == [0, 1, 2, 3, 4]
    assert windows.limited(clips, source, None, balance=True).rows.tolist() == [0, 1, 2, 4]
    assert windows.limited(clips, source, 1, balance=True).rows.tolist() == [0, 1]
    with pytest.raises(InputError, match="leaves nothing"):
        windows.limited(clips, source, 0, balance=False)


def test_a_source_is_a_system_or_the_recordings_of_a_collection() -> None:
    table = manifest(paired(2, ["a", "b"]) + paired(2, ["c"], "jsut"))
    found = windows.sources(table, np.arange(table.table.num_rows))
    names = list(zip(table.strings("system"), table.strings("corpus"), strict=True))
    assert len(set(found.tolist())) == len(set(names)) == 5
    assert len(set(zip(found.tolist(), names, strict=True))) == 5


def test_published_shares_divide_each_source_in_order_and_a_boundary_may_fall_inside_a_file() -> None:
    """The packets system: 70 % train, 10 % validation, the rest of a source's windows for tests."""
    clips = windows.cut(np.array([70, 30, 100]), np.arange(3), 10, DROP)
    source = np.array([0, 0, 1])[clips.rows]
    shares = np.where(source[:, None] == 0, np.array([0.7, 0.1]), np.array([0, 1 / 3]))
    found = {part: windows.ordered(clips, source, shares, part) for part in windows.PARTS}
    assert {name: Counter(part.rows.tolist()) for name, part in found.items()} == {
        "train": {0: 7},
        "validation": {1: 1, 2: 3},
        "test": {1: 2, 2: 7},
    }
    assert sum(map(len, found.values())) == len(clips)


@pytest.mark.parametrize("wrong", [{"remainder": "keep"}, {"trial": "file"}, {"start": "last"}])
def test_a_misspelt_word_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"data\.windows\.\w+=\w+ is unknown; choose"):
        windows.cut(np.array([5]), np.array([0]), 2, Windows(**wrong))  # type: ignore[arg-type]
