"""The audio spectrogram transformer.

Gong, Chung and Glass (2021), "AST: Audio Spectrogram Transformer", https://arxiv.org/abs/2104.01778, in the
geometry of DeiT-base with distillation at 384 pixels (Touvron et al. 2021, https://arxiv.org/abs/2012.12877),
whose weights it starts from.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from typing import Any, Final, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.models.ast_weights import grid_of, in_timms_names, pretrained, resized
from bonafide.models.model import Network
from bonafide.types import FeatureShape, InputError

COLOURS: Final = 3

OWN: Final = ("head.", "head_norm.")
"""What no pre-training has: the layers behind the tokens."""


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
            state, config = pretrained(source, revision)
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
        own, found = self.state_dict(), in_timms_names(trained)
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
        rows, columns = self.grid if same else grid_of(grid.shape[1], config, name)
        fitted = resized(grid.mT.reshape(1, -1, rows, columns), *self.grid)
        return torch.cat([extra, fitted.flatten(2).mT], dim=1)


def _refuse(name: str, faults: Mapping[str, Collection[str]]) -> None:
    said = [f"{len(keys)} {kind} (first: {min(keys)})" for kind, keys in faults.items() if keys]
    if said:
        raise InputError(
            f"the weights of {name} do not fit: {', '.join(said)}; choose another model.source, or its "
            "model.width, model.depth and model.patch."
        )


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
