import argparse
import builtins
import enum
import io
import os
import pickle
import subprocess
import zipfile
from collections import OrderedDict, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from torch import nn

from bonafide.frontends import fairseq_file
from bonafide.types import InputError

MODEL = {
    "_name": "wav2vec2",
    "encoder_layers": 2,
    "dropout": 0.1,
    "quantize": True,
    "betas": [0.9, 0.98],
    "no": None,
}


class Mode(enum.Enum):
    LAYER_NORM = "layer_norm"


class Dictionary:
    """As fairseq's own, which `task_state` of fine-tuned files holds."""

    def __init__(self) -> None:
        self.symbols, self.indices = ["a"], {"a": 0}


def weights() -> dict[str, Any]:
    torch.manual_seed(0)
    return OrderedDict(
        a=torch.randn(3, 4), b=torch.arange(5), half=torch.randn(2).half(), t=torch.randn(4, 3).t()
    )


def save(path: Path, *, legacy: bool = False, **rest: Any) -> Path:
    whole = {
        "args": None,
        "cfg": None,
        "model": weights(),
        "criterion": None,
        "optimizer_history": [{"num_updates": 3, "lr_scheduler_state": {"best": np.float64(1.5)}}],
        "extra_state": {"epoch": 1, "stats": defaultdict(int, a=1), "array": np.ones(2)},
        "last_optimizer_state": {"state": {0: {"exp_avg": torch.zeros(2)}}},
        **rest,
    }
    torch.save(whole, path, _use_new_zipfile_serialization=not legacy)
    return path


def configured(form: str) -> dict[str, Any]:
    if form == "plain":
        return {"cfg": {"model": MODEL, "task": {"normalize": True}}}
    if form == "namespace":
        return {"args": argparse.Namespace(**MODEL, normalize=True)}
    if form == "namespace inside":
        return {"cfg": {"model": argparse.Namespace(**MODEL), "task": {"normalize": True}}}
    return {
        "cfg": OmegaConf.create(
            {"model": {**MODEL, "normalize": "${task.normalize}"}, "task": {"normalize": True}}
        )
    }


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("form", ["plain", "namespace", "namespace inside", "omegaconf"])
def test_every_form_gives_the_same_plain_settings_and_weights(
    tmp_path: Path, form: str, *, legacy: bool
) -> None:
    found = fairseq_file.read(save(tmp_path / "a.pt", legacy=legacy, **configured(form)))
    assert found.config == {**MODEL, "normalize": True}
    assert found.path == tmp_path / "a.pt"
    wanted = weights()
    assert found.state.keys() == wanted.keys()
    for name, value in wanted.items():
        assert found.state[name].dtype == value.dtype
        assert torch.equal(found.state[name], value)


def test_enumerations_give_their_value_and_other_classes_their_fields(tmp_path: Path) -> None:
    config = {"model": {"extractor_mode": Mode.LAYER_NORM, "dictionary": Dictionary(), "path": Path("a/b")}}
    found = fairseq_file.read(save(tmp_path / "a.pt", cfg=config, task_state={"dictionary": Dictionary()}))
    assert found.config["extractor_mode"] == "layer_norm"
    assert found.config["dictionary"] == {"symbols": ["a"], "indices": {"a": 0}}


def test_a_flat_cfg_is_that_of_the_model(tmp_path: Path) -> None:
    assert fairseq_file.read(save(tmp_path / "a.pt", cfg=MODEL)).config == MODEL


@pytest.mark.parametrize("form", ["cfg", "args"])
def test_the_encoder_of_a_fine_tuned_model_is_described_by_its_own_settings(
    tmp_path: Path, form: str
) -> None:
    inner: Any = (
        {"model": MODEL, "task": {"normalize": True}} if form == "cfg" else argparse.Namespace(**MODEL)
    )
    outer = {"dropout": 0.5, "mask_prob": 0.2, "w2v_args": inner, "normalize": "${task.normalize}"}
    found = fairseq_file.read(
        save(tmp_path / "a.pt", cfg={"model": outer, "task": {"normalize": True}})
    ).config
    assert found == {**MODEL, "mask_prob": 0.2, "normalize": True}


def test_nested_weights_are_named_by_their_path_and_parameters_are_tensors(tmp_path: Path) -> None:
    state = {"w": nn.Parameter(torch.ones(2)), "_ema": {"w": torch.zeros(2)}, "none": None}
    found = fairseq_file.read(save(tmp_path / "a.pt", model=state)).state
    assert set(found) == {"w", "_ema.w"}
    assert all(type(value) is torch.Tensor and not value.requires_grad for value in found.values())


