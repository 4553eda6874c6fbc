import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from bonafide.objectives.cross_entropy import CrossEntropy, log_odds
from bonafide.types import InputError

TARGET = torch.tensor([1.0, 0, 0, 1, 0, 0, 0])


def logits(classes: int) -> Tensor:
    return 4 * torch.randn(len(TARGET), classes, generator=torch.Generator().manual_seed(classes))


@pytest.mark.parametrize("weights", [None, (0.1, 0.9), (1.0, 10.0)])
def test_two_logits_against_torch(weights: tuple[float, float] | None) -> None:
    expected = F.cross_entropy(logits(2), TARGET.long(), weight=torch.tensor(weights) if weights else None)
    torch.testing.assert_close(CrossEntropy(weights)(logits(2), TARGET), expected)


def test_one_logit_against_torch() -> None:
    expected = F.binary_cross_entropy_with_logits(logits(1)[:, 0], TARGET)
    torch.testing.assert_close(CrossEntropy()(logits(1), TARGET), expected)


def test_weights_of_one_logit_are_the_positive_weight_of_torch() -> None:
    """torch divides by the number of clips, the weighted mean by the sum of their weights."""
    expected = F.binary_cross_entropy_with_logits(logits(1)[:, 0], TARGET, pos_weight=torch.tensor(6.0))
    torch.testing.assert_close(
        CrossEntropy((1, 6))(logits(1), TARGET), expected * len(TARGET) / (1 + 5 * TARGET).sum()
    )


def test_a_single_logit_is_a_pair_with_zero() -> None:
    z = logits(1)
    pair = torch.cat([torch.zeros_like(z), z], dim=1)
    loss = CrossEntropy((0.1, 0.9))
    assert torch.equal(loss(z, TARGET), loss(pair, TARGET))


def test_only_the_ratio_of_weights_matters() -> None:
    torch.testing.assert_close(
        CrossEntropy((0.1, 0.9))(logits(2), TARGET), CrossEntropy((1, 9))(logits(2), TARGET)
    )


def test_swapping_the_classes_changes_nothing() -> None:
    swapped = CrossEntropy((0.9, 0.1))(logits(2).flip(1), 1 - TARGET)
    torch.testing.assert_close(CrossEntropy((0.1, 0.9))(logits(2), TARGET), swapped)


def test_ignorance_costs_ln_2() -> None:
    assert CrossEntropy()(torch.zeros(7, 1), TARGET).item() == pytest.approx(math.log(2))


def test_mixed_targets_against_torch() -> None:
    share = torch.linspace(0, 1, len(TARGET))
    expected = F.cross_entropy(logits(2), torch.stack([1 - share, share], dim=1))
    torch.testing.assert_close(CrossEntropy()(logits(2), share), expected)


def test_balance_makes_the_classes_count_alike() -> None:
    loss = CrossEntropy(balance=True)
    loss.set_counts(spoof=5, bonafide=2)
    each = F.cross_entropy(logits(2), TARGET.long(), reduction="none")
    expected = (each[TARGET == 1].mean() + each[TARGET == 0].mean()) / 2
    torch.testing.assert_close(loss(logits(2), TARGET), expected)
    assert loss.class_weights == (7 / 10, 7 / 4)
    assert loss.log_prior_odds == 0


def test_extreme_logits_stay_finite() -> None:
    z = torch.tensor([[1e4], [-1e4]], requires_grad=True)
    loss = CrossEntropy()(z, torch.tensor([0.0, 1.0]))
    loss.backward()
    assert loss.item() == pytest.approx(1e4)
    assert z.grad is not None
    assert z.grad.flatten().tolist() == [0.5, -0.5]


def test_gradients() -> None:
    z = logits(2).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: CrossEntropy((0.1, 0.9))(x, TARGET), z)


@pytest.mark.parametrize(
    ("weights", "spoof", "bonafide", "value"),
    [
        ((0.1, 0.9), 22_800, 2580, 0.018253),
        (None, 22_800, 2580, -2.178971),
        ((1, 10), 6, 1, 0.510826),
    ],
)
def test_published_prior_odds(
    weights: tuple[float, float] | None, spoof: int, bonafide: int, value: float
) -> None:
    loss = CrossEntropy(weights)
    loss.set_counts(spoof=spoof, bonafide=bonafide)
    assert loss.log_prior_odds == pytest.approx(value, abs=5e-7)


