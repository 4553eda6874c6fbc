"""Laws of linear prediction."""

import numpy as np
import pytest
from scipy.signal import lfilter

from bonafide.manipulation.autoregression import burg, continued, excited
from bonafide.manipulation.inpainters.interpolation import Interpolation
from bonafide.types import InputError

RATE = 16_000


def tone(frequency: float, seconds: float, rate: int = RATE) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate + 0.7)


def snr(wanted: np.ndarray, found: np.ndarray) -> float:
    return float(10 * np.log10(np.sum(wanted**2) / np.sum((found - wanted) ** 2)))


def filled(wave: np.ndarray, start: int, end: int, **settings: float | bool) -> np.ndarray:
    masked = wave.astype(np.float32)
    masked[start:end] = 0
    return Interpolation(**settings).fill(masked, RATE, start, end, caption="", seed=0)  # type: ignore[arg-type]


def test_the_model_of_an_autoregressive_process_is_found() -> None:
    true = np.array([1.0, -1.6, 0.9])
    wave = lfilter([1.0], true, np.random.default_rng(0).standard_normal(20_000))
    inverse, power = burg(wave, 2)
    np.testing.assert_allclose(inverse, true, atol=0.02)
    assert power == pytest.approx(1.0, abs=0.05)


def test_the_residual_of_noise_is_noise() -> None:
    wave = np.random.default_rng(1).standard_normal(4000)
    inverse, power = burg(wave, 30)
    assert np.abs(inverse[1:]).max() < 0.1
    assert power == pytest.approx(wave.var(), rel=0.05)


@pytest.mark.parametrize("seed", range(5))
def test_every_model_is_stable(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wave = np.cumsum(rng.standard_normal(600)) * rng.random(600)
    inverse, _ = burg(wave, 40)
    assert np.abs(np.roots(inverse)).max() < 1.0
    assert np.isfinite(continued(wave, inverse, 200_000)).all()
    assert np.isfinite(excited(inverse, rng.standard_normal(20_000))).all()


@pytest.mark.parametrize("frequency", [60.0, 440.0, 1234.5, 3999.9])
@pytest.mark.parametrize("seconds", [0.04, 0.5])
def test_a_tone_goes_on_through_a_gap(frequency: float, seconds: float) -> None:
    wave = tone(frequency, 4.0)
    start, end = 20_000, 20_000 + round(seconds * RATE)
    found = filled(wave, start, end)
    assert snr(wave[start:end], found[start:end]) > (50 if seconds < 0.1 else 30)
    np.testing.assert_array_equal(found[:start], wave.astype(np.float32)[:start])
    np.testing.assert_array_equal(found[end:], wave.astype(np.float32)[end:])


def test_a_chord_goes_on_from_one_side_alone() -> None:
    wave = tone(300.0, 3.0) + tone(777.0, 3.0) + tone(1500.0, 3.0)
    assert snr(wave[:4000], filled(wave, 0, 4000)[:4000]) > 30
    assert snr(wave[-4000:], filled(wave, wave.size - 4000, wave.size)[-4000:]) > 30


def test_a_long_gap_in_noise_keeps_its_level_only_if_it_is_excited() -> None:
    wave = 0.1 * np.random.default_rng(2).standard_normal(10 * RATE)
    start, end = 3 * RATE, 7 * RATE
    middle = slice(start + RATE, end - RATE)
    assert filled(wave, start, end)[middle].std() == pytest.approx(0.1, rel=0.1)
    assert filled(wave, start, end, excite=False)[middle].std() < 0.001


def test_a_change_of_sound_is_crossed_gradually() -> None:
    wave = np.concatenate([tone(200.0, 2.0), tone(2000.0, 2.0)])
    start, end = 24_000, 40_000
    region = filled(wave, start, end)[start:end]
    quarter = region.size // 4
    share = [
        np.abs(np.fft.rfft(part * np.hanning(part.size)))[: part.size // 16].sum()  # below 500 Hz
        / np.abs(np.fft.rfft(part * np.hanning(part.size))).sum()
        for part in (region[:quarter], region[-quarter:])
    ]
    assert share[0] > 0.9
    assert share[1] < 0.1


def test_silence_goes_on_as_silence() -> None:
    assert not filled(np.zeros(RATE), 4000, 8000).any()


def test_nothing_to_continue_from_is_refused() -> None:
    with pytest.raises(InputError, match="too little beside its region"):
        filled(tone(440.0, 1.0), 10, RATE - 10)
    with pytest.raises(InputError, match="order=0"):
        Interpolation(order=0)
