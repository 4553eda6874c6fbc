import pytest
import torch

from bonafide.augment.change import seeded
from bonafide.augment.masking import Masking, MaskingDrawn, Masks
from bonafide.types import FeatureShape, InputError

SHAPE = FeatureShape(2, 40, 100)


def features(batch: int = 4, shape: FeatureShape = SHAPE) -> torch.Tensor:
    return torch.randn(batch, *shape, generator=torch.Generator().manual_seed(0)) + 3


def test_a_mask_is_where_it_was_drawn_and_the_rest_stays() -> None:
    x = features(1)
    drawn = MaskingDrawn(
        Masks(torch.tensor([[3, 10]]), torch.tensor([[2, 0]])),
        Masks(torch.tensor([[96]]), torch.tensor([[4]])),
    )
    zeros, means = (Masking(fill=fill).apply(x, drawn) for fill in ("zero", "mean"))  # type: ignore[arg-type]
    masked = torch.zeros(1, 1, 40, 100, dtype=torch.bool)
    masked[..., 3:5, :] = True
    masked[..., 96:] = True
    assert torch.equal(zeros, torch.where(masked, torch.zeros(()), x))
    assert torch.equal(means, torch.where(masked, x.mean((2, 3), keepdim=True), x))


def test_masks_are_drawn_from_none_to_the_widest_and_lie_inside() -> None:
    masking = Masking(bin_masks=2, bin_share=0.2, frame_masks=3, frame_share=0.1)
    drawn = masking.draw(2000, SHAPE, seeded([1]))
    assert drawn.bins.width.shape == (2000, 2)
    assert drawn.frames.width.shape == (2000, 3)
    assert drawn.bins.width.unique().tolist() == list(range(9))
    assert drawn.frames.width.unique().tolist() == list(range(11))
    for masks, size in ((drawn.bins, 40), (drawn.frames, 100)):
        end = masks.start + masks.width
        assert masks.start.min() == 0
        assert end.max() == size


def test_a_seed_gives_the_same_again_and_other_clips_do_not_matter() -> None:
    x, masking = features(), Masking(p=0.6, fill="zero")
    made = masking(x, seeded([2]))
    assert torch.equal(made, masking(x, seeded([2])))
    assert not torch.equal(made, masking(x, seeded([3])))
    other = x.clone()
    other[1:] = 0
    assert torch.equal(masking(other, seeded([2]))[0], made[0])


def test_gradients_pass_where_nothing_is_masked() -> None:
    x = features().requires_grad_()
    made = Masking(fill="zero")(x, seeded([4]))
    made.sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, (made != 0).float())
    assert 0 < x.grad.mean() < 1


def test_of_a_waveform_only_time_is_masked() -> None:
    x = features(3, FeatureShape(1, 1, 1000))
    made = Masking(fill="zero", bin_share=1.0)(x, seeded([5]))
    kept = (made != 0).float().mean((1, 2, 3))
    assert (kept >= 0.8).all()
    assert (kept < 1).any()


def test_features_in_half_precision_stay_so() -> None:
    assert Masking()(features().bfloat16(), seeded([6])).dtype == torch.bfloat16
    assert Masking(p=0.5)(features().bfloat16(), seeded([6])).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bin_masks": -1}, "bin_masks=-1"),
        ({"frame_share": 1.5}, "frame_share=1.5 is no share"),
        ({"fill": "noise"}, "fill='noise' fills no mask; choose zero or mean"),
        ({"p": -1}, "p=-1 is no probability"),
    ],
)
def test_what_has_no_meaning_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Masking(**settings)  # type: ignore[arg-type]
