"""The back end of AASIST: from spectral and temporal nodes to one embedding.

Jung et al. (2022), "AASIST: Audio Anti-Spoofing using Integrated Spectro-Temporal Graph Attention Networks",
https://arxiv.org/abs/2110.01200, section 3.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, final

import torch
from torch import Tensor, nn

from bonafide.models.layers.graph import GraphAttention, GraphPooling, HeterogeneousAttention, kept
from bonafide.types import InputError

DROPOUT: Final = 0.2


class GraphSettings(NamedTuple):
    """What a configuration decides about the graphs.

    Args:
        widths: sizes of a node behind the attention within each kind, and behind that across kinds.
        pool_ratios: nodes that remain of the spectral ones, of the temporal ones, and at every pooling
            between two layers across kinds.
        temperatures: of the attention among spectral nodes, among temporal ones, and across kinds.
    """

    widths: Sequence[int]
    pool_ratios: Sequence[float]
    temperatures: Sequence[float]

    def check(self, model: str) -> None:
        """Refuses what no graph can be made of.

        Raises:
            InputError: a list has another length (published configurations list a fourth ratio and a fourth
                temperature that nothing reads), or a value is out of its range.
        """
        if len(self.widths) != 2 or min(self.widths) < 1:
            raise InputError(
                f"{model} needs two sizes of nodes above 0, not graph_widths={[*self.widths]}; "
                "give model.graph_widths=[64,32]."
            )
        if len(self.pool_ratios) != 3 or not all(0 < ratio <= 1 for ratio in self.pool_ratios):
            raise InputError(
                f"{model} pools by three ratios above 0 and up to 1 (spectral, temporal, inner), not "
                f"pool_ratios={[*self.pool_ratios]}; a published fourth is read by nothing, drop it."
            )
        if len(self.temperatures) != 3 or min(self.temperatures) <= 0:
            raise InputError(
                f"{model} needs three temperatures above 0 (spectral, temporal, across), not "
                f"temperatures={[*self.temperatures]}; a published fourth is read by nothing, drop it."
            )


@final
class HeterogeneousStack(nn.Module):
    """Two layers of attention across kinds with a pooling between, the second beside a shortcut.

    Args:
        inputs: size of a node before.
        outputs: size of a node after.
        temporal: nodes of this kind.
        spectral: nodes of this kind.
        ratio: of nodes that the pooling leaves.
        temperature: of the attention.

    Shape:
        `[batch, temporal, inputs]`, `[batch, spectral, inputs]` → temporal nodes, spectral nodes and a
        master, `[batch, …, outputs]`.
    """

    def __init__(
        self, inputs: int, outputs: int, *, temporal: int, spectral: int, ratio: float, temperature: float
    ) -> None:
        super().__init__()
        fewer_temporal, fewer_spectral = kept(temporal, ratio), kept(spectral, ratio)
        self.master = nn.Parameter(torch.randn(1, 1, inputs))
        self.first = HeterogeneousAttention(inputs, outputs, temporal, spectral, temperature)
        self.pool_temporal = GraphPooling(outputs, fewer_temporal)
        self.pool_spectral = GraphPooling(outputs, fewer_spectral)
        self.second = HeterogeneousAttention(outputs, outputs, fewer_temporal, fewer_spectral, temperature)

    def forward(self, temporal: Tensor, spectral: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Temporal and spectral nodes → fewer of each, and the master."""
        temporal, spectral, master = self.first(temporal, spectral, self.master)
        temporal, spectral = self.pool_temporal(temporal), self.pool_spectral(spectral)
        more_temporal, more_spectral, more_master = self.second(temporal, spectral, master)
        return temporal + more_temporal, spectral + more_spectral, master + more_master


