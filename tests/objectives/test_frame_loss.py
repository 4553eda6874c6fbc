"""The loss of frames is torch's, over a clip's own frames."""

import math

import pytest
import torch
from torch.nn import functional as F

from bonafide.objectives.frame_loss import FrameLoss
from bonafide.types import InputError


def case() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    odds = torch.randn(4, 30, generator=random)
    return odds, torch.rand(4, 30, generator=random) < 0.3, torch.rand(4, 30, generator=random) < 0.8


@pytest.mark.parametrize("weight", [1.0, 7.5])
def test_it_is_torchs_cross_entropy_with_a_positive_weight(weight: float) -> None:
    odds, spoofed, own = case()
    expected = F.binary_cross_entropy_with_logits(
        -odds[own], spoofed[own].float(), pos_weight=torch.tensor(weight)
    )
    torch.testing.assert_close(FrameLoss(spoof_weight=weight)(odds, spoofed, own), expected)


def test_auto_lets_both_kinds_weigh_alike() -> None:
    loss = FrameLoss(spoof_weight="auto")
    with pytest.raises(RuntimeError, match="set_counts"):
        _ = loss.weight
    loss.set_counts((10, 10), 0.1)
    assert loss.weight == pytest.approx(9)
    other = FrameLoss(spoof_weight="auto")
    other.load_state_dict(loss.state_dict())
    assert other.weight == loss.weight
    assert other.log_prior_odds == 0


def test_the_clips_teach_the_prior_of_their_head() -> None:
    loss = FrameLoss(clip_share=0.1)
    loss.set_counts((30, 10), 0.2)
    assert loss.log_prior_odds == pytest.approx(math.log(10 / 30))


def test_what_means_nothing_is_refused() -> None:
    for weight in (0, -1.0, math.inf, "alike"):
        with pytest.raises(InputError, match=r"task\.spoof_weight=.*auto"):
            FrameLoss(spoof_weight=weight)  # type: ignore[arg-type]
    for share in (-0.1, 1.0):
        with pytest.raises(InputError, match=r"task\.clip_share="):
            FrameLoss(clip_share=share)
    for share in (0.0, 1.0):
        with pytest.raises(InputError, match="frames of both kinds"):
            FrameLoss().set_counts((1, 1), share)
