"""Pictures of features: grey from 0 to 1, of one size, with columns where they say they are."""

from typing import Any

import pytest
import torch
from omegaconf import OmegaConf
from torch.nn import functional as F

from bonafide import assembly
from bonafide.frontends.cepstrum import MFCC
from bonafide.frontends.image import Image
from bonafide.frontends.raw import Raw
from bonafide.frontends.spectrogram import STFT, Mel
from bonafide.frontends.standardize import Standardize
from bonafide.types import InputError

RATE = 16000


def noise(samples: int, seed: int = 0) -> torch.Tensor:
    return 0.1 * torch.randn(1, samples, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
@pytest.mark.parametrize("samples", [8_001, 32_000])
@pytest.mark.parametrize("size", [(640, 480), (20, 31), (80, 7)])
def test_the_picture_has_its_size_and_its_range(
    interpolation: str, samples: int, size: tuple[int, int]
) -> None:
    frontend = Image(Mel(RATE), height=size[0], width=size[1], interpolation=interpolation)  # type: ignore[arg-type]
    picture = frontend(torch.cat([noise(samples), 1e-3 * noise(samples, 1)]))
    assert picture.shape == (2, 1, *size) == (2, *frontend.shape(samples))
    assert frontend.times(samples).shape == (size[1],)
    assert picture.min() >= 0
    assert picture.max() <= 1


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_at_its_own_size_a_picture_is_the_features(interpolation: str) -> None:
    inside, waveform = Mel(RATE), noise(16_000)
    _, bins, frames = inside.shape(16_000)
    frontend = Image(inside, height=bins, width=frames, depth=40, interpolation=interpolation)  # type: ignore[arg-type]
    features = inside(waveform)
    expected = (1 + (features - features.max()) / 40).clamp(min=0)
    torch.testing.assert_close(frontend(waveform), expected)
    torch.testing.assert_close(frontend.times(16_000), inside.times(16_000))


def test_enlarged_it_is_torch_s_bilinear_picture() -> None:
    inside, waveform = STFT(RATE), noise(16_000)
    small = Image(inside, height=257, width=63)(waveform)
    large = Image(inside, height=640, width=480)(waveform)
    torch.testing.assert_close(large, F.interpolate(small, (640, 480), mode="bilinear", align_corners=True))


def test_nearest_takes_what_is_there() -> None:
    inside, waveform = Mel(RATE), noise(16_000)
    picture = Image(inside, height=640, width=480, interpolation="nearest")(waveform)
    assert set(picture.unique().tolist()) <= set(
        Image(inside, height=80, width=inside.shape(16_000).frames)(waveform).unique().tolist()
    )


def test_the_level_of_a_clip_does_not_matter() -> None:
    frontend, waveform = Image(Mel(RATE), height=32, width=32), noise(16_000)
    torch.testing.assert_close(frontend(0.1 * waveform), frontend(waveform), atol=1e-4, rtol=0)


def test_without_a_depth_black_is_the_smallest_value() -> None:
    picture = Image(MFCC(RATE, deltas=0), height=20, width=63, depth=None)(noise(16_000))
    assert picture.amin() == 0
    assert picture.amax() == 1


@pytest.mark.parametrize("depth", [80.0, None])
def test_silence_is_finite(depth: float | None) -> None:
    waveform = torch.zeros(1, 8_000, requires_grad=True)
    picture = Image(Mel(RATE), depth=depth)(waveform)
    picture.sum().backward()
    assert picture.isfinite().all()
    assert waveform.grad is not None
    assert waveform.grad.isfinite().all()


def test_what_is_inside_learns_first() -> None:
    frontend = Image(Standardize(Mel(RATE)), depth=None)
    assert not frontend.fitted
    frontend.fit([noise(8_000)])
    assert frontend.fitted
    assert frontend.parameter_groups() == []
    assert dict(frontend.external) == {}


def test_it_is_made_from_a_nested_config_and_can_be_standardized() -> None:
    cfg = assembly.compose(["frontend=image", "frontend.frontend.filters=64", "+frontend.standardize=all"])
    node: Any = OmegaConf.to_container(cfg.frontend, resolve=True)
    made = assembly.task(
        assembly.compose(["frontend=image", "+frontend.standardize=all", "model=lcnn"])
    ).frontend
    assert node["frontend"]["filters"] == 64
    assert type(made).__name__ == "Standardize"
    assert made.shape(16_000) == (1, 224, 224)
    made.fit([noise(16_000)])
    assert made(noise(16_000)).mean().abs() < 1e-3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"height": 1}, "at least 2 rows"),
        ({"depth": 0.0}, "is black"),
        ({"interpolation": "cubic"}, "use bilinear or nearest"),
    ],
)
def test_settings_without_meaning_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Image(Mel(RATE), **settings)


def test_a_single_frame_is_no_picture() -> None:
    with pytest.raises(InputError, match="no picture"):
        Image(Raw(RATE)).shape(1)
