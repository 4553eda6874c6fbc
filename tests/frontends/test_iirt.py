"""Semitone filters against librosa, and what they are for: a tone is a note."""

import copy
import math

import librosa
import numpy as np
import pytest
import torch

from bonafide.frontends.identity import identity
from bonafide.frontends.iirt import IIRT
from bonafide.types import InputError


def noise(samples: int, seed: int = 0) -> torch.Tensor:
    return 0.1 * torch.randn(1, samples, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("rate", "samples"), [(16_000, 32_000), (16_000, 12_345), (22_050, 30_000)])
def test_against_librosa(rate: int, samples: int) -> None:
    waveform = noise(samples)
    expected = librosa.iirt(waveform[0].numpy(), sr=rate, win_length=1024, hop_length=256)
    features = IIRT(rate, scale="linear")(waveform)[0, 0].numpy()
    assert features.shape == expected.shape == (85, 1 + samples // 256)
    error = np.abs(features - expected) / expected.max(axis=1, keepdims=True)
    assert error[24:].max() < 0.1  # from C3 upwards
    assert error.max() < 0.5  # below, a window holds two periods: half a sample at 882 Hz counts
    decibels = np.abs(10 * np.log10(features / expected))
    assert np.median(decibels) < 0.05
    assert decibels[48:].max() < 1  # from C5 upwards everywhere, even at the ends
    assert decibels[36:, 15:-15].max() < 1


@pytest.mark.parametrize("window", [1000, 1001, 600])
def test_other_windows_against_librosa(window: int) -> None:
    waveform = noise(12_000)
    expected = librosa.iirt(waveform[0].numpy(), sr=16_000, win_length=window, hop_length=300, tuning=0.25)
    frontend = IIRT(16_000, window=window, hop=300, tuning=0.25, scale="linear")
    features = frontend(waveform)
    assert features.shape == (1, *frontend.shape(12_000))
    ours = features[0, 0].numpy()
    assert ours.shape == expected.shape
    assert np.median(np.abs(10 * np.log10(ours[36:] / expected[36:]))) < 0.1


@pytest.mark.parametrize("note", [24, 45, 57, 59, 60, 69, 93, 94, 108])
def test_a_tone_is_loudest_in_its_note(note: int) -> None:
    frequency = 440 * 2 ** ((note - 69) / 12)
    tone = torch.sin(2 * math.pi * frequency * torch.arange(32_000) / 16_000)[None]
    features = IIRT(16_000)(tone)[0, 0, :, 30:-30]
    assert (features.argmax(0) == note - 24).all()
    if note >= 57:  # lower ones are still ringing up and down
        # Squares of a sine are one half on average; the pass band ripples by 1 dB, there and back.
        level = features[note - 24] - 10 * math.log10(1024 / 2)
        assert level.max() < 0.3
        assert level.min() > -2.5


def test_some_notes_are_the_same_as_among_all() -> None:
    waveform = noise(9_000)
    some = IIRT(16_000, lowest=60, notes=24)(waveform)
    torch.testing.assert_close(some, IIRT(16_000)(waveform)[:, :, 36:60], atol=0.05, rtol=0)


def test_a_clip_scored_first_can_be_trained_on_next() -> None:
    frontend = IIRT(16_000, lowest=60, notes=12)
    with torch.inference_mode():
        frontend(noise(7_777))
    waveform = noise(7_777).requires_grad_()
    frontend(waveform).sum().backward()
    assert waveform.grad is not None
    assert waveform.grad.isfinite().all()


def test_using_it_does_not_change_what_it_is() -> None:
    frontend = IIRT(16_000, lowest=60, notes=12)
    before = identity(frontend)
    frontend(noise(5_000))
    assert identity(frontend) == before == identity(copy.deepcopy(frontend))
    assert identity(IIRT(16_000, lowest=60, notes=13)) != before


def test_silence_is_the_floor() -> None:
    waveform = torch.zeros(1, 4_000, requires_grad=True)
    features = IIRT(16_000)(waveform)
    torch.testing.assert_close(features, torch.full_like(features, -100))
    features.sum().backward()
    assert waveform.grad is not None
    assert waveform.grad.isfinite().all()


def test_clips_go_together_under_autocast() -> None:
    frontend = IIRT(16_000)
    clips = torch.cat([noise(5_001, seed) for seed in range(3)])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        together = frontend(clips)
    assert together.dtype == torch.float32
    alone = torch.cat([frontend(clip[None]) for clip in clips])
    torch.testing.assert_close(together, alone, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize(
    ("rate", "settings", "message"),
    [
        (8_000, {}, "use at most notes=83"),
        (8_000, {"lowest": 110, "notes": 2}, "use a lower one"),
        (16_000, {"lowest": 5}, "notes 12 to 120"),
        (16_000, {"notes": 0}, "not for 0 from 24"),
        (16_000, {"tuning": 1.0}, "less than 1"),
        (16_000, {"window": 1}, "use at least 2"),
        (16_000, {"hop": 0}, "hop=0"),
    ],
)
def test_settings_without_meaning_are_refused(rate: int, settings: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        IIRT(rate, **settings)  # type: ignore[arg-type]


def test_less_than_a_window_is_refused() -> None:
    with pytest.raises(InputError, match="shorter than one frame of 1024"):
        IIRT(16_000).shape(1_023)
