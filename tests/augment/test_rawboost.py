import numpy as np
import pytest
import torch
from scipy import signal
from tests.augment import rawboost_reference as reference

from bonafide.augment.change import seeded
from bonafide.augment.filtering import filtered
from bonafide.augment.notch import NotchFilters
from bonafide.augment.rawboost import RawBoost
from bonafide.augment.uniform import Uniform
from bonafide.types import InputError

RATE, SAMPLES = 16000, 9001


def clips(batch: int = 4, samples: int = SAMPLES, peak: float = 0.9) -> torch.Tensor:
    """Coloured noise whose level rises and falls, each as loud as the last is quiet."""
    noise = signal.lfilter([1.0], [1.0, -0.9], np.random.default_rng(3).standard_normal((batch, samples)))
    swell = 0.1 + np.abs(np.sin(np.arange(samples) / 900))
    loud = noise * swell / np.abs(noise * swell).max(axis=1, keepdims=True)
    return torch.tensor(loud * peak * np.linspace(1, 0.2, batch)[:, None], dtype=torch.float32)


@pytest.mark.parametrize("rate", [16000, 22050])
def test_a_filter_is_that_of_scipy(rate: int) -> None:
    filters = NotchFilters(rate)
    drawn = filters.draw(20, [Uniform(0, 0), Uniform(-20, -5)], seeded([1]))
    ours = filters.responses(drawn).double().numpy()
    for clip in range(20):
        for number in range(2):
            wanted = reference.notch(drawn, clip, number, rate)
            spare = ours.shape[-1] - len(wanted)
            np.testing.assert_allclose(
                ours[clip, number], np.pad(wanted, (spare // 2, spare // 2)), atol=2e-5
            )


def test_a_notch_takes_its_band_out_and_nothing_exceeds_its_gain() -> None:
    filters = NotchFilters(RATE, bands=1, centre_hz=(3000, 3000), width_hz=(900, 900), taps=(98.5, 99))
    drawn = filters.draw(1, [Uniform(-6, -6)], seeded([0]))
    frequency, response = signal.freqz(filters.responses(drawn)[0, 0].numpy(), 1, 4096, fs=RATE)
    level = 20 * np.log10(np.abs(response))
    assert level[np.abs(frequency - 3000) < 200].max() < -40
    assert level[np.abs(frequency - 3000) > 1000].min() > -6.2
    assert level.max() == pytest.approx(-6, abs=0.01)


def test_parameters_are_drawn_from_the_published_ranges() -> None:
    drawn = RawBoost(RATE, 4).draw(2000, 300, seeded([5]))
    notches = drawn.convolutive.notches
    assert notches.centre.shape == (2000, 5, 5)
    assert 20 <= notches.centre.min() < 60
    assert 7950 < notches.centre.max() <= 8000
    assert 100 <= notches.width.min() < 105
    assert 995 < notches.width.max() <= 1000
    assert notches.taps.unique().tolist() == list(range(11, 100, 2))
    assert (notches.gain_db[:, 0] == 0).all()
    assert -20 <= notches.gain_db[:, 1:].min() < -19.9
    assert -5.1 < notches.gain_db[:, 1:].max() <= -5
    assert drawn.impulsive.hits.unique().tolist() == list(range(30))
    assert 10 <= drawn.stationary.snr_db.min() < 10.1
    assert 39.9 < drawn.stationary.snr_db.max() <= 40


def test_impulses_hit_different_samples_all_equally_likely() -> None:
    drawn = RawBoost(RATE, 2).draw(4000, 50, seeded([6])).impulsive
    assert all(len(row.unique()) == 5 for row in drawn.position)
    times = torch.bincount(drawn.position.flatten(), minlength=50)
    assert (times - 400).abs().max() < 5 * 20  # Poisson, five standard deviations
    assert drawn.factor.abs().max() <= 1
    assert drawn.factor.square().mean() == pytest.approx(1 / 9, rel=0.05)  # of a product of two uniforms


@pytest.mark.parametrize("algorithm", range(9))
def test_each_algorithm_is_the_published_one(algorithm: int) -> None:
    x = clips(peak=1.5)  # some clips exceed full scale and are brought back
    augmentation = RawBoost(RATE, algorithm)
    drawn = augmentation.draw(*x.shape, seeded([algorithm, 7]))
    ours = augmentation.apply(x, drawn)
    for clip in range(len(x)):
        wanted = reference.rawboost(x[clip].double().numpy(), drawn, clip, algorithm=algorithm, rate=RATE)
        np.testing.assert_allclose(ours[clip].numpy(), wanted, atol=1e-4 * np.abs(wanted).max())
    assert torch.equal(ours, x) == (algorithm == 0)


def test_settings_reach_the_noises() -> None:
    settings = {
        "bands": 2, "centre_hz": (1000, 2000), "width_hz": (200, 300), "taps": (20, 30), "gain_db": (-3, 3),
        "order": 3, "nonlinear_drop_db": (1, 2), "impulse_share": 0.5, "impulse_gain": 1.0, "snr_db": (0, 1),
    }  # fmt: skip
    x = clips()
    augmentation = RawBoost(RATE, 4, **settings)  # type: ignore[arg-type]
    drawn = augmentation.draw(*x.shape, seeded([8]))
    assert drawn.convolutive.notches.centre.shape == (4, 3, 2)
    assert drawn.convolutive.notches.gain_db[:, 1:].max() <= 1
    assert drawn.impulsive.position.shape == (4, SAMPLES // 2)
    for clip in range(len(x)):
        wanted = reference.rawboost(x[clip].double().numpy(), drawn, clip, algorithm=4, rate=RATE, gain=1.0)
        made = augmentation.apply(x, drawn)[clip].numpy()
        np.testing.assert_allclose(made, wanted, atol=1e-4 * np.abs(wanted).max())


def test_stationary_noise_lies_below_the_clip_by_what_was_drawn() -> None:
    x = clips(8)
    augmentation = RawBoost(RATE, 3)
    drawn = augmentation.draw(*x.shape, seeded([9]))
    noise = augmentation.apply(x, drawn).double() - x
    snr = 10 * torch.log10(x.double().square().sum(1) / noise.square().sum(1))
    torch.testing.assert_close(snr.float(), drawn.stationary.snr_db, atol=0.05, rtol=0)


@pytest.mark.parametrize(("time", "taps"), [(1, 1), (50, 101), (5000, 501), (9001, 2001)])
@pytest.mark.parametrize("advance", [0, 1])
def test_filtering_is_convolution(time: int, taps: int, advance: int) -> None:
    random = np.random.default_rng(time)
    x, h = random.uniform(-1, 1, (2, time)), random.standard_normal((2, 3, taps))
    ours = filtered(torch.tensor(x, dtype=torch.float32), torch.tensor(h, dtype=torch.float32), advance)
    for clip in range(2):
        whole = sum(np.convolve(x[clip] ** (i + 1), h[clip, i]) for i in range(3))
        first = taps // 2 + advance
        wanted = np.pad(whole, (0, 1))[first : first + time]
        np.testing.assert_allclose(ours[clip].numpy(), wanted, atol=1e-3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"algorithm": 9}, "algorithm=9; choose one from 0 to 8"),
        ({"bands": 0}, "bands=0 stops nothing"),
        ({"order": 0}, "order=0 leaves no power"),
        ({"sample_rate": 8000}, r"centre_hz=\[20, 8000\] is no range; give \[low, high\] between 0 and 4000"),
        ({"taps": (1, 9)}, "taps="),
        ({"snr_db": (40, 10)}, "snr_db="),
        ({"impulse_share": 10}, "impulse_share=10 is no share"),
    ],
)
def test_what_has_no_meaning_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        RawBoost(**{"sample_rate": RATE, **settings})  # type: ignore[arg-type]
