"""Mixtures of Gaussians: their densities as matrix products, and where to start them.

A Gaussian is an exponential family: `ln (w N(x; μ, Σ))` is linear in the monomials of `x`, so the densities
of all frames under all components are one matrix product of monomials and natural parameters, and so are the
statistics that EM gathers. Bishop (2006), "Pattern Recognition and Machine Learning", sections 2.4 and 9.2.
The expanded square cancels where a component is narrow and far from the origin; double precision leaves ten
digits there, and neither TF32 nor autocast touches it.
"""

import math
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from bonafide.types import InputError

Covariance = Literal["diagonal", "full"]


class Mixture(NamedTuple):
    """Gaussians with weights; several mixtures can be stacked in front.

    Args:
        log_weights: `[..., components]`, whose exponentials add up to 1.
        means: `[..., components, bins]`.
        scales: of the covariances `Σ`: `[..., components, bins]` standard deviations if they are diagonal,
            `[..., components, bins, bins]` lower Cholesky factors `L`, `Σ = L Lᵀ`, if they are full.
    """

    log_weights: Tensor
    means: Tensor
    scales: Tensor

    @property
    def covariance(self) -> Covariance:
        """What the covariances are like."""
        return "diagonal" if self.scales.dim() == self.means.dim() else "full"

    def to(self, reference: Tensor) -> "Mixture":
        """On the device of `reference`, in the precision that densities need there."""
        return Mixture(*(part.to(reference.device, exact(reference)) for part in self))


def exact(frames: Tensor) -> torch.dtype:
    """Double precision, where the device has it."""
    return torch.float32 if frames.device.type == "mps" else torch.float64


def monomials(frames: Tensor, covariance: Covariance) -> Tensor:
    """`1, x_i, x_i²`, or `1, x_i, x_i x_j` with `i ≤ j`: what the density of a Gaussian is linear in.

    Shape:
        `[frames, bins]` → `[frames, 1 + 2 bins]`, or `[frames, 1 + bins + bins (bins + 1) / 2]`.

    >>> monomials(torch.tensor([[2.0, 3.0]]), "diagonal")
    tensor([[1., 2., 3., 4., 9.]], dtype=torch.float64)
    >>> monomials(torch.tensor([[2.0, 3.0]]), "full")
    tensor([[1., 2., 3., 4., 6., 9.]], dtype=torch.float64)
    """
    x = frames.to(exact(frames))
    if covariance == "diagonal":
        products = x.square()
    else:
        row, column = torch.triu_indices(x.shape[1], x.shape[1], device=x.device)
        products = x[:, row] * x[:, column]
    return torch.cat([x.new_ones(len(x), 1), x, products], dim=1)


def natural(mixture: Mixture) -> Tensor:
    """Coefficients of `monomials` that give `ln (w_k N(x; μ_k, Σ_k))`.

    Shape:
        mixture → `[..., monomials, components]`.
    """
    bins = mixture.means.shape[-1]
    if mixture.covariance == "diagonal":
        whitened = mixture.means / mixture.scales  # L⁻¹ μ
        linear = whitened / mixture.scales  # Σ⁻¹ μ
        quadratic = -0.5 / mixture.scales.square()
        spread = mixture.scales.log().sum(-1)  # ½ ln |Σ|
    else:
        identity = torch.eye(bins, dtype=mixture.means.dtype, device=mixture.means.device)
        inverse = torch.linalg.solve_triangular(
            mixture.scales, identity.expand_as(mixture.scales), upper=False
        )
        whitened = (inverse @ mixture.means[..., None])[..., 0]
        linear = (inverse.mT @ whitened[..., None])[..., 0]
        precision = inverse.mT @ inverse
        row, column = torch.triu_indices(bins, bins, device=precision.device)
        quadratic = -precision[..., row, column] * (1 - 0.5 * (row == column))
        spread = mixture.scales.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    constant = mixture.log_weights - spread - 0.5 * (bins * math.log(2 * math.pi) + whitened.square().sum(-1))
    return torch.cat([constant[..., None], linear, quadratic], dim=-1).mT


