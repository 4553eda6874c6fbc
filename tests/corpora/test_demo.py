"""The demo corpus: no trivial feature gives the label away; making it is repeatable and all or nothing."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.fft import rfft, rfftfreq
from scipy.ndimage import uniform_filter
from scipy.stats import rankdata

from bonafide.corpora import demo
from bonafide.corpora.demo import RATE, Demo
from bonafide.corpora.synthesis.resynthesis import METHODS
from bonafide.types import InputError, Utterance

# One process makes the default corpus, once.
pytestmark = pytest.mark.xdist_group("demo corpus")

Rows = Sequence[Utterance]
TRIVIAL = ("length", "peak", "RMS", "DC offset", "share below 60 Hz", "exact zeros")


def silent(_: str) -> None:
    """An announcement nobody reads."""


def auc(spoof: NDArray[np.float64], bonafide: NDArray[np.float64]) -> float:
    """Share of pairs in which the spoof's value is the higher one; ties count half."""
    rank = rankdata(np.concatenate([spoof, bonafide]))[: len(spoof)]
    return float((rank.sum() - len(spoof) * (len(spoof) + 1) / 2) / (len(spoof) * len(bonafide)))


def trivial_features(path: Path) -> list[float]:
    wave, rate = soundfile.read(path, dtype="int16")
    wave = wave.astype(np.float64)
    power = np.abs(rfft(wave)) ** 2
    low = power[rfftfreq(wave.size, 1 / rate) < 60].sum() / power.sum()
    peak, rms = np.abs(wave).max(), np.sqrt(np.mean(wave**2))
    return [wave.size, peak, rms, abs(wave.mean()), low, np.count_nonzero(wave == 0)]


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    corpus = Demo(tmp_path_factory.mktemp("default") / "demo")
    corpus.prepare(silent)
    return corpus


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    corpus = Demo(tmp_path_factory.mktemp("small") / "demo", utterances=8, seconds=1.5)
    corpus.prepare(silent)
    return corpus


@pytest.fixture(scope="module")
def features(default: Demo) -> dict[str, NDArray[np.float64]]:
    rows = default.utterances()
    values = np.array([trivial_features(default.root / row.path) for row in rows])
    systems = np.array([row.system for row in rows])
    return {"all": values[systems != "-"]} | {name: values[systems == name] for name in ("-", *METHODS)}


@pytest.mark.slow
@pytest.mark.parametrize("system", ["all", *METHODS])
def test_no_trivial_feature_tells_spoofs_from_recordings(
    features: dict[str, NDArray[np.float64]], system: str
) -> None:
    found = {
        name: auc(features[system][:, column], features["-"][:, column])
        for column, name in enumerate(TRIVIAL)
    }
    assert all(0.4 <= value <= 0.6 for value in found.values()), found


@pytest.mark.slow
def test_nothing_clips_and_no_vocoder_hop_divides_the_length(
    features: dict[str, NDArray[np.float64]],
) -> None:
    values = np.concatenate([features["-"], features["all"]])
    length = values[0, 0]
    assert np.all(values[:, 0] == length)
    assert length % 256
    assert length % 300
    assert values[:, 1].max() < 32767


