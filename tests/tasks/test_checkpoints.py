"""Checkpoints are whole or not there, run no code, and belong to one model."""

import errno
import io
import os
import pickle
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bonafide.tasks.checkpoints import AtomicCheckpointIO, fill_in, leave_out, must_fit, patiently, read
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


EXTERNAL = {"a.enc.": "1" * 64}


def whole_state(value: float = 1.0) -> dict[str, Any]:
    names = ("a.enc.w", "a.enc.b", "a.encoder", "b.a.enc.w")
    return {"state_dict": {name: torch.full((2,), value) for name in names}, "epoch": 3}


def test_weights_from_elsewhere_are_left_out_and_only_referred_to() -> None:
    checkpoint = whole_state()
    leave_out(checkpoint, EXTERNAL, trained={"a.enc.b"})
    assert checkpoint.keys() == {"state_dict", "epoch", "external"}
    assert checkpoint["state_dict"].keys() == {"a.enc.b", "a.encoder", "b.a.enc.w"}
    assert checkpoint["external"] == EXTERNAL


def test_nothing_from_elsewhere_leaves_a_checkpoint_as_it_is() -> None:
    checkpoint = whole_state()
    leave_out(checkpoint, {}, trained=set())
    assert checkpoint.keys() == {"state_dict", "epoch"}
    assert checkpoint["state_dict"].keys() == whole_state()["state_dict"].keys()


def test_what_was_left_out_is_filled_in_from_what_is_at_hand(tmp_path: Path) -> None:
    checkpoint = whole_state(1.0)
    leave_out(checkpoint, EXTERNAL, trained={"a.enc.b"})
    AtomicCheckpointIO().save_checkpoint(checkpoint, tmp_path / "x.ckpt")
    found = read(tmp_path / "x.ckpt")
    fill_in(found, whole_state(2.0)["state_dict"], EXTERNAL)
    values = {name: weight[0].item() for name, weight in found["state_dict"].items()}
    assert values == {"a.enc.w": 2, "a.enc.b": 1, "a.encoder": 1, "b.a.enc.w": 1}


def test_only_what_was_left_out_is_filled_in() -> None:
    """A checkpoint that lacks anything else still belongs to another model."""
    checkpoint, present = whole_state(), whole_state()["state_dict"]
    leave_out(checkpoint, EXTERNAL, trained=set())
    del checkpoint["state_dict"]["b.a.enc.w"]
    fill_in(checkpoint, present, EXTERNAL)
    with pytest.raises(InputError, match=r"1 missing \(first: b\.a\.enc\.w\)"):
        must_fit(checkpoint["state_dict"], present)


def test_a_checkpoint_that_holds_everything_needs_no_reference() -> None:
    checkpoint = whole_state(1.0)
    fill_in(checkpoint, whole_state(2.0)["state_dict"], EXTERNAL)
    assert all(weight[0] == 1 for weight in checkpoint["state_dict"].values())


@pytest.mark.parametrize(
    ("present", "said"), [({"a.enc.": "2" * 64}, "is now sha256 222222222222…"), ({}, "is now none")]
)
def test_other_weights_from_elsewhere_are_refused_in_one_line(present: dict[str, str], said: str) -> None:
    checkpoint = whole_state()
    leave_out(checkpoint, EXTERNAL, trained=set())
    with pytest.raises(
        InputError, match=r"other frozen weights: a\.enc\. was sha256 111111111111…"
    ) as caught:
        fill_in(checkpoint, whole_state()["state_dict"], present)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("reference", [[], "text", {1: 2}, {"": None}])
def test_a_reference_that_is_none_is_refused(reference: object) -> None:
    with pytest.raises(InputError):
        fill_in({"state_dict": {}, "external": reference}, {"a.enc.w": torch.zeros(2)}, EXTERNAL)


def test_an_interruption_waits_for_the_write() -> None:
    done = []

    @patiently()
    def write() -> None:
        signal.raise_signal(signal.SIGINT)
        done.append("written")

    with pytest.raises(KeyboardInterrupt):
        write()
    assert done == ["written"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
