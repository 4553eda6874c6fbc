"""The audio spectrogram transformer.

Gong, Chung and Glass (2021), "AST: Audio Spectrogram Transformer", https://arxiv.org/abs/2104.01778, in the
geometry of DeiT-base with distillation at 384 pixels (Touvron et al. 2021, https://arxiv.org/abs/2012.12877),
whose weights it starts from.
"""

import json
import math
import re
from collections import OrderedDict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.models.model import Network
from bonafide.models.published import read
from bonafide.types import FeatureShape, InputError

COLOURS: Final = 3

OWN: Final = ("head.", "head_norm.")
"""What no pre-training has: the layers behind the tokens."""

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


@final
class Attention(nn.Module):
    """Self-attention of all tokens with one another.

    Shape:
        `[batch, tokens, width]` → the same.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """`[batch, tokens, width]` → the same."""
        query, key, value = self.qkv(tokens).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value)  # [batch, heads, tokens, width / heads]
        projected: Tensor = self.proj(mixed.transpose(1, 2).flatten(2))
        return projected


@final
class Block(nn.Module):
    """Attention and a small network at each token; both read normalized tokens and add to the raw ones.

    Shape:
        `[batch, tokens, width]` → the same.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, 1e-6)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, 1e-6)
        layers = {"fc1": nn.Linear(width, 4 * width), "gelu": nn.GELU(), "fc2": nn.Linear(4 * width, width)}
        self.mlp = nn.Sequential(OrderedDict(layers))

    def forward(self, tokens: Tensor) -> Tensor:
        """`[batch, tokens, width]` → the same."""
        tokens = tokens + self.attn(self.norm1(tokens))
        described: Tensor = tokens + self.mlp(self.norm2(tokens))
        return described


