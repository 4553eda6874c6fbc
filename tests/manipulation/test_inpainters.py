"""Every inpainter changes the region, depends on its seed alone, and keeps its own promise."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from scipy.signal import butter, sosfilt, welch

from bonafide.manipulation.inpainter import Inpainter
from bonafide.manipulation.inpainters.copy import Copy
from bonafide.manipulation.inpainters.cut_and_paste import CutAndPaste
from bonafide.manipulation.inpainters.interpolation import Interpolation
from bonafide.manipulation.inpainters.mixture import Mixture
from bonafide.manipulation.inpainters.noise import Noise
from bonafide.manipulation.inpainters.resynthesis import Resynthesis
from bonafide.manipulation.inpainters.reversal import Reversal
from bonafide.manipulation.inpainters.silence import Silence
from bonafide.manipulation.level import rms
from bonafide.types import InputError

RATE, START, END = 16_000, 12_000, 28_000


def sound(seed: int, seconds: float = 3.0, low: float = 300.0, high: float = 2000.0) -> np.ndarray:
    """Noise of a band that swells and fades, three times a second."""
    count = round(seconds * RATE)
    noise = np.random.default_rng(seed).standard_normal(count)
    band = sosfilt(butter(4, [low, high], "bandpass", fs=RATE, output="sos"), noise)
    swell = 0.2 + np.sin(np.pi * 3 * np.arange(count) / RATE) ** 2
    return (0.1 * band * swell).astype(np.float32)


@pytest.fixture
def donors(tmp_path: Path) -> Path:
    for seed in range(3):
        soundfile.write(tmp_path / f"{seed}.wav", sound(seed), RATE, subtype="FLOAT")
    return tmp_path


def every(donors: Path) -> Mapping[str, Inpainter]:
    found: dict[str, Inpainter] = {
        "silence": Silence(),
        "reversal": Reversal(),
        "noise": Noise(),
        "interpolation": Interpolation(order=64),
        "griffin_lim": Resynthesis("griffin_lim"),
        "lpc": Resynthesis("lpc"),
        "sinusoidal": Resynthesis("sinusoidal"),
        "copy_move": Copy(),
        "copy": Copy(donors, match_level=True),
        "cut_and_paste": CutAndPaste(donors),
    }
    return {**found, "mixture": Mixture(found)}


NAMES = tuple(every(Path()))


def fill(
    inpainter: Inpainter, clip: np.ndarray, seed: int = 0, start: int = START, end: int = END
) -> np.ndarray:
    chosen = inpainter.chosen(seed)
    heard = clip.copy()
    if chosen.masked:
        heard[start:end] = 0
    before = heard.copy()
    made = inpainter.fill(heard, RATE, start, end, caption="", seed=seed)
    np.testing.assert_array_equal(heard, before)  # the argument is the caller's
    return made


@pytest.mark.parametrize("name", NAMES)
def test_the_region_is_new_and_the_seed_decides(name: str, donors: Path) -> None:
    clip, inpainter = sound(0), every(donors)[name]
    made = fill(inpainter, clip)
    assert made.shape == clip.shape
    assert made.dtype == np.float32
    assert np.isfinite(made).all()
    assert np.mean(made[START:END] != clip[START:END]) > 0.99
    np.testing.assert_array_equal(fill(every(donors)[name], clip), made)
    fill(inpainter, sound(1), seed=7)  # whatever else was done in between
    np.testing.assert_array_equal(fill(inpainter, clip), made)
    drawn = name not in {"silence", "reversal", "sinusoidal"}
    assert any(np.any(fill(inpainter, clip, seed) != made) for seed in (1, 2, 3, 4)) == drawn


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("start", "end"), [(0, 8000), (40_000, 48_000), (20_000, 20_640)])
def test_a_region_may_lie_at_an_edge_or_be_short(name: str, start: int, end: int, donors: Path) -> None:
    made = fill(every(donors)[name], sound(0), 0, start, end)
    assert made.shape == (48_000,)
    assert np.isfinite(made).all()


def test_silence_is_silent_and_a_reversal_reverses() -> None:
    clip = sound(0)
    assert not fill(Silence(), clip)[START:END].any()
    np.testing.assert_array_equal(fill(Reversal(), clip)[START:END], clip[START:END][::-1])
    np.testing.assert_array_equal(fill(Reversal(), fill(Reversal(), clip)), clip)


def test_noise_has_the_spectrum_and_the_level_of_its_surroundings() -> None:
    steady = sosfilt(
        butter(4, [300, 2000], "bandpass", fs=RATE, output="sos"),
        np.random.default_rng(0).standard_normal(5 * RATE),
    )
    clip = (0.1 * steady).astype(np.float32)
    made = fill(Noise(), clip, start=RATE, end=4 * RATE)[RATE : 4 * RATE]
    assert 20 * np.log10(rms(made) / rms(clip)) == pytest.approx(0, abs=0.5)
    wanted, found = (welch(wave, RATE, nperseg=512)[1] for wave in (clip, made))
    heard = wanted > wanted.max() / 100
    assert np.abs(10 * np.log10(found[heard] / wanted[heard])).max() < 2.0


def test_noise_goes_from_the_level_before_to_that_behind() -> None:
    rng = np.random.default_rng(0)
    clip = np.concatenate([0.01 * rng.standard_normal(32_000), 0.1 * rng.standard_normal(32_000)])
    region = fill(Noise(), clip.astype(np.float32), start=24_000, end=40_000)[24_000:40_000]
    levels = [rms(part) for part in np.split(region, 4)]
    assert levels == sorted(levels)
    assert levels[0] < 0.02
    assert levels[-1] > 0.06


@pytest.mark.parametrize("vocoder", ["griffin_lim", "lpc", "sinusoidal"])
def test_a_resynthesis_keeps_level_and_place(vocoder: str) -> None:
    clip = sound(0)
    made = fill(Resynthesis(vocoder), clip)
    assert rms(made[START:END]) == pytest.approx(rms(clip[START:END]), rel=1e-3)
    loudness = [
        np.sqrt(np.convolve(wave[START:END] ** 2, np.ones(800) / 800, "valid")) for wave in (clip, made)
    ]
    assert np.corrcoef(*loudness)[0, 1] > 0.8


def test_copy_move_takes_another_place_of_the_clip() -> None:
    clip, inpainter = sound(0), Copy()
    for seed in range(20):
        place = round(float(inpainter.account(clip, RATE, START, END, seed=seed)["donor_start"]) * RATE)
        assert place + END - START <= START or place >= END
        np.testing.assert_array_equal(
            fill(inpainter, clip, seed)[START:END], clip[place : place + END - START]
        )


def test_copy_move_repeats_what_is_too_short() -> None:
    clip = sound(0)
    np.testing.assert_array_equal(fill(Copy(), clip, 0, 8000, 48_000)[8000:16_000], clip[:8000])
    with pytest.raises(InputError, match="nowhere to copy from"):
        fill(Copy(), clip, 0, 0, clip.size)


def test_a_copy_is_from_another_recording_at_the_same_level(donors: Path) -> None:
    clip, inpainter = sound(0), Copy(donors, match_level=True)
    told = [inpainter.account(clip, RATE, START, END, seed=seed) for seed in range(12)]
    assert {one["donor"] for one in told} == {"1.wav", "2.wav"}
    made = fill(inpainter, clip)
    assert rms(made[START:END]) == pytest.approx(rms(clip[START:END]), rel=1e-4)
    donor = sound(int(told[0]["donor"][0]))
    place = round(float(told[0]["donor_start"]) * RATE)
    ratio = made[START:END] / np.where(donor == 0, 1, donor)[place : place + END - START]
    assert np.median(ratio) == pytest.approx(np.mean(ratio), rel=1e-3)


def test_pasted_joints_agree_with_what_was_there(donors: Path) -> None:
    clip = sound(0)
    ends = [slice(START, START + 160), slice(END - 160, END)]
    agreement: dict[float, list[float]] = {0.0: [], 0.02: []}
    for search, found in agreement.items():
        for seed in range(8):
            made = fill(CutAndPaste(donors, search_seconds=search), clip, seed)
            assert rms(made[START:END]) == pytest.approx(rms(clip[START:END]), rel=1e-4)
            found += [float(np.corrcoef(made[end], clip[end])[0, 1]) for end in ends]
    assert np.mean(agreement[0.02]) > np.mean(agreement[0.0]) + 0.3


def test_a_single_recording_has_no_other(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", sound(0), RATE, subtype="FLOAT")
    for inpainter in (Copy(tmp_path), CutAndPaste(tmp_path)):
        with pytest.raises(InputError, match=r"single recording.*set inpainter\.donors"):
            inpainter.require()
        with pytest.raises(InputError, match="finds no other recording"):
            fill(inpainter, sound(0))


def test_a_mixture_draws_by_weight_and_names_who_did_it() -> None:
    mixture = Mixture({"silence": Silence(), "reversal": Reversal()}, {"reversal": 3.0})
    names = [mixture.chosen(seed).name for seed in range(400)]
    assert 0.65 < names.count("reversal") / len(names) < 0.85
    clip = sound(0)
    for seed in range(8):
        alone = {"silence": Silence(), "reversal": Reversal()}[names[seed]]
        np.testing.assert_array_equal(fill(mixture, clip, seed), fill(alone, clip, seed))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"parts": {}}, r"\(none\)"),
        ({"parts": {"a": Silence()}, "weights": {"b": 1.0}}, "must name some of the parts a"),
        ({"parts": {"a": Silence()}, "weights": {"a": 0.0}}, "all are 0"),
    ],
)
def test_an_impossible_mixture_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Mixture(**given)
