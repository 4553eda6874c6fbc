"""Weights of EAT from the files that its authors release: fairseq checkpoints and their Hugging Face ports.

A name in a file is either that of a weight of the encoder, or of something that the encoder does not need
(decoder, teacher, classifier), or a fault: nothing is loaded in part and nothing is left over unnoticed.
"""

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor

from bonafide import hub
from bonafide.frontends import fairseq_file, sources
from bonafide.frontends.eat_encoder import BANDS, PATCH, EATEncoder, positions
from bonafide.types import InputError

HEAD: Final = 64  # width of a head of the attention in every released encoder
FILES: Final = ("model.safetensors", "pytorch_model.bin")
"""What a folder of a Hugging Face port may hold, the safer first."""

CONFIG: Final = "config.json"

_PLACES: Final = (
    (re.compile(r"(?:modality_encoders\.IMAGE\.)?local_encoder\.proj\.(weight|bias)"), r"patch.\1"),
    (re.compile(r"(?:modality_encoders\.IMAGE\.)?extra_tokens"), "token"),
    (re.compile(r"(?:modality_encoders\.IMAGE\.)?fixed_positional_encoder\.positions"), "table"),
    (re.compile(r"(?:modality_encoders\.IMAGE\.context_encoder\.norm|pre_norm)\.(weight|bias)"), r"norm.\1"),
    (re.compile(r"(blocks\.\d+\.(?:norm[12]|attn\.(?:qkv|proj)|mlp\.fc[12])\.(?:weight|bias))"), r"\1"),
)
_UNUSED: Final = re.compile(
    r"_ema\..+|modality_encoders\.IMAGE\.decoder\..+|(?:fc_norm|head)\.(?:weight|bias)"
)
_TABLE_TOLERANCE: Final = 1e-3  # single precision is off by 2e-5 at the end of the longest table


class WeightFile(NamedTuple):
    """What a file holds, whoever wrote it.

    Args:
        config: settings of the model; empty if the file has none.
        state: weights by their name in the file.
        path: of the file.
    """

    config: Mapping[str, Any]
    state: Mapping[str, Tensor]
    path: Path


def load(source: str, *, steps: int) -> tuple[EATEncoder, str]:
    """The encoder with the weights of a file, and the sha256 of that file.

    Args:
        source: a fairseq checkpoint (`.pt`), a `.safetensors` or `pytorch_model.bin` with `config.json`
            beside it, a folder that holds these, or a repository on Hugging Face (`owner/name`).
        steps: patches in time that the encoder must take.

    Raises:
        InputError: no such file; a weight is missing, unknown, or of a size that the others do not allow; or
            the file is of another architecture.
    """
    file = read(source)
    state = _renamed(file)
    _check_table(state.pop("table", None), file.path)
    depth = len({name.split(".")[1] for name in state if name.startswith("blocks.")})
    encoder = _sized(file, state, depth, steps)
    _check(state, encoder.state_dict(), file.path)
    copies = {name: value.to(torch.float32, copy=True) for name, value in state.items()}
    encoder.load_state_dict(copies, assign=True)
    return encoder, sources.digest([file.path])


def read(source: str) -> WeightFile:
    """The weights at a source, under the names they have there.

    Raises:
        InputError: nothing is there, or it is damaged.
    """
    path = _found(source)
    if path.suffix in {".safetensors", ".bin"}:
        return WeightFile(_config_beside(path), _tensors(path), path)
    file = fairseq_file.read(path)
    return WeightFile(file.config, file.state, file.path)


def _found(source: str) -> Path:
    path = Path(source)
    if path.is_file():
        return path
    if path.is_dir():
        for name in FILES:
            if (path / name).is_file():
                return path / name
        raise InputError(f"{path} holds neither {FILES[0]} nor {FILES[1]}; name the weight file itself")
    if hub.named(source):
        return _fetched(source)
    raise InputError(
        f"frontend.source={source} does not exist; name an EAT checkpoint (.pt), a folder with {FILES[0]}, "
        "or a repository such as worstchan/EAT-base_epoch30_pretrain"
    )


def _fetched(repository: str) -> Path:
    """The weight file of a repository; of the kinds that it may offer, only one is downloaded."""
    for name in FILES:
        folder = hub.fetched(repository, None, [CONFIG, name], "frontend.source")
        if (folder / name).is_file():
            return folder / name
    raise InputError(
        f"{repository} offers neither {FILES[0]} nor {FILES[1]}; download its weights by hand and give "
        "frontend.source=FILE"
    )


