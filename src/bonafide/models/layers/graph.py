"""Attention among nodes that are all connected, across two kinds of nodes and a master; pooling of nodes.

Jung et al. (2022), "AASIST: Audio Anti-Spoofing using Integrated Spectro-Temporal Graph Attention Networks",
https://arxiv.org/abs/2110.01200, sections 2.2 and 3.
"""

from collections.abc import Sequence
from typing import Final, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

DROPOUT: Final = 0.2
POOL_DROPOUT: Final = 0.3


def score_vector(size: int) -> nn.Parameter:
    """`[size, 1]`, drawn as Xavier and normal."""
    return nn.Parameter(nn.init.xavier_normal_(torch.empty(size, 1)))


def _sum(first: nn.Linear, x: Tensor, second: nn.Linear, y: Tensor) -> Tensor:
    """`first(x) + second(y)` by one product over both: `[..., inputs]` each → `[..., outputs]`.

    Not two products only to add them: the biases of both then have the same gradient, and inductor, which
    computes such a sum once, writes C++ that declares it twice when it compiles bfloat16 for a CPU.
    """
    weight = torch.cat([first.weight, second.weight], dim=1)  # [outputs, 2 * inputs]
    return F.linear(torch.cat([x, y], dim=-1), weight, first.bias + second.bias)


@final
class PairScores(nn.Module):
    """How much each node attends to each: `v · tanh(W (x ⊙ y) + b)` for every pair of nodes x, y.

    A pair scores the same from both ends, so each is computed once: half the work and half the memory of
    `[batch, nodes, nodes, outputs]`.

    Args:
        inputs: size of a node.
        outputs: size of the projected product.
        kinds: nodes of each kind, which lie one kind after the other; one or two. With two kinds, `v` is one
            vector for pairs within the first, one within the second, one across.

    Shape:
        `[batch, nodes, inputs]` → `[batch, nodes, nodes]`, symmetric.
    """

    first: Tensor
    second: Tensor
    place: Tensor

    def __init__(self, inputs: int, outputs: int, kinds: Sequence[int]) -> None:
        super().__init__()
        self.project = nn.Linear(inputs, outputs)
        vectors = 1 if len(kinds) == 1 else 3
        self.vectors = nn.ParameterList([score_vector(outputs) for _ in range(vectors)])
        kind = torch.arange(len(kinds)).repeat_interleave(torch.tensor(kinds))  # [nodes]
        which = torch.where(kind[:, None] == kind, kind, 2)  # [nodes, nodes]: the vector of a pair
        nodes = len(kind)
        first, second = torch.triu_indices(nodes, nodes)  # [pairs] each
        pair = torch.zeros(nodes, nodes, dtype=torch.int64)
        pair[first, second] = pair[second, first] = torch.arange(len(first))
        self.register_buffer("first", first, persistent=False)
        self.register_buffer("second", second, persistent=False)
        # Where the score of two nodes lies among those of all pairs by all vectors.
        self.register_buffer("place", (pair * vectors + which).flatten(), persistent=False)

    def forward(self, nodes: Tensor) -> Tensor:
        """`[batch, nodes, inputs]` → `[batch, nodes, nodes]`, symmetric."""
        pairs = nodes.index_select(1, self.first) * nodes.index_select(1, self.second)
        scores = self.project(pairs).tanh() @ torch.cat(list(self.vectors), dim=1)  # [batch, pairs, vectors]
        count = nodes.shape[1]
        square: Tensor = scores.flatten(1).index_select(1, self.place).view(-1, count, count)
        return square


