"""AASIST written down plainly, for `training_step.py`; `Residual` has its slip, a pair is scored twice.

Jung et al. (2022), https://arxiv.org/abs/2110.01200, in the sizes and with the names of the released weights.
Dropout is left out: training without it is what both sides are compared by.
"""

from itertools import pairwise
from typing import final

import torch
from plain_rawnet2 import sinc_filters
from torch import Tensor, nn
from torch.nn import functional as F

BANDS, TAPS = 70, 129
WIDTHS = (1, 32, 32, 64, 64, 64, 64)
INNER, OUTER = 64, 32
SPECTRAL = BANDS // 3


@final
class Residual(nn.Module):
    """`[batch, inputs, bins, frames]` → `[batch, outputs, bins, frames // 3]`."""

    def __init__(self, inputs: int, outputs: int, *, first: bool) -> None:
        super().__init__()
        self.first, self.widens = first, inputs != outputs
        if not first:
            self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, (2, 3), padding=(1, 1))
        self.selu = nn.SELU(inplace=True)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, (2, 3), padding=(0, 1))
        if self.widens:
            self.conv_downsample = nn.Conv2d(inputs, outputs, (1, 3), padding=(0, 1))
        self.pool = nn.MaxPool2d((1, 3))

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, inputs, bins, frames]` → `[batch, outputs, bins, frames // 3]`."""
        if not self.first:
            self.selu(self.bn1(x))  # the published slip: computed, and not used
        y = self.conv2(self.selu(self.bn2(self.conv1(x))))
        if self.widens:
            x = self.conv_downsample(x)
        pooled: Tensor = self.pool(y + x)
        return pooled


def vector(size: int) -> nn.Parameter:
    return nn.Parameter(nn.init.xavier_normal_(torch.empty(size, 1)))


@final
class Attention(nn.Module):
    """Within a kind, `[batch, nodes, inputs]` → `[batch, nodes, outputs]`."""

    def __init__(self, inputs: int, outputs: int, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature
        self.att_proj = nn.Linear(inputs, outputs)
        self.att_weight = vector(outputs)
        self.proj_with_att = nn.Linear(inputs, outputs)
        self.proj_without_att = nn.Linear(inputs, outputs)
        self.bn = nn.BatchNorm1d(outputs)

    def forward(self, nodes: Tensor) -> Tensor:
        """`[batch, nodes, inputs]` → `[batch, nodes, outputs]`."""
        pairs = nodes[:, :, None] * nodes[:, None]  # [batch, nodes, nodes, inputs]
        scores = self.att_proj(pairs).tanh().matmul(self.att_weight)[..., 0]
        attention = (scores / self.temperature).softmax(dim=-1)
        new = self.proj_with_att(attention @ nodes) + self.proj_without_att(nodes)
        return F.selu(self.bn(new.flatten(0, 1)).view_as(new))


@final
class MixedAttention(nn.Module):
    """Across kinds and with a master, `[batch, nodes, inputs]` each → `[batch, nodes, outputs]` each."""

    def __init__(self, inputs: int, outputs: int, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature
        self.proj_type1 = nn.Linear(inputs, inputs)
        self.proj_type2 = nn.Linear(inputs, inputs)
        self.att_proj = nn.Linear(inputs, outputs)
        self.att_projM = nn.Linear(inputs, outputs)
        self.att_weight11 = vector(outputs)
        self.att_weight22 = vector(outputs)
        self.att_weight12 = vector(outputs)
        self.att_weightM = vector(outputs)
        self.proj_with_att = nn.Linear(inputs, outputs)
        self.proj_without_att = nn.Linear(inputs, outputs)
        self.proj_with_attM = nn.Linear(inputs, outputs)
        self.proj_without_attM = nn.Linear(inputs, outputs)
        self.bn = nn.BatchNorm1d(outputs)

    def forward(self, temporal: Tensor, spectral: Tensor, master: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Temporal nodes, spectral nodes and a master → the same with `outputs`."""
        split = temporal.shape[1]
        nodes = torch.cat([self.proj_type1(temporal), self.proj_type2(spectral)], dim=1)
        projected = self.att_proj(nodes[:, :, None] * nodes[:, None]).tanh()
        scores = torch.zeros(projected.shape[:-1], device=nodes.device, dtype=projected.dtype)
        scores[:, :split, :split] = (projected[:, :split, :split] @ self.att_weight11)[..., 0]
        scores[:, split:, split:] = (projected[:, split:, split:] @ self.att_weight22)[..., 0]
        scores[:, :split, split:] = (projected[:, :split, split:] @ self.att_weight12)[..., 0]
        scores[:, split:, :split] = (projected[:, split:, :split] @ self.att_weight12)[..., 0]
        attention = (scores / self.temperature).softmax(dim=-1)
        scores = self.att_projM(nodes * master).tanh() @ self.att_weightM
        weights = (scores / self.temperature).softmax(dim=1)  # [batch, nodes, 1]
        master = self.proj_with_attM(weights.transpose(1, 2) @ nodes) + self.proj_without_attM(master)
        new = self.proj_with_att(attention @ nodes) + self.proj_without_att(nodes)
        new = F.selu(self.bn(new.flatten(0, 1)).view_as(new))
        return new[:, :split], new[:, split:], master


@final
class Pool(nn.Module):
    """`[batch, nodes, size]` → `[batch, nodes * ratio, size]`."""

    def __init__(self, size: int, ratio: float) -> None:
        super().__init__()
        self.ratio = ratio
        self.proj = nn.Linear(size, 1)

    def forward(self, nodes: Tensor) -> Tensor:
        """`[batch, nodes, size]` → `[batch, nodes * ratio, size]`."""
        scores = self.proj(nodes).sigmoid()
        _, place = scores.topk(max(int(nodes.shape[1] * self.ratio), 1), dim=1)
        kept: Tensor = (nodes * scores).gather(1, place.expand(-1, -1, nodes.shape[2]))
        return kept


@final
class PlainAASIST(nn.Module):
    """`[batch, time]` → `[batch, 2]` logits of (spoof, bona fide)."""

    def __init__(self) -> None:
        super().__init__()
        self.filters = sinc_filters(BANDS, TAPS)  # once: here the published code does so too
        self.first_bn = nn.BatchNorm2d(1)
        self.selu = nn.SELU(inplace=True)
        blocks = [Residual(*widths, first=place == 0) for place, widths in enumerate(pairwise(WIDTHS))]
        self.encoder = nn.Sequential(*(nn.Sequential(block) for block in blocks))
        self.pos_S = nn.Parameter(torch.randn(1, SPECTRAL, WIDTHS[-1]))
        self.master1 = nn.Parameter(torch.randn(1, 1, INNER))
        self.master2 = nn.Parameter(torch.randn(1, 1, INNER))
        self.GAT_layer_S = Attention(WIDTHS[-1], INNER, 2.0)
        self.GAT_layer_T = Attention(WIDTHS[-1], INNER, 2.0)
        self.HtrgGAT_layer_ST11 = MixedAttention(INNER, OUTER, 100.0)
        self.HtrgGAT_layer_ST12 = MixedAttention(OUTER, OUTER, 100.0)
        self.HtrgGAT_layer_ST21 = MixedAttention(INNER, OUTER, 100.0)
        self.HtrgGAT_layer_ST22 = MixedAttention(OUTER, OUTER, 100.0)
        self.pool_S, self.pool_T = Pool(INNER, 0.5), Pool(INNER, 0.7)
        self.pool_hS1, self.pool_hT1 = Pool(OUTER, 0.5), Pool(OUTER, 0.5)
        self.pool_hS2, self.pool_hT2 = Pool(OUTER, 0.5), Pool(OUTER, 0.5)
        self.out_layer = nn.Linear(5 * OUTER, 2)

    def stack(self, number: int, temporal: Tensor, spectral: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One of the two ways through the graphs."""
        first = self.get_submodule(f"HtrgGAT_layer_ST{number}1")
        second = self.get_submodule(f"HtrgGAT_layer_ST{number}2")
        temporal, spectral, master = first(temporal, spectral, self.get_parameter(f"master{number}"))
        temporal = self.get_submodule(f"pool_hT{number}")(temporal)
        spectral = self.get_submodule(f"pool_hS{number}")(spectral)
        more_temporal, more_spectral, more_master = second(temporal, spectral, master)
        return temporal + more_temporal, spectral + more_spectral, master + more_master

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, 2]`."""
        filters = self.filters.clone().to(self.out_layer.weight)
        bands = F.conv1d(waveform[:, None].to(filters), filters)
        x = F.max_pool2d(bands[:, None].abs(), 3)
        x = self.encoder(self.selu(self.first_bn(x)))  # [batch, 64, 23, 29]
        spectral, _ = x.abs().max(dim=3)
        temporal, _ = x.abs().max(dim=2)
        spectral = self.pool_S(self.GAT_layer_S(spectral.transpose(1, 2) + self.pos_S))
        temporal = self.pool_T(self.GAT_layer_T(temporal.transpose(1, 2)))
        one, other = (self.stack(number, temporal, spectral) for number in (1, 2))
        temporal, spectral, master = (torch.max(a, b) for a, b in zip(one, other, strict=True))
        largest = [temporal.abs().max(dim=1)[0], temporal.mean(dim=1)]
        largest += [spectral.abs().max(dim=1)[0], spectral.mean(dim=1), master.squeeze(1)]
        logits: Tensor = self.out_layer(torch.cat(largest, dim=1))
        return logits
