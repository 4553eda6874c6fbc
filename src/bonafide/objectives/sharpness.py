"""Training towards flat minima: the gradient is taken at the worst point nearby.

Foret et al. (2021), "Sharpness-Aware Minimization for Efficiently Improving Generalization",
https://arxiv.org/abs/2010.01412, equation 2; adaptively: Kwon et al. (2021), "ASAM",
https://arxiv.org/abs/2102.11600, equation 10 with the element-wise operator. In audio-deepfake detection: Xie
et al. (2024), "The Codecfake Dataset and Countermeasures", https://arxiv.org/abs/2405.04880.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import final

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.utils import get_total_norm

from bonafide.types import InputError

_SMALLEST = 1e-12  # added to the norm


@final
class SAM:
    """Sharpness-aware minimization around any optimizer: every step computes two gradients.

    The weights climb by `rho g / ‖g‖`, the gradient is taken there, the weights come back, and the optimizer
    steps with that gradient. The norm is over all trained weights together. A gradient of any scale climbs
    alike, so neither a loss scaler nor clipping by norm changes where to.

    Args:
        rho: how far to climb.
        adaptive: ASAM: climbs by `rho w² g / ‖|w| g‖` instead, so that rescaling weights changes nothing.

    Raises:
        InputError: `rho` is not positive.
    """

    def __init__(self, rho: float = 0.05, *, adaptive: bool = False) -> None:
        if rho <= 0:
            raise InputError(f"task.rule.rho={rho:g} climbs nowhere; choose one above 0, or task/rule=null.")
        self.rho, self.adaptive = rho, adaptive

    @contextmanager
    def climbed(self, weights: Iterable[nn.Parameter], network: nn.Module) -> Iterator[None]:
        """Inside, the weights stand where their gradients lead up to; afterwards exactly where they stood.

        Running statistics of normalizations are put back too: they belong to the weights that stay.

        Args:
            weights: those that are trained, with their gradients.
            network: which they are of, for its statistics.
        """
        trained = [weight for weight in weights if weight.grad is not None]
        statistics = [
            buffer
            for module in network.modules()
            if isinstance(module, _NormBase)
            for buffer in module.buffers(recurse=False)
        ]
        places = [weight.detach().clone() for weight in trained]
        remembered = [buffer.clone() for buffer in statistics]
        self._climb(trained)
        try:
            yield
        finally:
            with torch.no_grad():
                for now, before in zip([*trained, *statistics], [*places, *remembered], strict=True):
                    now.copy_(before)

    @torch.no_grad()
    def _climb(self, trained: list[nn.Parameter]) -> None:
        gradients = [weight.grad for weight in trained if weight.grad is not None]
        sizes = [weight.abs() if self.adaptive else None for weight in trained]
        scaled = [
            gradient if size is None else size * gradient
            for gradient, size in zip(gradients, sizes, strict=True)
        ]
        step = self.rho / (get_total_norm(scaled) + _SMALLEST)
        for weight, size, gradient in zip(trained, sizes, scaled, strict=True):
            weight.add_(step.to(weight) * (gradient if size is None else size * gradient))
