"""Attribution along blur: gradients on the way from a smeared input to the sharp one.

Xu, Venugopalan and Sundararajan (2020), "Attribution in Scale and Space", https://arxiv.org/abs/2004.03383.
"""

import math
from typing import Final, Literal, final

import torch
from torch import Tensor
from torch.nn import functional as F

from bonafide.explain.detector.answer import Answer
from bonafide.explain.detector.attribution import Attributed, Case, Method, at_least
from bonafide.types import InputError

Border = Literal["zero", "reflect"]

_TRUNCATE: Final = 4.0  # deviations on either side of a kernel
_FINEST: Final = 0.2  # deviation below which a kernel changes nearly nothing


def blur(given: Tensor, sigma: float, border: Border = "zero") -> Tensor:
    """Smears features along rows and frames, and waveforms along time, by a Gaussian of unit sum.

    The kernel ends at four deviations, as that of `scipy.ndimage.gaussian_filter`.

    Args:
        given: `[batch, channels, bins, frames]` or `[batch, time]`.
        sigma: deviation in rows and frames, or samples; 0 changes nothing.
        border: what lies beyond the edges: zeros, or the mirrored input.
    """
    radius = int(_TRUNCATE * sigma + 0.5)
    if radius == 0:
        return given
    place = torch.arange(-radius, radius + 1, dtype=torch.float64)
    kernel = torch.exp(-0.5 * (place / sigma).square())
    kernel = (kernel / kernel.sum()).to(given)
    for axis in (-1, -2) if given.ndim == 4 else (-1,):
        if given.shape[axis] > 1:
            given = _smeared(given.transpose(axis, -1), kernel, border).transpose(axis, -1)
    return given


def _smeared(given: Tensor, kernel: Tensor, border: Border) -> Tensor:
    """Along the last axis, by a product of spectra: kernels may be longer than what they smear."""
    size, radius = given.shape[-1], len(kernel) // 2
    if border == "reflect":
        # Mirrored again and again, the input has a period of twice its length.
        period = torch.cat([given, given.flip(-1)], dim=-1)
        folded = torch.zeros(2 * size, dtype=kernel.dtype, device=kernel.device)
        places = torch.arange(-radius, radius + 1, device=kernel.device) % (2 * size)
        folded.index_add_(0, places, kernel)
        spectrum = torch.fft.rfft(period) * torch.fft.rfft(folded)
        smeared: Tensor = torch.fft.irfft(spectrum, 2 * size)
        return smeared[..., :size]
    length = 2 ** math.ceil(math.log2(size + 2 * radius))
    spectrum = torch.fft.rfft(F.pad(given, (0, length - size))) * torch.fft.rfft(kernel, length)
    smeared = torch.fft.irfft(spectrum, length)
    return smeared[..., radius : radius + size]


@final
class BlurIntegratedGradients(Method):
    """Integrated gradients whose path begins at the blurred input and has no reference from outside.

    The path is cut into steps, finer ones where the blur is weak, for most of an input goes there; each hands
    on the mean gradient of its two ends times what the blur takes away between them. The values add up to
    what the answer says of the input more than of its most blurred self.

    Args:
        steps: that the path is cut into.
        sigma: deviation of the strongest blur, in rows and frames (or samples, of a waveform).
        border: what lies beyond the edges: zeros, as published, or the mirrored input.
        faithful: the variant of Frank and Schönherr (2021), https://arxiv.org/abs/2111.02813: the mean
            gradient alone, which is no attribution and adds up to nothing (with `sigma: 100`).
        internal_batch_size: inputs times steps at a time.
    """

    def __init__(
        self,
        *,
        steps: int = 50,
        sigma: float = 50.0,
        border: Border = "zero",
        faithful: bool = False,
        internal_batch_size: int = 64,
    ) -> None:
        at_least("steps", steps, 1)
        at_least("internal_batch_size", internal_batch_size, 1)
        if not 0 < sigma < math.inf:
            raise InputError(f"attribute.sigma={sigma:g} must be above 0: a path needs a blurred end")
        if border not in {"zero", "reflect"}:
            raise InputError(f"attribute.border={border} is unknown; choose zero or reflect")
        self.steps, self.sigma, self.border, self.faithful = steps, sigma, border, faithful
        self.batch = internal_batch_size

    def attribute(self, answer: Answer, case: Case) -> Attributed:
        """See `Method.attribute`."""
        found = [self._integrate(answer, part) for part in torch.split(case.inputs, self.batch)]
        values = torch.cat(found)
        if self.faithful:
            return Attributed(values, None)
        smeared = Case(case.inputs, blur(case.inputs, self.sigma, self.border), case.background)
        sharp, dull = (answer.values(part, self.batch) for part in smeared[:2])
        return Attributed(values, sharp - dull)

    def sigmas(self) -> list[float]:
        """Deviation of the blur at the ends of the steps: evenly spaced as published, or by equal factors."""
        if self.faithful or self.steps == 1 or self.sigma <= _FINEST:
            return [self.sigma * step / self.steps for step in range(self.steps + 1)]
        factor = (self.sigma / _FINEST) ** (1 / (self.steps - 1))
        return [0.0, *(_FINEST * factor**step for step in range(self.steps - 1)), self.sigma]

    def _integrate(self, answer: Answer, inputs: Tensor) -> Tensor:
        each = max(1, self.batch // len(inputs))
        sigmas = self.sigmas()
        total = torch.zeros_like(inputs)
        last_place, last_gradient = inputs, inputs  # of step 0 there is nothing before
        for first in range(0, self.steps + 1, each):
            levels = range(first, min(first + each, self.steps + 1))
            places = torch.stack([blur(inputs, sigmas[level], self.border) for level in levels])
            gradients = _gradients(answer, places)
            if first:
                places = torch.cat([last_place[None], places])
                gradients = torch.cat([last_gradient[None], gradients])
            between = (gradients[1:] + gradients[:-1]) / 2
            if not self.faithful:
                between = between * (places[:-1] - places[1:])
            total += between.sum(0)
            last_place, last_gradient = places[-1], gradients[-1]
        return total / self.steps if self.faithful else total


def _gradients(answer: Answer, places: Tensor) -> Tensor:
    """`[steps, batch, …]` → gradient of each answer, of the same shape."""
    flat = places.flatten(0, 1).detach().requires_grad_()
    (found,) = torch.autograd.grad(answer(flat).sum(), flat)
    return found.view_as(places)
