"""Checkpoints are whole or not there, run no code, and belong to one model."""

import errno
import io
import os
import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bonafide.tasks.checkpoints import AtomicCheckpointIO, must_fit, read
from bonafide.types import InputError


def content(value: float = 1.0) -> dict[str, Any]:
    return {"state_dict": {"weight": torch.full((3, 4), value)}, "epoch": 7, "note": ("a", None, 0.5)}


def encoded(thing: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(thing, buffer)
    return buffer.getvalue()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "made" / "on the way" / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint(content(), file)
    found = AtomicCheckpointIO().load_checkpoint(file)
    torch.testing.assert_close(found.pop("state_dict"), content().pop("state_dict"))
    assert found == {"epoch": 7, "note": ("a", None, 0.5)}
    assert [path.name for path in file.parent.iterdir()] == ["last.ckpt"]
    AtomicCheckpointIO().remove_checkpoint(file)
    AtomicCheckpointIO().remove_checkpoint(file)
    assert not file.exists()


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), InputError),
        (RuntimeError("[enforce fail at inline_container.cc] unexpected pos 64 vs 0"), InputError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_a_write_that_fails_midway_leaves_the_last_checkpoint_and_no_rest(
    error: BaseException, seen: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint(content(1.0), file)
    before = file.read_bytes()
    half = before[:500]

    def failing(thing: object, stream: io.BufferedWriter) -> None:
        stream.write(half)
        raise error

    monkeypatch.setattr(torch, "save", failing)
    with pytest.raises(seen) as caught:
        AtomicCheckpointIO().save_checkpoint(content(2.0), file)
    if seen is InputError:
        assert str(file) in str(caught.value)
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


class Intruder:
    """Makes a file when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.trace),))


@pytest.mark.parametrize("form", ["torch", "pickle"])
def test_pickled_code_is_refused_and_not_run(form: str, tmp_path: Path) -> None:
    trace, file = tmp_path / "trace", tmp_path / "best.ckpt"
    thing = {**content(), "callbacks": Intruder(trace)}
    file.write_bytes(encoded(thing) if form == "torch" else pickle.dumps(thing))
    with pytest.raises(InputError, match=r"best\.ckpt .*refused for safety"):
        read(file)
    assert not trace.exists()


def test_a_checkpoint_that_is_not_there_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "best.ckpt", tmp_path):
        with pytest.raises(InputError, match="does not exist"):
            read(path)


@pytest.mark.parametrize("thing", [[1, 2], {"model": {}}, torch.zeros(3), "text"])
def test_a_file_of_something_else_is_refused(thing: object, tmp_path: Path) -> None:
    (tmp_path / "x.ckpt").write_bytes(encoded(thing))
    with pytest.raises(InputError, match="not a checkpoint of a run"):
        read(tmp_path / "x.ckpt")


@pytest.mark.parametrize("data", [b"", b"words", encoded(content())[:600], encoded(content())[:-10]])
def test_a_damaged_file_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.ckpt").write_bytes(data)
    with pytest.raises(InputError, match=r"x\.ckpt"):
        read(tmp_path / "x.ckpt")


def _whole_or_refused(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with suppress(InputError):
        assert "state_dict" in read(file)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_a_checkpoint_or_are_refused(tmp_path: Path, data: bytes) -> None:
    _whole_or_refused(tmp_path / "x.ckpt", data)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255), old=st.booleans())
def test_a_flipped_byte_is_survived_or_refused(tmp_path: Path, place: float, byte: int, old: bool) -> None:
    data = bytearray(pickle.dumps({"state_dict": {}, "note": [1, "two"]}) if old else encoded(content()))
    data[int(place * len(data))] = byte
    _whole_or_refused(tmp_path / "x.ckpt", bytes(data))


def test_weights_of_the_same_model_fit_and_others_are_named() -> None:
    wanted = {"a": torch.zeros(2), "b": torch.zeros(3), "c": torch.zeros(4)}
    must_fit({name: value + 1 for name, value in wanted.items()}, wanted)
    found = {"a": torch.zeros(2), "b": torch.zeros(5), "d": torch.zeros(1)}
    with pytest.raises(InputError, match="another model") as caught:
        must_fit(found, wanted)
    for said in ("1 missing (first: c)", "1 foreign (first: d)", "1 of another size (first: b)"):
        assert said in str(caught.value)
