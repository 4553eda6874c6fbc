"""An MP3 is small, and sounds as what it was made of."""

import io

import numpy as np
import pytest
import soundfile

from bonafide.audio import mp3
from bonafide.types import InputError


@pytest.mark.parametrize("sample_rate", mp3.RATES)
def test_a_tone_comes_back_small(sample_rate: int) -> None:
    tone = (0.5 * np.sin(2 * np.pi * 1000 * np.arange(2 * sample_rate) / sample_rate)).astype(np.float32)
    coded = mp3.encode(tone, sample_rate)
    assert len(coded) < 0.25 * 2 * len(tone)  # of 16-bit WAV
    heard, rate = soundfile.read(io.BytesIO(coded))
    assert rate == sample_rate
    spectrum = np.abs(np.fft.rfft(heard[: 2 * rate]))
    assert np.argmax(spectrum) == pytest.approx(2000, abs=2)
    assert np.sqrt(np.mean(heard**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)


def test_what_is_too_loud_is_clipped_and_one_sample_is_enough() -> None:
    heard, _ = soundfile.read(io.BytesIO(mp3.encode(np.full(8000, 7.0, np.float32), 16_000)))
    assert np.abs(heard).max() < 1.5
    assert mp3.encode(np.zeros(1, np.float32), 16_000)


def test_a_rate_that_mp3_does_not_have_is_refused() -> None:
    with pytest.raises(InputError, match="no MP3 of 20000 Hz"):
        mp3.encode(np.zeros(100, np.float32), 20_000)