def _config_beside(path: Path) -> dict[str, Any]:
    """Settings of the model; empty if there are none: the weights tell the sizes of what is released."""
    file = path.with_name(CONFIG)
    return hub.configuration(file) if file.is_file() else {}


def _tensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError  # noqa: PLC0415 - only for files of this kind
    from safetensors.torch import load_file  # noqa: PLC0415

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InputError(f"{path} holds more than tensors; refused for safety, use {FILES[0]}") from error
    except (SafetensorError, OSError, RuntimeError, EOFError) as error:
        raise InputError(f"{path} is damaged or of another format; fetch it again") from error
    if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
        raise InputError(f"{path} is not a table of weights; use {FILES[0]}")
    return found


def _renamed(file: WeightFile) -> dict[str, Tensor]:
    """Weights under the names of `EATEncoder`, the positions as `table`; what is not needed is left out."""
    state: dict[str, Tensor] = {}
    unknown = []
    for name, value in file.state.items():
        bare = name.removeprefix("model.")
        if _UNUSED.fullmatch(bare):
            continue
        matches = (found.expand(place) for form, place in _PLACES if (found := form.fullmatch(bare)))
        own = next(matches, None)
        if own is None or own in state:
            unknown.append(name)
        else:
            state[own] = value
    if unknown:
        raise InputError(
            f"{file.path} is not an EAT encoder: {len(unknown)} weights have no place in it "
            f"({_some(unknown)}); give a checkpoint of EAT-base or EAT-large as released"
        )
    if "patch.weight" in state and state["patch.weight"].ndim == 4:
        kernel = tuple(state["patch.weight"].shape[1:])
        if kernel != (1, PATCH, PATCH):
            raise InputError(
                f"{file.path} reads patches of {kernel}; EAT reads one channel of {PATCH} × {PATCH}"
            )
        state["patch.weight"] = state["patch.weight"].flatten(1)
    return state


def _check_table(found: Tensor | None, path: Path) -> None:
    """The positions follow from a formula; those in the file must agree with it."""
    if found is None:
        return
    rows, width = found.shape[-2:]
    if rows % BANDS or width % 4 or found.numel() != rows * width:
        raise InputError(f"{path} holds positions {list(found.shape)}, which are not those of {BANDS} bands")
    difference = (found.reshape(rows, width).float() - positions(rows // BANDS, width)).abs().max()
    if not difference <= _TABLE_TOLERANCE:
        raise InputError(
            f"{path} holds other positions than the sines and cosines of EAT (by {difference:.2g}); it is of "
            "another architecture"
        )


def _sized(file: WeightFile, state: Mapping[str, Tensor], depth: int, steps: int) -> EATEncoder:
    """An encoder of the size that the weights and the configuration tell, without memory of its own."""
    if "token" not in state or "blocks.0.mlp.fc1.weight" not in state:
        raise InputError(f"{file.path} has no token for the whole or no blocks; it is not an EAT encoder")
    if _setting(file.config, "layer_norm_first"):
        raise InputError(
            f"{file.path} normalizes before each block, EAT after; it is of another architecture"
        )
    width, hidden = state["token"].shape[-1], state["blocks.0.mlp.fc1.weight"].shape[0]
    heads = _setting(file.config, "num_heads") or width // HEAD
    if not isinstance(heads, int) or heads < 1 or width % heads or width % 4:
        raise InputError(
            f"{file.path} has tokens of {width} values, which {heads} heads cannot share; give the "
            "checkpoint with its configuration"
        )
    epsilon = float(_setting(file.config, "norm_eps") or 1e-6)
    with torch.device("meta"):
        return EATEncoder(width, depth, heads, hidden, steps=steps, epsilon=epsilon)


def _setting(config: Mapping[str, Any], name: str) -> Any:
    """A setting of the model, or of the pre-trained one inside a fine-tuned one."""
    inner = config.get("pretrained_model_args") or {}
    return config.get(name, (inner.get("model") or {}).get(name))


def _check(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], path: Path) -> None:
    missing = sorted(wanted.keys() - found.keys())
    foreign = sorted(found.keys() - wanted.keys())
    resized = sorted(name for name in wanted.keys() & found.keys() if wanted[name].shape != found[name].shape)
    faults = {"missing": missing, "left over": foreign, "of another size": resized}
    said = [f"{len(names)} {kind} ({_some(names)})" for kind, names in faults.items() if names]
    if said:
        raise InputError(f"{path} does not fit an EAT encoder of its size: weights {', '.join(said)}")


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