@final
class NodeUpdate(nn.Module):
    """What a node becomes: itself and what it attends to, each through a layer of its own.

    Args:
        inputs: size of a node before.
        outputs: size of a node after.

    Shape:
        `[batch, nodes, inputs]` and `[batch, nodes, nodes]` → `[batch, nodes, outputs]`.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.attended = nn.Linear(inputs, outputs)
        self.itself = nn.Linear(inputs, outputs)
        self.norm = nn.BatchNorm1d(outputs)
        self.activation = nn.SELU()

    def forward(self, nodes: Tensor, attention: Tensor) -> Tensor:
        """`[batch, nodes, inputs]`, attention with rows of sum 1 → `[batch, nodes, outputs]`."""
        mixed = _sum(self.attended, attention @ nodes, self.itself, nodes)
        updated: Tensor = self.activation(self.norm(mixed.flatten(0, 1))).unflatten(0, mixed.shape[:2])
        return updated


@final
class GraphAttention(nn.Module):
    """Every node attends to every node of its kind.

    Args:
        inputs: size of a node before.
        outputs: size of a node after.
        nodes: in the graph.
        temperature: what the scores are divided by; a higher one spreads the attention.

    Shape:
        `[batch, nodes, inputs]` → `[batch, nodes, outputs]`.
    """

    def __init__(self, inputs: int, outputs: int, nodes: int, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature
        self.dropout = nn.Dropout(DROPOUT)
        self.scores = PairScores(inputs, outputs, [nodes])
        self.update = NodeUpdate(inputs, outputs)

    def forward(self, nodes: Tensor) -> Tensor:
        """`[batch, nodes, inputs]` → `[batch, nodes, outputs]`."""
        nodes = self.dropout(nodes)
        attention = (self.scores(nodes) / self.temperature).softmax(dim=-1)
        updated: Tensor = self.update(nodes, attention)
        return updated


@final
class MasterAttention(nn.Module):
    """The master node attends to all nodes.

    Args:
        inputs: size of a node and of the master before.
        outputs: size of the master after.
        temperature: what the scores are divided by.

    Shape:
        `[batch, nodes, inputs]` and `[batch or 1, 1, inputs]` → `[batch, 1, outputs]`.
    """

    def __init__(self, inputs: int, outputs: int, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature
        self.project = nn.Linear(inputs, outputs)
        self.vector = score_vector(outputs)
        self.attended = nn.Linear(inputs, outputs)
        self.itself = nn.Linear(inputs, outputs)

    def forward(self, nodes: Tensor, master: Tensor) -> Tensor:
        """`[batch, nodes, inputs]`, `[batch or 1, 1, inputs]` → `[batch, 1, outputs]`."""
        scores = self.project(nodes * master).tanh() @ self.vector  # [batch, nodes, 1]
        attention = (scores / self.temperature).softmax(dim=1)
        attended = attention.mT @ nodes  # [batch, 1, inputs]
        return _sum(self.attended, attended, self.itself, master.expand_as(attended))


@final
class HeterogeneousAttention(nn.Module):
    """Temporal and spectral nodes attend to each other and among themselves; a master attends to all.

    Args:
        inputs: size of a node before.
        outputs: size of a node after.
        temporal: nodes of this kind.
        spectral: nodes of this kind.
        temperature: what the scores are divided by.

    Shape:
        `[batch, temporal, inputs]`, `[batch, spectral, inputs]`, `[batch or 1, 1, inputs]` → the same with
        `outputs` and `batch`.
    """

    def __init__(self, inputs: int, outputs: int, temporal: int, spectral: int, temperature: float) -> None:
        super().__init__()
        self.sizes = [temporal, spectral]
        self.temperature = temperature
        self.temporal = nn.Linear(inputs, inputs)
        self.spectral = nn.Linear(inputs, inputs)
        self.dropout = nn.Dropout(DROPOUT)
        self.scores = PairScores(inputs, outputs, self.sizes)
        self.update = NodeUpdate(inputs, outputs)
        self.master = MasterAttention(inputs, outputs, temperature)

    def forward(self, temporal: Tensor, spectral: Tensor, master: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Temporal nodes, spectral nodes, master → the same, updated."""
        nodes = self.dropout(torch.cat([self.temporal(temporal), self.spectral(spectral)], dim=1))
        attention = (self.scores(nodes) / self.temperature).softmax(dim=-1)
        temporal, spectral = self.update(nodes, attention).split(self.sizes, dim=1)
        return temporal, spectral, self.master(nodes, master)


@final
class GraphPooling(nn.Module):
    """Weighs the nodes and keeps the weightiest, in the order of their weight.

    Gao and Ji (2019), "Graph U-Nets", https://arxiv.org/abs/1905.05178.

    Args:
        size: of a node.
        keep: nodes that remain; `kept` says how many.

    Shape:
        `[batch, nodes, size]` → `[batch, keep, size]`.
    """

    def __init__(self, size: int, keep: int) -> None:
        super().__init__()
        self.keep = keep
        self.dropout = nn.Dropout(POOL_DROPOUT)
        self.weigh = nn.Linear(size, 1)

    def forward(self, nodes: Tensor) -> Tensor:
        """`[batch, nodes, size]` → `[batch, keep, size]`."""
        weight = self.weigh(self.dropout(nodes)).sigmoid()  # [batch, nodes, 1]
        most, place = weight.topk(self.keep, dim=1)
        kept: Tensor = nodes.gather(1, place.expand(-1, -1, nodes.shape[-1])) * most
        return kept


def kept(nodes: int, ratio: float) -> int:
    """How many nodes a pooling by `ratio` leaves; at least one.

    >>> kept(29, 0.7), kept(20, 0.5), kept(1, 0.5)
    (20, 10, 1)
    """
    return max(int(nodes * ratio), 1)
