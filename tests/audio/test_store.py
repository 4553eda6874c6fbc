"""Arrays come back as they were written, or not at all, whoever else writes, cuts or removes."""

import copy
import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bonafide.audio import store as stores
from bonafide.audio.store import Store

SHAPE = (2, 3, 40)
BYTES = 4 * 2 * 3 * 40
BIG = 10**9


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at the folder whenever something is missing."""
    monkeypatch.setattr(stores, "_LOOK_AGAIN_SECONDS", 0.0)


def key(number: int) -> bytes:
    return number.to_bytes(16, "little")


def array(number: int) -> NDArray[np.float32]:
    return np.random.default_rng(number).standard_normal(SHAPE).astype(np.float32)


def made(folder: Path, limit: int = BIG) -> Store:
    return Store(folder / "kind", np.float32, limit)


def filled(folder: Path, numbers: range, limit: int = BIG) -> Store:
    store = made(folder, limit)
    for number in numbers:
        store.put({key(number): array(number)})
    return store


def known(store: Store, numbers: range) -> Iterator[int]:
    """Those that are found; each must be what was written."""
    for number in numbers:
        found = store.find(key(number))
        if found is not None:
            np.testing.assert_array_equal(found[0], array(number))
            yield number


def shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("kind/*.shard"), key=lambda path: path.stat().st_mtime_ns)


def test_what_is_written_is_read_here_and_elsewhere(tmp_path: Path) -> None:
    store = filled(tmp_path, range(5))
    for reader in (store, made(tmp_path), copy.copy(store)):
        assert list(known(reader, range(7))) == [0, 1, 2, 3, 4]
    assert len(shards(tmp_path)) == 1


def test_what_is_read_is_mapped_and_cannot_be_written(tmp_path: Path) -> None:
    found = filled(tmp_path, range(1)).find(key(0))
    assert found is not None
    assert not found[0].flags.writeable
    assert not found[0].flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        found[0][:] = 0


def test_arrays_of_any_size_in_half_precision(tmp_path: Path) -> None:
    store = Store(tmp_path / "kind", np.float16, BIG)
    arrays = {key(n): np.full((1, n, 7), n / 3, np.float32) for n in range(1, 20)}
    store.put(arrays)
    for reader in (store, Store(tmp_path / "kind", np.float16, BIG)):
        for name, wanted in arrays.items():
            found = reader.find(name)
            assert found is not None
            np.testing.assert_array_equal(found[0], wanted.astype(np.float16))


def test_a_key_is_written_once(tmp_path: Path) -> None:
    store = filled(tmp_path, range(3))
    size = shards(tmp_path)[0].stat().st_size
    store.put({key(1): array(1)})
    assert shards(tmp_path)[0].stat().st_size == size


def _write(store: Store, numbers: range) -> None:
    for number in numbers:
        store.put({key(number): array(number)})


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*is multi-threaded, use of fork")
def test_processes_write_at_once_and_read_each_other(method: str, tmp_path: Path) -> None:
    """Copies of a store that has written already, and that goes on writing."""
    store = filled(tmp_path, range(2))
    context: Any = multiprocessing.get_context(method)
    both = [context.Process(target=_write, args=(store, range(n, n + 20)), daemon=True) for n in (100, 200)]
    for process in both:
        process.start()
    store.put({key(2): array(2)})
    for process in both:
        process.join()
        assert process.exitcode == 0
    assert len(shards(tmp_path)) == 3
    for reader in (store, made(tmp_path)):
        assert list(known(reader, range(300))) == [0, 1, 2, *range(100, 120), *range(200, 220)]


@pytest.mark.parametrize("cut", [1, BYTES, 4 * BYTES + 100])
@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.filterwarnings("ignore:.* is damaged")
def test_a_truncated_shard_is_never_served_and_rebuilt(cut: int, mapped: bool, tmp_path: Path) -> None:
    writer = filled(tmp_path, range(5))
    reader = writer if mapped else made(tmp_path)
    (shard,) = shards(tmp_path)
    os.truncate(shard, shard.stat().st_size - cut)
    found = list(known(reader, range(5)))  # in their order, so that the whole ones come first
    assert found == list(range(5))[: len(found)]
    assert 4 not in found
    assert not shard.exists()
    for number in range(5):
        reader.put({key(number): array(number)})
    assert list(known(reader, range(5))) == list(known(made(tmp_path), range(5))) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("place", [0, BYTES // 2, 2 * BYTES])
def test_a_flipped_byte_is_noticed(place: int, tmp_path: Path) -> None:
    filled(tmp_path, range(5))
    (shard,) = shards(tmp_path)
    data = bytearray(shard.read_bytes())
    data[place] ^= 1
    shard.write_bytes(data)
    reader = made(tmp_path)
    with pytest.warns(UserWarning, match="is damaged; it is removed"):
        found = list(known(reader, range(5)))
    assert len(found) < 5
    assert list((tmp_path / "kind").iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"words", b"bonafide arrays1" + bytes(44)])
def test_a_damaged_index_is_noticed(data: bytes, tmp_path: Path) -> None:
    filled(tmp_path, range(2))
    (shard,) = shards(tmp_path)
    shard.with_suffix(".index").write_bytes(data)
    with pytest.warns(UserWarning, match="damaged index"):
        assert list(known(made(tmp_path), range(2))) == []
    assert not shard.exists()


def test_an_entry_that_points_to_another_array_is_noticed(tmp_path: Path) -> None:
    """Whole data under the wrong key, as an index of another shard would give."""
    filled(tmp_path, range(1))
    filled(tmp_path, range(1, 2))
    first, second = shards(tmp_path)
    first.write_bytes(second.read_bytes())
    with pytest.warns(UserWarning, match="is damaged"):
        assert list(known(made(tmp_path), range(2))) == [1]


def test_what_was_not_published_is_not_seen(tmp_path: Path) -> None:
    """A process that ends in the middle of a write leaves what was complete before."""
    filled(tmp_path, range(3))
    (shard,) = shards(tmp_path)
    with shard.open("ab") as file:
        file.write(b"half an array")
    assert list(known(made(tmp_path), range(5))) == [0, 1, 2]


def test_the_oldest_make_room(tmp_path: Path) -> None:
    limit = 10 * BYTES
    with pytest.warns(UserWarning, match=r"is full: .* GB are too few .* raise frontend\.memo\.limit_gb"):
        store = filled(tmp_path, range(40), limit)
    assert sum(shard.stat().st_size for shard in shards(tmp_path)) <= limit
    kept = list(known(store, range(40)))
    assert kept == list(known(made(tmp_path), range(40)))
    assert kept == list(range(40 - len(kept), 40))
    assert len(kept) >= 9


def test_other_kinds_beside_count_and_make_room_too(tmp_path: Path) -> None:
    Store(tmp_path / "other", np.float32, BIG).put({key(n): array(n) for n in range(50)})
    filled(tmp_path, range(3), limit=10 * BYTES)
    assert list((tmp_path / "other").iterdir()) == []
    assert list(known(made(tmp_path), range(3))) == [0, 1, 2]


def test_an_array_above_the_limit_is_not_kept(tmp_path: Path) -> None:
    store = filled(tmp_path, range(2), limit=BYTES - 1)
    assert list(known(store, range(2))) == []
    assert not (tmp_path / "kind").exists()


def test_a_writer_whose_shard_was_removed_begins_another(tmp_path: Path) -> None:
    writer = filled(tmp_path, range(3))
    for file in (tmp_path / "kind").iterdir():
        file.unlink()
    writer.put({key(9): array(9)})
    assert list(known(made(tmp_path), range(10))) == [9]


def test_a_reader_forgets_what_was_removed(tmp_path: Path) -> None:
    filled(tmp_path, range(3))
    reader = made(tmp_path)
    assert list(known(reader, range(1))) == [0]
    for file in (tmp_path / "kind").iterdir():
        file.unlink()
    assert list(known(reader, range(100, 101))) == []  # looks again
    assert list(known(reader, range(3))) == []


def test_a_place_that_takes_nothing_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "kind").write_text("a file")
    with pytest.warns(UserWarning, match="takes no more") as said:
        store = filled(tmp_path, range(3))
    assert len(said) == 1
    assert list(known(store, range(3))) == []


def test_a_new_shard_when_one_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "_ENTRIES", 4)
    store = made(tmp_path)
    store.put({key(n): array(n) for n in range(10)})
    assert len(shards(tmp_path)) == 3
    assert list(known(store, range(10))) == list(known(made(tmp_path), range(10))) == list(range(10))
