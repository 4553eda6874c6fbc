"""The encoder of EAT: a vision transformer on patches of a spectrogram.

Chen et al. (2024), "EAT: Self-Supervised Pre-Training with Efficient Audio Transformer",
https://arxiv.org/abs/2401.03497. It is the encoder of data2vec 2.0 (Baevski et al. 2022,
https://arxiv.org/abs/2212.07525): fixed sine-cosine positions, one layer norm before the blocks, and blocks
that normalize after each sum.
"""

from collections import OrderedDict
from typing import Final, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PATCH: Final = 16  # rows of 10 ms, and mel bins, in a patch
BANDS: Final = 8  # patches over the 128 mel bins


def positions(steps: int, width: int) -> Tensor:
    """Sine-cosine positions of a grid of `steps` × 8 patches, time by time.

    The first half of `width` tells the band, the second the time; each half holds `sin(p r^k)` and then
    `cos(p r^k)` with the rates `r^k = 10000^(−k / (width / 4))`.

    Shape:
        `[steps * 8, width]` float32.

    >>> positions(2, 768)[8, [0, 384, 385]]  # time 1, band 0
    tensor([0.0000, 0.8415, 0.8153])
    """

    def count(length: int) -> Tensor:  # on the CPU even while modules are made on the meta device
        return torch.arange(length, dtype=torch.float64, device="cpu")

    rates = 10_000.0 ** -(count(width // 4) / (width // 4))

    def waves(length: int) -> Tensor:
        angles = count(length)[:, None] * rates
        return torch.cat([angles.sin(), angles.cos()], dim=1)  # [length, width / 2]

    band = waves(BANDS).expand(steps, BANDS, -1)
    time = waves(steps)[:, None].expand(steps, BANDS, -1)
    return torch.cat([band, time], dim=-1).flatten(0, 1).float()


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

    def forward(self, tokens: Tensor, heard: Tensor | None = None) -> Tensor:
        """`[batch, tokens, width]` → the same; attention goes to tokens `heard`, `[batch, 1, 1, tokens]`."""
        query, key, value = self.qkv(tokens).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value, heard)
        projected: Tensor = self.proj(mixed.transpose(1, 2).flatten(2))
        return projected


@final
class Block(nn.Module):
    """Attention and a small network at each token, each added to its input and then normalized.

    Shape:
        `[batch, tokens, width]` → the same.
    """

    def __init__(self, width: int, heads: int, hidden: int, epsilon: float) -> None:
        super().__init__()
        self.attn = Attention(width, heads)
        self.norm1 = nn.LayerNorm(width, epsilon)
        layers = {"fc1": nn.Linear(width, hidden), "gelu": nn.GELU(), "fc2": nn.Linear(hidden, width)}
        self.mlp = nn.Sequential(OrderedDict(layers))
        self.norm2 = nn.LayerNorm(width, epsilon)

    def forward(self, tokens: Tensor, heard: Tensor | None = None) -> Tensor:
        """`[batch, tokens, width]` → the same; attention goes to tokens `heard`, `[batch, 1, 1, tokens]`."""
        tokens = self.norm1(tokens + self.attn(tokens, heard))
        described: Tensor = self.norm2(tokens + self.mlp(tokens))
        return described


@final
class EATEncoder(nn.Module):
    """From a normalized filter bank to a token for the whole and one for every patch of 160 ms × 16 mel bins.

    Args:
        width: of a token; 768 in base, 1024 in large.
        depth: blocks; 12 in base, 24 in large.
        heads: of the attention; 12 in base, 16 in large.
        hidden: width inside a block; 3072 in base, 4096 in large.
        steps: patches in time, of 160 ms each, at most; 64 in training.
        epsilon: added to the variance in every layer norm.

    Shape:
        `[batch, rows, 128]`, rows a multiple of 16 → what enters the first block and what leaves each, all
        `[batch, 1 + rows / 16 * 8, width]`: the token of the whole first, then patches time by time, from the
        lowest band to the highest within each.
    """

    table: Tensor

    def __init__(
        self, width: int, depth: int, heads: int, hidden: int, *, steps: int = 64, epsilon: float = 1e-6
    ) -> None:
        super().__init__()
        self.width = width
        # A convolution that never overlaps is a matrix product, and as one it keeps full precision on GPUs,
        # where convolutions run in TF32 unless told otherwise.
        self.patch = nn.Linear(PATCH * PATCH, width)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.norm = nn.LayerNorm(width, epsilon)
        self.blocks = nn.ModuleList(Block(width, heads, hidden, epsilon) for _ in range(depth))
        self.register_buffer("table", positions(steps, width), persistent=False)

    def forward(self, rows: Tensor, heard: Tensor | None = None) -> list[Tensor]:
        """`[batch, rows, 128]` → the tokens before, between and after the blocks.

        Args:
            rows: a normalized filter bank.
            heard: `[batch, rows / 16]`, true where attention may go; everywhere if None.
        """
        steps = rows.shape[1] // PATCH
        grid = rows.reshape(len(rows), steps, PATCH, BANDS, PATCH).transpose(2, 3)
        patches = self.patch(grid.flatten(3).flatten(1, 2)) + self.table[: steps * BANDS]
        states = [self.norm(torch.cat([self.token.expand(len(rows), -1, -1), patches], dim=1))]
        if heard is not None:
            heard = F.pad(heard.repeat_interleave(BANDS, dim=1), (1, 0), value=True)[:, None, None]
        for block in self.blocks:
            states.append(block(states[-1], heard))
        return states
