"""Where weights are looked for."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from bonafide import hub
from bonafide.manipulation.pretrained import checkpoint
from bonafide.types import InputError


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for one on the hub: only what is asked for arrives in `snapshot`."""
    (tmp_path / "remote").mkdir()
    (tmp_path / "snapshot").mkdir()

    def fetched(name: str, revision: str | None, files: Sequence[str], setting: str) -> Path:
        assert (name, revision, setting) == ("OWNER/NAME", "v1", "grounder.weights")
        for file in (tmp_path / "remote").iterdir():
            if file.name in files:
                (tmp_path / "snapshot" / file.name).write_bytes(file.read_bytes())
        return tmp_path / "snapshot"

    monkeypatch.setattr(hub, "fetched", fetched)
    return tmp_path / "remote"


@pytest.mark.parametrize("held", [["model.safetensors"], ["model.safetensors", "pytorch_model.bin"]])
def test_safetensors_are_fetched_alone_where_there_are_some(repository: Path, held: list[str]) -> None:
    for name in ["config.json", "code.py", *held]:
        (repository / name).write_text(name)
    folder, file = checkpoint.single("OWNER/NAME", "v1", ["config.json"], "grounder.weights")
    assert file == folder / "model.safetensors"
    assert {each.name for each in folder.iterdir()} == {"config.json", "model.safetensors"}


def test_a_bin_will_do_where_there_are_none(repository: Path) -> None:
    for name in ["config.json", "pytorch_model.bin"]:
        (repository / name).write_text(name)
    _, file = checkpoint.single("OWNER/NAME", "v1", ["config.json"], "grounder.weights")
    assert file.name == "pytorch_model.bin"


def test_a_repository_without_weights_is_refused(repository: Path) -> None:
    (repository / "config.json").write_text("{}")
    with pytest.raises(InputError, match=r"OWNER/NAME holds no weights: .* grounder\.weights=FOLDER"):
        checkpoint.single("OWNER/NAME", "v1", ["config.json"], "grounder.weights")


@pytest.mark.parametrize("weights", ["/no/where", "weights/model.safetensors", "name"])
def test_what_is_neither_a_folder_nor_a_repository_is_refused(weights: str) -> None:
    with pytest.raises(InputError, match=r"is not a folder; set inpainter\.weights to one"):
        checkpoint.folder(weights, None, [], "inpainter.weights")


def test_a_digest_is_sha256_and_tells_shards_apart(tmp_path: Path) -> None:
    one, other = tmp_path / "1", tmp_path / "2"
    one.write_bytes(b"one")
    other.write_bytes(b"other")
    assert checkpoint.digest(one) == hashlib.sha256(b"one").hexdigest()
    assert len({checkpoint.digest(one), checkpoint.digest(one, other), checkpoint.digest(other, one)}) == 3


def test_a_device_that_is_not_there_is_refused() -> None:
    assert checkpoint.device("cpu", "x").type == "cpu"
    assert checkpoint.device("auto", "x").type in {"cpu", "cuda"}
    with pytest.raises(InputError, match=r"inpainter\.device=abacus is not a device of this machine"):
        checkpoint.device("abacus", "inpainter.device")
