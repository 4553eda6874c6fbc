import numpy as np
import pytest
import soxr
import torch
import torchaudio

from bonafide.audio import frames
from bonafide.audio.resample import RESAMPLERS, resample, resampler_version
from bonafide.types import InputError

PAIRS = [(22_050, 16_000), (24_000, 16_000), (48_000, 16_000), (44_100, 16_000), (8_000, 16_000)]


def tone(hertz, rate, samples):
    return np.sin(2 * np.pi * hertz * np.arange(samples) / rate).astype(np.float32)


@pytest.mark.parametrize("resampler", RESAMPLERS)
@pytest.mark.parametrize(("rate_from", "rate_to"), PAIRS)
def test_a_tone_stays_where_it_is(resampler, rate_from, rate_to):
    resampled = resample(tone(1000, rate_from, rate_from), rate_from, rate_to, resampler)
    middle = slice(2000, 14_000)
    error = np.abs(resampled - tone(1000, rate_to, len(resampled)))[middle].max()
    assert error < (5e-3 if resampler == "sinc_hann" else 1e-3)  # sinc_hann: six zero crossings are few


@pytest.mark.parametrize("resampler", RESAMPLERS)
def test_a_tone_above_the_new_band_dies(resampler):
    resampled = resample(tone(10_000, 22_050, 22_050), 22_050, 16_000, resampler)
    assert np.abs(resampled[2000:14_000]).max() < 0.01


@pytest.mark.parametrize("resampler", RESAMPLERS)
@pytest.mark.parametrize("samples", [0, 1, 7, 440, 441, 442, 22_051])
def test_lengths_are_those_announced(resampler, samples):
    resampled = resample(np.ones(samples, np.float32), 22_050, 16_000, resampler)
    assert len(resampled) == frames.resampled_length(samples, 22_050, 16_000)
    assert resampled.dtype == np.float32


@pytest.mark.parametrize("resampler", RESAMPLERS)
def test_the_same_rate_changes_nothing(resampler):
    waveform = tone(440, 16_000, 100)
    np.testing.assert_array_equal(resample(waveform, 16_000, 16_000, resampler), waveform)


@pytest.mark.parametrize("rates", PAIRS)
def test_they_are_the_libraries_they_are_named_after(rates):
    waveform = np.random.default_rng(0).uniform(-1, 1, 9_999).astype(np.float32)
    for quality in ("VHQ", "HQ", "MQ", "LQ"):
        expected = soxr.resample(waveform, *rates, quality=quality)
        ours = resample(waveform, *rates, f"soxr_{quality.lower()}")
        np.testing.assert_allclose(ours[: len(expected)], expected, atol=1e-6)
    expected = torchaudio.functional.resample(torch.from_numpy(waveform).double(), *rates).numpy()
    np.testing.assert_allclose(resample(waveform, *rates, "sinc_hann"), expected, atol=1e-6)


def test_an_unknown_name_is_answered_with_those_known():
    with pytest.raises(InputError, match=r"soxr_hq.*sinc_kaiser"):
        resample(np.zeros(4, np.float32), 8_000, 16_000, "sox")
    with pytest.raises(InputError, match="soxr_hq"):
        resampler_version("sox")


def test_rates_that_torchaudio_cannot_tabulate_are_refused():
    with pytest.raises(InputError, match="soxr_hq"):
        resample(np.zeros(4, np.float32), 22_051, 16_000, "sinc_hann")
    assert len(resample(np.zeros(22_051, np.float32), 22_051, 16_000, "soxr_hq")) == 16_000


def test_versions_name_the_library():
    assert resampler_version("soxr_hq") == f"soxr {soxr.__version__}"
    assert resampler_version("sinc_kaiser") == f"torchaudio {torchaudio.__version__.split('+')[0]}"
