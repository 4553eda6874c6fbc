"""What every augmentation promises."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from bonafide.augment.augmentation import Augmentation
from bonafide.augment.babble import Babble
from bonafide.augment.change import moved, seeded
from bonafide.augment.codec import Codec
from bonafide.augment.contrast import Contrast
from bonafide.augment.gain import Gain
from bonafide.augment.phone import Phone
from bonafide.augment.rawboost import RawBoost
from bonafide.augment.recorded_noise import RecordedNoise
from bonafide.augment.recorded_room import RecordedRoom
from bonafide.augment.room import Room
from bonafide.augment.silence import Silence
from bonafide.augment.speed import Speed
from bonafide.augment.white_noise import WhiteNoise
from bonafide.types import InputError

RATE, SAMPLES = 16000, 8001

MAKE: dict[str, Callable[..., Augmentation[Any]]] = {
    "rawboost": lambda _, **given: RawBoost(RATE, 4, **given),
    "rawboost_parallel": lambda _, **given: RawBoost(RATE, 8, **given),
    "white_noise": lambda _, **given: WhiteNoise(**given),
    "babble": lambda _, **given: Babble(**given),
    "gain": lambda _, **given: Gain(**given),
    "contrast": lambda _, **given: Contrast(**given),
    "speed": lambda _, **given: Speed((0.9, 1.1), **given),
    "room": lambda _, **given: Room(RATE, **given),
    "recorded_noise": lambda folder, **given: RecordedNoise(RATE, folder, together=(1, 3), **given),
    "recorded_room": lambda folder, **given: RecordedRoom(RATE, folder, **given),
    "silence": lambda _, **given: Silence(RATE, **given),
    "phone": lambda _, **given: Phone(RATE, **given),
    "codec": lambda _, **given: Codec(RATE, **given),
}
DETERMINISTIC = {"silence", "phone"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two recordings, one of another rate, one below another folder."""
    place = tmp_path_factory.mktemp("recordings")
    random = np.random.default_rng(0)
    (place / "deep").mkdir()
    for name, rate, seconds in (("a.wav", RATE, 0.3), ("deep/b.flac", 22050, 1.5)):
        time = np.arange(int(seconds * rate)) / rate
        soundfile.write(place / name, 0.3 * random.standard_normal(len(time)) * np.exp(-8 * time), rate)
    (place / "notes.txt").write_text("not audio")
    return str(place)


def clips(batch: int = 4) -> torch.Tensor:
    """A gap of silence, then tones and noise of different levels."""
    time = torch.arange(SAMPLES) / RATE
    noise = torch.randn(batch, SAMPLES, generator=torch.Generator().manual_seed(1))
    tones = torch.sin(2 * torch.pi * (200 + 130 * torch.arange(batch)[:, None]) * time)
    return (0.2 * tones + 0.05 * noise) * (time > 0.1)


@pytest.mark.parametrize("name", MAKE)
def test_shape_is_kept_and_a_seed_gives_the_same_again(name: str, folder: str) -> None:
    x = clips()
    before = x.clone()
    made = [MAKE[name](folder)(x, seeded([seed])) for seed in (1, 1, 2)]
    assert made[0].shape == x.shape
    assert made[0].dtype == torch.float32
    assert made[0].isfinite().all()
    assert torch.equal(x, before)
    assert torch.equal(made[0], made[1])
    assert torch.equal(made[0], made[2]) == (name in DETERMINISTIC)
    assert all(not torch.equal(row, old) for row, old in zip(made[0], x, strict=True))


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("batch", [1, 3])
def test_silence_stays_finite(name: str, batch: int, folder: str) -> None:
    x = torch.zeros(batch, SAMPLES)
    made = MAKE[name](folder)(x, seeded([3]))
    assert made.shape == x.shape
    assert made.abs().max() < 0.01  # a codec may hiss
    x = clips()
    x[1] = 0
    assert MAKE[name](folder)(x, seeded([3])).isfinite().all()