def log_spectrogram(path: Path) -> NDArray[np.float64]:
    """Energy in dB of pieces of 12 ms by 12 bands up to 3 kHz, smoothed; 32 partials reach that far."""
    wave, _ = soundfile.read(path)
    pieces = wave[: wave.size // 256 * 256].reshape(-1, 256) * np.hanning(256)
    power = np.abs(rfft(pieces))[:, 1:37] ** 2
    return np.asarray(10 * np.log10(uniform_filter(power.reshape(len(power), 12, 3).sum(-1), (5, 3)) + 1e-12))


@pytest.mark.parametrize("system", METHODS)
def test_a_spoof_says_the_same_with_another_waveform(small: Demo, system: str) -> None:
    rows = [row for row in small.utterances() if row.system == system]
    for row in rows:
        spoof = small.root / row.path
        recording = small.root / f"demo-1.0/wavs/{row.utterance}.wav"
        same = np.corrcoef(log_spectrogram(spoof).ravel(), log_spectrogram(recording).ravel())[0, 1]
        assert same > 0.9
        other = small.root / f"demo-1.0/wavs/{rows[(rows.index(row) + 1) % len(rows)].utterance}.wav"
        assert np.corrcoef(log_spectrogram(spoof).ravel(), log_spectrogram(other).ravel())[0, 1] < same - 0.1
        first, second = soundfile.read(spoof)[0], soundfile.read(recording)[0]
        assert np.sqrt(np.mean((first - second) ** 2)) > 0.1 * np.sqrt(np.mean(second**2))


def test_lists_what_lies_on_disk(small: Demo) -> None:
    rows: Rows = small.utterances()
    assert [row.path for row in rows] == sorted(
        path.relative_to(small.root).as_posix() for path in small.root.rglob("*.wav")
    )
    assert len(rows) == 8 * (1 + len(METHODS))
    assert {row.label for row in rows if row.system == "-"} == {"bonafide"}
    assert {row.label for row in rows if row.system != "-"} == {"spoof"}
    assert len({row.speaker for row in rows}) >= 6
    info = soundfile.info(small.root / rows[0].path)
    assert (info.samplerate, info.channels, info.subtype) == (RATE, 1, "PCM_16")


def snapshot(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def test_the_same_recipe_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        Demo(tmp_path / name, utterances=3, seconds=1.0).prepare(silent)
    assert snapshot(tmp_path / "first") == snapshot(tmp_path / "second")


def test_says_that_it_is_synthetic(tmp_path: Path) -> None:
    said: list[str] = []
    Demo(tmp_path / "demo", utterances=1, seconds=1.0).prepare(said.append)
    assert len(said) == 1
    assert "synthetic" in said[0]
    assert "synthetic" in (tmp_path / "demo/README.txt").read_text(encoding="utf-8")


def test_a_second_prepare_leaves_everything_and_another_recipe_makes_it_anew(tmp_path: Path) -> None:
    root = tmp_path / "demo"
    Demo(root, utterances=2, seconds=1.0).prepare(silent)
    before = snapshot(root)
    said: list[str] = []
    Demo(root, utterances=2, seconds=1.0).prepare(said.append)
    assert said == []
    other = Demo(root, utterances=1, seconds=1.0, seed=1)
    with pytest.raises(InputError, match="other settings"):
        other.utterances()
    other.prepare(silent)
    assert len(other.utterances()) == 1 + len(METHODS)
    assert json.loads((root / "recipe.json").read_text(encoding="utf-8"))["seed"] == 1
    assert snapshot(root).keys() < before.keys()
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("made_before", [False, True])
def test_an_interruption_leaves_things_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made_before: bool
) -> None:
    root = tmp_path / "demo"
    if made_before:
        Demo(root, utterances=1, seconds=1.0).prepare(silent)
    before = snapshot(tmp_path)
    write = soundfile.write
    monkeypatch.setattr(
        demo.soundfile,
        "write",
        lambda path, *rest, **more: interrupt() if "phase" in str(path) else write(path, *rest, **more),
    )
    with pytest.raises(KeyboardInterrupt):
        Demo(root, utterances=2, seconds=1.0).prepare(silent)
    assert snapshot(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == (["demo"] if made_before else [])


def test_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="prepare"):
        Demo(tmp_path / "absent").utterances()
    (tmp_path / "thesis.tex").write_text("…", encoding="utf-8")
    with pytest.raises(InputError, match="folder of its own"):
        Demo(tmp_path).prepare(silent)
    with pytest.raises(InputError, match="utterances"):
        Demo(tmp_path, utterances=0)
    with pytest.raises(InputError, match="seconds"):
        Demo(tmp_path, seconds=0.1)
    with pytest.raises(InputError, match="seed"):
        Demo(tmp_path, seed=-1)
