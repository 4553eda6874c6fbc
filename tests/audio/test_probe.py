"""Blocks do not matter, every number has its law, and whole-file references agree."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import signal

from bonafide.audio import probe
from bonafide.audio.probe import CHUNK, Probe, Prober

RATE = 16_000
Waveform = NDArray[np.float32]


def noise(samples: int, seed: int = 0, level: float = 0.1) -> Waveform:
    """16-bit noise under an envelope, with an offset and zeros at its end."""
    generator = np.random.default_rng(seed)
    envelope = 0.5 + 0.5 * np.sin(2 * np.pi * 1.3 * np.arange(samples) / RATE)
    sound = level * envelope * generator.standard_normal(samples) + 0.003
    sound[samples - samples // 50 :] = 0
    return np.asarray(np.rint(np.clip(sound, -1, 1) * 32767) / 32768, np.float32)


def tone(frequency: float, samples: int = 4 * RATE, rate: int = RATE, level: float = 0.5) -> Waveform:
    return np.asarray(level * np.sin(2 * np.pi * frequency * np.arange(samples) / rate), np.float32)


def reference(waveform: Waveform, rate: int) -> dict[str, float | str]:
    """The same numbers from the whole waveform in double precision, with scipy's spectrum."""
    x = waveform.astype(np.float64)
    size = 1 << int(np.ceil(np.log2(0.16 * rate)))
    centered = x - x.mean()
    if len(x) < size:
        centered = np.pad(centered * signal.get_window("hann", len(x)), (0, size - len(x)))
        frequency, density = signal.periodogram(centered, rate, detrend=False)
    else:
        frequency, density = signal.welch(centered, rate, "hann", size, noverlap=0, detrend=False)

    def share(inside: NDArray[np.bool_]) -> float:
        return float(10 * np.log10(max(density[inside].sum() / density.sum(), 1e-12)))

    frames = [x[start : start + 256] for start in range(0, len(x), 256)]
    power = np.array([np.mean(frame**2) for frame in frames])
    loud = np.flatnonzero(power > power.max() / 1e4)
    long = [x[start : start + 1024] for start in range(0, len(x) - 1023, 1024)] or [x]
    levels = [10 * np.log10(max(np.mean(frame**2), 1e-20)) for frame in long]
    rms, peak = (20 * np.log10(value) for value in (np.sqrt(np.mean(x**2)), np.abs(x).max()))
    return {
        "leading_silence": loud[0] * 256 / rate,
        "trailing_silence": sum(map(len, frames[loud[-1] + 1 :])) / rate,
        "zeros_at_end": len(x) - len(np.trim_zeros(x, "b")),
        "zeros": float(np.mean(x == 0)),
        "rms": rms,
        "peak": peak,
        "crest": peak - rms,
        "dc": abs(x.mean()),
        "below_40hz": share(frequency < 40),
        "below_60hz": share(frequency < 60),
        "from_7_to_8khz": share((frequency >= 7000) & (frequency < 8000)),
        "above_7khz": share(frequency >= 7000),
        "top_band": share(frequency >= 0.46 * rate),
        "floor": float(np.percentile(levels, 5)),
        "content": content(x),
    }


def content(x: NDArray[np.float64]) -> str:
    samples = np.clip(np.rint(x * 32768), -32768, 32767).astype("<i2")
    return hashlib.sha256(samples.tobytes()).hexdigest()[:16]


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 48_000])
@pytest.mark.parametrize("samples", [1_000, 5_000, 65_536, 131_072, 131_073, 300_001])
def test_a_whole_file_reference_agrees(samples: int, rate: int) -> None:
    waveform = noise(samples, seed=samples)
    found, expected = probe.of(waveform, rate)._asdict(), reference(waveform, rate)
    assert found.pop("bits") == 16
    assert found.pop("content") == expected.pop("content")
    assert found == pytest.approx(expected, rel=2e-5, abs=1e-8)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3 * CHUNK // 2), min_size=1, max_size=6), st.integers(0, 5))
def test_block_boundaries_do_not_matter_to_the_last_bit(lengths: list[int], seed: int) -> None:
    waveform = noise(sum(lengths) + 1, seed)
    prober = Prober(RATE)
    for block in np.split(waveform, np.cumsum(lengths)):
        prober.add(block)
    assert prober.result() == probe.of(waveform, RATE)


@pytest.mark.parametrize("gain", [0.5, 0.01])
def test_level_moves_levels_and_nothing_else(gain: float) -> None:
    waveform = noise(100_000).astype(np.float32)
    loud, quiet = (probe.of(each, RATE) for each in (waveform, np.float32(gain) * waveform))
    for name in ("rms", "peak", "floor"):
        assert getattr(quiet, name) - getattr(loud, name) == pytest.approx(20 * np.log10(gain), abs=1e-3)
    kept = ("below_40hz", "above_7khz", "top_band", "crest", "zeros", "leading_silence", "trailing_silence")
    assert [getattr(quiet, name) for name in kept] == pytest.approx(
        [getattr(loud, name) for name in kept], abs=1e-3
    )
    assert quiet.content != loud.content


@pytest.mark.parametrize("offset", [0.4, -0.01])
def test_an_offset_is_dc_and_no_rumble(offset: float) -> None:
    waveform = tone(440) + tone(20, level=1e-3)
    plain, moved = (probe.of(each, RATE) for each in (waveform, waveform + np.float32(offset)))
    assert moved.dc == pytest.approx(abs(offset), rel=1e-4)
    assert plain.dc < 1e-4
    assert moved.below_40hz == pytest.approx(plain.below_40hz, abs=0.2)
    assert plain.below_40hz == pytest.approx(-54, abs=0.2)


