"""Focal loss against its formula, and the posterior that its minimiser stands for."""

import pytest
import torch
from torch.nn import functional as F

from bonafide.objectives.cross_entropy import CrossEntropy
from bonafide.objectives.focal import Focal
from bonafide.types import InputError

TARGET = torch.tensor([1.0, 0, 0, 1, 0, 0, 0])


def logits(classes: int) -> torch.Tensor:
    return 4 * torch.randn(len(TARGET), classes, generator=torch.Generator().manual_seed(classes))


@pytest.mark.parametrize("gamma", [0.5, 2.0, 5.0])
def test_two_logits_against_the_paper(gamma: float) -> None:
    p = logits(2).double().softmax(1)[torch.arange(len(TARGET)), TARGET.long()]
    expected = (-((1 - p) ** gamma) * p.log()).mean()
    torch.testing.assert_close(Focal(gamma)(logits(2).double(), TARGET), expected)


def test_without_a_focus_it_is_cross_entropy() -> None:
    for settings in ({}, {"weights": (0.1, 0.9)}, {"weights": (1, 6), "divide_by": "clips"}):
        focal, entropy = Focal(0.0, **settings), CrossEntropy(**settings)  # type: ignore[arg-type]
        torch.testing.assert_close(focal(logits(1), TARGET), entropy(logits(1), TARGET))
    torch.testing.assert_close(Focal(0.0).score(logits(2)), CrossEntropy().score(logits(2)))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("balance", [False, True])
def test_a_detector_without_evidence_scores_zero(gamma: float, balance: bool) -> None:
    """The constant that minimises the loss has exactly the log prior odds for a score."""
    loss = Focal(gamma, balance=balance)
    loss.set_counts(spoof=5, bonafide=2)
    grid = torch.linspace(-3, 3, 600_001, dtype=torch.float64)[:, None]
    known = grid[(loss.score(grid) - loss.log_prior_odds).abs().argmin()].requires_grad_()
    loss(known.expand(7, 1), TARGET).backward()
    assert known.grad is not None
    assert known.grad.item() == pytest.approx(0, abs=1e-5)


def test_a_score_rises_with_the_logit_and_stays_finite() -> None:
    z = torch.linspace(-200, 200, 4001)[:, None]
    for gamma in (0.5, 1.0, 2.0, 5.0):
        score = Focal(gamma).score(z)
        assert score.isfinite().all()
        assert (score.diff() > 0).all()
        torch.testing.assert_close(score, -score.flip(0), atol=1e-4, rtol=1e-5)


def test_gradients_and_extreme_logits() -> None:
    z = logits(2).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: Focal(2.0, (0.1, 0.9))(x, TARGET), z)
    extreme = torch.tensor([[1e4], [-1e4]], requires_grad=True)
    Focal()(extreme, torch.tensor([0.0, 1.0])).backward()
    assert extreme.grad is not None
    assert extreme.grad.flatten().tolist() == [0.5, -0.5]


def test_easy_clips_count_for_less() -> None:
    easy, hard = torch.tensor([[3.0]]), torch.tensor([[-3.0]])
    one = torch.ones(1)
    ratio = F.softplus(torch.tensor(3.0)) / F.softplus(torch.tensor(-3.0))
    assert Focal()(hard, one) / Focal()(easy, one) > 100 * ratio


@pytest.mark.parametrize("gamma", [-1.0, float("inf"), float("nan")])
def test_no_exponent_is_refused(gamma: float) -> None:
    with pytest.raises(InputError, match=r"task\.loss\.gamma"):
        Focal(gamma)


def test_it_compiles_in_one_graph() -> None:
    loss = Focal()
    compiled = torch.compile(loss, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(logits(2), TARGET), loss(logits(2), TARGET))
