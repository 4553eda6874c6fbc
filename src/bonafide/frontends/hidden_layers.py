"""Which layers of a pre-trained encoder become features.

The learnt weighting is that of Yang et al. (2021), "SUPERB: Speech processing Universal PERformance
Benchmark", https://arxiv.org/abs/2105.01051, section 3.
"""

from collections.abc import Sequence
from typing import Final, Literal, final

import torch
from torch import Tensor, nn

from bonafide.types import InputError

Layers = int | Sequence[int] | Literal["weighted", "last"]

LAST: Final = "last"
WEIGHTED: Final = "weighted"


@final
class HiddenLayers(nn.Module):
    """Takes what is wanted from the residual stream of an encoder.

    State 0 is what enters the first layer, state k what leaves layer k, before any norm that follows the
    whole stack.

    Args:
        layers: one state; several, as channels; `"weighted"`, the sum of all with learnt weights that add up
            to 1; `"last"`, the output of the whole encoder, its final norm included.
        available: layers of the encoder.
        name: of the encoder, for errors.

    Shape:
        states `[batch, frames, hidden]` → `[batch, channels, hidden, frames]`.

    Raises:
        InputError: the encoder has no such layer.

    >>> chosen = HiddenLayers([1, 3], available=12, name="an encoder")
    >>> chosen.depth, chosen.channels
    (3, 2)
    """

    def __init__(self, layers: Layers, *, available: int, name: str) -> None:
        super().__init__()
        self.final_norm = layers == LAST
        self.logits: nn.Parameter | None = None
        if isinstance(layers, str):
            if layers not in {LAST, WEIGHTED}:
                raise InputError(
                    f'layers={layers} is not a choice; give a number, a list, "weighted" or "last".'
                )
            self.wanted = [available] if layers == LAST else list(range(available + 1))
            if layers == WEIGHTED:
                self.logits = nn.Parameter(torch.zeros(available + 1))
        else:
            self.wanted = [layers] if isinstance(layers, int) else list(layers)
        outside = [layer for layer in self.wanted if not 0 <= layer <= available]
        if outside or not self.wanted:
            found = f"layer {outside[0]}" if outside else "an empty list of layers"
            raise InputError(
                f"{name} has layers 0 to {available}, not {found}; choose frontend.layers among them."
            )

    @property
    def depth(self) -> int:
        """Layers that must be computed."""
        return max(self.wanted)

    @property
    def channels(self) -> int:
        """Of the features."""
        return 1 if self.logits is not None else len(self.wanted)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the channels; none if there is only one."""
        return tuple(f"layer {layer}" for layer in self.wanted) if self.channels > 1 else ()

    def forward(self, states: Sequence[Tensor]) -> Tensor:
        """All states up to `depth`, each `[batch, frames, hidden]` → `[batch, channels, hidden, frames]`."""
        chosen = torch.stack([states[layer] for layer in self.wanted], dim=1).float()
        if self.logits is not None:
            weights = self.logits.softmax(dim=0)[:, None, None]
            chosen = (weights * chosen).sum(dim=1, keepdim=True)
        return chosen.transpose(2, 3)
