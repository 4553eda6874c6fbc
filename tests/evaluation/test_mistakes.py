"""The worst mistakes are the farthest beyond the threshold, in the same order every time."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from bonafide.evaluation.mistakes import excerpt, worst
from bonafide.evaluation.scores import Trials
from bonafide.types import InputError, Utterance


def table(rows: list[tuple[str, bool, float]]) -> Trials:
    """Trials from (path, genuine, score)."""
    utterances = [
        Utterance(path, "u", "c", "-" if genuine else "x", "s", "bonafide" if genuine else "spoof")
        for path, genuine, _ in rows
    ]
    return Trials.of(utterances, [score for _, _, score in rows])


def test_only_what_is_decided_wrongly_the_farthest_first() -> None:
    trials = table(
        [
            ("right", True, 5.0),
            ("on it", True, 1.0),
            ("near", True, 0.5),
            ("far", False, 4.0),
            ("just", False, 1.0),
        ]
    )
    found = worst(trials, 1.0)
    assert [(mistake.path, mistake.margin) for mistake in found] == [
        ("far", 3.0),
        ("near", 0.5),
        ("just", 0.0),
    ]
    assert (found[0].system, found[0].label, found[0].score) == ("x", "spoof", 4.0)
    assert worst(table([("a", True, 2.0), ("b", False, 0.0)]), 1.0) == ()


scored = st.lists(
    st.tuples(st.booleans(), st.integers(-3, 3).map(float)), min_size=1, max_size=30
)  # many equal scores


@settings(deadline=None, max_examples=60)
@given(scored, st.integers(0, 5), st.integers(1, 12), st.randoms(use_true_random=False))
def test_the_order_of_the_table_does_not_matter(
    rows: list[tuple[bool, float]], seed: int, most: int, chance: object
) -> None:
    named = [(f"p{n}", *row) for n, row in enumerate(rows)]
    found = worst(table(named), 0.0, most=most, seed=seed)
    chance.shuffle(named)  # type: ignore[attr-defined]
    assert worst(table(named), 0.0, most=most, seed=seed) == found
    margins = [-score if genuine else score for _, genuine, score in named if (score >= 0) != genuine]
    assert [mistake.margin for mistake in found] == sorted(margins, reverse=True)[:most]


def test_the_seed_chooses_among_equals() -> None:
    trials = table([(f"p{n}", False, 1.0) for n in range(40)])
    first, again, other = (worst(trials, 0.0, most=5, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert {mistake.path for mistake in first} != {mistake.path for mistake in other}


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    wave = np.sin(2 * np.pi * 440 * np.arange(32_000) / 16_000) * np.linspace(0, 1, 32_000)
    soundfile.write(tmp_path / "a.wav", wave.astype(np.float32), 16_000, subtype="FLOAT")
    return tmp_path


def test_the_beginning_is_heard_or_the_window(recording: Path) -> None:
    whole, _ = soundfile.read(recording / "a.wav", dtype="float32")
    start = excerpt("a.wav", recording, 16_000, seconds=0.5)
    np.testing.assert_array_equal(start.waveform, whole[:8000])
    window = excerpt("a.wav#t=1,1.5", recording, 16_000)
    np.testing.assert_array_equal(window.waveform, whole[16_000:24_000])
    assert (window.start, window.sample_rate) == (1.0, 16_000)
    assert len(excerpt("a.wav#t=0.25,1.75", recording, 16_000, seconds=1.0).waveform) == 16_000


def test_a_name_that_looks_like_a_window_is_a_name(recording: Path) -> None:
    (recording / "a.wav").rename(recording / "a.wav#t=1,1.5")
    assert len(excerpt("a.wav#t=1,1.5", recording, 16_000).waveform) == 32_000


def test_an_odd_rate_becomes_one_that_mp3_has(recording: Path) -> None:
    heard = excerpt("a.wav", recording, 20_000)
    assert heard.sample_rate == 22_050
    assert len(heard.waveform) == 44_100


def test_a_recording_that_is_gone_is_refused_in_a_line(recording: Path) -> None:
    with pytest.raises(InputError, match=r"^b\.wav is no longer there$"):
        excerpt("b.wav", recording, 16_000)
    with pytest.raises(InputError, match="has nothing to be heard"):
        excerpt("a.wav#t=5,6", recording, 16_000)
    (recording / "c.wav").write_bytes(b"no sound")
    with pytest.raises(InputError, match=r"c\.wav"):
        excerpt("c.wav", recording, 16_000)
