from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lightning_fabric.utilities.data import _set_sampler_epoch
from torch.utils.data import Dataset

from bonafide.data.order import Domains, Grouped, Place, Progress, ResumableLoader, Shared, Shuffled
from bonafide.types import InputError


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


@pytest.mark.parametrize("sizes", [[10_000, 300], [740_747, 25_380]])
def test_every_batch_holds_exactly_the_shares_asked_for(sizes: list[int]) -> None:
    """Co-training with 124 and 4 clips of 128, and as long an epoch as there are clips."""
    kinds = domains(sizes, [124 / 128, 4 / 128])
    order = Shuffled(sum(sizes), 0, Place(), kinds)
    for epoch in (0, 1):
        order.set_epoch(epoch)
        items = np.array([draw.item for draw in order])
        assert len(items) == sum(sizes)
        whole = items[: len(items) // 128 * 128].reshape(-1, 128)
        assert ((kinds.of[whole] == 1).sum(1) == 4).all()


@given(
    parts=st.lists(st.integers(1, 7), min_size=2, max_size=4),
    pieces=st.integers(1, 3),
    total=st.integers(1, 200),
)
def test_batches_that_can_hold_the_shares_exactly_do(parts: list[int], pieces: int, total: int) -> None:
    size = pieces * sum(parts)
    kinds = domains([9] * len(parts), [part / sum(parts) for part in parts])
    items = np.array([draw.item for draw in Shuffled(total, 0, Place(), kinds)])
    for start in range(0, total - size + 1, size):
        held = np.bincount(kinds.of[items[start : start + size]], minlength=len(parts))
        assert held.tolist() == [pieces * part for part in parts]


def test_shares_that_no_batch_can_hold_come_as_near_as_whole_clips_can() -> None:
    kinds = domains([1000, 1000, 1000], [1 / 3, 1 / 3, 1 / 3])
    items = np.array([draw.item for draw in Shuffled(3000, 0, Place(), kinds)])
    held = np.array([np.bincount(kinds.of[items[start : start + 32]]) for start in range(0, 2976, 32)])
    assert set(held.ravel()) <= {10, 11}
    assert held.mean(0) == pytest.approx(32 / 3, abs=0.05)


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


def test_the_share_of_clips_is_what_is_drawn_of_them() -> None:
    kinds = domains([90, 10], [0.75, 0.25])
    chosen = np.random.default_rng(1).random(100) < 0.3
    drawn = []
    order = Shuffled(100, 0, Place(), kinds)
    for epoch in range(200):
        order.set_epoch(epoch)
        drawn.append([draw.item for draw in order])
    assert chosen[np.array(drawn)].mean() == pytest.approx(kinds.share_of(chosen), abs=1e-3)
    assert kinds.share_of(np.ones(100, dtype=bool)) == pytest.approx(1)


@pytest.fixture(scope="module")
def published() -> tuple[Domains, Grouped]:
    """Codecfake and ASVspoof 2019 LA, in their natural shares, cut every 128."""
    sizes = np.array([740_747, 25_380])
    kinds = Domains(np.repeat([0, 1], sizes), sizes / sizes.sum(), faithful=True)
    batches = Shuffled(int(sizes.sum()), 0, Place(), kinds).batches(128)
    assert isinstance(batches, Grouped)
    return kinds, batches


def test_csam_in_numbers(published: tuple[Domains, Grouped]) -> None:
    _, batches = published
    assert batches.quota == [123, 4]
    assert batches.groups == 5_788
    assert batches.clips == 735_076 == 711_924 + 23_152
    assert len(batches) == 11_576
    assert len(batches) * 128 == 1_481_728


def test_csam_in_batches(published: tuple[Domains, Grouped]) -> None:
    kinds, batches = published
    found = list(batches)
    assert len(found) == 11_576
    assert [place for place, batch in enumerate(found) if len(batch) != 128] == [5_742, 11_485]
    assert len(found[5_742]) == len(found[11_485]) == 100
    for first in (0, 5_743):  # two passes
        turn = found[first : first + 5_743]
        held = [sum(int(kinds.of[draw.item]) for draw in batch) for batch in turn]
        assert (held.count(4), held.count(5)) == (5_563, 180)
        items = np.array([draw.item for batch in turn for draw in batch])
        assert len(items) == len(set(items.tolist())) == 735_076  # neither permutation is used up
        assert (kinds.of[items].reshape(5_788, 127)[:, 123:] == 1).all()
        assert int(kinds.of[items].sum()) == 23_152
    assert found[0] != found[5_743]


def test_csam_goes_on_over_epochs_and_after_a_resume() -> None:
    kinds = Domains(np.repeat([0, 1], [90, 40]), np.array([0.7, 0.3]), faithful=True)
    order = Shuffled(130, 3, Place(), kinds)
    batches = order.batches(12)
    assert isinstance(batches, Grouped)
    assert (batches.quota, batches.groups, batches.clips, len(batches)) == ([8, 3], 8, 88, 16)
    epochs = []
    for epoch in range(3):
        order.set_epoch(epoch)
        epochs += list(batches)
    assert [len(batch) for batch in epochs] == ([12] * 7 + [4]) * 6
    order.resume(Progress(epoch=1, clips=5 * 12))
    assert list(batches) == epochs[16 + 5 : 32]
    assert list(batches) == epochs[16:32]


def test_csam_where_it_was_not_published_is_refused() -> None:
    kinds = Domains(np.repeat([0, 1], [90, 10]), np.array([0.9, 0.1]), faithful=True)
    with pytest.raises(InputError, match="use one device"):
        Shuffled(100, 0, Place(0, 2), kinds).batches(128)
    with pytest.raises(InputError, match=r"data\.batch_size=9 has no room"):
        Shuffled(100, 0, Place(), kinds).batches(9)


def test_a_loader_cuts_what_its_order_says() -> None:
    class Echo(Dataset[Any]):
        def __getitems__(self, draws: list[Any]) -> Any:
            return draws

    for kinds in (None, Domains(np.repeat([0, 1], [30, 10]), np.array([0.75, 0.25]), faithful=True)):
        order = Shuffled(40, 0, Place(), kinds)
        loader = ResumableLoader(Echo(), order, batch_size=6, num_workers=0, pin_memory=False)
        _set_sampler_epoch(loader, 2)
        assert order.epoch == 2
        assert list(loader) == list(order.batches(6))
        assert len(loader) == len(list(loader)) == (7 if kinds is None else 10)
