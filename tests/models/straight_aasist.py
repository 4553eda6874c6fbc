"""The encoder and the graphs of AASIST as the paper and its released weights describe them, step by step.

Weights come under their released names; only evaluation, where no dropout acts.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

Weights = Mapping[str, Tensor]


class Sizes(NamedTuple):
    channels: int
    graph: tuple[int, int]
    pool: tuple[float, float, float]
    temperature: tuple[float, float, float] = (2.0, 2.0, 100.0)


def released_graph(sizes: Sizes, positions: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the released entries from the positions to the logits."""
    inner, outer = sizes.graph
    shapes: dict[str, tuple[int, ...]] = {"pos_S": (1, positions, sizes.channels)}
    shapes |= {f"master{stack}": (1, 1, inner) for stack in (1, 2)}
    for kind in "ST":
        layer = f"GAT_layer_{kind}"
        shapes[f"{layer}.att_weight"] = (inner, 1)
        for name in ("att_proj", "proj_with_att", "proj_without_att"):
            shapes |= linear_shapes(f"{layer}.{name}", inner, sizes.channels)
        shapes |= norm_shapes(f"{layer}.bn", inner)
        shapes |= linear_shapes(f"pool_{kind}.proj", 1, inner)
        for stack in (1, 2):
            shapes |= linear_shapes(f"pool_h{kind}{stack}.proj", 1, outer)
    for name, inputs in (("ST11", inner), ("ST21", inner), ("ST12", outer), ("ST22", outer)):
        layer = f"HtrgGAT_layer_{name}"
        shapes |= {f"{layer}.att_weight{pair}": (outer, 1) for pair in ("11", "22", "12", "M")}
        for part in ("proj_type1", "proj_type2"):
            shapes |= linear_shapes(f"{layer}.{part}", inputs, inputs)
        for part in (
            "att_proj", "proj_with_att", "proj_without_att",
            "att_projM", "proj_with_attM", "proj_without_attM",
        ):  # fmt: skip
            shapes |= linear_shapes(f"{layer}.{part}", outer, inputs)
        shapes |= norm_shapes(f"{layer}.bn", outer)
    return shapes | linear_shapes("out_layer", 2, 5 * outer)


