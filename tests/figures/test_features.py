"""Pictures of features name the right frequencies at the right rows, whatever the front end."""

import numpy as np
import pytest
import torch
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bonafide.figures.features import features, hertz_ticks
from bonafide.frontends.constant_q import CQT
from bonafide.frontends.frontend import Frontend
from bonafide.frontends.legend import Legend
from bonafide.frontends.raw import Raw
from bonafide.frontends.spectrogram import STFT, Mel
from bonafide.frontends.wavelet_packets import WaveletPackets
from bonafide.types import InputError

RATE = 16_000


def drawn(frontend: Frontend, waveform: NDArray[np.float32]) -> Figure:
    values = frontend(torch.from_numpy(waveform)[None])[0].numpy()
    times = frontend.times(len(waveform)).numpy()
    return features(values, times, frontend.legend(), waveform=waveform, sample_rate=RATE)


@pytest.mark.parametrize("frontend", [STFT(RATE), Mel(RATE), CQT(RATE), WaveletPackets(RATE)])
def test_ticks_name_the_frequency_of_their_row(frontend: Frontend) -> None:
    hertz = frontend.legend().hertz
    assert hertz is not None
    places, names = hertz_ticks(hertz.numpy())
    assert 4 <= len(names) <= 12
    assert len(set(names)) == len(names)
    np.testing.assert_allclose(np.interp(places, np.arange(len(hertz)), hertz), [float(n) for n in names])
    assert (np.diff(places) >= (len(hertz) - 1) / 12).all()


def test_time_begins_and_ends_with_the_clip() -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE).astype(np.float32)
    figure = drawn(STFT(RATE), tone)
    axes = figure.axes
    assert [part.get_xlim() for part in axes[:2]] == [(0, 1), (0, 1)]
    mesh = axes[1].collections[0]
    assert isinstance(mesh, QuadMesh)
    corners = mesh.get_coordinates()
    assert (corners[0, 0, 0], corners[0, -1, 0]) == (0, 1)
    assert corners.shape[:2] == (257 + 1, 63 + 1)
    assert axes[1].get_ylabel() == "frequency (Hz)"


def test_a_waveform_is_drawn_once() -> None:
    figure = drawn(Raw(RATE), np.zeros(8_000, np.float32))
    assert len(figure.axes) == 1


def test_every_channel_has_a_panel_with_its_name() -> None:
    noise = np.random.default_rng(0).standard_normal(8_000).astype(np.float32)
    figure = drawn(WaveletPackets(RATE, level=4, signs=True), noise)
    assert [axes.get_title(loc="left") for axes in figure.axes[1:3]] == ["ln |w|²", "sign"]


def test_values_that_are_not_finite_are_refused() -> None:
    legend = Legend("frequency", "level (dB)", torch.arange(4.0))
    values = np.full((1, 4, 3), np.nan, np.float32)
    with pytest.raises(InputError, match="not finite"):
        features(values, np.arange(3.0), legend, waveform=np.zeros(4_000, np.float32), sample_rate=RATE)