@pytest.mark.parametrize("name", sorted(MAKE.keys() - {"babble"}))
def test_a_clip_does_not_depend_on_what_the_others_hold(name: str, folder: str) -> None:
    x = clips()
    other = x.clone()
    other[1:] = 0.5 * other[1:].flip(1)
    one, two = (MAKE[name](folder)(batch, seeded([4]))[0] for batch in (x, other))
    torch.testing.assert_close(one, two, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("name", MAKE)
def test_probability_is_of_a_clip(name: str, folder: str) -> None:
    x = clips(12)
    assert MAKE[name](folder, p=0.0)(x, seeded([5])) is x or name == "babble"
    always, sometimes = (MAKE[name](folder, p=p)(x, seeded([5])) for p in (1.0, 0.5))
    same = (sometimes == x).all(1)
    assert 1 <= same.sum() <= 11
    torch.testing.assert_close(sometimes[~same], always[~same], atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("name", ["gain", "babble", "phone"])
def test_one_label_alone_may_be_changed(name: str, folder: str) -> None:
    x, target = clips(6), torch.tensor([1.0, 0, 0, 1, 0, 1])
    for only, wanted in (("spoof", target == 0), ("bonafide", target == 1)):
        made = MAKE[name](folder, only=only)(x, seeded([6]), target)
        assert torch.equal((made != x).any(1), wanted)
    with pytest.raises(InputError, match="only=spoof needs labels"):
        MAKE[name](folder, only="spoof")(x, seeded([6]))


@pytest.mark.parametrize("name", sorted(MAKE.keys() - {"silence", "phone", "codec"}))
def test_autocast_changes_nothing_and_no_graph_is_kept(name: str, folder: str) -> None:
    x = clips().requires_grad_()
    wanted = MAKE[name](folder)(x.detach(), seeded([7]))
    with torch.autocast("cpu", torch.bfloat16):
        made = MAKE[name](folder)(x, seeded([7]))
    assert torch.equal(made, wanted)
    assert not made.requires_grad


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", MAKE)
def test_a_gpu_gives_the_same(name: str, folder: str) -> None:
    x = clips()
    augmentation = MAKE[name](folder, p=0.7)
    if augmentation.place == "device":
        wanted, made = augmentation(x, seeded([8])), augmentation(x.cuda(), seeded([8]))
        assert made.is_cuda
        torch.testing.assert_close(made.cpu(), wanted, atol=1e-4, rtol=1e-4)


def test_rows_of_draws_are_taken_in_step() -> None:
    drawn = RawBoost(RATE, 4).draw(5, 100, seeded([9]))
    part = moved(drawn, torch.device("cpu"), torch.tensor([3, 1]))
    assert torch.equal(part.stationary.noise, drawn.stationary.noise[[3, 1]])
    assert torch.equal(part.convolutive.notches.taps, drawn.convolutive.notches.taps[[3, 1]])


def test_seeds_are_told_apart() -> None:
    seeds = ([0], [1], [0, 1], [1, 0], [2**32], [2**62])
    assert len({torch.rand(1, generator=seeded(seed)).item() for seed in seeds}) == len(seeds)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Gain(p=1.5), "p=1.5 is no probability"),
        (lambda: Gain(only="fake"), "no label only='fake'; choose bonafide, spoof or null"),  # type: ignore[arg-type]
        (lambda: Gain((3, 1)), r"gain_db=\[3, 1\] is no range"),
        (lambda: Gain((1, float("inf"))), "gain_db="),
        (lambda: WhiteNoise((1,)), r"snr_db=\[1\] is no range"),
        (lambda: Babble(talkers=(0, 2)), "talkers="),
        (lambda: Contrast((5, 200)), "amount=.*between 0 and 100"),
        (lambda: Speed(()), "usual ones"),
        (lambda: Speed((0.333,)), "steps of 0.01"),
        (lambda: Speed((3,)), "from 0.5 to 2"),
        (lambda: Room(RATE, rt60_seconds=(0, 1)), "rt60_seconds="),
        (lambda: Room(0), "sample_rate=0 is none"),
        (lambda: RecordedNoise(RATE, "/nowhere"), "folder=/nowhere is no folder"),
        (lambda: RecordedNoise(RATE, str(Path(__file__).parent)), "holds no audio"),
        (lambda: RecordedRoom(RATE, "/nowhere", seconds=0), "seconds=0 leaves nothing"),
        (lambda: Silence(RATE, threshold=0), "threshold=0 is no level"),
        (lambda: Silence(RATE, seconds=0), "seconds=0 would cut every sample"),
        (lambda: Phone(8000), "higher rate, not 8000 Hz"),
        (lambda: Codec(RATE, []), "leaves none"),
        (lambda: Codec(RATE, ["flac"]), "no codec 'flac'"),
        (lambda: Codec(RATE, kbps=(0, 1)), "kbps="),
    ],
)
def test_what_has_no_meaning_is_refused_in_one_line(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        make()
    assert "\n" not in str(refusal.value)
