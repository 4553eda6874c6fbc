from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from bonafide.augment.change import seeded
from bonafide.augment.recorded_room import RecordedRoom
from bonafide.augment.reverberation import reverberated
from bonafide.augment.room import Room
from bonafide.types import InputError

RATE = 16000


def test_the_tail_decays_by_60_db_in_the_time_drawn() -> None:
    """By backward integration (Schroeder, 1965), a line through -5 … -25 dB."""
    room = Room(RATE, rt60_seconds=(0.2, 0.8))
    drawn = room.draw(40, 1, seeded([1]))
    tails = room.responses(drawn)[:, 1:].double()
    left = 10 * torch.log10(tails.square().flip(1).cumsum(1).flip(1))
    left = left - left[:, :1]
    time = np.arange(tails.shape[1]) / RATE
    found = []
    for curve in left.numpy():
        part = (curve < -5) & (curve > -25)
        found.append(-60 / np.polyfit(time[part], curve[part], 1)[0])
    off = np.array(found) / drawn.rt60_seconds.numpy()
    assert np.abs(off - 1).max() < 0.1
    assert off.mean() == pytest.approx(1, abs=0.01)
    assert drawn.rt60_seconds.min() < 0.25
    assert drawn.rt60_seconds.max() > 0.75


def test_the_direct_sound_stands_above_the_tail_by_what_was_drawn() -> None:
    room = Room(RATE, direct_db=(-6, 15))
    drawn = room.draw(20, 1, seeded([2]))
    responses = room.responses(drawn).double()
    found = 10 * torch.log10(responses[:, 0].square() / responses[:, 1:].square().sum(1))
    torch.testing.assert_close(found.float(), drawn.direct_db, atol=0.01, rtol=0)


def test_level_and_alignment_are_kept() -> None:
    x = torch.randn(5, 9000, generator=torch.Generator().manual_seed(0)) * torch.logspace(-2, 0, 5)[:, None]
    made = Room(RATE, direct_db=(3, 6))(x, seeded([3]))
    torch.testing.assert_close(made.norm(dim=1), x.norm(dim=1))
    for clip in range(5):
        similarity = np.correlate(made[clip].numpy(), x[clip].numpy(), "same")
        assert np.argmax(similarity) == 4500


def test_reverberation_is_convolution() -> None:
    random = np.random.default_rng(1)
    x, h = random.standard_normal((2, 3, 700)).astype(np.float32)
    h[:, 200:] = 0
    made = reverberated(torch.from_numpy(x), torch.from_numpy(h[:, :200])).numpy()
    for clip in range(3):
        wet = np.convolve(x[clip], h[clip])[:700]
        wanted = wet * np.linalg.norm(x[clip]) / np.linalg.norm(wet)
        np.testing.assert_allclose(made[clip], wanted, atol=1e-4)


def test_a_recorded_response_begins_at_its_peak(tmp_path: Path) -> None:
    response = np.zeros((2000, 2), np.float32)
    response[300] = 0.8, 0.1
    response[340] = -0.4, 0.1  # an echo after 40 samples, in the first channel
    response[1900] = 0.2, 0.1  # beyond what is kept
    soundfile.write(tmp_path / "hall.wav", response, RATE, subtype="FLOAT")
    room = RecordedRoom(RATE, str(tmp_path), seconds=0.05)
    x = torch.zeros(1, 4000)
    x[0, 100] = 1.0
    made = room(x, seeded([4]))[0]
    assert made.nonzero(as_tuple=True)[0][made[made != 0].abs() > 1e-4].tolist() == [100, 140]
    assert float(made[140] / made[100]) == pytest.approx(-0.5, abs=1e-4)
    assert float(made.norm()) == pytest.approx(1)


def test_a_silent_response_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "none.wav", np.zeros(100), RATE)
    with pytest.raises(InputError, match=r"none\.wav is silent, no impulse response"):
        RecordedRoom(RATE, str(tmp_path))(torch.ones(1, 100), seeded([5]))
