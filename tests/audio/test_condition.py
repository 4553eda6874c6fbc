"""What a condition takes away is gone, and nothing else is."""

import numpy as np
import pytest
from numpy.typing import NDArray

from bonafide.audio.condition import Condition, apply, check
from bonafide.types import InputError

RATE = 16_000
TIME = np.arange(RATE) / RATE


def tone(hertz: float) -> NDArray[np.float32]:
    return (0.3 * np.sin(2 * np.pi * hertz * TIME)).astype(np.float32)


def rms(waveform: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(waveform.astype(np.float64) ** 2)))


def test_without_a_wish_nothing_is_touched() -> None:
    waveform = tone(440)
    assert apply(Condition(trim_seconds=0.025), waveform, RATE, 0) is waveform


@pytest.mark.parametrize(
    ("hertz", "kept"), [(0, False), (15, False), (30, False), (120, True), (3_000, True)]
)
def test_a_high_pass_takes_rumble_and_offset_and_leaves_speech_where_it_was(hertz: float, kept: bool) -> None:
    waveform = tone(hertz) if hertz else np.full(RATE, 0.3, np.float32)
    found = apply(Condition(highpass_hz=60), waveform, RATE, 0)
    if kept:
        np.testing.assert_allclose(found[800:-800], waveform[800:-800], atol=3e-3)  # zero phase
    else:
        assert rms(found[800:-800]) < 0.02 * 0.3


def test_a_low_pass_takes_what_lies_above() -> None:
    low = Condition(lowpass_hz=4_000)
    assert rms(apply(low, tone(6_000), RATE, 0)[800:-800]) < 0.01
    np.testing.assert_allclose(apply(low, tone(1_000), RATE, 0)[800:-800], tone(1_000)[800:-800], atol=3e-3)


@pytest.mark.parametrize("gain", [1e-3, 0.1, 3.0])
def test_every_clip_has_one_level(gain: float) -> None:
    found = apply(Condition(level_db=-26), gain * tone(300), RATE, 0)
    assert 20 * np.log10(rms(found)) == pytest.approx(-26, abs=1e-3)


def test_a_level_never_exceeds_full_scale_and_silence_stays_silence() -> None:
    click = np.zeros(RATE, np.float32)
    click[100] = 0.01
    assert np.abs(apply(Condition(level_db=-10), click, RATE, 0)).max() == pytest.approx(1)
    assert not apply(Condition(level_db=-26), np.zeros(RATE, np.float32), RATE, 0).any()


def test_dither_leaves_sixteen_bits_and_no_stretch_of_zeros() -> None:
    waveform = np.zeros(RATE, np.float32)
    found = apply(Condition(dither=True), waveform, RATE, 1)
    steps = found.astype(np.float64) * 32_768
    assert (steps == np.round(steps)).all()
    assert np.var(steps) == pytest.approx(0.25, abs=0.02)  # of triangular noise of two steps, rounded
    assert (apply(Condition(dither=True), waveform, RATE, 1) == found).all()
    assert (apply(Condition(dither=True), waveform, RATE, 2) != found).any()


@pytest.mark.parametrize("samples", [1, 2, 50, 513])
def test_short_clips_are_conditioned_too(samples: int) -> None:
    everything = Condition(0.0, 60, 7_000, -26, True)
    found = apply(everything, tone(440)[:samples], RATE, 0)
    assert found.shape == (samples,)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Condition(highpass_hz=8_000), "highpass_hz=8000 is no frequency"),
        (Condition(lowpass_hz=-1), "lowpass_hz"),
        (Condition(trim_seconds=-0.1), "negative"),
        (Condition(level_db=3), "above full scale"),
    ],
)
def test_what_cannot_be_done_is_refused(wish: Condition, said: str) -> None:
    with pytest.raises(InputError, match=said):
        check(wish, RATE)
