"""Silence removal, phone calls and codecs: what works file by file."""

import av
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import signal

from bonafide.audio import codec
from bonafide.augment import phone
from bonafide.augment.change import Nothing, seeded
from bonafide.augment.codec import Codec, CodecDrawn
from bonafide.augment.phone import Phone, companded, through_gsm
from bonafide.augment.silence import Silence, without_silence
from bonafide.types import InputError

RATE = 16000


def noise(seconds: float, level: float, seed: int = 0) -> NDArray[np.float32]:
    made = level * np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    return made.astype(np.float32)


def voice(samples: int = 16000, rate: int = RATE) -> NDArray[np.float32]:
    """Noise between 300 and 3,000 Hz, swelling four times a second."""
    band = signal.butter(2, [300, 3000], "band", fs=rate, output="sos")
    rough = signal.sosfilt(band, np.random.default_rng(1).standard_normal(samples))
    swell = 0.2 + np.sin(4 * np.pi * np.arange(samples) / rate) ** 2
    made: NDArray[np.float32] = (0.1 * rough / rough.std() * swell).astype(np.float32)
    return made


def lag(late: NDArray[np.float32], early: NDArray[np.float32]) -> int:
    similarity = signal.correlate(late.astype(float), early.astype(float), method="fft")
    return int(np.argmax(similarity)) - (len(early) - 1)


def test_leading_silence_and_long_pauses_are_cut_and_short_ones_stay() -> None:
    quiet = 0.001
    parts = [
        noise(0.5, quiet, 1), noise(0.6, 0.1, 2), noise(0.1, quiet, 3), noise(0.5, 0.1, 4),
        noise(0.4, quiet, 5), noise(0.1, 0.1, 6), noise(0.4, quiet, 7), noise(0.5, 0.1, 8),
        noise(0.3, quiet, 9),
    ]  # fmt: skip
    kept = without_silence(np.concatenate(parts), RATE)
    # A blip too short to be a sound goes with the pauses around it; the running level lags by up to 20 ms.
    wanted = np.concatenate([parts[1], parts[2], parts[3], parts[7]])
    assert len(wanted) - 400 < len(kept) < len(wanted) + 2 * 400
    assert abs(lag(kept, np.concatenate([parts[1], parts[2], parts[3]]))) < 50
    loud = without_silence(np.concatenate(parts), RATE, threshold=0.0001)
    assert len(loud) > len(wanted) + RATE
    patient = without_silence(np.concatenate(parts), RATE, seconds=0.45)
    assert len(patient) > len(kept) + 0.8 * RATE


@pytest.mark.parametrize("waveform", [noise(1, 0.0001), np.zeros(5, np.float32), np.ones(1, np.float32)])
def test_where_nothing_would_be_left_all_is_kept(waveform: NDArray[np.float32]) -> None:
    assert np.array_equal(without_silence(waveform, RATE), waveform)


def test_what_is_left_is_repeated() -> None:
    x = np.concatenate([np.zeros(8000, np.float32), noise(0.5, 0.1)])
    made = Silence(RATE).apply(torch.from_numpy(x)[None], Nothing())[0].numpy()
    left = without_silence(x, RATE)
    assert 7600 < len(left) < 8400
    np.testing.assert_array_equal(made[: len(left)], left)
    np.testing.assert_array_equal(made[len(left) :], np.resize(left, 16000 - len(left)))


@pytest.mark.parametrize(
    ("level_db", "gain_db"), [(-60, -8), (-80, -8), (-45, 2), (-30, 12), (-20, 4), (-10, -6), (-3, -13)]
)
def test_the_compander_follows_its_curve(level_db: float, gain_db: float) -> None:
    """Of a steady level, once the follower has come down: the curve's gain, and 8 dB less."""
    steady = np.full(RATE, 10 ** (level_db / 20), np.float32)
    made = companded(steady, RATE)
    assert 20 * np.log10(made[-1] / steady[-1]) == pytest.approx(gain_db, abs=0.05)


def test_the_compander_looks_ahead_and_rises_faster_than_it_falls() -> None:
    quiet, loud = 10 ** (-30 / 20), 10 ** (-5 / 20)
    x = np.full(2 * RATE, quiet, np.float32)
    x[RATE : RATE + 8000] = loud
    gain = 20 * np.log10(companded(x, RATE) / x)
    ahead = round(phone.AHEAD_SECONDS * RATE)
    assert gain[RATE - ahead - 10] == pytest.approx(12, abs=0.2)
    assert gain[RATE - ahead + 320] < 2  # after one time constant the level has come most of the way
    after = RATE + 8000 - ahead
    assert gain[after + 800] < 0  # it falls more slowly
    assert gain[after + 6000] == pytest.approx(12, abs=1)


def test_the_follower_is_the_recursion_with_two_time_constants() -> None:
    size = np.abs(noise(0.1, 0.3))
    level, wanted = 10 ** (-7 / 20), []
    for each in size:
        time = 0.02 if each > level else 0.05
        level = level + (each - level) * (1 - np.exp(-1 / (RATE * time)))
        wanted.append(level)
    np.testing.assert_allclose(phone._followed(size, RATE), wanted, rtol=1e-6)


def test_gsm_keeps_length_and_place() -> None:
    sound = voice(8001, 8000)
    made = through_gsm(sound)
    assert len(made) == 8001
    assert lag(made, sound) == 0
    assert 0.5 < np.corrcoef(made, sound)[0, 1] < 0.99


@pytest.mark.parametrize("rate", [16000, 22050])
def test_a_call_has_no_more_than_4_khz_and_stays_in_place(rate: int) -> None:
    samples = rate + 1
    x = (voice(samples, rate) + 0.02 * np.random.default_rng(0).standard_normal(samples)).astype(np.float32)
    made = Phone(rate)(torch.from_numpy(x)[None], seeded([1]))[0].numpy()
    assert len(made) == samples
    frequency, power = signal.welch(made, rate, nperseg=1024)
    assert power[frequency > 4300].max() < 1e-5 * power.max()
    assert abs(lag(made, x)) <= 3  # the low-pass has a phase of its own


def test_codec_and_bit_rate_are_drawn_and_used() -> None:
    augmentation = Codec(RATE, ["mp3", "mulaw"], kbps=(16, 64))
    drawn = augmentation.draw(200, 1, seeded([2]))
    assert drawn.codec.unique().tolist() == [0, 1]
    assert [augmentation.bit_rate("mp3", place) for place in (0.0, 0.5, 1.0)] == pytest.approx([16, 32, 64])
    assert augmentation.bit_rate("mulaw", 0.3) == 64
    assert augmentation.bit_rate("amr", 0.9) == 12.2
    x = voice()
    made = augmentation.apply(
        torch.from_numpy(x).repeat(2, 1), CodecDrawn(torch.tensor([1, 0]), torch.tensor([0.0, 0.5]))
    )
    np.testing.assert_array_equal(made[0].numpy(), codec.round_trip(x, RATE, "mulaw", 64))
    np.testing.assert_array_equal(made[1].numpy(), codec.round_trip(x, RATE, "mp3", 32))


def test_a_missing_encoder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str, mode: str) -> None:
        raise ValueError(name)

    monkeypatch.setattr(av, "Codec", missing)
    with pytest.raises(InputError, match="cannot encode mp3; leave it out, or install the wheel"):
        Codec(RATE, ["mp3"])
