"""CQT and VQT against librosa, and what a constant-Q transform is: a tone is a bin, an octave is twelve."""

import math

import librosa
import numpy as np
import pytest
import torch

from bonafide.frontends.constant_q import C1, CQT, VQT
from bonafide.types import InputError

BOTH = pytest.mark.parametrize(("build", "reference"), [(CQT, librosa.cqt), (VQT, librosa.vqt)])
EACH = pytest.mark.parametrize("build", [CQT, VQT])


def sound(rate: int, samples: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    t = torch.arange(samples, dtype=torch.float64) / rate
    tones = 0.3 * torch.sin(2 * math.pi * (100 * t + 800 * t**2)) + 0.2 * torch.sin(2 * math.pi * 440 * t)
    return (tones.float() + 0.1 * torch.randn(samples, generator=generator))[None]


@BOTH
@pytest.mark.parametrize(
    ("rate", "samples", "hop"),
    [(16_000, 32_000, 256), (16_000, 20_001, 220), (22_050, 30_000, 512), (44_100, 60_000, 256)],
)
def test_against_librosa(
    build: type[CQT | VQT], reference: object, rate: int, samples: int, hop: int
) -> None:
    waveform = sound(rate, samples)
    expected = np.abs(reference(waveform[0].numpy(), sr=rate, hop_length=hop, sparsity=0))  # type: ignore[operator]
    features = build(rate, hop=hop, scale="linear")(waveform)[0, 0].numpy()
    assert features.shape == expected.shape == (84, 1 + samples // hop)
    error = np.abs(features - expected) / expected.max()
    edge = math.ceil(0.3 * rate / hop)  # frames that the longest wavelets of half a second reach over an end
    assert error[:, edge:-edge].max() < 1e-4
    assert error.max() < 1e-2


@BOTH
@pytest.mark.filterwarnings("ignore:n_fft=16384 is too large")
def test_without_halving_the_edges_agree_too(build: type[CQT | VQT], reference: object) -> None:
    waveform = sound(16_000, 9_000)
    expected = np.abs(reference(waveform[0].numpy(), sr=16_000, hop_length=441, sparsity=0))  # type: ignore[operator]
    features = build(16_000, hop=441, scale="linear")(waveform)[0, 0].numpy()
    np.testing.assert_allclose(features, expected, atol=1e-5 * expected.max())


@BOTH
def test_what_librosa_leaves_out_by_default_is_little(build: type[CQT | VQT], reference: object) -> None:
    waveform = sound(16_000, 32_000)
    expected = np.abs(reference(waveform[0].numpy(), sr=16_000, hop_length=256))  # type: ignore[operator]
    features = build(16_000, scale="linear")(waveform)[0, 0].numpy()
    assert np.abs(features - expected).max() < 1e-2 * expected.max()


@BOTH
def test_other_bins_against_librosa(build: type[CQT | VQT], reference: object) -> None:
    waveform = sound(16_000, 16_000)
    settings = {"fmin": 110.0, "n_bins": 100, "bins_per_octave": 24}
    expected = np.abs(reference(waveform[0].numpy(), sr=16_000, hop_length=256, sparsity=0, **settings))  # type: ignore[operator]
    frontend = build(16_000, f_min=110.0, bins=100, bins_per_octave=24, scale="linear")
    features = frontend(waveform)[0, 0].numpy()
    assert features.shape == expected.shape
    assert np.abs(features - expected).max() < 1e-2 * expected.max()


def test_a_vqt_of_no_widening_is_a_cqt() -> None:
    waveform = sound(16_000, 12_000)
    torch.testing.assert_close(VQT(16_000, gamma=0.0)(waveform), CQT(16_000)(waveform), atol=0, rtol=0)


@EACH
@pytest.mark.parametrize("bin_", [0, 11, 12, 40, 59, 83])
def test_a_tone_is_loudest_in_its_bin(build: type[CQT | VQT], bin_: int) -> None:
    tone = torch.sin(2 * math.pi * C1 * 2 ** (bin_ / 12) * torch.arange(32_000) / 16_000)[None]
    features = build(16_000)(tone)[0, 0, :, 40:-40]
    assert (features.argmax(0) == bin_).all()


def test_a_tone_of_amplitude_one_is_half_the_root_of_the_wavelet() -> None:
    frequency = C1 * 2 ** (40 / 12)
    tone = torch.sin(2 * math.pi * frequency * torch.arange(32_000) / 16_000)[None]
    ratio = 2 ** (1 / 6)
    length = 16_000 / (frequency * (ratio - 1) / (ratio + 1))
    measured = CQT(16_000, scale="linear")(tone)[0, 0, 40, 63].item()
    assert measured == pytest.approx(math.sqrt(length) / 2, rel=1e-3)


@EACH
def test_a_click_is_loudest_at_its_time(build: type[CQT | VQT]) -> None:
    click = torch.zeros(1, 16_000)
    click[0, 31 * 256] = 1.0
    frontend = build(16_000)
    loudest = frontend(click)[0, 0].argmax(-1)
    assert (frontend.times(16_000)[loudest] - 31 * 256 / 16_000).abs().max() < 1e-9


@EACH
def test_silence_and_gradients(build: type[CQT | VQT]) -> None:
    frontend = build(16_000)
    waveform = torch.zeros(1, 8_000, requires_grad=True)
    features = frontend(waveform)
    torch.testing.assert_close(features, torch.full_like(features, -100))
    features.sum().backward()
    assert waveform.grad is not None
    assert waveform.grad.isfinite().all()
    heard, frontend = sound(16_000, 8_000).requires_grad_(), build(16_000, scale="linear")
    (gradient,) = torch.autograd.grad(frontend(heard).square().mean(), heard)
    direction = gradient / gradient.norm()
    with torch.no_grad():
        ahead, behind = (frontend(heard + s * direction).square().mean() for s in (1e-2, -1e-2))
    assert ((ahead - behind) / 2e-2).item() == pytest.approx(gradient.norm().item(), rel=0.02)


@EACH
def test_clips_go_together_under_autocast(build: type[CQT | VQT]) -> None:
    frontend = build(16_000, scale="linear")
    clips = torch.cat([sound(16_000, 9_001, seed) for seed in range(3)])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        together = frontend(clips)
    assert together.dtype == torch.float32
    alone = torch.cat([frontend(clip[None]) for clip in clips])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


@EACH
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bins": 97}, "use at most bins=9"),
        ({"f_min": 9_000.0}, "use a lower f_min"),
        ({"f_min": 0.0}, "cannot begin at f_min=0"),
        ({"bins": 0}, "needs bins"),
        ({"hop": 0}, "hop=0"),
    ],
)
def test_settings_without_meaning_are_refused(
    build: type[CQT | VQT], settings: dict[str, float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        build(16_000, **settings)  # type: ignore[arg-type]


@EACH
def test_the_bins_that_are_said_to_fit_do(build: type[CQT | VQT]) -> None:
    with pytest.raises(InputError, match="at most bins=") as caught:
        build(8_000)
    fitting = int(str(caught.value).partition("at most bins=")[2].partition(",")[0].rstrip("."))
    build(8_000, bins=fitting)
    with pytest.raises(InputError):
        build(8_000, bins=fitting + 1)


def test_a_negative_widening_is_refused() -> None:
    with pytest.raises(InputError, match="gamma=-1"):
        VQT(16_000, gamma=-1.0)


@EACH
def test_less_than_the_shortest_wavelet_is_refused(build: type[CQT | VQT]) -> None:
    frontend = build(16_000)
    assert frontend(torch.zeros(1, frontend.length)).shape == (1, *frontend.shape(frontend.length))
    with pytest.raises(InputError, match="shorter than one frame"):
        frontend.shape(frontend.length - 1)
