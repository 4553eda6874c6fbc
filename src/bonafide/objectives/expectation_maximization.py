"""Expectation-maximization of a mixture of Gaussians, a block of frames at a time.

Dempster, Laird and Rubin (1977), "Maximum Likelihood from Incomplete Data via the EM Algorithm"; Bishop
(2006), "Pattern Recognition and Machine Learning", section 9.2.2. One iteration gathers `Σ_t γ_tk φ(x_t)`
over all frames, where `φ` are the monomials of `bonafide.models.mixture`, and reads the likeliest mixture off
them. Statistics of blocks, batches and processes add up.
"""

from typing import Final, NamedTuple, final

import torch
from torch import Tensor

from bonafide.models.mixture import Covariance, Mixture, block, monomials, natural

EMPTY: Final = 1e-3
"""Frames' worth of responsibility below which a component explains nothing."""

APART: Final = 0.05
"""How far the halves of a split component move from its mean, in its standard deviations. The likelihood of
Gaussian frames changes by the fourth power of it."""


@final
class Statistics(NamedTuple):
    """What the frames say about a mixture.

    Args:
        moments: `[components, monomials]`, `Σ_t γ_tk φ(x_t)`; the first column counts frames.
        log_likelihood: `[]`, `Σ_t ln p(x_t)`.
    """

    moments: Tensor
    log_likelihood: Tensor

    @property
    def frames(self) -> Tensor:
        """How many frames these are of, `[]`."""
        return self.moments[:, 0].sum()

    @property
    def mean(self) -> Tensor:
        """Log-likelihood of a frame, `[]`; not a number if there are none."""
        return self.log_likelihood / self.frames

    def plus(self, other: "Statistics") -> "Statistics":
        """Of both sets of frames."""
        return Statistics(self.moments + other.moments, self.log_likelihood + other.log_likelihood)


def expectation(frames: Tensor, mixture: Mixture) -> Statistics:
    """E-step: the responsibilities `γ_tk = w_k N(x_t; k) / p(x_t)` of the components, summed up over frames.

    Args:
        frames: `[frames, bins]`; there may be none.
        mixture: one, not a stack.
    """
    exactly = mixture.to(frames)
    coefficients = natural(exactly)
    moments, total = torch.zeros_like(coefficients.mT), coefficients.new_zeros(())
    for part in torch.split(frames, block(mixture.covariance, frames.shape[1])):
        basis = monomials(part, mixture.covariance)
        joint = basis @ coefficients  # [frames, components] ln (w N)
        if not len(joint):
            continue
        top = joint.amax(1, keepdim=True)
        responsibility = joint.sub_(top).exp_()
        density = responsibility.sum(1, keepdim=True)
        total += (top + density.log()).sum()
        moments += responsibility.div_(density).mT @ basis
    return Statistics(moments, total)


def maximization(statistics: Statistics, mixture: Mixture, *, floor: float) -> Mixture:
    """M-step: the mixture that is likeliest for the responsibilities, with no variance below a floor.

    The floor is a bound on the variances of diagonal covariances and on the eigenvalues of full ones, so the
    result is still the likeliest of those allowed. A component that explains nothing becomes one half of the
    heaviest one.

    Args:
        statistics: of all frames; without frames the mixture stays as it is.
        mixture: that they were gathered with.
        floor: smallest variance, in squared units of the features.

    Returns:
        In the precision of the statistics.
    """
    exactly = mixture.to(statistics.moments)
    if not statistics.frames > 0:
        return exactly
    bins = mixture.means.shape[-1]
    counts = statistics.moments[:, 0]
    moments = statistics.moments[:, 1:] / counts.clamp_min(EMPTY)[:, None]
    means = moments[:, :bins]
    scales = _scales(means, moments[:, bins:], mixture.covariance, floor)
    empty = counts < EMPTY
    means[empty], scales[empty] = exactly.means[empty], exactly.scales[empty]
    weights = (counts / counts.sum()).clamp_min(torch.finfo(torch.float32).tiny)
    return _without_empty(Mixture(weights.log(), means, scales), counts)


def _scales(means: Tensor, seconds: Tensor, covariance: Covariance, floor: float) -> Tensor:
    """From `E x_i`, `[components, bins]`, and `E x_i x_j`."""
    if covariance == "diagonal":
        return (seconds - means.square()).clamp_min(floor).sqrt()
    components, bins = means.shape
    row, column = torch.triu_indices(bins, bins, device=means.device)
    second = means.new_zeros(components, bins, bins)
    second[:, row, column] = second[:, column, row] = seconds
    values, vectors = torch.linalg.eigh(second - means[:, :, None] * means[:, None, :])
    # L of V λ Vᵀ is the transposed R of (V √λ)ᵀ, up to the signs of its columns.
    factor: Tensor = torch.linalg.qr((vectors * values.clamp_min(floor).sqrt()[:, None]).mT).R.mT
    return factor * factor.diagonal(dim1=-2, dim2=-1).sign()[:, None]


def _without_empty(mixture: Mixture, counts: Tensor) -> Mixture:
    """Empty components take half of the heaviest ones, as many as there are."""
    order = counts.argsort(descending=True)
    empty = order[counts[order] < EMPTY]
    full = order[: len(order) - len(empty)]
    if not len(empty) or not len(full):
        return mixture
    empty, split = empty[: len(full)], full[: len(empty)]
    log_weights, means, scales = (part.clone() for part in mixture)
    for part in (log_weights, means, scales):
        part[empty] = part[split]
    log_weights[torch.cat([empty, split])] -= torch.log(torch.tensor(2.0)).to(log_weights)
    # A step along the first Cholesky column keeps within the component's own shape.
    step = torch.zeros_like(means[split])
    if mixture.covariance == "diagonal":
        widest = scales[split].argmax(1, keepdim=True)
        step.scatter_(1, widest, APART * scales[split].gather(1, widest))
    else:
        step = APART * scales[split][..., 0]
    means[empty] += step
    means[split] -= step
    return Mixture(log_weights.log_softmax(0), means, scales)


@torch.no_grad()
def climb(frames: Tensor, mixture: Mixture, iterations: int, *, floor: float) -> tuple[Mixture, float]:
    """So many iterations over frames at hand.

    Args:
        frames: `[frames, bins]`.
        mixture: to start from.
        iterations: exactly so many; 0 returns the start.
        floor: see `maximization`.

    Returns:
        The mixture and the log-likelihood of a frame under it.
    """
    for _ in range(iterations):
        mixture = maximization(expectation(frames, mixture), mixture, floor=floor)
    return mixture, float(expectation(frames, mixture).mean)
