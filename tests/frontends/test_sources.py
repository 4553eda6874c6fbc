import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub.errors import LocalEntryNotFoundError
from safetensors.torch import load_file, save_file
from tests.frontends import tiny_encoders
from torch import Tensor

from bonafide.frontends import sources
from bonafide.frontends.transformer import Transformer
from bonafide.frontends.whisper import Whisper
from bonafide.types import InputError

CLIP = 0.1 * torch.randn(1, 4_000, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_encoders.write("xlsr", tmp_path / "encoder")


def features(folder: Path | str, **options: Any) -> Tensor:
    found: Tensor = Transformer(16_000, source=str(folder), layers=[1, 6], **options)(CLIP)
    return found


def rewritten(folder: Path, change: Callable[[dict[str, Tensor]], dict[str, Tensor]]) -> Path:
    state = load_file(folder / "model.safetensors")
    save_file(change({key: value.clone() for key, value in state.items()}), folder / "model.safetensors")
    return folder


def test_the_reference_is_the_digest_of_the_file(folder: Path) -> None:
    found = Transformer(16_000, source=str(folder), layers=1).reference
    assert found == hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def test_shards_binaries_old_names_and_prefixes_are_the_same_weights(folder: Path) -> None:
    wanted = features(folder)
    state = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    renamed = {}
    for key, value in state.items():
        old = key.replace("parametrizations.weight.original0", "weight_g")
        renamed["wav2vec2." + old.replace("parametrizations.weight.original1", "weight_v")] = value
    renamed |= {
        "quantizer.codevectors": torch.zeros(1),
        "project_hid.bias": torch.zeros(1),
        "lm_head.bias": torch.zeros(1),
    }
    torch.save(renamed, folder / "pytorch_model.bin")
    assert torch.equal(features(folder), wanted)
    halves = {
        "model-00001-of-00002.safetensors": sorted(renamed)[::2],
        "model-00002-of-00002.safetensors": sorted(renamed)[1::2],
    }
    for name, keys in halves.items():
        save_file({key: renamed[key].contiguous() for key in keys}, folder / name)
    index = {"weight_map": {key: name for name, keys in halves.items() for key in keys}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert torch.equal(features(folder), wanted)
    lines = "".join(
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in halves
    )
    assert Transformer(16_000, source=str(folder)).reference == hashlib.sha256(lines.encode()).hexdigest()
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(InputError, match=r"lacks model-00002-of-00002\.safetensors"):
        features(folder)


def test_half_precision_files_become_single_precision(folder: Path) -> None:
    rewritten(folder, lambda state: {key: value.half() for key, value in state.items()})
    frontend = Transformer(16_000, source=str(folder), layers=1)
    assert {weight.dtype for weight in frontend.encoder.parameters()} == {torch.float32}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda state: {**state, "rotary.weight": torch.zeros(1)},
            r"1 without a place \(first: rotary.weight\)",
        ),
        (
            lambda state: {k: v for k, v in state.items() if k != "encoder.layers.2.layer_norm.bias"},
            "1 missing",
        ),
        (lambda state: {**state, "feature_projection.layer_norm.bias": torch.zeros(3)}, "1 of another size"),
    ],
)
def test_weights_are_counted_strictly(folder: Path, change: Any, said: str) -> None:
    rewritten(folder, change)
    with pytest.raises(InputError, match=said) as caught:
        features(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("family", ["wav2vec2", "wavlm", "whisper"])
def test_a_configuration_cannot_name_code_of_the_hub(family: str, tmp_path: Path) -> None:
    config = tiny_encoders.write(family, tmp_path / family) / "config.json"
    names = (
        "attn_implementation",
        "_attn_implementation",
        "experts_implementation",
        "auto_map",
        "_name_or_path",
    )
    config.write_text(json.dumps({**json.loads(config.read_text()), **dict.fromkeys(names, "evil/kernel")}))
    kind = Whisper if family == "whisper" else Transformer
    frontend = kind(16_000, source=str(config.parent), layers=1)
    assert frontend(CLIP).isfinite().all()
    built: Any = frontend.encoder.config
    assert "evil" not in json.dumps(built.to_dict()) + built._attn_implementation


def test_damage_ends_in_one_line(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1_000])
    with pytest.raises(InputError, match=r"model\.safetensors is damaged"):
        features(folder)
    weights.unlink()
    torch.save({"a": Path("x")}, folder / "pytorch_model.bin")  # not only tensors
    with pytest.raises(InputError, match=r"pytorch_model\.bin is damaged or holds more than weights"):
        features(folder)
    (folder / "pytorch_model.bin").unlink()
    with pytest.raises(InputError, match="holds no weights"):
        features(folder)
    (folder / "config.json").write_text(
        '{"model_type": "wav2vec2", "hidden_size": 30, "num_attention_heads": 4}'
    )
    with pytest.raises(InputError, match="cannot be built"):
        features(folder, weights="random")
    (folder / "config.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read as JSON"):
        features(folder)
    (folder / "config.json").unlink()
    with pytest.raises(InputError, match=r"config\.json does not exist"):
        features(folder)


def hub(folder: Path, cache: Path, asked: list[Any]) -> Callable[..., str]:
    """A download that copies what is asked for from a folder."""

    def snapshot_download(name: str, *, revision: str | None, allow_patterns: list[str]) -> str:
        asked.append((name, revision))
        cache.mkdir(exist_ok=True)
        for pattern in allow_patterns:
            for file in folder.glob(pattern):
                shutil.copy(file, cache)
        return str(cache)

    return snapshot_download


@pytest.mark.parametrize("binary", [False, True], ids=["safetensors", "bin"])
def test_a_hub_id_is_fetched_and_safetensors_are_preferred(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, binary: bool
) -> None:
    wanted = features(folder)
    (folder / "modeling_evil.py").write_text("")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    if binary:
        (folder / "model.safetensors").unlink()
    asked: list[Any] = []
    monkeypatch.setattr("huggingface_hub.snapshot_download", hub(folder, tmp_path / "cache", asked))
    assert torch.equal(features("owner/name", revision="abc"), wanted)
    assert set(asked) == {("owner/name", "abc")}
    weights = "pytorch_model.bin" if binary else "model.safetensors"
    assert {file.name for file in (tmp_path / "cache").iterdir()} == {*sources.CONFIGS, weights}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError("no route\nto host"), "OSError: no route to host"),
        (
            LocalEntryNotFoundError("Got: ConnectError\nan error happened"),
            "does not answer, and no copy is kept",
        ),
    ],
)
def test_a_hub_that_cannot_be_reached_ends_in_one_line(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: Any, **__: Any) -> str:
        raise error

    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)
    with pytest.raises(
        InputError, match=rf"owner/name cannot be fetched .*{said}.*frontend.source=FOLDER"
    ) as e:
        sources.find("owner/name")
    assert "\n" not in str(e.value)
