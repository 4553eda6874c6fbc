"""A spectrogram in blocks is that of the whole, and of any length as wide as a picture."""

import numpy as np
import pytest

from bonafide.figures.spectrum import Spectrum

RATE = 16_000


def tone(seconds: float, frequency: float) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE).astype(np.float32)


def test_a_tone_is_a_line_at_its_frequency() -> None:
    found = Spectrum.of([(0, tone(1.0, 2_000))], RATE, RATE)
    assert found.highest == 8_000
    assert found.seconds == pytest.approx(1.0)
    inner = found.level[:, 5:-5]
    np.testing.assert_array_equal(inner.argmax(axis=0), round(2_000 / 8_000 * (len(inner) - 1)))


@pytest.mark.parametrize("seconds", [0.01, 7.3, 300.0])
def test_blocks_are_the_whole(seconds: float) -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)
    whole = Spectrum.of([(0, sound)], len(sound), RATE)
    assert whole.level.shape[1] <= 1200
    assert whole.seconds == pytest.approx(seconds, abs=0.3)
    block = 80_000
    blocks = [(start, sound[start : start + block]) for start in range(0, len(sound) - block, block)]
    blocks.append((max(0, len(sound) - block), sound[-block:]))  # the last one ends where the sound does
    found = Spectrum.of(blocks, len(sound), RATE)
    assert found.level.shape == whole.level.shape
    alike = np.isclose(found.level, whole.level, atol=1e-3).all(axis=0)
    assert (~alike).sum() <= 4 * len(blocks), "but for what lies across the border of two blocks"
