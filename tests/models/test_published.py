import os
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from bonafide.models import published
from bonafide.models.model import Model
from bonafide.types import FeatureShape, InputError


@final
class Tiny(Model):
    """Its authors call the last layer `fc` and put bona fide first."""

    def __init__(self, classes: int = 2) -> None:
        super().__init__(FeatureShape(1, 1, 4), classes)
        self.norm = nn.BatchNorm1d(4)
        self.head = nn.Linear(4, classes)

    def forward(self, features: Tensor) -> Tensor:
        return self.head(self.norm(features.flatten(1)))

    def renamed(self, published: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {
            name.replace("fc.", "head."): value.flip(0) if name.startswith("fc.") else value
            for name, value in published.items()
        }


def released() -> dict[str, Tensor]:
    return {
        "norm.weight": torch.rand(4),
        "norm.bias": torch.randn(4),
        "norm.running_mean": torch.randn(4),
        "norm.running_var": torch.rand(4),
        "norm.num_batches_tracked": torch.tensor(7),
        "fc.weight": torch.randn(2, 4),
        "fc.bias": torch.randn(2),
    }


def saved(content: Any, file: Path, **settings: Any) -> Path:
    torch.save(content, file, **settings)
    return file


def same(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> bool:
    return found.keys() == wanted.keys() and all(torch.equal(found[name], wanted[name]) for name in wanted)


@pytest.mark.parametrize("place", ["", "state_dict", "model", "model_state_dict", "MODEL_STATE"])
@pytest.mark.parametrize("prefix", ["", "module.", "module.module."])
def test_weights_are_found_where_files_keep_them(tmp_path: Path, place: str, prefix: str) -> None:
    wanted = released()
    named = OrderedDict(
        (prefix + name, nn.Parameter(value) if value.is_floating_point() else value)
        for name, value in wanted.items()
    )
    whole = {place: named, "EPOCHS_RUN": 9, "optimizer": {"lr": 1e-4}} if place else named
    found = published.read(saved(whole, tmp_path / "weights.pt"))
    assert same(found, wanted)
    assert not any(value.requires_grad for value in found.values())


def test_a_name_may_hold_module_further_in(tmp_path: Path) -> None:
    found = published.read(saved({"a.module.weight": torch.ones(1)}, tmp_path / "weights.pt"))
    assert list(found) == ["a.module.weight"]


def test_files_of_old_torch_and_safetensors_are_read(tmp_path: Path) -> None:
    wanted = released()
    old = saved(wanted, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert same(published.read(old), wanted)
    save_file({f"module.{name}": value for name, value in wanted.items()}, tmp_path / "new.safetensors")
    assert same(published.read(tmp_path / "new.safetensors"), wanted)


class Malice:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("zipped", [True, False])
def test_nothing_in_a_file_is_run(tmp_path: Path, zipped: bool) -> None:
    trap = tmp_path / "sprung"
    content = {"state_dict": released(), "extra": Malice(trap)}
    file = saved(content, tmp_path / "evil.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(InputError, match=r"mkdir.* nothing of it was run; .*torch\.save\(model\.state_dict"):
        published.read(file)
    assert not trap.exists()
    torch.load(file, weights_only=False)
    assert trap.exists()  # so the file would have done it


def test_a_plain_pickle_is_not_run_either(tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps(Malice(trap)))
    with pytest.raises(InputError, match=r"nothing of it was run"):
        published.read(tmp_path / "evil.pkl")
    assert not trap.exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickled_module_is_named_with_the_way_out(tmp_path: Path, zipped: bool) -> None:
    file = saved(nn.Linear(2, 2), tmp_path / "module.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(InputError) as refusal:
        published.read(file)
    assert str(refusal.value) == (
        f"{file} holds an object of torch.nn.modules.linear.Linear, perhaps a whole pickled module, that "
        "only running its code could read; refused for safety, nothing of it was run; in the environment "
        "that made it, save torch.save(model.state_dict(), FILE)."
    )


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
def test_a_program_is_refused(tmp_path: Path) -> None:
    program = torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2), check_trace=False)  # type: ignore[no-untyped-call]
    torch.jit.save(program, tmp_path / "program.pt")  # type: ignore[no-untyped-call]
    with pytest.raises(InputError, match="TorchScript program"):
        published.read(tmp_path / "program.pt")


@pytest.mark.parametrize("name", ["weights.pt", "weights.safetensors"])
def test_what_is_missing_or_damaged_is_said_in_a_line(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    with pytest.raises(InputError, match=r"^\S+ does not exist; give the path"):
        published.read(file)
    save_file(released(), file) if name.endswith("safetensors") else saved(released(), file)
    whole = file.read_bytes()
    for content in (b"", whole[: len(whole) // 2], bytes(range(256)) * 12, b"<html>" * 99):
        file.write_bytes(content)
        with pytest.raises(
            InputError, match=rf"^{file} is (damaged|.*fetch it again)|nothing of it was run"
        ) as e:
            published.read(file)
        assert "\n" not in str(e.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            [torch.ones(2)],
            "no state dictionary, bare or under state_dict, model, model_state_dict, MODEL_STATE",
        ),
        ({}, "no state dictionary"),
        ({"weights": released()}, "no state dictionary"),
        ({"a": torch.ones(1), "epoch": 3}, "more than tensors among its weights: epoch"),
        ({"a": torch.ones(1), "module.a": torch.ones(1)}, "same name with and without module"),
    ],
)
def test_what_is_no_state_dictionary_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        published.read(saved(content, tmp_path / "weights.pt"))


def test_loading_gives_the_authors_model_in_our_class_order(tmp_path: Path) -> None:
    wanted, model, x = released(), Tiny().eval(), torch.randn(3, 1, 1, 4)
    published.load(model, saved({"model": wanted}, tmp_path / "weights.pt"))
    scale = wanted["norm.weight"] / (wanted["norm.running_var"] + 1e-5).sqrt()
    normal = (x.flatten(1) - wanted["norm.running_mean"]) * scale + wanted["norm.bias"]
    logits = normal @ wanted["fc.weight"].T + wanted["fc.bias"]
    torch.testing.assert_close(model(x), logits.flip(1))
    assert model.norm.num_batches_tracked == 7


def test_counters_may_be_missing_and_halves_are_widened(tmp_path: Path) -> None:
    wanted = {name: value.half() for name, value in released().items() if "num_batches" not in name}
    model = Tiny()
    published.load(model, saved(wanted, tmp_path / "weights.pt"))
    assert model.head.weight.dtype == torch.float32
    torch.testing.assert_close(model.head.weight, wanted["fc.weight"].float().flip(0))


def test_what_does_not_fit_is_named_and_nothing_is_loaded(tmp_path: Path) -> None:
    wanted = released()
    del wanted["norm.bias"]
    wanted["stray"] = torch.ones(1)
    file = saved(wanted, tmp_path / "weights.pt")
    model = Tiny(classes=1)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(InputError) as refusal:
        published.load(model, file)
    assert str(refusal.value) == (
        f"{file} does not fit this Tiny: norm.bias is missing, stray is unexpected, head.weight is [2, 4] "
        "and not [1, 4], head.bias is [2] and not [1]; set the model's options, model.classes and "
        "data.clip_seconds as its authors did."
    )
    assert same(model.state_dict(), before)


def test_a_long_list_is_cut(tmp_path: Path) -> None:
    wanted = released() | {f"stray{i}": torch.ones(1) for i in range(14)}
    with pytest.raises(InputError, match=r"stray9 is unexpected and 4 more; "):
        published.load(Tiny(), saved(wanted, tmp_path / "weights.pt"))
