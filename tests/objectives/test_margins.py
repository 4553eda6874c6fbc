"""Losses of cosines: one-class softmax and additive-margin softmax."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from bonafide.objectives.am_softmax import AdditiveMarginSoftmax
from bonafide.objectives.cosine import CosineHead
from bonafide.objectives.objective import Objective
from bonafide.objectives.oc_softmax import OneClassSoftmax
from bonafide.types import InputError

TARGET = torch.tensor([1.0, 0, 0, 1, 0])
LOSSES: list[Objective] = [OneClassSoftmax(), AdditiveMarginSoftmax()]


def cosines(directions: int) -> Tensor:
    return torch.rand(len(TARGET), directions, generator=torch.Generator().manual_seed(0)).double() * 2 - 1


def test_one_class_softmax_against_equation_3() -> None:
    """With y = 0 for the target class, which is bona fide: `log(1 + exp(α (m_y − ŵ x̂) (−1)^y))`."""
    c, y = cosines(1)[:, 0], (1 - TARGET).long()
    margin = torch.tensor([0.9, 0.2])[y].double()
    expected = torch.log(1 + torch.exp(20 * (margin - c) * (-1.0) ** y)).mean()
    torch.testing.assert_close(OneClassSoftmax()(c[:, None], TARGET), expected)


def test_additive_margin_softmax_against_equation_5() -> None:
    c = cosines(2)
    right, wrong = c.gather(1, TARGET.long()[:, None]), c.gather(1, 1 - TARGET.long()[:, None])
    top = torch.exp(20 * (right - 0.9))
    torch.testing.assert_close(
        AdditiveMarginSoftmax()(c, TARGET), -torch.log(top / (top + torch.exp(20 * wrong))).mean()
    )


def test_scores_rise_towards_bona_fide() -> None:
    c = torch.linspace(-1, 1, 9)[:, None]
    one = OneClassSoftmax().score(c)
    assert (one.diff() > 0).all()
    assert OneClassSoftmax().score(torch.tensor([[0.55]])).item() == pytest.approx(0, abs=1e-5)
    assert one[-1].item() == pytest.approx(9)
    two = AdditiveMarginSoftmax().score(torch.cat([-c, c], dim=1))
    torch.testing.assert_close(two, 40 * c[:, 0])


@pytest.mark.parametrize("loss", LOSSES)
def test_nothing_is_taken_off_for_the_prior(loss: Objective) -> None:
    loss.set_counts(spoof=900, bonafide=100)
    assert loss.log_prior_odds == 0


@pytest.mark.parametrize("loss", LOSSES)
def test_a_head_reads_only_the_direction(loss: Objective) -> None:
    head: Any = loss.head(8, 2)
    embedding = torch.randn(5, 8)
    with torch.no_grad():
        found = head(embedding)
        assert found.shape == (5, 1 if loss is LOSSES[0] else 2)
        assert (found.abs() <= 1 + 1e-6).all()
        torch.testing.assert_close(head(7 * embedding), found)
        expected = torch.nn.functional.cosine_similarity(embedding[:, None], head.weight[None], dim=2)
        torch.testing.assert_close(found, expected)
        torch.testing.assert_close(head(head.weight).diagonal(), torch.ones(len(head.weight)))


def test_cosines_are_never_half_precision() -> None:
    head, embedding = CosineHead(8, 2), torch.randn(5, 8)
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        found = head(embedding)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, head(embedding), atol=0, rtol=0)


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_gather_bona_fide_clips_and_scatter_spoofs(loss: Objective) -> None:
    torch.manual_seed(0)
    head: Any = loss.head(16, 2)
    embedding = torch.randn(len(TARGET), 16, requires_grad=True)
    optimizer = torch.optim.SGD([embedding, *head.parameters()], lr=0.5)
    before = loss.score(head(embedding)).detach()
    for _ in range(200):
        optimizer.zero_grad()
        loss(head(embedding), TARGET).backward()
        optimizer.step()
    after = loss.score(head(embedding)).detach()
    assert (after[TARGET == 1] > before[TARGET == 1]).all()
    assert after[TARGET == 1].min() > 5 > -5 > after[TARGET == 0].max()


@pytest.mark.parametrize("loss", LOSSES)
def test_mixtures_lie_between(loss: Objective) -> None:
    c = cosines(1 if loss is LOSSES[0] else 2)
    ends = [loss(c, torch.full((len(c),), share)) for share in (0.0, 1.0)]
    torch.testing.assert_close(loss(c, torch.full((len(c),), 0.25)), 0.75 * ends[0] + 0.25 * ends[1])


@pytest.mark.parametrize(
    ("make", "settings"),
    [
        (OneClassSoftmax, {"scale": 0}),
        (OneClassSoftmax, {"bonafide_margin": 0.1}),
        (OneClassSoftmax, {"bonafide_margin": 1.1}),
        (AdditiveMarginSoftmax, {"scale": -1}),
        (AdditiveMarginSoftmax, {"margin": 2}),
        (AdditiveMarginSoftmax, {"margin": math.nan}),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, settings: dict[str, float]) -> None:
    with pytest.raises(InputError, match=r"task\.loss\.") as caught:
        make(**settings)
    assert "\n" not in str(caught.value)
