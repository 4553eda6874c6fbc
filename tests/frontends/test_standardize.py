from collections.abc import Callable, Iterator, Mapping
from typing import Any, final

import pytest
import torch
from torch import Tensor, nn

from bonafide.frontends.cepstrum import LFCC
from bonafide.frontends.frontend import Frontend
from bonafide.frontends.legend import Legend
from bonafide.frontends.raw import Raw
from bonafide.frontends.standardize import Standardize
from bonafide.types import FeatureShape, InputError

CLIPS = 0.1 * torch.randn(12, 4000, generator=torch.Generator().manual_seed(1)) + 0.02


def fitted(*sizes: int) -> Standardize:
    frontend = Standardize(LFCC(16000))
    frontend.fit(CLIPS.split(list(sizes)))
    return frontend


@pytest.mark.parametrize("sizes", [(12,), (1,) * 12, (5, 1, 6)])
def test_training_features_get_mean_0_and_deviation_1(sizes: tuple[int, ...]) -> None:
    features = fitted(*sizes)(CLIPS).double()
    assert features.shape == (12, *LFCC(16000).shape(4000))
    torch.testing.assert_close(features.mean((0, -1)), torch.zeros(1, 60).double(), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        features.std((0, -1), correction=0), torch.ones(1, 60).double(), atol=1e-5, rtol=0
    )


def test_batches_do_not_matter() -> None:
    whole, single = fitted(12), fitted(*(1,) * 12)
    torch.testing.assert_close(whole.mean, single.mean, rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(whole.deviation, single.deviation, rtol=1e-6, atol=1e-7)


def test_clips_of_different_lengths_count_by_frame() -> None:
    frontend = Standardize(Raw(16000))
    frontend.fit([CLIPS[:3], CLIPS[3:4, :1000]])
    seen = torch.cat([CLIPS[:3].flatten(), CLIPS[3, :1000]]).double()
    assert frontend.mean.item() == pytest.approx(seen.mean().item(), rel=1e-5)
    assert frontend.deviation.item() == pytest.approx(seen.std(correction=0).item(), rel=1e-5)


def test_a_large_offset_costs_no_precision() -> None:
    frontend = Standardize(Raw(16000))
    clips = CLIPS + 1000
    frontend.fit(clips.split(1))
    assert frontend.deviation.item() == pytest.approx(clips.double().std(correction=0).item(), rel=1e-5)


@pytest.mark.parametrize("level", [0.0, 0.1, 1000.3])
def test_a_bin_that_never_varies_is_only_centred(level: float) -> None:
    frontend = Standardize(Raw(16000))
    frontend.fit(torch.full((7, 333), level).split(2))
    assert frontend.deviation.item() == 1
    assert frontend(torch.full((1, 5), level + 0.5)).tolist() == [[[pytest.approx([0.5] * 5, abs=1e-4)]]]


def test_fitting_again_starts_from_scratch() -> None:
    frontend = fitted(12)
    frontend.fit([3 * CLIPS])
    once = Standardize(LFCC(16000))
    once.fit([3 * CLIPS])
    assert torch.equal(frontend.mean, once.mean)
    assert torch.equal(frontend.deviation, once.deviation)


def test_a_checkpoint_restores_the_statistics(tmp_path: object) -> None:
    trained, fresh = fitted(12), Standardize(LFCC(16000))
    assert trained.fitted
    assert not fresh.fitted
    path = f"{tmp_path}/weights.ckpt"
    torch.save(trained.state_dict(), path)
    fresh.load_state_dict(torch.load(path, weights_only=True))
    assert fresh.fitted
    assert torch.equal(fresh(CLIPS), trained(CLIPS))


def test_an_unfitted_checkpoint_stays_unfitted() -> None:
    fresh = Standardize(LFCC(16000))
    fresh.load_state_dict(Standardize(LFCC(16000)).state_dict())
    assert not fresh.fitted


def test_forward_before_fit_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="no statistics yet"):
        Standardize(Raw(16000))(CLIPS)


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        (lambda: iter(()), "no training clips"),
        (lambda: iter([CLIPS, torch.full((1, 4000), torch.nan)]), "not finite"),
    ],
)
def test_nothing_to_learn_from_is_refused(clips: Callable[[], Iterator[Tensor]], message: str) -> None:
    frontend = Standardize(Raw(16000))
    with pytest.raises(InputError, match=message):
        frontend.fit(clips())
    assert not frontend.fitted


def test_a_wrapped_front_end_learns_first() -> None:
    outer = Standardize(Standardize(LFCC(16000)))
    assert not outer.fitted
    outer.fit([CLIPS])
    assert outer.fitted
    torch.testing.assert_close(outer.mean, torch.zeros(1, 60), atol=1e-5, rtol=0)