def block(covariance: Covariance, bins: int) -> int:
    """Frames that are treated at once: megabytes of monomials, few enough calls that threads seldom wait."""
    return 16_384 if covariance == "diagonal" else max(1, 2**23 // (bins * (bins + 3)))


def log_likelihood(frames: Tensor, mixture: Mixture) -> Tensor:
    """`ln p(x)` of every frame under each mixture.

    Shape:
        frames `[frames, bins]`, mixture → `[..., frames]` in double precision.

    >>> one = Mixture(torch.zeros(1), torch.zeros(1, 2), torch.ones(1, 2))
    >>> log_likelihood(torch.tensor([[0.0, 1.0]]), one).item() == -math.log(2 * math.pi) - 0.5
    True
    """
    exactly = mixture.to(frames)
    coefficients = natural(exactly)
    parts = torch.split(frames, block(mixture.covariance, frames.shape[1]))
    found = [(monomials(part, mixture.covariance) @ coefficients).logsumexp(-1) for part in parts]
    return torch.cat(found, dim=-1)


def random_frames(frames: Tensor, components: int, covariance: Covariance) -> Mixture:
    """Equal weights, different frames as means, unit covariances: WaveFake's start.

    Args:
        frames: `[frames, bins]` that the means are taken from.
        components: Gaussians.
        covariance: what they are like.

    Raises:
        InputError: there are fewer frames than components.
    """
    x = _enough(frames, components)
    means = x[torch.randperm(len(x), device="cpu")[:components].to(x.device)]
    deviation = x.new_ones(x.shape[1])
    scale = deviation if covariance == "diagonal" else deviation.diag()
    return Mixture(
        x.new_full((components,), -math.log(components)),
        means,
        scale.expand(components, *scale.shape).clone(),
    )


def kmeans_plus_plus(frames: Tensor, components: int, covariance: Covariance) -> Mixture:
    """Frames far from each other as means, the share of frames nearest to each as weights, one covariance.

    Each mean is drawn with a probability that grows with the squared distance from those already drawn:
    Arthur and Vassilvitskii (2007), "k-means++: The Advantages of Careful Seeding", SODA. Bins are divided by
    their deviation first, so that none decides by its unit. The covariance is that of the frames around the
    means nearest to them.

    Args:
        frames: `[frames, bins]` that the means are taken from.
        components: Gaussians.
        covariance: what they are like.

    Raises:
        InputError: there are fewer frames than components.
    """
    x = _enough(frames, components)
    tiny = torch.finfo(x.dtype).tiny
    deviation = x.std(0, correction=0)
    scaled = (x - x.mean(0)) / deviation.masked_fill(deviation == 0, 1.0)
    norms = scaled.square().sum(1)
    distance = torch.full_like(norms, math.inf)
    nearest = torch.zeros(len(x), dtype=torch.long, device=x.device)
    seeds: list[Tensor] = []
    odds = torch.ones_like(norms)
    for place in range(components):  # a seed depends on all before it
        drawn = torch.multinomial(odds.cpu(), 1).to(x.device)
        seeds.append(drawn)
        seed = scaled[drawn[0]]
        found = (norms - 2 * (scaled @ seed) + seed.square().sum()).clamp_min(0)
        found[drawn] = 0
        nearest[found < distance] = place
        distance = torch.minimum(distance, found)
        odds = distance.clamp_min(tiny)  # frames that are all alike leave no distance
    means = x[torch.cat(seeds)]
    shares = torch.bincount(nearest, minlength=components).clamp_min(1).to(x)
    around = x - means[nearest]
    if covariance == "diagonal":
        scale = around.square().mean(0).clamp_min(torch.finfo(torch.float32).eps).sqrt()
    else:
        scatter = around.mT @ around / len(x)
        ridge = torch.finfo(torch.float32).eps * scatter.diagonal().mean().clamp_min(1.0)
        scale = torch.linalg.cholesky(scatter + ridge * torch.eye(len(scatter)).to(x))
    return Mixture((shares / shares.sum()).log(), means, scale.expand(components, *scale.shape).clone())


def _enough(frames: Tensor, components: int) -> Tensor:
    if len(frames) < components:
        raise InputError(
            f"a mixture of {components} Gaussians cannot start from {len(frames)} frames; "
            "lower model.components or train on more data"
        )
    return frames.to(exact(frames))
