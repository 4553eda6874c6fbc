"""Fingerprints of known signals, the way back to sound, and the golden values of the papers."""

import numpy as np
import pytest
import pywt
import torch

from bonafide.explain.corpus import audible, fingerprints
from bonafide.frontends.packet_tree import PacketTree

RATE = 22_050


def noise(clips: int, samples: int = RATE) -> torch.Tensor:
    return 0.1 * torch.randn(clips, samples, generator=torch.Generator().manual_seed(0))


def test_packets_are_those_of_pywavelets() -> None:
    waveform = noise(2, 300)
    found = fingerprints.packets(waveform, PacketTree("db3", 4))
    for row in range(2):
        tree = pywt.WaveletPacket(waveform[row].double().numpy(), "db3", "reflect", maxlevel=4)
        expected = [np.abs(node.data).mean() for node in tree.get_level(4, "freq")]
        np.testing.assert_allclose(found[row], expected, rtol=1e-4)


def test_a_planted_line_is_a_spike_at_its_frequency() -> None:
    clean = noise(24)
    time = torch.arange(RATE) / RATE
    phase = torch.linspace(0, 6, 24)[:, None]
    planted = clean + 0.05 * torch.cos(2 * torch.pi * 8000 * time + phase)
    tree = PacketTree("haar", 14)
    sides = [fingerprints.packets(side, tree).double().mean(0).numpy() for side in (planted, clean)]
    difference = fingerprints.decibels(*sides)
    assert len(difference) == 16_384
    hertz = fingerprints.packet_hertz(RATE, 14)
    assert hertz[0] == pytest.approx(0.67291 / 2, abs=1e-4)
    assert abs(hertz[difference.argmax()] - 8000) < 2 * 0.67291
    assert difference.max() > 20
    lines = [fingerprints.lines(side).double().mean(0).numpy() for side in (planted, clean)]
    assert fingerprints.line_hertz(RATE, RATE)[fingerprints.decibels(*lines).argmax()] == 8000


def test_decibels_are_natural_differences_on_another_scale() -> None:
    one, other = np.array([1.0, 2.0, 1e-20]), np.array([2.0, 2.0, 1e-20])
    np.testing.assert_allclose(fingerprints.natural(one, other), [-np.log(2), 0, 0], atol=1e-9)
    np.testing.assert_allclose(fingerprints.decibels(one, other), [-20 * np.log10(2), 0, 0], atol=1e-9)


def test_similarity_ignores_the_chance_in_a_shared_reference() -> None:
    random = np.random.default_rng(0)
    references = random.standard_normal((2, 20_000))
    systems = random.standard_normal((2, 3, 20_000))
    pattern = np.sin(np.arange(20_000) / 30)
    systems[:, 1:] += pattern  # two of three leave the same behind
    halves = systems - references[:, None]
    plain = fingerprints.similarity(halves[0], halves[0])
    assert plain[0, 1] > 0.35  # chance alone
    found = fingerprints.similarity(halves[0], halves[1])
    assert abs(found[0, 1]) < 0.05
    assert found[1, 2] == pytest.approx(0.2, abs=0.05)
    np.testing.assert_array_equal(found, found.T)


def test_similarity_of_what_differs_nowhere_is_not_known() -> None:
    found = fingerprints.similarity(np.zeros((1, 5)), np.zeros((1, 5)))
    assert np.isnan(found).all()


@pytest.mark.parametrize("samples", [RATE, RATE + 1])
def test_lines_heard_and_analysed_again_are_the_same(samples: int) -> None:
    wanted = fingerprints.lines(noise(4, samples).double()).mean(0)
    for carrier in (None, noise(1, samples)[0]):
        sound = audible.of_lines(wanted, samples, seed=3, carrier=carrier)
        assert len(sound) == samples
        torch.testing.assert_close(fingerprints.lines(sound[None])[0], wanted, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize(
    ("wavelet", "level", "decibels"), [("haar", 14, 1e-6), ("sym5", 8, 0.01), ("db10", 8, 0.1)]
)
def test_packets_heard_and_analysed_again_are_the_same(wavelet: str, level: int, decibels: float) -> None:
    tree = PacketTree(wavelet, level)
    wanted = fingerprints.packets(noise(4).double(), tree).mean(0)
    for carrier in (None, noise(1)[0]):
        sound = audible.of_packets(wanted, tree, RATE, seed=3, carrier=carrier)
        again = fingerprints.packets(sound[None], tree)[0]
        assert float((20 * (again / wanted).log10()).abs().max()) < decibels


def test_a_stated_phase_is_taken_and_a_seed_repeats_it() -> None:
    carrier = noise(1)[0].double()
    magnitude = fingerprints.lines(carrier[None])[0]
    torch.testing.assert_close(audible.of_lines(magnitude, RATE, carrier=carrier), carrier)
    one, other, third = (audible.of_lines(magnitude, RATE, seed=seed) for seed in (0, 0, 1))
    torch.testing.assert_close(one, other)
    assert not torch.allclose(one, third)


def test_sounds_are_level_safe() -> None:
    click = torch.zeros(1000, dtype=torch.float64)
    click[10] = 40.0
    for sound in (noise(1)[0].double(), 100 * noise(1)[0].double(), click):
        safe = audible.safe(sound)
        assert np.abs(safe.waveform).max() <= 10 ** (audible.PEAK / 20) + 1e-6
        assert np.sqrt(np.mean(safe.waveform.astype(float) ** 2)) <= 10 ** (audible.LEVEL / 20) + 1e-6
        gain = 10 ** (safe.gain / 20)
        np.testing.assert_allclose(safe.waveform, gain * sound.numpy(), rtol=1e-5, atol=1e-7)
    assert not audible.safe(torch.zeros(10)).waveform.any()


def test_the_published_sound_is_the_inverse_transform_of_the_mean_waveform() -> None:
    mean = noise(8).mean(0)
    sound = audible.published(mean)
    assert len(sound) == 44_098
    expected = np.fft.irfft(mean.double().numpy())
    np.testing.assert_allclose(sound, expected / np.abs(expected).max(), atol=1e-12)
