"""The gated recurrent unit, trained on a CPU without a pass over the weights' gradient at every step.

Cho et al. (2014), "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine
Translation", https://arxiv.org/abs/1406.1078, with the reset behind the product, as torch has it.
"""

from typing import Any, final

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


def recur(gru: nn.GRU, x: Tensor) -> Tensor:
    """States of the last layer, `gru(x)[0]`, from a state of 0.

    Where torch unrolls a recurrent unit, on a CPU, each step adds a gradient of `[3 * size, size]` to that of
    the recurrent weights, which costs more than the rest of the backward pass. Here one product over all
    steps gives it. A unit of another form than RawNet2's, one that learns nothing now, or one on a GPU runs
    as torch has it.

    Args:
        gru: any; of several layers, too.
        x: `[batch, steps, inputs]`, or as the unit wants it.

    Returns:
        `[batch, steps, size]`.
    """
    learns = gru.training and torch.is_grad_enabled() and gru.weight_hh_l0.requires_grad
    ours = gru.batch_first and gru.bias and not gru.bidirectional and gru.dropout == 0 and x.ndim == 3
    states: Tensor
    if x.device.type == "cpu" and learns and ours:
        # The compiler leaves recurrent units of torch alone, too: it would write out every step.
        states = torch.compiler.disable(_unrolled)(gru, x)  # type: ignore[no-untyped-call]
    else:
        states, _ = gru(x)
    return states


def _unrolled(gru: nn.GRU, x: Tensor) -> Tensor:
    """`[batch, steps, inputs]` → `[batch, steps, size]`, layer by layer."""
    x = x.transpose(0, 1)
    for of_input, of_state, input_bias, state_bias in gru.all_weights:
        gates = F.linear(x, of_input, input_bias)  # [steps, batch, 3 * size], reduced under autocast
        weight, bias = of_state.to(gates.dtype), state_bias.to(gates.dtype)
        x = _Recurrence.apply(gates, weight, bias)  # type: ignore[no-untyped-call]
    return x.transpose(0, 1)


@final
class _Recurrence(torch.autograd.Function):
    """The steps of one layer: what the input says to the gates (reset, update, new) → the states.

    Of a state h, with the parts `U_r h + c_r` … of `weight h + bias`, it makes `(1 - z) n + z h` where
    `r = σ(gates_r + U_r h + c_r)`, `z = σ(gates_z + U_z h + c_z)`, `n = tanh(gates_n + r (U_n h + c_n))`.
    """

    @staticmethod
    def forward(ctx: Any, gates: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """`[steps, batch, 3 * size]`, `[3 * size, size]`, `[3 * size]` → `[steps, batch, size]`."""
        size = weight.shape[1]
        across = weight.t()
        state = gates.new_zeros(gates.shape[1], size)
        states, kept = [state], []
        with torch.autocast(gates.device.type, enabled=False):  # all is of one type already
            for step in gates.unbind():
                hidden = torch.addmm(bias, state, across)
                reset, update = (step[:, : 2 * size] + hidden[:, : 2 * size]).sigmoid().chunk(2, dim=1)
                heard = hidden[:, 2 * size :]
                new = torch.addcmul(step[:, 2 * size :], reset, heard).tanh()
                state = torch.lerp(new, state, update)
                kept.append((reset, update, new, heard))
                states.append(state)
        ctx.save_for_backward(weight, torch.stack(states), *map(torch.stack, zip(*kept, strict=True)))
        return torch.stack(states[1:])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`[steps, batch, size]` of the states → of gates, weight and bias."""
        weight, states, reset, update, new, heard = ctx.saved_tensors
        size = weight.shape[1]
        # What a gradient of a state is multiplied by on its way to each gate, for all steps at once.
        to_new = (1 - update) * (1 - new * new)
        to_update = (states[:-1] - new) * update * (1 - update)
        to_reset = heard * reset * (1 - reset)
        slope = torch.zeros_like(states[0])
        by_step, hidden_by_step = [], []
        with torch.autocast(grad.device.type, enabled=False):
            for step in reversed(range(len(grad))):
                slope = slope + grad[step]
                d_new, d_update = slope * to_new[step], slope * to_update[step]
                hidden = torch.cat([d_new * to_reset[step], d_update, d_new * reset[step]], dim=1)
                slope = torch.addmm(slope * update[step], hidden, weight)
                by_step.append(d_new)
                hidden_by_step.append(hidden)
            d_hidden = torch.stack(hidden_by_step[::-1])  # [steps, batch, 3 * size]
            d_gates = torch.cat([d_hidden[..., : 2 * size], torch.stack(by_step[::-1])], dim=-1)
            flat = d_hidden.flatten(0, 1)
            return d_gates, flat.t() @ states[:-1].flatten(0, 1), flat.sum(0)
