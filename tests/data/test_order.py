import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.data.order import Domains, Place, Progress, Shared, Shuffled


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


def domains(sizes: list[int], shares: list[float]) -> Domains:
    of = np.repeat(np.arange(len(sizes)), sizes)
    return Domains(np.random.default_rng(0).permutation(of), np.array(shares))


def test_every_batch_holds_the_shares_asked_for() -> None:
    """Co-training with 124 and 4 clips of 128, wherever a batch begins."""
    kinds = domains([10_000, 300], [31 / 32, 1 / 32])
    items = [draw.item for draw in Shuffled(10_300, 0, Place(), kinds)]
    assert len(items) == 10_300
    for start in range(0, 10_300 - 128, 128):
        of = kinds.of[items[start : start + 128]]
        assert (of == 1).sum() in {3, 4, 5}
    inside = [(kinds.of[items[start : start + 128]] == 1).sum() for start in range(0, 10_300 - 128, 128)]
    assert np.mean(inside) == pytest.approx(4, abs=0.05)


@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=4),
    weights=st.lists(st.integers(1, 9), min_size=4, max_size=4),
    epochs=st.integers(1, 5),
)
def test_a_domain_is_used_up_before_any_clip_of_it_comes_again(
    sizes: list[int], weights: list[int], epochs: int
) -> None:
    """Over epochs too: no two clips of a domain differ by more than one use."""
    shares = np.array(weights[: len(sizes)]) / sum(weights[: len(sizes)])
    kinds = domains(sizes, shares.tolist())
    order = Shuffled(sum(sizes), 3, Place(), kinds)
    uses = np.zeros(sum(sizes), int)
    for epoch in range(epochs):
        order.set_epoch(epoch)
        drawn = [draw.item for draw in order]
        assert len(drawn) == sum(sizes)
        np.add.at(uses, drawn, 1)
    for number in range(len(sizes)):
        mine = uses[kinds.of == number]
        assert mine.max() - mine.min() <= 1
        assert mine.sum() == pytest.approx(epochs * shares[number] * sum(sizes), abs=epochs)


def test_shares_hold_for_each_process_and_after_a_resume() -> None:
    kinds = domains([90, 10], [0.5, 0.5])
    for rank in range(2):
        order = Shuffled(100, 0, Place(rank, 2), kinds)
        whole = list(order)
        assert abs(sum(int(kinds.of[draw.item]) for draw in whole) - 25) <= 1
        order.resume(Progress(epoch=0, clips=20))
        assert list(order) == whole[20:]
