import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.data.order import Place, Progress, Shared, Shuffled


@given(items=st.integers(1, 50), world=st.integers(1, 4))
def test_processes_that_train_share_every_clip_in_equal_numbers(items: int, world: int) -> None:
    shares = [list(Shuffled(items, 0, Place(rank, world))) for rank in range(world)]
    assert {len(share) for share in shares} == {len(Shuffled(items, 0, Place(0, world)))}
    assert {draw.item for share in shares for draw in share} == set(range(items))


@given(items=st.integers(0, 50), world=st.integers(1, 4))
def test_processes_that_score_share_every_clip_exactly_once(items: int, world: int) -> None:
    shares = [list(Shared(items, Place(rank, world))) for rank in range(world)]
    assert [len(Shared(items, Place(rank, world))) for rank in range(world)] == [len(s) for s in shares]
    assert sorted(draw.item for share in shares for draw in share) == list(range(items))


def test_each_epoch_has_its_own_order_and_cuts_and_repeats_them_exactly() -> None:
    order = Shuffled(30, 5, Place())
    first = list(order)
    assert list(order) == first
    order.set_epoch(1)
    second = list(order)
    assert [draw.item for draw in second] != [draw.item for draw in first]
    cuts = [dict(draws) for draws in (first, second)]
    assert cuts[0] != cuts[1]


def test_a_resumed_epoch_goes_on_where_it_stopped_and_the_next_is_whole() -> None:
    order = Shuffled(30, 5, Place())
    order.set_epoch(3)
    whole = list(order)
    again = Shuffled(30, 5, Place())
    again.resume(Progress(epoch=3, clips=12))
    assert list(again) == whole[12:]
    assert list(again) == whole


def test_cuts_are_spread_evenly() -> None:
    numbers = np.array([draw.number for draw in Shuffled(5000, 0, Place())], dtype=float)
    assert numbers.mean() == pytest.approx(2**61, rel=0.05)