def released_encoder(widths: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the released entries of the six residual blocks."""
    shapes: dict[str, tuple[int, ...]] = {}
    for depth, (inputs, outputs) in enumerate(zip([1, *widths], widths, strict=False)):
        block = f"encoder.{depth}.0"
        shapes |= norm_shapes(f"{block}.bn1", inputs) if depth else {}
        shapes |= {f"{block}.conv1.weight": (outputs, inputs, 2, 3), f"{block}.conv1.bias": (outputs,)}
        shapes |= norm_shapes(f"{block}.bn2", outputs)
        shapes |= {f"{block}.conv2.weight": (outputs, outputs, 2, 3), f"{block}.conv2.bias": (outputs,)}
        if inputs != outputs:
            layer = f"{block}.conv_downsample"
            shapes |= {f"{layer}.weight": (outputs, inputs, 1, 3), f"{layer}.bias": (outputs,)}
    return shapes


def linear_shapes(name: str, outputs: int, inputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def norm_shapes(name: str, size: int) -> dict[str, tuple[int, ...]]:
    whole = dict.fromkeys(("weight", "bias", "running_mean", "running_var"), (size,))
    return {f"{name}.{part}": shape for part, shape in whole.items()} | {f"{name}.num_batches_tracked": ()}


def drawn(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Random weights that keep the scale of what they read, and attend sharply in spite of temperatures."""
    weights = {}
    for name, shape in shapes.items():
        value = torch.randn(shape)
        if name.endswith("num_batches_tracked"):
            value = torch.tensor(1000)
        elif name.endswith("running_var"):
            value = value.abs() + 0.5
        elif "att_weight" in name:
            value = 10 * value
        elif len(shape) == 1:
            value = 0.2 * value + name.endswith("weight")
        elif name.endswith("weight"):
            value = value / value[0].numel() ** 0.5
        weights[name] = value
    return weights


def linear(w: Weights, name: str, x: Tensor) -> Tensor:
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def norm(w: Weights, name: str, x: Tensor, axis: int = 1) -> Tensor:
    shape = [-1 if i == axis % x.ndim else 1 for i in range(x.ndim)]
    mean, variance, scale, shift = (
        w[f"{name}.{part}"].reshape(shape) for part in ("running_mean", "running_var", "weight", "bias")
    )
    return (x - mean) / (variance + 1e-5).sqrt() * scale + shift


def block(w: Weights, name: str, x: Tensor) -> Tensor:
    """The published block: what `bn1` gives is not used."""
    y = F.conv2d(x, w[f"{name}.conv1.weight"], w[f"{name}.conv1.bias"], padding=(1, 1))
    y = F.selu(norm(w, f"{name}.bn2", y))
    y = F.conv2d(y, w[f"{name}.conv2.weight"], w[f"{name}.conv2.bias"], padding=(0, 1))
    if f"{name}.conv_downsample.weight" in w:
        layer = f"{name}.conv_downsample"
        x = F.conv2d(x, w[f"{layer}.weight"], w[f"{layer}.bias"], padding=(0, 1))
    return y + x


def products(w: Weights, name: str, x: Tensor) -> Tensor:
    return linear(w, f"{name}.att_proj", x[:, :, None] * x[:, None]).tanh()  # [batch, nodes, nodes, outputs]


def updated(w: Weights, name: str, x: Tensor, scores: Tensor) -> Tensor:
    y = linear(w, f"{name}.proj_with_att", scores.softmax(dim=2) @ x) + linear(
        w, f"{name}.proj_without_att", x
    )
    return F.selu(norm(w, f"{name}.bn", y, axis=2))


def attention(w: Weights, name: str, x: Tensor, temperature: float) -> Tensor:
    return updated(w, name, x, (products(w, name, x) @ w[f"{name}.att_weight"])[..., 0] / temperature)


def heterogeneous(  # noqa: PLR0917
    w: Weights, name: str, temporal: Tensor, spectral: Tensor, master: Tensor, temperature: float
) -> tuple[Tensor, Tensor, Tensor]:
    types = linear(w, f"{name}.proj_type1", temporal), linear(w, f"{name}.proj_type2", spectral)
    x, t = torch.cat(types, dim=1), temporal.shape[1]
    pairs = products(w, name, x)
    scores = (pairs @ w[f"{name}.att_weight12"])[..., 0]
    scores[:, :t, :t] = (pairs[:, :t, :t] @ w[f"{name}.att_weight11"])[..., 0]
    scores[:, t:, t:] = (pairs[:, t:, t:] @ w[f"{name}.att_weight22"])[..., 0]
    y = updated(w, name, x, scores / temperature)
    weight = linear(w, f"{name}.att_projM", x * master).tanh() @ w[f"{name}.att_weightM"] / temperature
    seen = (weight.softmax(dim=1) * x).sum(dim=1, keepdim=True)
    master = linear(w, f"{name}.proj_with_attM", seen) + linear(w, f"{name}.proj_without_attM", master)
    return y[:, :t], y[:, t:], master


def pooled(w: Weights, name: str, x: Tensor, ratio: float) -> Tensor:
    keep = max(int(x.shape[1] * ratio), 1)
    weight = linear(w, f"{name}.proj", x).sigmoid()
    best = weight[..., 0].argsort(dim=1, descending=True)[:, :keep]
    return torch.stack([(nodes * share)[order] for nodes, share, order in zip(x, weight, best, strict=True)])


def logits(w: Weights, sizes: Sizes, spectral: Tensor, temporal: Tensor) -> Tensor:
    """`[batch, bins, channels]` without positions, `[batch, times, channels]` → `[batch, 2]` as published."""
    (k1, k2, k3), (t1, t2, t3) = sizes.pool, sizes.temperature
    spectral = pooled(w, "pool_S", attention(w, "GAT_layer_S", spectral + w["pos_S"], t1), k1)
    temporal = pooled(w, "pool_T", attention(w, "GAT_layer_T", temporal, t2), k2)
    answers = []
    for stack in (1, 2):
        name = f"HtrgGAT_layer_ST{stack}"
        t, s, m = heterogeneous(w, f"{name}1", temporal, spectral, w[f"master{stack}"], t3)
        t, s = pooled(w, f"pool_hT{stack}", t, k3), pooled(w, f"pool_hS{stack}", s, k3)
        more = heterogeneous(w, f"{name}2", t, s, m, t3)
        answers.append([t + more[0], s + more[1], m + more[2]])
    t, s, m = (torch.maximum(*both) for both in zip(*answers, strict=True))
    read = [t.abs().amax(1), t.mean(1), s.abs().amax(1), s.mean(1), m[:, 0]]
    return linear(w, "out_layer", torch.cat(read, dim=1))
