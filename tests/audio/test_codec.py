"""Lossy codecs: what comes back, and when."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal
from tests.corpora import resynthesis as miniature

from bonafide.audio.codec import FORMATS, round_trip

RATE = 16000


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


@pytest.mark.parametrize("rate", [16000, 22050])
@pytest.mark.parametrize("name", FORMATS)
def test_a_codec_keeps_length_and_place(name: str, rate: int) -> None:
    x = voice(rate + 7, rate)
    made = round_trip(x, rate, name, 64)
    assert made.shape == x.shape
    assert made.dtype == np.float32
    assert lag(made, x) == 0
    assert 0.4 < np.corrcoef(made, x)[0, 1] < 0.999999


@pytest.mark.parametrize("name", ["mp3", "aac", "opus", "amr"])
def test_more_bits_are_better(name: str) -> None:
    x = voice()
    least, most = FORMATS[name].kbps
    kbps = (max(least, 5), min(most, 96))
    errors = [float(np.mean((round_trip(x, RATE, name, each) - x) ** 2)) for each in kbps]
    assert errors[1] < 0.7 * errors[0]


@pytest.mark.parametrize("name", ["mulaw", "alaw"])
def test_g711_is_8_bits_of_a_logarithmic_scale(name: str) -> None:
    """A ratio of about 38 dB whatever the level, in the bandwidth of a telephone."""
    low = signal.firwin(301, 3200, fs=RATE)
    for level in (0.02, 0.2):
        x = (level * signal.lfilter(low, 1, np.random.default_rng(2).standard_normal(RATE))).astype(
            np.float32
        )
        made = round_trip(x, RATE, name, 64)
        ratio = 10 * np.log10(np.sum(x**2.0) / np.sum((made - x) ** 2.0))
        assert 33 < ratio < 42


@pytest.mark.parametrize("rate", [8_000, 12_345, 16_000, 44_100, 96_000])
@pytest.mark.parametrize("name", ["aac", "mp3", "opus"])
def test_a_codec_of_the_whole_band_has_no_delay(name: str, rate: int) -> None:
    wave = miniature.speech(3, 0.7, rate).astype(np.float32)
    coded = round_trip(wave, rate, name, 48)
    assert coded.shape == wave.shape
    assert abs(lag(coded, wave)) <= rate // 96_000  # half a sample at the codec's own 48 kHz
    assert np.sum((coded - wave) ** 2) < 0.1 * np.sum(wave**2)