@final
class SpectroTemporalGraph(nn.Module):
    """Graphs of each kind, then two stacks across kinds of which the larger answer counts, then a read-out.

    Args:
        channels: size of a node.
        spectral: nodes that stand for bins; each has a learnt position.
        temporal: nodes that stand for times.
        settings: of the graphs.

    Shape:
        `[batch, spectral, channels]` and `[batch, temporal, channels]` → `[batch, 5 * widths[1]]`.
    """

    def __init__(self, channels: int, spectral: int, temporal: int, settings: GraphSettings) -> None:
        super().__init__()
        inner, outer = settings.widths
        fewer_spectral = kept(spectral, settings.pool_ratios[0])
        fewer_temporal = kept(temporal, settings.pool_ratios[1])
        self.width = 5 * outer
        self.position = nn.Parameter(torch.randn(1, spectral, channels))
        self.spectral = nn.Sequential(
            GraphAttention(channels, inner, spectral, settings.temperatures[0]),
            GraphPooling(inner, fewer_spectral),
        )
        self.temporal = nn.Sequential(
            GraphAttention(channels, inner, temporal, settings.temperatures[1]),
            GraphPooling(inner, fewer_temporal),
        )
        self.stacks = nn.ModuleList(
            HeterogeneousStack(
                inner,
                outer,
                temporal=fewer_temporal,
                spectral=fewer_spectral,
                ratio=settings.pool_ratios[2],
                temperature=settings.temperatures[2],
            )
            for _ in range(2)
        )
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, spectral: Tensor, temporal: Tensor) -> Tensor:
        """`[batch, spectral, channels]`, `[batch, temporal, channels]` → `[batch, 5 * widths[1]]`."""
        spectral, temporal = self.spectral(spectral + self.position), self.temporal(temporal)
        answers = [map(self.dropout, stack(temporal, spectral)) for stack in self.stacks]
        temporal, spectral, master = (torch.maximum(*both) for both in zip(*answers, strict=True))
        summary = [*_extremes(temporal), *_extremes(spectral), master[:, 0]]
        return torch.cat(summary, dim=1)


def _extremes(nodes: Tensor) -> tuple[Tensor, Tensor]:
    """`[batch, nodes, size]` → the largest magnitude and the mean over the nodes, `[batch, size]` each."""
    return nodes.abs().amax(dim=1), nodes.mean(dim=1)


def published_names(inside: str) -> dict[str, str]:
    """What the released weights of AASIST and its kin call these layers, for `published.rename`.

    Args:
        inside: name of the `SpectroTemporalGraph` in its model.
    """
    both = {
        "att_proj": "scores.project",
        "proj_with_att": "update.attended",
        "proj_without_att": "update.itself",
        "bn": "update.norm",
    }
    within = both | {"att_weight": "scores.vectors.0"}
    across = both | {
        "proj_type1": "temporal",
        "proj_type2": "spectral",
        "att_weight11": "scores.vectors.0",
        "att_weight22": "scores.vectors.1",
        "att_weight12": "scores.vectors.2",
        "att_weightM": "master.vector",
        "att_projM": "master.project",
        "proj_with_attM": "master.attended",
        "proj_without_attM": "master.itself",
    }
    names = {"pos_S": "position", "pool_S.proj": "spectral.1.weigh", "pool_T.proj": "temporal.1.weigh"}
    for kind, ours in (("S", "spectral"), ("T", "temporal")):
        names |= {f"GAT_layer_{kind}.{name}": f"{ours}.0.{layer}" for name, layer in within.items()}
        names |= {f"pool_h{kind}{1 + i}.proj": f"stacks.{i}.pool_{ours}.weigh" for i in range(2)}
    for stack in range(2):
        names[f"master{stack + 1}"] = f"stacks.{stack}.master"
        for depth, ours in enumerate(("first", "second")):
            layer = f"HtrgGAT_layer_ST{stack + 1}{depth + 1}"
            names |= {f"{layer}.{name}": f"stacks.{stack}.{ours}.{part}" for name, part in across.items()}
    return {name: f"{inside}.{ours}" for name, ours in names.items()}
