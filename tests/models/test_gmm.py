"""The mixtures against scikit-learn and torch, their size against the publication, and where they start."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.mixture import GaussianMixture
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from bonafide.models.gmm import GMM, ORDER, Reservoir
from bonafide.models.mixture import (
    Covariance,
    Mixture,
    kmeans_plus_plus,
    log_likelihood,
    monomials,
    natural,
    random_frames,
)
from bonafide.types import FeatureShape, InputError

CEPSTRA = FeatureShape(1, 60, 253)
BOTH: list[Covariance] = ["diagonal", "full"]


def cepstra(frames: int, bins: int = 12, seed: int = 0) -> Tensor:
    """Far from the origin and of very different spreads, as cepstra are."""
    generator = torch.Generator().manual_seed(seed)
    spread = torch.logspace(1, -2, bins)
    mixing = torch.eye(bins) + 0.3 * torch.randn(bins, bins, generator=generator).tril(-1)
    return -60 * spread + (torch.randn(frames, bins, generator=generator) @ mixing.T) * spread


def some_mixture(covariance: Covariance, components: int = 5, bins: int = 12) -> Mixture:
    """Means among the frames, covariances of their size."""
    generator = torch.Generator().manual_seed(1)
    weights = torch.rand(components, generator=generator, dtype=torch.float64)
    spread = torch.logspace(1, -2, bins, dtype=torch.float64)
    scales = spread * (0.5 + torch.rand(components, bins, generator=generator, dtype=torch.float64))
    if covariance == "full":
        lower = 0.3 * torch.randn(components, bins, bins, generator=generator, dtype=torch.float64).tril(-1)
        scales = scales.diag_embed() + lower * spread[:, None]
    return Mixture((weights / weights.sum()).log(), cepstra(components, bins, 2).double(), scales)


def model(classes: int = 1, shape: FeatureShape = CEPSTRA, **settings: Any) -> GMM:
    torch.manual_seed(0)
    return GMM(shape, classes, **({"components": 4} | settings))


def numbers(made: GMM) -> int:
    return sum(weight.numel() for weight in made.parameters())


def test_published_size() -> None:
    """128 components of 60 bins: 15,488 numbers a class."""
    assert numbers(model(components=128)) == 2 * 15_488
    assert numbers(model(components=128, covariance="full")) == 2 * (15_488 + 128 * 60 * 59 // 2)


@pytest.mark.parametrize("covariance", BOTH)
def test_densities_are_those_of_scikit_learn(covariance: Covariance) -> None:
    """Of float32 frames sixty deviations from the origin, where the square is expanded."""
    frames, mixture = cepstra(500), some_mixture(covariance)
    precise = mixture.scales if covariance == "full" else mixture.scales.diag_embed()
    factor = torch.linalg.inv(precise).mT  # Σ⁻¹ = P Pᵀ
    theirs = GaussianMixture(5, covariance_type="diag" if covariance == "diagonal" else "full")
    theirs.weights_, theirs.means_ = mixture.log_weights.exp().numpy(), mixture.means.numpy()
    theirs.precisions_cholesky_ = (
        factor.numpy() if covariance == "full" else mixture.scales.reciprocal().numpy()
    )
    wanted = theirs.score_samples(frames.double().numpy())
    found = log_likelihood(frames, mixture)
    assert found.dtype == torch.float64
    np.testing.assert_allclose(found.numpy(), wanted, atol=1e-7, rtol=1e-9)


def test_the_closed_form_is_the_density_with_full_matrices() -> None:
    frames, mixture = cepstra(300).double(), some_mixture("diagonal")
    theirs = MixtureSameFamily(
        Categorical(logits=mixture.log_weights),
        MultivariateNormal(mixture.means, covariance_matrix=mixture.scales.square().diag_embed()),
    )
    torch.testing.assert_close(log_likelihood(frames, mixture), theirs.log_prob(frames), atol=1e-7, rtol=1e-9)
    full = mixture._replace(scales=mixture.scales.diag_embed())
    torch.testing.assert_close(
        log_likelihood(frames, full), log_likelihood(frames, mixture), atol=1e-7, rtol=1e-9
    )


@pytest.mark.parametrize("covariance", BOTH)
def test_blocks_and_stacks_change_nothing(covariance: Covariance, monkeypatch: pytest.MonkeyPatch) -> None:
    frames, mixture = cepstra(100), some_mixture(covariance)
    wanted = (monomials(frames, covariance) @ natural(mixture)).logsumexp(1)
    monkeypatch.setattr("bonafide.models.mixture.block", lambda *_: 7)
    stacked = Mixture(*(torch.stack([part, part]) for part in mixture))
    torch.testing.assert_close(log_likelihood(frames, stacked), wanted.expand(2, -1))


@pytest.mark.parametrize("covariance", BOTH)
def test_a_mixture_comes_back_as_it_was_set(covariance: Covariance) -> None:
    made = model(shape=FeatureShape(1, 12, 9), components=5, covariance=covariance)
    assert not made.fitted
    mixture = some_mixture(covariance)
    untouched = made.mixture("spoof")
    made.set_mixture("bonafide", mixture)
    for found, wanted in zip(made.mixture("bonafide"), mixture, strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)
    assert all(torch.equal(one, two) for one, two in zip(made.mixture("spoof"), untouched, strict=True))
    assert made.fitted


@pytest.mark.parametrize("covariance", BOTH)
def test_a_score_is_the_mean_log_likelihood_ratio_of_a_frame(covariance: Covariance) -> None:
    shape = FeatureShape(1, 12, 40)
    one, two = (model(classes, shape, components=5, covariance=covariance) for classes in (1, 2))
    for made in (one, two):
        made.set_mixture("bonafide", some_mixture(covariance))
    clips = [cepstra(40, seed=seed) for seed in range(3)]
    features = torch.stack([clip.T[None] for clip in clips])
    wanted = [
        log_likelihood(clip, one.mixture("bonafide")).mean()
        - log_likelihood(clip, one.mixture("spoof")).mean()
        for clip in clips
    ]
    with torch.no_grad():
        ratio, pair = one(features), two(features)
        assert ratio.dtype == pair.dtype == torch.float32
        torch.testing.assert_close(ratio[:, 0].double(), torch.stack(wanted), atol=1e-3, rtol=1e-6)
        torch.testing.assert_close(pair[:, 1] - pair[:, 0], ratio[:, 0], atol=0.05, rtol=1e-5)
        spoof, bonafide = one.mixture("spoof"), one.mixture("bonafide")
        one.set_mixture("spoof", bonafide)
        one.set_mixture("bonafide", spoof)
        torch.testing.assert_close(one(features), -ratio, atol=1e-2, rtol=1e-4)


def test_half_precision_around_it_changes_nothing() -> None:
    made = model()
    features = torch.randn(2, *CEPSTRA)
    with torch.no_grad():
        wanted = made(features)
        with torch.autocast("cpu", torch.bfloat16):
            found = made(features)
    assert torch.equal(found, wanted)


@pytest.mark.parametrize("covariance", BOTH)
def test_gradients_climb_from_a_start_and_stay_allowed(covariance: Covariance) -> None:
    """Adam on logits, means and logarithms, as published: weights stay shares, covariances positive."""
    made = model(shape=FeatureShape(1, 12, 50), components=3, covariance=covariance)
    frames = cepstra(200)
    frames = (frames - frames.mean(0)) / frames.std(0)  # as the front end standardizes them
    features = frames.view(4, 1, 50, 12).mT
    target = torch.tensor([0.0, 1.0, 0.0, 1.0])
    made.fit([(features, target)])
    optimizer = torch.optim.Adam(made.parameters(), lr=1e-2)
    losses = []
    for _ in range(60):
        pair = made.log_likelihoods(features)
        loss = -pair.gather(1, target.long()[:, None]).mean()
        optimizer.zero_grad()
        loss.backward()
        assert all(weight.grad is not None and weight.grad.any() for weight in made.parameters())
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.5
    weights, _, scales = made.mixtures()
    torch.testing.assert_close(weights.exp().sum(1), torch.ones(2, dtype=torch.float64))
    diagonal = scales if covariance == "diagonal" else scales.diagonal(dim1=-2, dim2=-1)
    assert (diagonal > 0).all()


@pytest.mark.parametrize("covariance", BOTH)
@pytest.mark.parametrize("start", ["kmeans++", "random"])
def test_each_mixture_starts_at_frames_of_its_own_class(start: Any, covariance: Covariance) -> None:
    made = model(shape=FeatureShape(1, 3, 20), components=6, covariance=covariance, start=start, reservoir=50)
    target = torch.tensor([1.0, 0.0, 1.0, 0.0, 0.0])
    features = torch.randn(5, 1, 3, 20) + 100 * target[:, None, None, None]
    made.fit([(features[:2], target[:2]), (features[2:], target[2:])])
    assert made.fitted
    for label, own in zip(ORDER, (features[target == 0], features[target == 1]), strict=True):
        distance = torch.cdist(made.mixture(label).means, made.frames(own).double()).min(1)
        assert distance.values.max() < 1e-4
        assert len(distance.indices.unique()) == 6
        deviations = made.log_deviations[ORDER.index(label)].exp()
        assert (deviations == 1).all() if start == "random" else (deviations < 1.5).all()


def test_a_start_stays_with_the_checkpoint() -> None:
    made, other = model(shape=FeatureShape(1, 3, 20)), model(shape=FeatureShape(1, 3, 20))
    made.fit([(torch.randn(4, 1, 3, 20), torch.tensor([0.0, 1.0, 0.0, 1.0]))])
    other.load_state_dict(made.state_dict())
    assert other.fitted
    assert torch.equal(other.means, made.means)


def test_far_frames_are_found_where_random_ones_miss_them() -> None:
    """Ten clusters, one of 991 frames and nine of one: k-means++ has a mean in each."""
    torch.manual_seed(0)
    places = torch.arange(10.0)[:, None] * torch.tensor([[100.0, -100.0]])
    of = torch.cat([torch.zeros(991, dtype=torch.long), torch.arange(1, 10)])
    frames = places[of] + torch.randn(1000, 2)
    careful = kmeans_plus_plus(frames, 10, "diagonal")
    assert sorted((careful.means[:, 0] / 100).round().tolist()) == list(range(10))
    torch.testing.assert_close(careful.log_weights.exp().sort().values[-1].item(), 0.991)
    careless = random_frames(frames, 10, "diagonal")
    assert len((careless.means[:, 0] / 100).round().unique()) < 5


@pytest.mark.parametrize("covariance", BOTH)
def test_frames_that_are_all_alike_start_too(covariance: Covariance) -> None:
    start = kmeans_plus_plus(torch.full((40, 3), -61.8), 4, covariance)
    assert all(part.isfinite().all() for part in start)
    assert log_likelihood(torch.full((1, 3), -61.8), start).isfinite().all()


@pytest.mark.parametrize("draw", [random_frames, kmeans_plus_plus])
def test_fewer_frames_than_components_are_refused(draw: Any) -> None:
    with pytest.raises(InputError, match=r"4 Gaussians cannot start from 3 frames; lower model\.components"):
        draw(torch.randn(3, 2), 4, "diagonal")


def test_a_reservoir_keeps_an_even_sample() -> None:
    """Every frame has the same chance, in whatever blocks it came: 20 of 100, in 300 trials."""
    torch.manual_seed(0)
    kept = torch.zeros(100)
    for _ in range(300):
        reservoir = Reservoir(20, 1)
        for part in torch.arange(100.0)[:, None].split([5, 60, 35]):
            reservoir.add(part)
        assert len(reservoir.frames.unique()) == 20
        kept[reservoir.frames[:, 0].long()] += 1
    assert (kept / 300 - 0.2).abs().max() < 0.1
    assert abs(kept[:50].sum().item() - kept[50:].sum().item()) < 300
    few = Reservoir(20, 1)
    few.add(torch.zeros(3, 1))
    assert len(few.frames) == 3


@pytest.mark.parametrize("shape", [FeatureShape(1, 1, 64_600), FeatureShape(3, 60, 253)])
def test_what_is_not_one_row_of_bins_a_frame_is_refused(shape: FeatureShape) -> None:
    with pytest.raises(InputError, match=r"GMM reads one channel of several bins .*; try frontend=lfcc"):
        GMM(shape)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"components": 0}, r"model\.components=0"),
        ({"covariance": "tied"}, r"model\.covariance=tied .* diagonal or full"),
        ({"start": "zeros"}, r"model\.start=zeros .* kmeans\+\+ or random"),
        ({"components": 9, "reservoir": 8}, r"model\.reservoir=8 .* raise it"),
        ({"classes": 3}, r"model\.classes"),
    ],
)
def test_a_bad_setting_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        model(**settings)


def test_any_length_and_no_company_change_an_answer() -> None:
    made = model()
    features = torch.randn(3, 1, 60, 77)
    with torch.no_grad():
        torch.testing.assert_close(made(features)[1:2], made(features[1:2]))
        torch.testing.assert_close(made(features.repeat(1, 1, 1, 2)), made(features))
