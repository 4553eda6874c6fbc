"""Bits, overdrive, flanger, filters, rates and Vorbis: each against a formula or somebody else's code."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import signal
from torchaudio import functional as audio

from bonafide.augment.band_reject import BandReject
from bonafide.augment.change import seeded
from bonafide.augment.flanger import Flanger, FlangerDrawn
from bonafide.augment.low_pass import LowPass
from bonafide.augment.overdrive import Overdrive, OverdriveDrawn
from bonafide.augment.quantization import Quantization
from bonafide.augment.resampling import Resampling
from bonafide.augment.vorbis import Vorbis
from bonafide.augment.windowed_sinc import BETA, taps
from bonafide.types import InputError

RATE = 16_000


def noise(*shape: int, level: float = 0.2) -> torch.Tensor:
    return level * torch.randn(shape, generator=torch.Generator().manual_seed(0))


def tones(*hertz: float, seconds: float = 0.5) -> torch.Tensor:
    time = torch.arange(int(seconds * RATE), dtype=torch.float64) / RATE
    return torch.stack([0.5 * torch.sin(2 * torch.pi * each * time) for each in hertz]).float()


def gain_db(made: torch.Tensor, x: torch.Tensor) -> NDArray[np.float64]:
    """In the middle of a clip, where no filter sees its ends."""
    middle = slice(x.shape[1] // 4, 3 * x.shape[1] // 4)
    return (20 * torch.log10(made[:, middle].norm(dim=1) / x[:, middle].norm(dim=1))).double().numpy()


def test_eight_bits_are_those_of_a_file() -> None:
    """NumPy's integers of 8 bits, signed and read back as libsndfile does."""
    x = noise(3, 4000, level=0.5)
    levels = np.clip(np.rint(x.numpy() * 128), -128, 127).astype(np.int8)
    made = Quantization((8, 8))(x, seeded([0]))
    np.testing.assert_array_equal(made.numpy(), levels.astype(np.float32) / 128)


@pytest.mark.parametrize("bits", [3, 5, 8])
def test_a_bit_is_worth_six_db(bits: int) -> None:
    x = 2 * torch.rand(1, 200_000, generator=torch.Generator().manual_seed(1)) - 1
    step = 2.0 ** (1 - bits)
    error = (Quantization((bits, bits))(x, seeded([0])) - x)[x < 1 - 1.5 * step]
    assert float(error.abs().max()) <= step / 2 + 1e-6
    assert float(error.square().mean()) == pytest.approx(step**2 / 12, rel=0.02)


@pytest.mark.parametrize(("gain", "colour"), [(20, 20), (6, 0), (35, 80)])
def test_overdrive_is_that_of_sox(gain: float, colour: float) -> None:
    """As torchaudio has it, sample by sample."""
    x = noise(2, 3000)
    drawn = OverdriveDrawn(torch.full((2,), float(gain)), torch.full((2,), float(colour)))
    made = Overdrive().apply(x, drawn)
    torch.testing.assert_close(made, audio.overdrive(x, gain, colour), atol=2e-5, rtol=0)


def test_overdrive_makes_harmonics() -> None:
    x = tones(500)
    spectrum = torch.fft.rfft(Overdrive((20, 20), colour=(0, 0))(x, seeded([0]))[0]).abs()
    first, second, third = (float(spectrum[place * 250]) for place in (1, 2, 3))
    assert third > 0.05 * first
    assert second < 0.01 * first  # without colour the curve is odd


def test_the_flanger_follows_its_formula() -> None:
    x = noise(2, 5000)
    drawn = FlangerDrawn(*(torch.tensor(each) for each in ([2.0, 4.5], [0.5, 3.0], [0.71, 1.0], [0.25, 0.6])))
    made = Flanger(RATE).apply(x, drawn).numpy()
    time = np.arange(5000)
    for clip in range(2):
        depth, speed, width, phase = (float(column[clip]) for column in drawn)
        delay = depth / 1000 * RATE * (1 + np.sin(2 * np.pi * (speed * time / RATE + phase))) / 2
        copy = np.interp(time - delay, np.arange(-200, 5000), np.pad(x[clip].numpy(), (200, 0)))
        wanted = (x[clip].numpy() + width * copy) / (1 + width)
        np.testing.assert_allclose(made[clip], wanted, atol=2e-4)


