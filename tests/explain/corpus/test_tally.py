"""Moments in pieces, pairs, and what is kept of them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from bonafide.explain.corpus.comparison import compare, halves
from bonafide.explain.corpus.moments import Moments
from bonafide.explain.corpus.profile import NUMBERS, Settings, measure
from bonafide.explain.corpus.tally import Tally
from bonafide.types import InputError

TINY = Settings(8000, level=6, seconds=0.1)


def close(one: Moments, other: Moments) -> None:
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(
            np.broadcast_to(mine, one.mean.shape),
            np.broadcast_to(theirs, one.mean.shape),
            rtol=1e-6,
            atol=1e-4,
        )


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 9), min_size=1, max_size=4), st.booleans())
def test_moments_of_pieces_are_those_of_the_whole(seed: int, sizes: list[int], missing: bool) -> None:
    random = np.random.default_rng(seed)
    values = 1e6 + random.standard_normal((sum(sizes) + 2, 3))
    if missing:
        values[random.random(values.shape) < 0.3] = np.nan
    pieces = [Moments.of(piece) for piece in np.split(values, np.cumsum(sizes))]
    merged = pieces[0]
    for piece in pieces[1:]:
        merged = merged.merged(piece)
    number = (~np.isnan(values)).sum(axis=0)
    for column in np.flatnonzero(number > 1):
        known = values[:, column][~np.isnan(values[:, column])]
        assert np.broadcast_to(merged.counts, 3)[column] == len(known)
        assert merged.value[column] == pytest.approx(known.mean(), rel=1e-12)
        assert merged.deviation[column] == pytest.approx(known.std(ddof=1), rel=1e-6)
        assert merged.error[column] == pytest.approx(known.std(ddof=1) / len(known) ** 0.5, rel=1e-6)


def recordings(number: int = 12) -> tuple[list[np.ndarray], np.ndarray, np.ndarray, np.ndarray]:
    """Noise of several lengths, and the same 6 dB softer as system `soft`; utterances in both."""
    random = np.random.default_rng(0)
    genuine = [random.standard_normal(700 + 150 * place).astype(np.float32) * 0.1 for place in range(number)]
    names = np.array([f"u{place}" for place in range(number)] * 2, object)
    system = np.array(["-"] * number + ["soft"] * number, object)
    return [*genuine, *(0.5 * each for each in genuine)], np.array(["c"] * 2 * number, object), system, names


def tally(rows: slice | list[int]) -> Tally:
    heard, corpus, system, names = recordings()
    chosen = np.arange(24)[rows]
    return Tally.of(
        measure([heard[row] for row in chosen], TINY), corpus[chosen], system[chosen], names[chosen]
    )


def test_a_recording_is_measured_as_if_it_were_alone() -> None:
    heard, *_ = recordings()
    together = measure(heard, TINY)
    for row in (0, 5, 23):
        alone = measure([heard[row]], TINY)
        for name, values in alone.items():
            np.testing.assert_allclose(together[name][row], values[0], rtol=1e-3, atol=1e-6)
    assert np.isnan(together["packets"][0]).all()  # 700 samples: shorter than 0.1 s
    assert not np.isnan(together["packets"][1]).any()
    assert together["numbers"].shape == (24, len(NUMBERS))


def test_pairs_take_away_what_is_said() -> None:
    bona_fide, soft = compare(tally(slice(None)))
    assert (bona_fide.name, soft.name) == ("bona fide", "soft")
    assert bona_fide.numbers_difference is None
    assert soft.pairs == soft.files == 12
    step = 20 * np.log10(0.5)
    assert soft.spectrum_difference is not None
    assert soft.numbers_difference is not None
    np.testing.assert_allclose(soft.spectrum_difference.mean, step, atol=1e-3)
    np.testing.assert_allclose(soft.spectrum_difference.high - soft.spectrum_difference.low, 0, atol=1e-3)
    level = NUMBERS.index("rms_db")
    assert soft.numbers_difference.mean[level] == pytest.approx(step, abs=1e-4)
    assert soft.packets is not None
    assert soft.lines is not None
    np.testing.assert_allclose(20 * np.log10(soft.packets.system / soft.packets.reference), step, atol=1e-3)
    np.testing.assert_allclose(20 * np.log10(soft.lines.system / soft.lines.reference), step, atol=1e-3)


def test_without_pairs_all_are_compared_with_all_as_welch_does() -> None:
    rows = [*range(6), *range(18, 24)]  # other utterances on either side
    _, soft = compare(tally(rows))
    assert soft.pairs == 0
    assert soft.numbers_difference is not None
    heard, *_ = recordings()
    level = NUMBERS.index("rms_db")
    values = measure([heard[row] for row in rows], TINY)["numbers"][:, level]
    interval = ttest_ind(values[6:], values[:6], equal_var=False).confidence_interval(0.95)
    assert soft.numbers_difference.low[level] == pytest.approx(interval.low, rel=1e-6)
    assert soft.numbers_difference.high[level] == pytest.approx(interval.high, rel=1e-6)


def test_parts_put_together_are_the_whole_and_survive_the_disk(tmp_path: Path) -> None:
    whole = tally(slice(None))
    parts = Tally()
    for chosen in ([0, 1, 2, 12, 13, 14], [3, 15], [*range(4, 12), *range(16, 24)]):
        parts.add(tally(chosen))
    finished = np.array([True, False, True])
    parts.save(tmp_path / "tally.npz", finished)
    found, again = Tally.load(tmp_path / "tally.npz", 3)
    assert again.tolist() == finished.tolist()
    assert found.moments.keys() == whole.moments.keys()
    for key, moments in whole.moments.items():
        close(
            moments._replace(squares=moments.squares + 1),
            found.moments[key]._replace(squares=found.moments[key].squares + 1),
        )


@pytest.mark.parametrize("content", [None, b"", b"no archive"])
def test_a_damaged_file_is_a_fresh_start(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "tally.npz").write_bytes(content)
    found, finished = Tally.load(tmp_path / "tally.npz", 2)
    assert not found.moments
    assert finished.tolist() == [False, False]


def test_halves_are_disjoint_and_make_the_whole() -> None:
    found = tally(slice(None))
    systems = compare(found)
    one, other = halves(found, systems, "lines")
    np.testing.assert_allclose(one, 20 * np.log10(0.5), atol=1e-3)
    np.testing.assert_allclose(other, 20 * np.log10(0.5), atol=1e-3)
    sizes = [found.get("all", "c", "soft", "lines", half) for half in (0, 1)]
    assert sum(int(size.counts[0]) for size in sizes if size is not None) == 11  # one is too short


def test_faithful_lines_are_those_of_the_mean_waveform() -> None:
    heard, corpus, system, names = recordings()
    measured = measure(heard, TINY._replace(faithful=True))
    _, soft = compare(Tally.of(measured, corpus, system, names), faithful=True)
    begun = np.mean([each[:800] for each in heard[12:] if len(each) >= 800], axis=0)
    assert soft.lines is not None
    np.testing.assert_allclose(soft.lines.system, np.abs(np.fft.rfft(begun)), rtol=1e-4)
    pitch = NUMBERS.index("pitch_hz")
    assert not np.isnan(measured["numbers"][5:12, pitch]).any()  # noise too has a published pitch


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"level": 14}, "fingerprint.level=14"),
        ({"hop": 0}, "spectrum.hop=0"),
        ({"lowest_pitch": 600.0}, "pitch.lowest=600"),
        ({"wavelet": "harr"}, "did you mean haar"),
    ],
)
def test_what_cannot_be_measured_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        TINY._replace(**change).check()  # type: ignore[arg-type]


def test_measuring_changes_nothing_of_its_input() -> None:
    heard, *_ = recordings(2)
    before = [each.copy() for each in heard]
    measure(heard, TINY)
    for one, other in zip(before, heard, strict=True):
        np.testing.assert_array_equal(one, other)
    assert torch.is_grad_enabled()
