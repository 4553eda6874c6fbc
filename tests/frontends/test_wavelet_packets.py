"""Packet features: the published formula and values, norms that keep clips apart, gradients and refusals."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import pywt
import torch

from bonafide.frontends.standardize import Standardize
from bonafide.frontends.wavelet_packets import WaveletPackets
from bonafide.types import InputError

RATE = 22_050


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def coefficients(waveform: torch.Tensor, wavelet: str, level: int) -> np.ndarray:
    """Of PyWavelets in double precision, `[batch, bins, frames]`."""
    tree = pywt.WaveletPacket(waveform.double().numpy(), wavelet, "reflect", maxlevel=level, axis=-1)
    return np.stack([node.data for node in tree.get_level(level, "freq")], axis=1)


def test_the_published_formula() -> None:
    waveform = noise(2, RATE)
    expected = np.log(coefficients(waveform, "sym5", 8) ** 2 + 1e-12)
    features = WaveletPackets(RATE)(waveform)
    assert features.shape == (2, 1, 256, 95)
    np.testing.assert_allclose(features[:, 0].numpy(), expected, atol=0.05)
    assert np.abs(features[:, 0].numpy() - expected).mean() < 1e-5


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"power": 1.0}, lambda w: np.log(np.abs(w) + 1e-12)),
        ({"power": 3.0, "floor": 1e-3}, lambda w: np.log(np.abs(w) ** 3 + 1e-3)),
        ({"log": False}, lambda w: w**2),
        ({"log": False, "power": 1.0}, np.abs),
        ({"log": False, "top_db": 20.0}, lambda w: np.maximum(w**2, (w**2).max((1, 2), keepdims=True) / 100)),
        (
            {"log": False, "power": 1.0, "top_db": 20.0},
            lambda w: np.abs(w).clip(np.abs(w).max((1, 2))[0] / 10),
        ),
        (
            {"log": False, "power": 1.0, "block_norm": "clip"},
            lambda w: np.abs(w) / np.abs(w).max(2, keepdims=True),
        ),
    ],
)
def test_other_formulas(
    settings: dict[str, float | str], expected: Callable[[np.ndarray], np.ndarray]
) -> None:
    waveform = noise(1, 3_000)
    features = WaveletPackets(RATE, wavelet="haar", level=4, **settings)(waveform)  # type: ignore[arg-type]
    np.testing.assert_allclose(
        features[:, 0].numpy(),
        expected(coefficients(waveform, "haar", 4)),
        atol=1e-2 if len(settings) == 1 else 1e-5,
    )


@pytest.mark.parametrize("wavelet", ["haar", "sym5", "sym8", "coif4"])
def test_silence_is_the_floor(wavelet: str) -> None:
    waveform = torch.zeros(1, RATE, requires_grad=True)
    features = WaveletPackets(RATE, wavelet=wavelet)(waveform)
    assert features.shape == (1, 1, 256, {"haar": 87, "sym5": 95, "sym8": 101, "coif4": 109}[wavelet])
    torch.testing.assert_close(features, torch.full_like(features, -27.63102))
    features.sum().backward()
    assert waveform.grad is not None
    assert waveform.grad.eq(0).all()


def test_signs_are_a_second_channel() -> None:
    waveform = noise(2, 5_000)
    frontend = WaveletPackets(RATE, level=5, signs=True)
    features = frontend(waveform)
    assert features.shape == (2, *frontend.shape(5_000))
    assert frontend.shape(5_000).channels == 2
    assert torch.equal(features[:, :1], WaveletPackets(RATE, level=5)(waveform))
    assert torch.equal(features[:, 1], torch.where(frontend.analyze(waveform) < 0, -1.0, 1.0))
    assert frontend(torch.zeros(1, 5_000))[:, 1].eq(1).all()


def test_magnitudes_and_signs_give_the_clip_back() -> None:
    waveform = noise(2, 5_001)
    frontend = WaveletPackets(RATE, wavelet="sym4", level=6, log=False, power=1, signs=True)
    magnitudes, signs = frontend(waveform).unbind(dim=1)
    torch.testing.assert_close(frontend.synthesize(magnitudes * signs, 5_001), waveform, atol=1e-5, rtol=0)


def test_twice_as_loud_is_four_times_the_energy() -> None:
    frontend, waveform = WaveletPackets(RATE, floor=1e-30), noise(1, RATE)
    shift = frontend(2 * waveform) - frontend(waveform)
    torch.testing.assert_close(shift, torch.full_like(shift, math.log(4)), atol=1e-4, rtol=0)


def test_a_floor_below_the_loudest_follows_the_level() -> None:
    frontend, waveform = WaveletPackets(RATE, top_db=60.0, floor=1e-30), noise(1, RATE)
    waveform[:, 11_000:] *= 1e-5
    features = frontend(waveform)
    assert (features.max() - features.min()).item() == pytest.approx(math.log(1e6), abs=1e-3)
    shift = frontend(0.01 * waveform) - features
    torch.testing.assert_close(shift, torch.full_like(shift, math.log(1e-4)), atol=1e-3, rtol=0)


@pytest.mark.parametrize("block_norm", [None, "clip", "training"])
def test_a_clip_does_not_depend_on_its_company(block_norm: str | None) -> None:
    frontend = WaveletPackets(RATE, level=5, block_norm=block_norm)  # type: ignore[arg-type]
    frontend.fit([noise(3, 5_000, seed=1)])
    clips = noise(4, 5_000)
    louder = torch.cat([clips[:1], 100 * clips[1:]])
    assert torch.equal(frontend(louder)[:1], frontend(clips[:1]))


def test_the_published_norm_runs_over_the_batch() -> None:
    clips = noise(3, 5_000) * torch.tensor([[1.0], [2.0], [3.0]])
    peaks = np.abs(w := coefficients(clips, "haar", 5)).max(axis=(0, 2), keepdims=True)
    frontend = WaveletPackets(RATE, wavelet="haar", level=5, log=False, power=1, block_norm="batch")
    np.testing.assert_allclose(frontend(clips)[:, 0].numpy(), np.abs(w) / peaks, atol=1e-5)


@pytest.mark.parametrize("block_norm", ["clip", "batch", "training"])
def test_a_norm_leaves_silence_silent(block_norm: str) -> None:
    frontend = WaveletPackets(RATE, level=5, block_norm=block_norm)  # type: ignore[arg-type]
    frontend.fit([torch.zeros(2, 5_000)])
    waveform = torch.zeros(2, 5_000, requires_grad=True)
    features = frontend(waveform)
    torch.testing.assert_close(features, torch.full_like(features, -27.63102))
    features.sum().backward()
    assert waveform.grad is not None
    assert waveform.grad.isfinite().all()


def test_learnt_peaks_travel_with_the_checkpoint() -> None:
    clips = noise(4, 5_000)
    frontend = WaveletPackets(RATE, wavelet="haar", level=4, log=False, power=1, block_norm="training")
    assert not frontend.fitted
    with pytest.raises(RuntimeError, match="no peaks yet"):
        frontend(clips)
    frontend.fit([clips[:1], clips[1:]])
    assert frontend.fitted
    torch.testing.assert_close(frontend(clips).amax((0, -1))[0], torch.ones(16))
    again = WaveletPackets(RATE, wavelet="haar", level=4, log=False, power=1, block_norm="training")
    again.load_state_dict(frontend.state_dict())
    assert torch.equal(again(clips), frontend(clips))


def test_learnt_peaks_can_be_standardized() -> None:
    clips = noise(4, 5_000)
    frontend = Standardize(WaveletPackets(RATE, level=4, block_norm="training"))
    frontend.fit([clips])
    features = frontend(clips)
    torch.testing.assert_close(features.mean((0, 1, 3)), torch.zeros(16), atol=1e-4, rtol=0)


def test_peaks_are_learnt_from_finite_clips() -> None:
    frontend = WaveletPackets(RATE, level=4, block_norm="training")
    with pytest.raises(InputError, match="no training clips"):
        frontend.fit([])
    with pytest.raises(InputError, match="not finite"):
        frontend.fit([torch.full((1, 5_000), math.nan)])
    assert not frontend.fitted


def test_nothing_else_is_learnt() -> None:
    frontend = WaveletPackets(RATE)
    assert frontend.fitted
    assert not frontend.state_dict()


@pytest.mark.parametrize(("settings", "samples"), [({}, 12_345), ({"signs": True, "mode": "zero"}, 137)])
def test_announced_shape_and_times(settings: dict[str, object], samples: int) -> None:
    frontend = WaveletPackets(RATE, **settings)  # type: ignore[arg-type]
    assert frontend(noise(2, samples)).shape == (2, *frontend.shape(samples))
    torch.testing.assert_close(frontend.times(samples), frontend.tree.centres(samples) / RATE)
    assert frontend.times(samples)[-1] < samples / RATE


def test_gradients_agree_with_differences() -> None:
    frontend = WaveletPackets(RATE, level=4, signs=True, floor=1e-4)
    waveform = noise(1, 1_024).requires_grad_()
    (gradient,) = torch.autograd.grad(frontend(waveform).square().mean(), waveform)
    direction, step = gradient / gradient.norm(), 1e-3
    with torch.no_grad():
        ahead, behind = (frontend(waveform + s * direction)[:, 0].square().mean() for s in (step, -step))
    # The mean of two channels, of which the signs are constant.
    assert (ahead - behind).item() / (4 * step) == pytest.approx(gradient.norm().item(), rel=0.02)


def test_single_precision_under_autocast() -> None:
    frontend, waveform = WaveletPackets(RATE, level=5), noise(2, 4_000)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features = frontend(waveform)
    assert features.dtype == torch.float32
    assert torch.equal(features, frontend(waveform))
    assert frontend(waveform.double()).dtype == torch.float32


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"power": 0.5}, "power=0.5 has no gradient at silence"),
        ({"floor": 0.0}, "floor=0 has no logarithm"),
        ({"top_db": 0.0}, "top_db=0 leaves nothing"),
        ({"block_norm": "faithful"}, "no block_norm=faithful; use clip, training, batch or null"),
        ({"wavelet": "coif40"}, "did you mean coif4"),
    ],
)
def test_settings_without_meaning_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        WaveletPackets(RATE, **settings)  # type: ignore[arg-type]


def test_without_a_logarithm_no_floor_is_needed() -> None:
    assert WaveletPackets(RATE, level=4, log=False, floor=0.0)(torch.zeros(1, 500)).eq(0).all()


def test_a_clip_too_short_for_the_tree_is_refused() -> None:
    frontend = WaveletPackets(RATE)
    for attempt in (frontend.shape, frontend.times, lambda n: frontend(torch.zeros(1, n))):
        with pytest.raises(InputError, match="136 samples is too short: 8 levels of sym5 need at least 137"):
            attempt(136)