@pytest.mark.parametrize(
    ("frequency", "inside"),
    [
        (25, {"below_40hz", "below_60hz"}),
        (50, {"below_60hz"}),
        (1_000, set()),
        (7_200, {"from_7_to_8khz", "above_7khz"}),
        (9_000, {"above_7khz"}),
        (11_500, {"above_7khz", "top_band"}),
    ],
)
def test_a_tone_lies_in_its_bands(frequency: float, inside: set[str]) -> None:
    found = probe.of(tone(frequency, 96_000, 24_000), 24_000)
    for name in ("below_40hz", "below_60hz", "from_7_to_8khz", "above_7khz", "top_band"):
        share = getattr(found, name)
        assert share > -0.1 if name in inside else share < -30, name


def test_what_a_rate_cannot_hold_is_not_there() -> None:
    found = probe.of(noise(20_000), 8_000)
    assert (found.above_7khz, found.from_7_to_8khz) == (-120, -120)
    assert found.top_band > -20


@pytest.mark.parametrize("samples", [0, 1, 255, 256, CHUNK - 1, CHUNK, 3 * CHUNK + 5])
def test_zeros_at_the_end_are_counted_over_blocks(samples: int) -> None:
    waveform = np.concatenate([np.full(140_000, 0.1), np.zeros(samples)]).astype(np.float32)
    found = probe.of(waveform, RATE)
    assert found.zeros_at_end == samples
    assert found.zeros == samples / len(waveform)
    assert found.trailing_silence == pytest.approx(samples / RATE, abs=256 / RATE)
    assert found.trailing_silence <= samples / RATE
    assert found.leading_silence == 0


@pytest.mark.parametrize("samples", [1, 7, 300, 140_000])
def test_silence_is_in_order(samples: int) -> None:
    found = probe.of(np.zeros(samples, np.float32), RATE)
    assert (found.rms, found.peak, found.floor, found.below_60hz, found.top_band) == (
        -200, -200, -200, -120, -120,
    )  # fmt: skip
    assert (found.zeros, found.zeros_at_end, found.crest) == (1, samples, 0)
    assert found.leading_silence == found.trailing_silence == samples / RATE


def test_nothing_has_no_numbers() -> None:
    found = probe.of(np.empty(0, np.float32), RATE)
    assert (found.bits, found.content) == (0, "")
    assert np.isnan(found[:-2]).all()


@pytest.mark.parametrize(("bits", "grid"), [(16, 2**15), (24, 2**23), (32, None)])
def test_bits_are_those_of_the_samples(bits: int, grid: int | None) -> None:
    generator = np.random.default_rng(0)
    waveform = np.full(200_000, 0.25)
    waveform[-100:] = generator.uniform(1e-4, 2e-4, 100)
    exact = waveform if grid is None else np.rint(waveform * grid) / grid
    assert probe.of(exact.astype(np.float32), RATE).bits == bits


@pytest.mark.parametrize("count", [400, 80_000])
def test_over_full_scale_is_no_accident(count: int) -> None:
    found = probe.of(np.asarray([1e30, -1e30, 2.0] * count, np.float32), RATE)
    assert found.peak == 120
    assert np.isfinite(found[:-2]).all()
    assert found.content == probe.of(np.asarray([1, -1, 1] * count, np.float32), RATE).content


@pytest.mark.parametrize("place", [0, 1, 2, 3, 1_023, 1_024, 131_071, 131_072, 139_998])
def test_a_bit_of_any_sample_changes_the_content(place: int) -> None:
    waveform = noise(140_000)
    other = waveform.copy()
    other[place : place + 2] += np.float32(2**-15)
    assert probe.of(other, RATE).content != probe.of(waveform, RATE).content


@pytest.mark.parametrize("windows", [1, 3, 4, 8, 40])
@pytest.mark.parametrize("cycles", [0, 0.125, 0.5, 0.8])
def test_what_neighbouring_windows_share_is_neither_lost_nor_doubled(windows: int, cycles: float) -> None:
    """One tone is in phase from window to window, one moves on by a fraction of a cycle."""
    samples = 4_096 * windows
    low, high = 256 * RATE / 4_096, (1_900 + cycles) * RATE / 4_096
    found = probe.of(tone(low, samples) + tone(high, samples, level=0.05), RATE)
    expected = 10 * np.log10(0.05**2 / (0.5**2 + 0.05**2))
    assert found.above_7khz == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("count", [100, 1_000, 131_072, 131_136])
def test_one_sample_more_or_less_is_another_content(count: int) -> None:
    waveform = noise(140_000)[:count] + np.float32(2**-15)
    other = waveform.copy()
    other[-1] += np.float32(2**-15)
    contents = {probe.of(each, RATE).content for each in (waveform, waveform[:-1], other, -waveform)}
    assert len(contents) == 4
    assert all(len(content) == 16 and int(content, 16) >= 0 for content in contents)


def test_threads_do_not_meet() -> None:
    waveforms = [noise(180_000, seed) for seed in range(12)]
    alone = [probe.of(waveform, RATE) for waveform in waveforms]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda waveform: probe.of(waveform, RATE), waveforms)) == alone
    assert len({found.content for found in alone}) == 12
    assert isinstance(alone[0], Probe)
