from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
import torchaudio.functional
from torch import Tensor

from bonafide.augment.babble import Babble, BabbleDrawn
from bonafide.augment.change import seeded
from bonafide.augment.contrast import Contrast, ContrastDrawn
from bonafide.augment.gain import Gain
from bonafide.augment.recorded_noise import RecordedNoise
from bonafide.augment.speed import Speed, SpeedDrawn
from bonafide.augment.white_noise import WhiteNoise

RATE = 16000


def clips(batch: int = 6, samples: int = 8000) -> Tensor:
    level = torch.logspace(-3, 0, batch)[:, None]
    return level * torch.randn(batch, samples, generator=torch.Generator().manual_seed(2))


def snr_db(clean: Tensor, noisy: Tensor) -> Tensor:
    noise = noisy.double() - clean.double()
    return (10 * torch.log10(clean.double().square().sum(1) / noise.square().sum(1))).float()


def test_white_noise_has_the_ratio_drawn_and_a_flat_spectrum() -> None:
    x, augmentation = clips(40), WhiteNoise((0, 40))
    drawn = augmentation.draw(*x.shape, seeded([1]))
    made = augmentation.apply(x, drawn)
    torch.testing.assert_close(snr_db(x, made), drawn.snr_db, atol=0.1, rtol=0)
    assert drawn.snr_db.min() < 5
    assert drawn.snr_db.max() > 35
    power = torch.fft.rfft(drawn.noise).abs().square().mean(0)[1:-1].reshape(3, -1).mean(1)
    assert power.max() / power.min() < 1.05


def test_babble_is_what_others_say() -> None:
    x, augmentation = clips(), Babble((10, 20), talkers=(2, 2))
    drawn = augmentation.draw(*x.shape, seeded([2]))
    made = augmentation.apply(x, drawn)
    torch.testing.assert_close(snr_db(x, made), drawn.snr_db, atol=0.1, rtol=0)
    for clip in range(len(x)):
        mates = drawn.talker[clip].tolist()
        assert clip not in mates
        voices = [x[mate].roll(-int(start)) for mate, start in zip(mates, drawn.start[clip], strict=True)]
        wanted = torch.stack([voice / voice.norm() for voice in voices]).sum(0)
        found = (made - x)[clip]
        torch.testing.assert_close(found / found.norm(), wanted / wanted.norm(), atol=1e-4, rtol=0)


def test_as_many_talk_as_were_drawn_and_nobody_to_a_clip_alone() -> None:
    drawn = Babble(talkers=(3, 7)).draw(500, 100, seeded([3]))
    assert drawn.voices.unique().tolist() == [3, 4, 5, 6, 7]
    assert ((drawn.talker - torch.arange(500)[:, None]) != 0).all()
    x = clips(2)
    two, start = torch.tensor([[1, 1], [0, 0]]), torch.tensor([[0, 5], [0, 5]])
    one = BabbleDrawn(two, start, torch.tensor([1, 1]), torch.zeros(2))
    made = Babble().apply(x, one)
    torch.testing.assert_close(made[0], x[0] + x[1] / x[1].norm() * x[0].norm())
    alone = clips(1)
    assert torch.equal(Babble()(alone, seeded([3])), alone)


@pytest.mark.parametrize("together", [(1, 1), (4, 4)])
def test_recorded_noise_has_the_ratio_drawn_and_is_the_recording(
    together: tuple[int, int], tmp_path: Path
) -> None:
    random = np.random.default_rng(0)
    sounds = {name: 0.1 * random.standard_normal(length) for name, length in (("a", 20000), ("b", 3000))}
    for name, sound in sounds.items():
        soundfile.write(tmp_path / f"{name}.wav", sound, RATE, subtype="FLOAT")
    x, augmentation = clips(), RecordedNoise(RATE, str(tmp_path), snr_db=(0, 30), together=together)
    drawn = augmentation.draw(*x.shape, seeded([4]))
    made = augmentation.apply(x, drawn)
    torch.testing.assert_close(snr_db(x, made), drawn.snr_db, atol=0.1, rtol=0)
    assert torch.equal(drawn.voices, torch.full((6,), together[0]))
    if together == (1, 1):
        for clip in range(len(x)):
            first = int(drawn.start[clip, 0] * 12000)
            long = sounds["a"][first : first + 8000]
            wanted = long if drawn.recording[clip, 0] < 0.5 else np.tile(sounds["b"], 3)[:8000]
            found = (made - x)[clip].double().numpy()
            assert np.corrcoef(found, wanted)[0, 1] > 0.9999


def test_gain_is_the_decibels_drawn() -> None:
    x, augmentation = clips(), Gain((-20, 6))
    drawn = augmentation.draw(*x.shape, seeded([5]))
    made = augmentation.apply(x, drawn)
    torch.testing.assert_close(20 * torch.log10(made.norm(dim=1) / x.norm(dim=1)), drawn.gain_db)
    assert len(drawn.gain_db.unique()) == 6


def test_contrast_is_that_of_torchaudio_for_each_clip() -> None:
    x = clips().clamp(-1, 1)
    amount = torch.tensor([0.0, 5, 10, 20, 50, 100])
    made = Contrast().apply(x, ContrastDrawn(amount))
    for clip, each in enumerate(amount.tolist()):
        torch.testing.assert_close(made[clip], torchaudio.functional.contrast(x[clip], each))
    drawn = Contrast().draw(1000, 1, seeded([6])).amount
    assert 5 <= drawn.min() < 5.1
    assert 19.9 < drawn.max() <= 20


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.25])
def test_speed_moves_a_tone_and_the_length_stays(factor: float) -> None:
    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(RATE) / RATE)[None]
    augmentation = Speed((factor,))
    made = augmentation.apply(tone, SpeedDrawn(torch.tensor([0])))
    assert made.shape == tone.shape
    part = made[0, : int(0.7 * RATE)]
    peak = torch.fft.rfft(part * torch.hann_window(len(part)), n=RATE).abs().argmax()
    assert int(peak) == round(1000 * factor)
    if factor > 1:  # the end is the beginning over again
        torch.testing.assert_close(made[0, 12800:], made[0, :3200])


def test_each_clip_has_its_own_speed() -> None:
    x = clips(3)
    made = Speed().apply(x, SpeedDrawn(torch.tensor([2, 1, 0])))
    assert torch.equal(made[1], x[1])
    for clip, choice in ((0, 2), (2, 0)):
        alone = Speed().apply(x[clip : clip + 1], SpeedDrawn(torch.tensor([choice])))
        torch.testing.assert_close(made[clip], alone[0])
    assert Speed().draw(100, 1, seeded([7])).choice.unique().tolist() == [0, 1, 2]