@pytest.mark.parametrize("kind", ["low-pass", "band-reject"])
def test_filters_are_those_of_scipy(kind: str) -> None:
    x = noise(1, 6000)
    if kind == "low-pass":
        made, edges, passes = LowPass(RATE, cut_hz=(4000, 4000))(x, seeded([0])), [4000.0], "lowpass"
    else:
        reject = BandReject(RATE, low_hz=(5000, 5000), high_hz=(7000, 7000))
        made, edges, passes = reject(x, seeded([0])), [5000.0, 7000.0], "bandstop"
    count = taps(RATE)
    response = signal.firwin(count, edges, window=("kaiser", BETA), pass_zero=passes, scale=False, fs=RATE)
    wanted = np.convolve(x[0].numpy(), response)[count // 2 :][:6000]
    np.testing.assert_allclose(made[0].numpy(), wanted, atol=1e-5)


def test_tones_outside_a_band_stay_and_those_in_it_die() -> None:
    x = tones(1000, 4600, 5400, 6500, 7800)
    low = gain_db(LowPass(RATE, cut_hz=(5000, 5000))(x, seeded([0])), x)
    assert np.abs(low[:2]).max() < 0.01
    assert low[2:].max() < -60
    band = BandReject(RATE, low_hz=(5000, 5000), high_hz=(7000, 7000))
    found = gain_db(band(x, seeded([0])), x)
    assert np.abs(found[[0, 1, 4]]).max() < 0.01
    assert found[2:4].max() < -60
    # At half the rate there is no upper edge: SoX's `sinc 8k-5k` of a recording at 16 kHz is a low-pass.
    whole = BandReject(RATE, low_hz=(5000, 5000), high_hz=(8000, 8000))(x, seeded([0]))
    torch.testing.assert_close(whole, LowPass(RATE, cut_hz=(5000, 5000))(x, seeded([0])), atol=1e-4, rtol=0)


@pytest.mark.parametrize("rate", [8000, 11_025])
def test_a_lower_rate_and_back_keeps_what_it_can_hold(rate: int) -> None:
    x = tones(0.3 * rate, 0.42 * rate, 0.55 * rate, 7900)
    made = Resampling(RATE, [rate])(x, seeded([0]))
    found = gain_db(made, x)
    assert made.shape == x.shape
    assert np.abs(found[:2]).max() < 0.05
    assert found[2:].max() < -60
    middle = slice(2000, 6000)
    wanted = signal.resample_poly(signal.resample_poly(x[0].numpy(), rate, RATE), RATE, rate)[: x.shape[1]]
    np.testing.assert_allclose(made[0, middle].numpy(), wanted[middle], atol=2e-3)


def test_each_clip_has_a_rate_of_its_own() -> None:
    x = tones(4700, 4700, 4700, 4700, 4700, 4700, 4700, 4700)
    found = gain_db(Resampling(RATE, [8000, 11_025])(x, seeded([1])), x)
    assert {bool(each < -60) for each in found} == {True, False}
    assert np.all((found < -60) | (np.abs(found) < 0.05))


def test_vorbis_keeps_length_and_alignment_and_is_nearer_with_quality() -> None:
    x = tones(440, 900, seconds=2.3)
    x = (
        x
        + torch.from_numpy(signal.lfilter([1.0], [1, -0.9], noise(2, x.shape[1], level=0.02).numpy())).float()
    )
    errors = []
    for quality in (0.0, 0.4, 0.9):
        made = Vorbis(RATE, quality=(quality, quality))(x, seeded([0]))
        assert made.shape == x.shape
        similarity = signal.correlate(made[0].numpy(), x[0].numpy(), "same", method="fft")
        assert abs(int(similarity.argmax()) - x.shape[1] // 2) == 0
        errors.append(float((made - x).norm() / x.norm()))
    assert errors[0] > errors[1] > errors[2]
    assert errors[0] < 0.3


def test_silence_stays_finite() -> None:
    silence = torch.zeros(2, 1700)
    for change in (Quantization(), Overdrive(), Flanger(RATE), LowPass(RATE), BandReject(RATE), Vorbis(RATE)):
        assert torch.isfinite(change(silence, seeded([0]))).all()


def test_settings_without_meaning_are_refused() -> None:
    for make, said in (
        (lambda: Quantization((0, 8)), r"bits=\[0, 8\]"),
        (lambda: Overdrive((-3, 8)), "gain_db"),
        (lambda: Flanger(RATE, depth_ms=(2, 100)), "depth_ms"),
        (lambda: LowPass(8000, cut_hz=(3000, 7000)), "cut_hz"),
        (lambda: BandReject(RATE, low_hz=(4000, 6000), high_hz=(5000, 8000)), "keep the lower edge"),
        (lambda: Resampling(8000), r"rates=\[8000, 11025\].*below the 8000 Hz"),
        (lambda: Vorbis(RATE, quality=(0, 2)), "quality"),
    ):
        with pytest.raises(InputError, match=said):
            make()
