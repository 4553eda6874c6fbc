"""EM of a Gaussian mixture with diagonal covariances, against scikit-learn, and against full matrices.

All sides start from the same mixture, make the same iterations on the same float32 frames, and must arrive at
the same log-likelihood. The full matrices are those that one gets by taking the diagonal for a special case:
torch's `MultivariateNormal` of `diag(σ²)`, and sums over `[frames, components, bins]`.

Run: `.venv/bin/python benchmarks/gmm_em.py`
"""

import warnings
from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from sklearn.mixture import GaussianMixture
from torch import Tensor
from torch.distributions import MultivariateNormal

from bonafide.models.mixture import Mixture, random_frames
from bonafide.objectives.expectation_maximization import expectation, maximization

FRAMES, FEW, BINS, COMPONENTS, CLUSTERS = 200_000, 4_000, 60, 128, 40
THREADS, WARM_UP, REPEATS, ITERATIONS = 2, 1, 7, 3
FLOOR, HIGH_FLOOR = 1e-6, 1e-2  # of variances; components with a frame or two need the high one


def speechlike(frames: int) -> Tensor:
    """Overlapping clusters, as standardized cepstra have them, `[frames, bins]` float32."""
    generator = torch.Generator().manual_seed(0)
    centres = 1.5 * torch.randn(CLUSTERS, BINS, generator=generator)
    of = torch.randint(CLUSTERS, (frames,), generator=generator)
    return centres[of] + torch.randn(frames, BINS, generator=generator)


def ours(frames: Tensor, start: Mixture, floor: float = FLOOR) -> float:
    """Log-likelihood of a frame in the last E-step."""
    mixture, reached = start, torch.zeros(())
    for _ in range(ITERATIONS):
        statistics = expectation(frames, mixture)
        mixture, reached = maximization(statistics, mixture, floor=floor), statistics.mean
    return float(reached)


def scikit_learn(frames: np.ndarray[Any, Any], start: Mixture) -> float:
    """Its lower bound, which is the same figure."""
    model = GaussianMixture(
        COMPONENTS,
        covariance_type="diag",
        weights_init=start.log_weights.exp().numpy(),
        means_init=start.means.numpy(),
        precisions_init=start.scales.numpy(),  # unit variances are their own inverses
        init_params="random_from_data",
        max_iter=ITERATIONS,
        tol=0.0,
        reg_covar=FLOOR,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        model.fit(frames)
    return float(model.lower_bound_)


def full_matrices(frames: Tensor, start: Mixture) -> float:
    """A diagonal is a full matrix with zeros."""
    log_weights, means, variances = (part.float() for part in start)
    reached = torch.zeros(())
    for _ in range(ITERATIONS):
        components = MultivariateNormal(means, covariance_matrix=variances.diag_embed())
        joint = log_weights + components.log_prob(frames[:, None])  # type: ignore[no-untyped-call]
        density = joint.logsumexp(1, keepdim=True)
        responsibility = (joint - density).exp()[..., None]
        counts, reached = responsibility.sum(0), density.mean()
        means = (responsibility * frames[:, None]).sum(0) / counts
        squares = (responsibility * (frames[:, None] - means).square()).sum(0)
        variances = (squares / counts).clamp_min(HIGH_FLOOR)
        log_weights = (counts[:, 0] / len(frames)).log()
    return float(reached)


def seconds(side: Callable[[], float]) -> tuple[float, float]:
    """How long it takes, and what it finds."""
    start = perf_counter()
    found = side()
    return perf_counter() - start, found


def compare(name: str, fast: Callable[[], float], slow: Callable[[], float]) -> None:
    """The sides take turns, and the ratio is taken turn by turn, so that a busy machine hits both alike."""
    turns = []
    for _ in range(WARM_UP + REPEATS):
        (quick, one), (long, two) = seconds(fast), seconds(slow)
        if abs(one - two) > 1e-3:
            raise AssertionError(f"{name}: log-likelihoods of a frame {one:.6f} and {two:.6f} differ")
        turns.append((quick, long))
    one_side, other = (median(side) for side in zip(*turns[WARM_UP:], strict=True))
    ratio = median(long / quick for quick, long in turns[WARM_UP:])
    print(f"  {name:32} ours {1e3 * one_side:8.1f} ms   theirs {1e3 * other:9.1f} ms   ratio {ratio:6.2f}")


@torch.inference_mode()
def main() -> None:
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    frames = speechlike(FRAMES)
    start = random_frames(frames, COMPONENTS, "diagonal")
    print(f"torch {torch.__version__} on cpu, {THREADS} threads; {COMPONENTS} components of {BINS} bins")
    print(f"{ITERATIONS} iterations a turn, median of {REPEATS} turns after {WARM_UP}")
    for kind in (np.float32, np.float64):
        array = frames.numpy().astype(kind)
        compare(
            f"scikit-learn {array.dtype}, {FRAMES}",
            partial(ours, frames, start),
            partial(scikit_learn, array, start),
        )
    few = frames[:FEW]
    compare(
        f"full matrices float32, {FEW}",
        partial(ours, few, start, HIGH_FLOOR),
        partial(full_matrices, few, start),
    )


if __name__ == "__main__":
    main()