class Call:
    """Pickles as a call of `function`."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> Any:
        return self.call


def attacks(trace: Path) -> dict[str, Any]:
    shell = f"touch {trace}"
    return {
        "os.system": Call(os.system, shell),
        "builtins.eval": Call(eval, f"open({str(trace)!r}, 'w')"),
        "builtins.exec": Call(exec, f"open({str(trace)!r}, 'w')"),
        "builtins.open": Call(open, str(trace), "w"),
        "builtins.getattr": Call(getattr, "text", "upper"),
        "subprocess.Popen": Call(subprocess.Popen, ["touch", str(trace)]),
        "builtins.__import__": Call(builtins.__import__, "antigravity"),
        "pickle.loads": Call(pickle.loads, pickle.dumps(Call(os.system, shell))),
        "torch.load": Call(torch.load, str(trace)),
        "torch.hub.load": Call(torch.hub.load, "a/b", "c"),
        "numpy.save": Call(np.save, str(trace), np.zeros(1)),
    }


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("attack", attacks(Path("x")))
def test_a_call_is_refused_and_nothing_runs(tmp_path: Path, attack: str, *, legacy: bool) -> None:
    trace = tmp_path / "trace"
    file = save(tmp_path / "a.pt", legacy=legacy, cfg={"model": attacks(trace)[attack]})
    with pytest.raises(InputError, match="refused for safety, nothing of it was run") as caught:
        fairseq_file.read(file)
    assert "\n" not in str(caught.value)
    assert not trace.exists()


def test_a_class_of_a_package_that_runs_things_becomes_a_husk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "bait.py"
    package.write_text(
        "import pathlib\npathlib.Path(__file__).with_name('trace').touch()\nclass Bait: pass\n"
    )
    pickled = b"\x80\x02cbait\nBait\n)R."
    assert isinstance(fairseq_file._unpickle(io.BytesIO(pickled)), fairseq_file.Husk)
    assert not (tmp_path / "trace").exists()


def with_pickle(path: Path, pickled: bytes) -> Path:
    """A torch archive with another pickle in it."""
    torch.save({}, path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, pickled if name.endswith("data.pkl") else data)
    return path


REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"


@pytest.mark.parametrize(
    "pickled",
    [
        b"\x80\x02" + REBUILD + b"}X\x04\x00\x00\x00evil" + b"Nsb.",  # fields of the rebuilding function
        b"\x80\x02" + REBUILD + b"N}X\x0c\x00\x00\x00__defaults__" + b"Ns\x86b.",  # its slots
        b"\x80\x02ccollections\nOrderedDict\n" + b"N}X\x07\x00\x00\x00popitem" + b"Ns\x86b.",  # a class
        b"\x80\x02cfairseq.models\nWav2Vec2Model\n" + b"}X\x08\x00\x00\x00__init__" + b"Nsb.",
        b"\x80\x02\x82\x01.",  # an extension of the copyreg registry
        b"\x80\x02X\x00",
        b"",
    ],
)
def test_a_forged_pickle_changes_nothing(tmp_path: Path, pickled: bytes) -> None:
    with pytest.raises(InputError, match=r"damaged|refused"):
        fairseq_file.read(with_pickle(tmp_path / "a.pt", pickled))
    assert torch._utils._rebuild_tensor_v2.__defaults__ == (None,)
    assert callable(OrderedDict.popitem)


def test_a_tensor_cannot_look_beyond_its_storage(tmp_path: Path) -> None:
    file = save(tmp_path / "a.pt", model={"w": torch.ones(2)}, cfg={"model": {}})
    with zipfile.ZipFile(file) as archive:
        pickled = archive.read("a/data.pkl")
    forged = pickled.replace(b"K\x00K\x02\x85", b"K\x00J\x00\x00\x00\x40\x85", 1)
    assert forged != pickled
    with pytest.raises(InputError, match="damaged"):
        fairseq_file.read(with_pickle(tmp_path / "b.pt", forged))


def test_what_is_no_checkpoint_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        fairseq_file.read(tmp_path / "a.pt")
    for name, content in {"empty": b"", "text": b"hello", "pickle": pickle.dumps({"model": {}})}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match="not a torch checkpoint"):
            fairseq_file.read(tmp_path / name)
    torch.save({"state_dict": {}}, tmp_path / "other.pt")
    with pytest.raises(InputError, match='no weights under "model"'):
        fairseq_file.read(tmp_path / "other.pt")
    with pytest.raises(InputError, match="not a tensor among its weights: w"):
        fairseq_file.read(save(tmp_path / "number.pt", model={"w": 3}))


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_a_truncated_file_is_damaged(tmp_path: Path, *, legacy: bool) -> None:
    file = save(tmp_path / "a.pt", legacy=legacy)
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(InputError, match="damaged"):
        fairseq_file.read(file)


def test_a_program_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("a/constants.pkl", b"")
    with pytest.raises(InputError, match="TorchScript"):
        fairseq_file.read(tmp_path / "a.pt")


def test_settings_that_hold_themselves_end_in_one_line(tmp_path: Path) -> None:
    knot: dict[str, Any] = {}
    knot["self"] = knot
    with pytest.raises(InputError, match="holds itself"):
        fairseq_file.read(save(tmp_path / "a.pt", cfg={"model": knot}))