@pytest.mark.parametrize("loss", [CrossEntropy(), CrossEntropy((0.1, 0.9)), CrossEntropy(balance=True)])
def test_a_detector_without_evidence_learns_the_prior_odds(loss: CrossEntropy) -> None:
    """The constant score that minimises the loss is the effective prior: less it, the score says nothing."""
    loss.set_counts(spoof=5, bonafide=2)
    z = torch.full((1, 1), loss.log_prior_odds, dtype=torch.float64, requires_grad=True)
    loss(z.expand(7, 1), TARGET).backward()
    assert z.grad is not None
    assert z.grad.item() == pytest.approx(0, abs=1e-7)


def test_a_checkpoint_restores_the_counts(tmp_path: object) -> None:
    trained, fresh = CrossEntropy(balance=True), CrossEntropy(balance=True)
    trained.set_counts(spoof=5, bonafide=2)
    torch.save(trained.state_dict(), f"{tmp_path}/loss.ckpt")
    fresh.load_state_dict(torch.load(f"{tmp_path}/loss.ckpt", weights_only=True))
    assert fresh.class_weights == trained.class_weights


def test_unknown_counts_are_an_error() -> None:
    with pytest.raises(RuntimeError, match="set_counts"):
        _ = CrossEntropy().log_prior_odds
    for attempt in ("class_weights", "log_prior_odds"):
        with pytest.raises(RuntimeError, match="set_counts"):
            getattr(CrossEntropy(balance=True), attempt)
    with pytest.raises(RuntimeError, match="set_counts"):
        CrossEntropy(balance=True)(logits(2), TARGET)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(InputError, match="not both"):
        CrossEntropy((1, 2), balance=True)
    for weights in [(1.0,), (0.0, 1.0), (1.0, math.inf), (1.0, math.nan)]:
        with pytest.raises(InputError, match="two positive numbers"):
            CrossEntropy(weights)
    with pytest.raises(InputError, match="found 0 bona fide and 9 spoof"):
        CrossEntropy().set_counts(spoof=9, bonafide=0)


def test_log_odds_are_never_half_precision() -> None:
    pair = torch.tensor([[1.0, 3.5], [-2.0, 0.25]], dtype=torch.bfloat16)
    assert log_odds(pair).dtype == torch.float32
    assert log_odds(pair).tolist() == [2.5, 2.25]
    assert log_odds(pair[:, :1]).tolist() == [1.0, -2.0]
    with pytest.raises(ValueError, match="not 3"):
        log_odds(torch.zeros(2, 3))


@pytest.mark.parametrize("classes", [1, 2])
def test_it_compiles_in_one_graph(classes: int) -> None:
    loss = CrossEntropy(balance=True)
    loss.set_counts(spoof=5, bonafide=2)
    compiled = torch.compile(loss, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(logits(classes), TARGET), loss(logits(classes), TARGET))


def test_divided_by_clips_weights_are_torchs_positive_weight() -> None:
    """WaveFake's leave-one-out runs: 10,480 genuine and six times as many fakes, weight 6."""
    expected = F.binary_cross_entropy_with_logits(logits(1)[:, 0], TARGET, pos_weight=torch.tensor(6.0))
    torch.testing.assert_close(CrossEntropy((1, 6), divide_by="clips")(logits(1), TARGET), expected)


def test_balanced_and_divided_by_clips_it_is_the_class_weight_of_keras() -> None:
    """IDSD's: n / (2 n_c) for each clip, over their number."""
    loss = CrossEntropy(balance=True, divide_by="clips")
    loss.set_counts(spoof=30, bonafide=10)
    each = F.binary_cross_entropy_with_logits(logits(1)[:, 0], TARGET, reduction="none")
    expected = (each * torch.where(TARGET == 1, 2.0, 2 / 3)).mean()
    torch.testing.assert_close(loss(logits(1), TARGET), expected)
    with pytest.raises(InputError, match="choose weights or clips"):
        CrossEntropy(divide_by="batch")  # type: ignore[arg-type]
