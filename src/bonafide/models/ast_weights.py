"""Weights that an audio spectrogram transformer starts from, trained on pictures or on sounds."""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional as F

from bonafide import hub
from bonafide.models.published import read
from bonafide.types import InputError

UNUSED: Final = re.compile(
    r"(head|head_norm|head_dist|mlp_head|classifier|cls_classifier|distillation_classifier|pooler)\..*"
)
"""Layers for the classes of pictures or sounds that something was trained on."""

RENAMED: Final = [
    (re.compile(pattern), name)
    for pattern, name in [
        (r"^(v|audio_spectrogram_transformer|deit)\.", ""),
        (r"^embeddings\.cls_token$", "cls_token"),
        (r"^embeddings\.distillation_token$", "dist_token"),
        (r"^embeddings\.position_embeddings$", "pos_embed"),
        (r"^embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
        (r"^(?:encoder\.layer|layers)\.(\d+)\.", r"blocks.\1."),
        (r"\.attention\.(?:attention\.)?(query|key|value)\.", r".attn.\1."),
        (r"\.attention\.(?:output\.dense|o_proj)\.", ".attn.proj."),
        (r"\.attention\.q_proj\.", ".attn.query."),
        (r"\.attention\.k_proj\.", ".attn.key."),
        (r"\.attention\.v_proj\.", ".attn.value."),
        (r"\.(?:intermediate\.dense|mlp\.fc1)\.", ".mlp.fc1."),
        (r"\.(?:output\.dense|mlp\.fc2)\.", ".mlp.fc2."),
        (r"\.layernorm_before\.", ".norm1."),
        (r"\.layernorm_after\.", ".norm2."),
        (r"^layernorm\.", "norm."),
    ]
]
"""From the names of AST's authors and of transformers, old and new, to those of timm, which are also ours."""

FILES: Final = ("model.safetensors", "pytorch_model.bin")


def pretrained(source: str, revision: str | None) -> tuple[Mapping[str, Tensor], Mapping[str, Any]]:
    """Weights and, where there is one, configuration of a file, a folder or a hub repository."""
    path = Path(source).expanduser()
    if path.is_file():
        return read(path), {}
    folder = path if path.is_dir() else _fetched(source, revision)
    file = next((folder / name for name in FILES if (folder / name).is_file()), None)
    if file is None:
        raise InputError(f"{source} holds no weights; it needs {' or '.join(FILES)}.")
    config = folder / "config.json"
    return read(file), hub.configuration(config) if config.is_file() else {}


def _fetched(name: str, revision: str | None) -> Path:
    """The folder of a hub repository after its download: its configuration and one file of weights."""
    if not hub.named(name):
        raise InputError(
            f"{name} does not exist; set model.source to a file of weights, to a folder that holds one, or "
            "to OWNER/NAME of the Hugging Face hub."
        )
    for weights in FILES:
        folder = hub.fetched(name, revision, ["config.json", weights], "model.source")
        if (folder / weights).is_file():
            break
    return folder


def in_timms_names(trained: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights that are used, query, key and value in one."""
    found = {}
    for key, value in trained.items():
        name = key
        for pattern, replacement in RENAMED:
            name = pattern.sub(replacement, name)
        if not UNUSED.fullmatch(name):
            found[name] = value
    for key in [key for key in found if ".attn.query." in key]:
        parts = [key.replace(".query.", f".{part}.") for part in ("query", "key", "value")]
        if all(part in found for part in parts):
            found[key.replace(".query.", ".qkv.")] = torch.cat([found.pop(part) for part in parts])
    return found


def resized(grid: Tensor, rows: int, columns: int) -> Tensor:
    """Positions for another number of patches: the middle of a larger grid, a smaller one interpolated.

    Args:
        grid: `[batch, width, its rows, its columns]`.
        rows: wanted.
        columns: wanted.

    Returns:
        `[batch, width, rows, columns]`.

    >>> resized(torch.arange(5.0).view(1, 1, 1, 5), 2, 3)
    tensor([[[[1., 2., 3.],
              [1., 2., 3.]]]])
    """
    for axis, size in ((2, rows), (3, columns)):
        spare = grid.shape[axis] // 2 - size // 2
        grid = grid.narrow(axis, spare, size) if grid.shape[axis] >= size else grid
    return F.interpolate(grid.float(), (rows, columns), mode="bilinear")


def grid_of(patches: int, config: Mapping[str, Any], name: str) -> tuple[int, int]:
    """Rows and columns of the positions that something was pre-trained with.

    Without a configuration: pictures are square, and AST's sounds have 128 bins and 1024 frames.
    """
    if "num_mel_bins" in config:
        rows = (config["num_mel_bins"] - config["patch_size"]) // config["frequency_stride"] + 1
        if patches % rows == 0:
            return rows, patches // rows
    if (side := math.isqrt(patches)) ** 2 == patches:
        return side, side
    for stride in range(10, 17):
        rows, columns = 112 // stride + 1, 1008 // stride + 1
        if rows * columns == patches:
            return rows, columns
    raise InputError(
        f"the weights of {name} have {patches} positions in an unknown grid; choose another model.source."
    )
