"""MFCC and LFCC against an own numpy and scipy chain and librosa, laws of the slopes, published values."""

import math
from collections.abc import Callable

import librosa
import numpy as np
import pytest
import scipy.fft
import torch
import torchaudio.functional
from numpy.typing import NDArray

from bonafide.frontends.cepstrum import LFCC, MFCC, slope
from bonafide.types import InputError

Array = NDArray[np.float64]
SAMPLE_RATE = 16000
BOTH = pytest.mark.parametrize("build", [MFCC, LFCC])


def triangles(edges: Array, n_fft: int) -> Array:
    """Unit triangles between `edges` in Hz, `[frequencies, filters]`."""
    lines = np.linspace(0, SAMPLE_RATE / 2, n_fft // 2 + 1)[:, None]
    low, peak, high = edges[:-2], edges[1:-1], edges[2:]
    return np.clip(np.minimum((lines - low) / (peak - low), (high - lines) / (high - peak)), 0, None)


def mel_edges(low: float, high: float, filters: int) -> Array:
    ends = 2595 * np.log10(1 + np.array([low, high]) / 700)
    return np.asarray(700 * (10 ** (np.linspace(*ends, filters + 2) / 2595) - 1))


def linear_edges(low: float, high: float, filters: int) -> Array:
    return np.linspace(low, high, filters + 2)


EDGES: dict[type, Callable[[float, float, int], Array]] = {MFCC: mel_edges, LFCC: linear_edges}


def reference_slope(cepstra: Array) -> Array:
    padded = np.pad(cepstra, ((0, 0), (2, 2)), mode="edge")
    return np.apply_along_axis(lambda row: np.correlate(row, [-2, -1, 0, 1, 2], "valid") / 10, 1, padded)


def reference(waveform: Array, edges: Array, *, n_fft: int = 512, hop: int = 256, keep: int = 20) -> Array:
    padded = np.pad(waveform, n_fft // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    power = np.abs(scipy.fft.rfft(frames * hann)) ** 2
    cepstra = scipy.fft.dct(np.log(power @ triangles(edges, n_fft) + 1e-6), type=2, norm="ortho").T[:keep]
    return np.concatenate([cepstra, (d := reference_slope(cepstra)), reference_slope(d)])


def noise(samples: int, seed: int = 0) -> torch.Tensor:
    """A decaying chirp in noise, `[1, samples]`."""
    generator = torch.Generator().manual_seed(seed)
    t = torch.arange(samples) / SAMPLE_RATE
    chirp = torch.sin(2 * math.pi * (200 * t + 2000 * t**2)) * torch.exp(-t)
    return (0.3 * chirp + 0.05 * torch.randn(samples, generator=generator))[None]


@BOTH
def test_against_numpy_and_scipy(build: type[MFCC | LFCC]) -> None:
    waveform = noise(16123)
    expected = reference(waveform[0].double().numpy(), EDGES[build](0, 8000, 20))
    np.testing.assert_allclose(build(SAMPLE_RATE)(waveform)[0, 0].numpy(), expected, atol=1e-3)


@BOTH
def test_other_settings_against_numpy_and_scipy(build: type[MFCC | LFCC]) -> None:
    waveform = noise(9000)
    frontend = build(SAMPLE_RATE, coefficients=13, filters=30, n_fft=1024, hop=160, f_min=300, f_max=3400)
    expected = reference(
        waveform[0].double().numpy(), EDGES[build](300, 3400, 30), n_fft=1024, hop=160, keep=13
    )
    np.testing.assert_allclose(frontend(waveform)[0, 0].numpy(), expected, atol=1e-3)


def test_filters_of_lfcc_are_equally_spaced() -> None:
    bank = LFCC(SAMPLE_RATE).chain.bank.double().numpy()
    edges = np.arange(22) * 380.952381
    np.testing.assert_allclose(bank, triangles(edges, 512), atol=1e-4)


@BOTH
@pytest.mark.parametrize("samples", [512, 513, 767, 768, 1023, 16000, 64600])
def test_the_announced_shape_and_times_hold(build: type[MFCC | LFCC], samples: int) -> None:
    frontend = build(SAMPLE_RATE)
    shape = frontend.shape(samples)
    assert shape == (1, 60, 1 + samples // 256)
    assert frontend(noise(samples)).shape == (1, *shape)
    times = frontend.times(samples)
    assert times.shape == (shape.frames,)
    torch.testing.assert_close(times.diff(), torch.full((shape.frames - 1,), 0.016, dtype=torch.float64))
    assert times[0] == 0


@BOTH
@pytest.mark.parametrize("deltas", [0, 1, 2])
def test_orders_are_stacked_below(build: type[MFCC | LFCC], deltas: int) -> None:
    frontend, waveform = build(SAMPLE_RATE, deltas=deltas), noise(4000)
    features = frontend(waveform)
    assert features.shape == (1, *frontend.shape(4000))
    assert torch.equal(features, build(SAMPLE_RATE)(waveform)[:, :, : 20 * (1 + deltas)])


@BOTH
@pytest.mark.parametrize("deltas", [1, 2])
def test_slopes_can_replace_the_cepstra(build: type[MFCC | LFCC], deltas: int) -> None:
    frontend, waveform = build(SAMPLE_RATE, deltas=deltas, stack=False), noise(4000)
    features = frontend(waveform)
    assert features.shape == (1, *frontend.shape(4000)) == (1, 1, 20, 16)
    assert torch.equal(features, build(SAMPLE_RATE)(waveform)[:, :, 20 * deltas : 20 * (1 + deltas)])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("samples", [32000, 12345])
def test_librosa_s_mfcc_can_be_had(samples: int) -> None:
    waveform = noise(samples)
    waveform[:, 6000:] *= 1e-5  # so that the floor of 80 dB below the loudest is reached
    frontend = MFCC(
        SAMPLE_RATE, coefficients=40, filters=128, n_fft=2048, hop=512, mel_scale="slaney", norm="slaney",
        deltas=0, scale="decibel", floor=1e-10, top_db=80, padding="zero",
    )  # fmt: skip
    expected = librosa.feature.mfcc(y=waveform[0].numpy(), sr=SAMPLE_RATE, n_mfcc=40)
    features = frontend(waveform)[0, 0].numpy()
    assert features.shape == (40, 1 + samples // 512)
    np.testing.assert_allclose(features, expected, atol=1e-2, rtol=1e-4)


def test_the_floor_below_the_loudest_is_that_of_each_clip() -> None:
    frontend = MFCC(SAMPLE_RATE, scale="decibel", top_db=20)
    clips = torch.cat([noise(4000), 100 * noise(4000, seed=1)])
    torch.testing.assert_close(frontend(clips)[:1], frontend(clips[:1]), atol=1e-4, rtol=1e-5)


def test_decibels_are_ten_times_the_common_logarithm() -> None:
    waveform = 10 * noise(4000)
    nepers = LFCC(SAMPLE_RATE, floor=1e-12, deltas=0)(waveform)
    decibels = LFCC(SAMPLE_RATE, floor=1e-12, deltas=0, scale="decibel")(waveform)
    torch.testing.assert_close(decibels, nepers * 10 / math.log(10), atol=1e-3, rtol=1e-5)


@BOTH
def test_silence_has_published_values(build: type[MFCC | LFCC]) -> None:
    frontend = build(SAMPLE_RATE)
    features = frontend(torch.zeros(2, 64600))
    assert features.shape == (2, 1, 60, 253)
    torch.testing.assert_close(features[:, :, 0], torch.full((2, 1, 253), -61.78484), atol=1e-4, rtol=0)
    assert features[:, :, 1:20].abs().max() < 1e-4
    assert features[:, :, 20:].abs().max() == 0


def test_times_are_where_a_click_is_loudest() -> None:
    frontend = LFCC(SAMPLE_RATE, deltas=0)
    waveform = torch.zeros(1, 16000)
    waveform[0, 31 * 256] = 1.0
    loudest = int(frontend(waveform)[0, 0, 0].argmax())
    assert frontend.times(16000)[loudest].item() == pytest.approx(31 * 256 / SAMPLE_RATE)


def test_the_slope_of_a_ramp_is_its_rise() -> None:
    ramp = 0.75 * torch.arange(12.0).repeat(2, 3, 1)
    rise = slope(ramp)
    torch.testing.assert_close(rise[..., 2:-2], torch.full((2, 3, 8), 0.75))
    # At the edge the first frame stands for those before it: (1·0.75 + 2·1.5) / 10.
    torch.testing.assert_close(rise[..., 0], torch.full((2, 3), 0.375))


def test_the_slope_agrees_with_torchaudio() -> None:
    cepstra = torch.randn(2, 20, 31, dtype=torch.float64)
    torch.testing.assert_close(slope(cepstra), torchaudio.functional.compute_deltas(cepstra, win_length=5))


@BOTH
def test_louder_shifts_the_zeroth_coefficient_alone(build: type[MFCC | LFCC]) -> None:
    frontend, waveform = build(SAMPLE_RATE), 10 * noise(16000)
    difference = frontend(2 * waveform) - frontend(waveform)
    torch.testing.assert_close(
        difference[:, :, 0], torch.full((1, 1, 63), math.sqrt(20) * math.log(4)), atol=1e-2, rtol=0
    )
    assert difference[:, :, 1:].abs().max() < 1e-2


@BOTH
def test_a_clip_does_not_depend_on_its_batch(build: type[MFCC | LFCC]) -> None:
    frontend = build(SAMPLE_RATE)
    clips = torch.cat([noise(5000, seed) for seed in range(4)])
    alone = torch.cat([frontend(clip[None]) for clip in clips])
    torch.testing.assert_close(frontend(clips), alone, atol=1e-4, rtol=1e-5)


@BOTH
def test_gradients_agree_with_differences(build: type[MFCC | LFCC]) -> None:
    frontend = build(SAMPLE_RATE)
    waveform = noise(1024).requires_grad_()
    (gradient,) = torch.autograd.grad(frontend(waveform).square().mean(), waveform)
    direction = gradient / gradient.norm()
    step = 1e-2
    with torch.no_grad():
        ahead, behind = (frontend(waveform + s * direction).square().mean() for s in (step, -step))
    assert ((ahead - behind) / (2 * step)).item() == pytest.approx(gradient.norm().item(), rel=0.02)


@BOTH
def test_single_precision_under_autocast(build: type[MFCC | LFCC]) -> None:
    frontend, waveform = build(SAMPLE_RATE), noise(4000)
    expected = frontend(waveform)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features = frontend(waveform)
    assert features.dtype == torch.float32
    assert torch.equal(features, expected)


@BOTH
def test_less_than_a_frame_is_refused(build: type[MFCC | LFCC]) -> None:
    frontend = build(SAMPLE_RATE)
    for attempt in (frontend.shape, frontend.times, lambda n: frontend(torch.zeros(1, n))):
        with pytest.raises(InputError, match="511 samples is shorter than one frame of 512"):
            attempt(511)


@BOTH
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"coefficients": 21}, "21 coefficients from 20 filters"),
        ({"deltas": 3}, "deltas=3"),
        ({"f_max": 9000.0}, "at most 8000 Hz"),
        ({"f_min": 4000.0, "f_max": 4000.0}, "f_max must be higher"),
        ({"filters": 600}, "fewer filters or a larger n_fft"),
        ({"scale": "dB"}, "use decibel, log or linear"),
        ({"floor": 0.0}, "floor=0 has no logarithm"),
        ({"top_db": -80.0}, "top_db=-80 leaves nothing"),
        ({"padding": "constant"}, "use reflect or zero"),
        ({"hop": 0}, "hop=0"),
    ],
)
def test_settings_without_meaning_are_refused(
    build: type[MFCC | LFCC], settings: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        build(SAMPLE_RATE, **settings)  # type: ignore[arg-type]
