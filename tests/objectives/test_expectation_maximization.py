"""EM: its laws, the closed form of one Gaussian, scikit-learn from the same start, and a planted mixture."""

import math
import warnings

import pytest
import torch
from sklearn.mixture import GaussianMixture
from torch import Tensor

from bonafide.models.mixture import Covariance, Mixture, log_likelihood, random_frames
from bonafide.objectives.expectation_maximization import Statistics, climb, expectation, maximization

BOTH: list[Covariance] = ["diagonal", "full"]
FLOOR = 1e-9


def planted(frames: int, bins: int = 4, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Frames of three Gaussians with shares 0.5, 0.3 and 0.2, and where these are."""
    generator = torch.Generator().manual_seed(seed)
    means = 6 * torch.randn(3, bins, generator=generator, dtype=torch.float64)
    of = torch.multinomial(torch.tensor([0.5, 0.3, 0.2]), frames, replacement=True, generator=generator)
    return means[of] + torch.randn(frames, bins, generator=generator, dtype=torch.float64), means


def start(frames: Tensor, components: int, covariance: Covariance, seed: int = 0) -> Mixture:
    torch.manual_seed(seed)
    return random_frames(frames, components, covariance)


def close(found: Mixture, wanted: Mixture, tolerance: float = 1e-9) -> None:
    for one, two in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, two, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("covariance", BOTH)
@pytest.mark.parametrize("floor", [FLOOR, 0.5])
@pytest.mark.parametrize("seed", range(4))
def test_an_iteration_never_lowers_the_likelihood(covariance: Covariance, floor: float, seed: int) -> None:
    """From an allowed start, whether the floor holds variances up or not."""
    frames, _ = planted(400, seed=seed)
    mixture, reached = start(frames, 6, covariance, seed), -math.inf
    for _ in range(25):
        statistics = expectation(frames, mixture)
        assert statistics.mean.item() >= reached - 1e-9
        reached = statistics.mean.item()
        mixture = maximization(statistics, mixture, floor=floor)


@pytest.mark.parametrize("covariance", BOTH)
def test_one_gaussian_has_the_moments_of_the_sample(covariance: Covariance) -> None:
    """Golden: `-½ Σ_d (ln(2πσ_d²) + 1)` after one step."""
    frames, _ = planted(300)
    mixture, reached = climb(frames, start(frames, 1, covariance), 1, floor=FLOOR)
    torch.testing.assert_close(mixture.means[0], frames.mean(0))
    biased = torch.cov(frames.T, correction=0)
    if covariance == "diagonal":
        variance = biased.diagonal()
        torch.testing.assert_close(mixture.scales[0].square(), variance)
        wanted = -0.5 * ((2 * math.pi * variance).log() + 1).sum().item()
    else:
        torch.testing.assert_close(mixture.scales[0] @ mixture.scales[0].T, biased)
        assert torch.equal(mixture.scales[0], mixture.scales[0].tril())
        wanted = -0.5 * (torch.logdet(2 * math.pi * biased).item() + frames.shape[1])
    assert reached == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("covariance", BOTH)
@pytest.mark.parametrize("iterations", [1, 7])
def test_scikit_learn_arrives_at_the_same_from_the_same_start(
    covariance: Covariance, iterations: int
) -> None:
    frames, _ = planted(500)
    begin = start(frames, 5, covariance)
    theirs = GaussianMixture(
        5,
        covariance_type="diag" if covariance == "diagonal" else "full",
        weights_init=begin.log_weights.exp().numpy(),
        means_init=begin.means.numpy(),
        precisions_init=begin.scales.numpy(),  # unit variances are their own inverses
        init_params="random_from_data",
        max_iter=iterations,
        tol=0,
        reg_covar=FLOOR,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        theirs.fit(frames.numpy())
    found, reached = climb(frames, begin, iterations, floor=FLOOR)
    torch.testing.assert_close(found.log_weights.exp(), torch.from_numpy(theirs.weights_), atol=1e-7, rtol=0)
    torch.testing.assert_close(found.means, torch.from_numpy(theirs.means_), atol=1e-6, rtol=0)
    ours = found.scales.square() if covariance == "diagonal" else found.scales @ found.scales.mT
    torch.testing.assert_close(ours, torch.from_numpy(theirs.covariances_), atol=1e-6, rtol=1e-6)
    assert reached == pytest.approx(float(theirs.score(frames.numpy())), abs=1e-6)


@pytest.mark.parametrize("covariance", BOTH)
def test_a_planted_mixture_is_found(covariance: Covariance) -> None:
    frames, means = planted(6000)
    begin = start(frames, 3, covariance)._replace(means=means + 1.5)
    found, _ = climb(frames, begin, 30, floor=FLOOR)
    torch.testing.assert_close(found.means, means, atol=0.15, rtol=0)
    shares = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    torch.testing.assert_close(found.log_weights.exp(), shares, atol=0.03, rtol=0)
    scales = found.scales if covariance == "diagonal" else found.scales.diagonal(dim1=-2, dim2=-1)
    torch.testing.assert_close(scales, torch.ones_like(scales), atol=0.1, rtol=0)


@pytest.mark.parametrize("covariance", BOTH)
def test_statistics_of_blocks_add_up(covariance: Covariance, monkeypatch: pytest.MonkeyPatch) -> None:
    frames, _ = planted(100)
    mixture = start(frames, 5, covariance)
    whole = expectation(frames, mixture)
    joint = expectation(frames[:30], mixture).plus(expectation(frames[30:], mixture))
    nothing = expectation(frames[:0], mixture)
    monkeypatch.setattr("bonafide.objectives.expectation_maximization.block", lambda *_: 7)
    for found in (joint, whole.plus(nothing), expectation(frames, mixture)):
        for one, two in zip(found, whole, strict=True):
            torch.testing.assert_close(one, two)
    assert whole.frames.item() == pytest.approx(100)
    assert whole.mean.item() == pytest.approx(log_likelihood(frames, mixture).mean().item())
    close(maximization(nothing, mixture, floor=FLOOR), mixture)


@pytest.mark.parametrize("covariance", BOTH)
def test_no_variance_falls_below_the_floor(covariance: Covariance) -> None:
    """Frames without any spread in one direction, which is no axis."""
    generator = torch.Generator().manual_seed(0)
    frames = torch.randn(200, 2, generator=generator, dtype=torch.float64) @ torch.tensor(
        [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]], dtype=torch.float64
    )
    found, reached = climb(frames, start(frames, 4, covariance), 20, floor=0.04)
    least = (
        found.scales.square().min() if covariance == "diagonal"
        else torch.linalg.eigvalsh(found.scales @ found.scales.mT).min()
    )  # fmt: skip
    assert math.isfinite(reached)
    assert least.item() >= 0.04 - 1e-9
    if covariance == "full":
        assert least.item() == pytest.approx(0.04)


@pytest.mark.parametrize("covariance", BOTH)
@pytest.mark.parametrize("empty", [1, 2])
def test_a_component_without_frames_gets_half_of_the_heaviest(covariance: Covariance, empty: int) -> None:
    """The likelihood does not fall by it, and the halves go their own ways."""
    frames, means = planted(2000)
    far = torch.full((empty, 4), 1e4, dtype=torch.float64)
    begin = start(frames, 1 + empty, covariance)._replace(means=torch.cat([means[:1], far]))
    first = maximization(expectation(frames, begin), begin, floor=FLOOR)
    assert all(part.isfinite().all() for part in first)
    alone = climb(frames, start(frames, 1, covariance), 1, floor=FLOOR)[1]
    assert expectation(frames, first).mean.item() >= alone - 1e-5
    found, reached = climb(frames, first, 60, floor=FLOOR)
    assert found.means.abs().max() < 100
    assert found.log_weights.exp().min() > 0.05
    assert reached > alone + 0.1


def test_no_iterations_return_the_start() -> None:
    frames, _ = planted(50)
    begin = start(frames, 3, "diagonal")
    found, reached = climb(frames, begin, 0, floor=FLOOR)
    close(found, begin)
    assert reached == pytest.approx(log_likelihood(frames, begin).mean().item())


def test_frames_in_single_precision_count_as_in_double() -> None:
    frames, _ = planted(500)
    rounded = frames.float()
    mixture = start(frames, 4, "full")
    one, two = expectation(rounded, mixture), expectation(rounded.double(), mixture)
    assert one.moments.dtype == torch.float64
    for found, wanted in zip(one, two, strict=True):
        assert torch.equal(found, wanted)
    assert Statistics(one.moments, one.log_likelihood).mean == one.mean