@final
class AST(Network):
    """A vision transformer on overlapping patches of a time-frequency image.

    Args:
        shape: of the features; patches cover as much of it as fits.
        classes: 1 or 2 logits.
        width: of a token.
        depth: blocks.
        heads: of the attention; they share the width.
        patch: side of a patch, in bins and in frames.
        stride: from one patch to the next, in both directions; equal to `patch`, the patches do not overlap,
            and there are less than half as many.
        source: weights to start from: a repository of the Hugging Face hub such as
            `facebook/deit-base-distilled-patch16-384` (pictures, as published),
            `MIT/ast-finetuned-audioset-10-10-0.4593` (sounds); a folder that holds one; or a file of timm's
            DeiT or of AST's authors. Positions are cut out of the pre-trained grid, or interpolated where
            that is smaller; the kernels of its colours are summed. None starts from random weights.
        revision: branch, tag or commit of a hub repository.

    Raises:
        InputError: the features are smaller than a patch, a setting has no meaning, or the weights cannot be
            had or are of another geometry.

    Shape:
        `[batch, channels, bins, frames]` → `[batch, classes]`.
    """

    def __init__(
        self,
        shape: FeatureShape,
        classes: int = 2,
        *,
        width: int = 768,
        depth: int = 12,
        heads: int = 12,
        patch: int = 16,
        stride: int = 10,
        source: str | None = None,
        revision: str | None = None,
    ) -> None:
        super().__init__(shape, classes)
        _check(shape, width=width, depth=depth, heads=heads, patch=patch, stride=stride)
        self._width, self.heads = width, heads
        self.grid = (shape.bins - patch) // stride + 1, (shape.frames - patch) // stride + 1
        # timm's names, which most released files use.
        self.cls_token = nn.Parameter(torch.empty(1, 1, width))
        self.dist_token = nn.Parameter(torch.empty(1, 1, width))
        self.pos_embed = nn.Parameter(torch.empty(1, 2 + self.grid[0] * self.grid[1], width))
        projection = nn.Conv2d(shape.channels, width, patch, stride)
        self.patch_embed = nn.Sequential(OrderedDict(proj=projection))
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width, 1e-6)
        self._initialize()
        self.head_norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)
        if source is not None:
            state, config = _pretrained(source, revision)
            self.load_state_dict(self._fitted(state, config, source))

    def _initialize(self) -> None:
        """As DeiT; its truncation, at a hundred deviations, never comes into play."""
        for weight in (self.cls_token, self.dist_token, self.pos_embed):
            nn.init.normal_(weight, std=0.02)
        for module in self.blocks.modules():
            if type(module) is nn.Linear:
                nn.init.normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    @property
    def width(self) -> int:
        """Size of the embedding, that of a token."""
        return self._width

    def embed(self, features: Tensor) -> Tensor:
        """`[batch, channels, bins, frames]` → `[batch, width]`, the mean of the two extra tokens."""
        patches = self.patch_embed(features).flatten(2).transpose(1, 2)  # [batch, patches, width], by bins
        extra = torch.cat([self.cls_token, self.dist_token], dim=1).expand(len(patches), -1, -1)
        tokens = self.norm(self.blocks(torch.cat([extra, patches], dim=1) + self.pos_embed))
        embedding: Tensor = self.head_norm(tokens[:, :2].mean(dim=1))
        return embedding

    def renamed(self, published: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Pre-trained weights, fitted to these patches; the layers behind the tokens stay as they are.

        Args:
            published: the state of DeiT in timm or transformers, or of AST in transformers or by its authors.

        Raises:
            InputError: it is none of these, or of another geometry.
        """
        return self._fitted(published, {}, "the file")

    def _fitted(
        self, trained: Mapping[str, Tensor], config: Mapping[str, Any], name: str
    ) -> dict[str, Tensor]:
        heads = config.get("num_attention_heads", self.heads)
        if heads != self.heads:
            raise InputError(f"the weights of {name} are for {heads} heads; set model.heads={heads}.")
        own, found = self.state_dict(), _in_timms_names(trained)
        wanted = {key for key in own if not key.startswith(OWN)}
        both = wanted & found.keys()
        ranks = {key for key in both if own[key].ndim != found[key].ndim}
        _refuse(name, {"missing": wanted - both, "unexpected": found.keys() - both, "of another rank": ranks})
        kernels, channels = found["patch_embed.proj.weight"], self.shape.channels
        pictures = kernels.shape[1] == COLOURS
        found["pos_embed"] = self._positions(found["pos_embed"], config, name, pictures=pictures)
        if kernels.shape[1] != channels:
            mono = kernels.sum(dim=1, keepdim=True) / channels
            found["patch_embed.proj.weight"] = mono.expand(-1, channels, -1, -1)
        _refuse(name, {"of another size": {key for key in wanted if own[key].shape != found[key].shape}})
        return {**own, **found}

    def _positions(self, trained: Tensor, config: Mapping[str, Any], name: str, *, pictures: bool) -> Tensor:
        """Those of the two extra tokens, which have no place, and those of the grid, for ours."""
        extra, grid = trained[:, :2], trained[:, 2:]
        same = trained.shape[1] == self.pos_embed.shape[1] and not pictures and not config
        rows, columns = self.grid if same else _grid(grid.shape[1], config, name)
        fitted = resized(grid.mT.reshape(1, -1, rows, columns), *self.grid)
        return torch.cat([extra, fitted.flatten(2).mT], dim=1)


def _refuse(name: str, faults: Mapping[str, Collection[str]]) -> None:
    said = [f"{len(keys)} {kind} (first: {min(keys)})" for kind, keys in faults.items() if keys]
    if said:
        raise InputError(
            f"the weights of {name} do not fit: {', '.join(said)}; choose another model.source, or its "
            "model.width, model.depth and model.patch."
        )


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


def _grid(patches: int, config: Mapping[str, Any], name: str) -> tuple[int, int]:
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


def _in_timms_names(trained: Mapping[str, Tensor]) -> dict[str, Tensor]:
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


def _pretrained(source: str, revision: str | None) -> tuple[Mapping[str, Tensor], Mapping[str, Any]]:
    """Weights and, where there is one, configuration of a file, a folder or a hub repository."""
    path = Path(source).expanduser()
    if path.is_file():
        return read(path), {}
    folder = path if path.is_dir() else _fetched(source, revision)
    file = next((folder / name for name in FILES if (folder / name).is_file()), None)
    if file is None:
        raise InputError(f"{source} holds no weights; it needs {' or '.join(FILES)}.")
    return read(file), _configuration(folder / "config.json")


def _configuration(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as JSON; fetch it again.") from error
    return found


def _fetched(name: str, revision: str | None) -> Path:
    """The folder of a hub repository after its download: its configuration and one file of weights."""
    if not re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", name) or name.endswith((".pt", ".pth")):
        raise InputError(
            f"{name} does not exist; set model.source to a file of weights, to a folder that holds one, or "
            "to OWNER/NAME of the Hugging Face hub."
        )
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only when a hub id is chosen

    def fetch(weights: str) -> Path:
        try:
            return Path(snapshot_download(name, revision=revision, allow_patterns=["config.json", weights]))
        except Exception as error:  # no network, no such name, no permission: each client fails its own way
            said = " ".join(str(error).split())[:160]
            raise InputError(
                f"{name} cannot be fetched from the Hugging Face hub ({type(error).__name__}: {said}); check "
                "the name and the connection, or give a folder that holds it: model.source=FOLDER"
            ) from error

    folder = fetch(FILES[0])
    return folder if (folder / FILES[0]).is_file() else fetch(FILES[1])


def _check(shape: FeatureShape, *, width: int, depth: int, heads: int, patch: int, stride: int) -> None:
    if (shape.channels, shape.bins) == (1, 1):
        raise InputError("AST reads a time-frequency image, not a waveform; try frontend=mel.")
    if min(width, depth, heads, patch, stride) < 1 or width % heads:
        raise InputError(
            f"AST cannot have width={width}, depth={depth}, heads={heads}, patch={patch}, stride={stride}; "
            "all are at least 1, and model.heads divides model.width."
        )
    if shape.bins < patch:
        raise InputError(f"AST needs at least {patch} bins, not {shape.bins}; try frontend=mel.")
    if shape.frames < patch:
        raise InputError(
            f"AST needs at least {patch} frames, not {shape.frames}; lengthen data.clip_seconds or choose a "
            "smaller hop."
        )
