"""Statistics against torchaudio, librosa and scipy, and what is known of simple signals."""

import librosa
import numpy as np
import pytest
import torch
import torchaudio
from torch import Tensor

from bonafide.explain.corpus import statistics
from bonafide.explain.corpus.loudness import loudness
from bonafide.explain.corpus.pitch import pitch

RATE = 16_000


def clips(*signals: Tensor) -> tuple[Tensor, Tensor]:
    """Clips of several lengths; what lies behind an end must not matter."""
    length = torch.tensor([len(signal) for signal in signals])
    waveform = torch.full((len(signals), int(length.max())), 0.7)
    for row, signal in enumerate(signals):
        waveform[row, : len(signal)] = signal
    return waveform, length


def tone(hertz: float, seconds: float = 0.6, rate: int = RATE) -> Tensor:
    return 0.5 * torch.cos(2 * torch.pi * hertz * torch.arange(int(seconds * rate) + 1) / rate)


def pulses(hertz: float, rate: int, seconds: float = 0.6) -> Tensor:
    """A pulse train without images: all harmonics below half the sample rate."""
    time = torch.arange(int(seconds * rate), dtype=torch.float64) / rate
    orders = torch.arange(1, int(rate / 2 / hertz))[:, None]
    return (0.01 * torch.cos(2 * torch.pi * hertz * orders * time).sum(0)).float()


def noise(samples: int, seed: int = 0) -> Tensor:
    return 0.1 * torch.randn(samples, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("n_fft", "hop"), [(256, 128), (300, 7)])
def test_each_clip_has_the_spectrogram_that_it_has_alone(n_fft: int, hop: int) -> None:
    signals = [noise(2000), tone(700, 0.1), noise(501, 1), noise(300, 2)]
    powers, present = statistics.power(*clips(*signals), n_fft, hop)
    alone = torchaudio.transforms.Spectrogram(n_fft, hop_length=hop)
    for row, signal in enumerate(signals):
        torch.testing.assert_close(powers[row, present[row]].T, alone(signal), atol=1e-3, rtol=1e-4)


def test_a_clip_shorter_than_half_a_frame_is_mirrored_several_times() -> None:
    powers, present = statistics.power(*clips(noise(5), noise(400, 1)), 256, 128)
    expected = np.pad(noise(5).numpy(), 128, mode="reflect")
    spectrum = np.fft.rfft(expected[:256] * np.hanning(257)[:-1])
    assert present[0].tolist() == [True, False, False, False]
    np.testing.assert_allclose(powers[0, 0], np.abs(spectrum) ** 2, rtol=1e-3, atol=1e-6)


def test_the_centroid_is_that_of_librosa_and_of_a_tone_its_frequency() -> None:
    signals = [noise(4000), tone(1000), noise(900, 1)]
    powers, present = statistics.power(*clips(*signals), 512, 128)
    found = statistics.centroid(powers, present, RATE)
    for value, signal in zip(found, signals, strict=True):
        expected = librosa.feature.spectral_centroid(
            y=signal.numpy(), sr=RATE, n_fft=512, hop_length=128, pad_mode="reflect"
        )
        assert float(value) == pytest.approx(float(expected.mean()), rel=1e-5)
    assert float(found[1]) == pytest.approx(1000, abs=5)


def test_white_noise_has_a_flat_spectrum_and_digital_silence_lies_at_the_floor() -> None:
    powers, present = statistics.power(*clips(noise(200_000), torch.zeros(1000)), 256, 128)
    spectrum = statistics.level_spectrum(powers, present)
    inner = spectrum[0, 1:-1]
    assert float((inner - inner.mean()).abs().max()) < 0.6
    # The expectation of a periodogram: variance times the energy of the window.
    expected = 10 * np.log10(0.01 * float(torch.hann_window(256).square().sum()))
    assert float(inner.mean()) == pytest.approx(expected, abs=0.1)
    torch.testing.assert_close(spectrum[1], torch.full((129,), -120.0, dtype=torch.float64))
    assert torch.isnan(statistics.centroid(powers, present, RATE)[1])


def test_natural_decibels_of_silence_are_those_of_the_paper() -> None:
    assert -120 * np.log(10) == pytest.approx(-276.3102, abs=1e-4)


def test_the_level_is_that_of_the_clip_alone() -> None:
    found = statistics.rms(*clips(tone(1000), torch.ones(10), torch.zeros(20)))
    expected = [20 * np.log10(0.5 / np.sqrt(2)), 0.0, -120.0]
    np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 24_000, 44_100])
@pytest.mark.parametrize("hertz", [60.0, 123.0, 200.0, 440.0])
def test_a_pulse_train_has_its_pitch_at_every_rate(rate: int, hertz: float) -> None:
    found = pitch(*clips(pulses(hertz, rate)), rate)[0]
    assert float((found > 0).float().mean()) > 0.95
    assert float(found[found > 0].mean()) == pytest.approx(hertz, rel=0.004)


def test_the_pitch_is_that_of_librosa_where_a_glide_is_voiced() -> None:
    time = torch.arange(RATE, dtype=torch.float64) / RATE
    phase = 2 * torch.pi * (120 * time + 50 * time**2)  # 120 to 220 Hz
    glide = sum(torch.cos(order * phase) / order for order in range(1, 12)).float() * 0.1
    found = pitch(*clips(glide), RATE)[0]
    expected = librosa.yin(glide.numpy(), fmin=50, fmax=500, sr=RATE, frame_length=1024, hop_length=160)
    assert float(found[found > 0].median()) == pytest.approx(float(np.median(expected)), rel=0.02)


def test_noise_and_silence_have_no_pitch_and_padding_no_frames() -> None:
    found = pitch(*clips(noise(RATE), torch.zeros(RATE), pulses(200, RATE, 0.3), noise(100)), RATE)
    assert float((found[0] > 0).float().mean()) < 0.02
    assert not (found[1] > 0).any()
    assert int((~found[2].isnan()).sum()) == (int(0.3 * RATE) // 2 - 480) // 80 + 1
    assert found[3].isnan().all()


@pytest.mark.parametrize("rate", [16_000, 22_050, 48_000])
def test_loudness_is_that_of_torchaudio_for_each_clip_alone(rate: int) -> None:
    loud_and_quiet = torch.cat([noise(rate), 1e-3 * noise(rate, 1), 1e-6 * noise(rate, 2)])
    signals = [tone(997, 1.3, rate), loud_and_quiet, noise(int(0.41 * rate), 3), noise(int(0.3 * rate), 4)]
    found = loudness(*clips(*signals), rate)
    for value, signal in zip(found[:3], signals, strict=False):
        expected = torchaudio.functional.loudness(signal[None].double(), rate)
        assert float(value) == pytest.approx(float(expected), abs=0.02)
    assert torch.isnan(found[3])


def test_a_full_scale_tone_of_997_hertz_lies_at_minus_three() -> None:
    """ITU-R BS.1770-4, annex 1; torchaudio clips what its shelf raises above full scale."""
    assert float(loudness(*clips(2 * tone(997, 2.0, 48_000)), 48_000)[0]) == pytest.approx(-3.01, abs=0.05)
    assert torch.isnan(loudness(*clips(torch.zeros(RATE)), RATE)[0])