def test_shape_and_times_are_those_of_the_wrapped() -> None:
    frontend = fitted(12)
    assert frontend.sample_rate == 16000
    assert frontend.shape(4001) == LFCC(16000).shape(4001)
    assert torch.equal(frontend.times(4001), LFCC(16000).times(4001))
    with pytest.raises(InputError, match="shorter than one frame"):
        frontend.shape(100)


def test_gradients_pass() -> None:
    waveform = CLIPS[:1].clone().requires_grad_()
    fitted(12)(waveform).square().sum().backward()
    assert waveform.grad is not None
    assert waveform.grad.abs().max() > 0


@final
class Halves(Frontend):
    """Two channels of three bins, each at a level and a range of its own; frames of ten samples."""

    def __init__(self) -> None:
        super().__init__(16_000)
        self.encoder = nn.Linear(1, 1).requires_grad_(False)
        self.gain = nn.Parameter(torch.ones(()))

    @property
    def external(self) -> Mapping[str, str]:
        return {"encoder.": "1" * 64}

    def shape(self, samples: int) -> FeatureShape:
        return FeatureShape(2, 3, samples // 10)

    def times(self, samples: int) -> Tensor:
        return torch.arange(samples // 10, dtype=torch.float64) * 10 / self.sample_rate

    def legend(self) -> Legend:
        return Legend("row", "value")

    def forward(self, waveform: Tensor) -> Tensor:
        frames = waveform.unfold(-1, 10, 10).mean(-1)[:, None, None]
        scale = torch.tensor([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])[..., None]
        return self.gain * frames * scale + scale.square()


POOLED = {"bin": (0, 3), "channel": (0, 2, 3), "all": (0, 1, 2, 3)}


@pytest.mark.parametrize("sizes", [(12,), (5, 1, 6)])
@pytest.mark.parametrize("over", ["bin", "channel", "all"])
def test_each_has_the_mean_and_deviation_of_what_is_pooled(over: Any, sizes: tuple[int, ...]) -> None:
    frontend = Standardize(Halves(), over)
    frontend.fit(CLIPS.split(list(sizes)))
    with torch.no_grad():
        features, found = Halves()(CLIPS).double(), frontend(CLIPS)
    centre = features.mean(POOLED[over], keepdim=True)
    deviation = features.std(POOLED[over], correction=0, keepdim=True)
    torch.testing.assert_close(found, ((features - centre) / deviation).float(), atol=1e-4, rtol=1e-4)
    assert frontend.mean.numel() == frontend.deviation.numel() == {"bin": 6, "channel": 2, "all": 1}[over]
    assert frontend.shape(4000) == (2, 3, 400)


@pytest.mark.parametrize("over", ["channel", "all"])
def test_statistics_of_any_kind_are_in_the_checkpoint(over: Any) -> None:
    trained, fresh = Standardize(Halves(), over), Standardize(Halves(), over)
    trained.fit([CLIPS])
    assert {"mean", "deviation"} <= trained.state_dict().keys()
    fresh.load_state_dict(trained.state_dict())
    assert fresh.fitted
    assert torch.equal(fresh(CLIPS), trained(CLIPS))
    with pytest.raises(RuntimeError, match="size mismatch"):
        Standardize(Halves()).load_state_dict(trained.state_dict())


def test_something_else_to_pool_is_refused() -> None:
    with pytest.raises(InputError, match=r"frontend\.standardize=frame is unknown; choose true, false, bin"):
        Standardize(Raw(16000), "frame")  # type: ignore[arg-type]


def test_weights_from_elsewhere_and_trained_ones_are_handed_on() -> None:
    frontend = Standardize(Halves())
    assert frontend.external == {"frontend.encoder.": "1" * 64}
    assert any(name.startswith("frontend.encoder.") for name in frontend.state_dict())
    (group,) = frontend.parameter_groups()
    assert [id(weight) for weight in group.parameters] == [id(frontend.get_parameter("frontend.gain"))]


def test_a_mean_and_a_deviation_that_are_known_need_no_clips() -> None:
    known = Standardize.of(LFCC(16_000), [-12.59, 4.773])
    assert known.fitted
    waveform = torch.randn(2, 4_000)
    torch.testing.assert_close(known(waveform), (LFCC(16_000)(waveform) + 12.59) / 4.773)
    again = Standardize.of(LFCC(16_000), "all")
    again.load_state_dict(known.state_dict())
    torch.testing.assert_close(again(waveform), known(waveform), atol=0, rtol=0)


@pytest.mark.parametrize("option", [[1.0], [0.0, 0.0], [1.0, -2.0], {"mean": 1}, 3])
def test_anything_else_is_refused(option: object) -> None:
    with pytest.raises(InputError, match="MEAN,DEVIATION"):
        Standardize.of(LFCC(16_000), option)
