"""The spectrogram that AudioLDM's encoder reads."""

import librosa
import numpy as np
import torch

from bonafide.manipulation.pretrained.log_mel import LogMel, levelled
from bonafide.manipulation.stage import Waveform


def test_it_is_librosas_in_slaneys_scale(clip: Waveform) -> None:
    expected = librosa.feature.melspectrogram(
        y=clip,
        sr=16_000,
        n_fft=1024,
        hop_length=160,
        n_mels=64,
        fmin=0,
        fmax=8000,
        power=1,
        pad_mode="reflect",
    )
    found = LogMel()(torch.from_numpy(clip))
    assert found.shape == (200, 64)
    np.testing.assert_allclose(found.T, np.log(np.maximum(expected[:, :200], 1e-5)), atol=2e-4)


def test_ten_seconds_are_a_thousand_frames() -> None:
    assert LogMel()(torch.zeros(160_000)).shape == (1000, 64)


def test_a_level_comes_back(clip: Waveform) -> None:
    wave = torch.from_numpy(3 * clip + 0.1)
    level, scale, mean = levelled(wave)
    assert torch.isclose(level.abs().max(), torch.tensor(0.5))
    assert torch.allclose(level * scale + mean, wave, atol=1e-6)
    assert levelled(torch.zeros(8))[0].eq(0).all()
