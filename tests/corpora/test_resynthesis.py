"""Spoofs of one's own recordings: still speech, without a trivial feature, and never made twice."""

import json
import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.fft import rfft, rfftfreq
from scipy.ndimage import uniform_filter
from scipy.signal import correlate
from scipy.stats import rankdata
from tests.corpora import real
from tests.corpora import resynthesis as miniature

from bonafide.audio import codec, files
from bonafide.corpora import resynthesis, tree
from bonafide.corpora.resynthesis import Resynthesis
from bonafide.corpora.synthesis import versions, vocoders
from bonafide.corpora.synthesis.ledger import NAME, Entry, Ledger
from bonafide.types import BONAFIDE, SPOOF, InputError

Wave = NDArray[np.float64]

ALL = ("griffin_lim", "lpc", "world", "sinusoidal", "mp3", "opus", "aac")
CODECS = ("mp3", "opus", "aac")
TRIVIAL = (
    "length", "peak", "RMS", "DC offset", "share below 60 Hz", "exact zeros", "share near half the rate",
    "silence before", "silence after",
)  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Resynthesis:
    pytest.importorskip("pyworld")
    root = miniature.write(tmp_path_factory.mktemp("resynthesis"))
    corpus = Resynthesis(root, root / miniature.SOURCE, processes=1)
    corpus.prepare(silent)
    return corpus


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A source of three recordings."""
    for number in range(3):
        folder = tmp_path / "source" / miniature.SPEAKERS[number]
        miniature.put(folder / "one.wav", miniature.speech(number, 0.4, 16_000), 16_000)
    return tmp_path / "source"


def silent(_: str) -> None:
    """An announcement nobody reads."""


def quick(small: Path, systems: tuple[str, ...] = ("sinusoidal",), **options: object) -> Resynthesis:
    given = {"processes": 1, **options}
    return Resynthesis(small.parent / "made", small, systems=systems, **given)


def snapshot(root: Path) -> dict[str, bytes]:
    return {name: (root / name).read_bytes() for name in sorted(tree.files(root)) if name.endswith(".flac")}


def times(root: Path) -> dict[str, int]:
    return {name: (root / name).stat().st_mtime_ns for name in snapshot(root)}


def auc(spoof: Wave, bonafide: Wave) -> float:
    """Share of pairs in which the spoof's value is the higher one; ties count half."""
    rank = rankdata(np.concatenate([spoof, bonafide]))[: len(spoof)]
    return float((rank.sum() - len(spoof) * (len(spoof) + 1) / 2) / (len(spoof) * len(bonafide)))


def trivial_features(path: Path) -> list[float]:
    wave, rate = soundfile.read(path, dtype="int16")
    wave = wave.astype(np.float64)
    power, frequency = np.abs(rfft(wave * np.hanning(wave.size))) ** 2, rfftfreq(wave.size, 1 / rate)
    pieces = wave[: wave.size // (rate // 100) * (rate // 100)].reshape(-1, rate // 100)
    loud = np.flatnonzero(np.mean(pieces**2, axis=1) > 1e-3 * np.mean(pieces**2, axis=1).max())
    offset = np.round(abs(wave.mean()), 1)  # a mean of less than a twentieth of a step is the dither's
    return [
        wave.size, np.abs(wave).max(), np.sqrt(np.mean(wave**2)), offset,
        power[frequency < 60].sum() / power.sum(), np.mean(wave == 0),
        power[frequency > 0.45 * rate].sum() / power.sum(), loud[0], len(pieces) - 1 - loud[-1],
    ]  # fmt: skip


def log_spectrogram(path: Path) -> Wave:
    """Energy in dB of pieces of 16 ms by bands of a quarter kilohertz, 0.1–3.6 kHz, smoothed."""
    wave, rate = soundfile.read(path)
    hop = round(0.016 * rate)
    pieces = wave[: wave.size // hop * hop].reshape(-1, hop) * np.hanning(hop)
    bands = (np.abs(rfft(pieces))[:, 2:58] ** 2).reshape(len(pieces), 14, 4).sum(axis=-1)
    return np.asarray(10 * np.log10(uniform_filter(bands, (3, 3)) + 1e-9))


def check_trivial_features(corpus: Resynthesis, system: str, low: float, high: float) -> None:
    values = {
        name: np.array(
            [trivial_features(corpus.root / row.path) for row in corpus.utterances() if row.system == name]
        )
        for name in ("-", system)
    }
    found = {name: auc(values[system][:, place], values["-"][:, place]) for place, name in enumerate(TRIVIAL)}
    assert {name: value for name, value in found.items() if not low <= value <= high} == {}
    np.testing.assert_array_equal(values[system][:, 0], values["-"][:, 0])
    np.testing.assert_allclose(values[system][:, 2], values["-"][:, 2], rtol=1e-3)


def check_speech(corpus: Resynthesis, system: str) -> None:
    """A spoof has its own recording's spectrogram, not another's, and another waveform."""
    rows = [row for row in corpus.utterances() if row.system == system]
    genuine = [corpus.root / versions.path(row.utterance, "-") for row in rows]
    pictures = [log_spectrogram(file) for file in genuine]
    for place, row in enumerate(rows):
        spoof = log_spectrogram(corpus.root / row.path)
        other = pictures[(place + 1) % len(pictures)]
        shared = min(len(spoof), len(other))
        own = np.corrcoef(spoof.ravel(), pictures[place].ravel())[0, 1]
        assert own > 0.85, row.path
        assert own > np.corrcoef(spoof[:shared].ravel(), other[:shared].ravel())[0, 1] + 0.05, row.path
        first, second = soundfile.read(corpus.root / row.path)[0], soundfile.read(genuine[place])[0]
        assert np.sqrt(np.mean((first - second) ** 2)) > 0.003 * np.sqrt(np.mean(second**2))


@pytest.mark.parametrize("system", ALL)
def test_no_trivial_feature_tells_spoofs_from_recordings(made: Resynthesis, system: str) -> None:
    check_trivial_features(made, system, 0.3, 0.7)


@pytest.mark.parametrize("system", ALL)
def test_a_spoof_says_the_same_with_another_waveform(made: Resynthesis, system: str) -> None:
    check_speech(made, system)


def test_every_recording_becomes_one_genuine_file_and_a_spoof_of_each_system(made: Resynthesis) -> None:
    rows = made.utterances()
    assert [row.path for row in rows] == sorted(snapshot(made.root))
    assert Counter(row.system for row in rows) == dict.fromkeys(("-", *ALL), miniature.USABLE)
    assert {row.label for row in rows if row.system == "-"} == {BONAFIDE}
    assert {row.label for row in rows if row.system != "-"} == {SPOOF}
    by_name = {(row.utterance, row.system): row for row in rows}
    assert by_name["ben/session/05", "mp3"].speaker == "ben"
    assert by_name["ben/session/05", "mp3"].path == "mp3/ben/session/05.flac"
    assert by_name["telephone", "-"].speaker == "-"
    assert {(row.corpus, row.split, row.fixed, row.group) for row in rows} == {("resynthesis", "", "", "")}


def test_both_classes_have_one_format_and_the_rate_of_the_recording(made: Resynthesis) -> None:
    for row in made.utterances():
        info = soundfile.info(made.root / row.path)
        source = next((made.source / row.utterance).parent.glob(Path(row.utterance).name + ".*"))
        assert (info.format, info.subtype, info.channels) == ("FLAC", "PCM_16", 1)
        assert (info.samplerate, info.frames) == files.header(source)[1::-1]


def test_a_genuine_version_is_the_recording(made: Resynthesis) -> None:
    """Equal to it where neither the high-pass nor the low-pass reaches, up to the level and the noise."""
    for row in made.utterances():
        if row.system != "-" or row.utterance == "telephone":  # an MP3 ends in silence of its own
            continue
        wave, rate = soundfile.read(made.root / row.path)
        source = next((made.source / row.utterance).parent.glob(Path(row.utterance).name + ".*"))
        before = files.read(source, rate).astype(np.float64)
        band = (rfftfreq(wave.size, 1 / rate) > 150) & (rfftfreq(wave.size, 1 / rate) < 0.4 * rate)
        one, other = rfft(wave)[band], rfft(before)[band]
        gain = np.vdot(other, one).real / np.vdot(other, other).real
        assert gain < 1.2
        assert np.linalg.norm(one - gain * other) < 0.02 * np.linalg.norm(one)


def test_levels_are_kept_and_loud_recordings_lowered(made: Resynthesis) -> None:
    loudest = 10 ** (-26 / 20)
    for row in made.utterances():
        level = np.sqrt(np.mean(soundfile.read(made.root / row.path)[0] ** 2))
        assert level < 1.001 * loudest
    files_ = [made.root / row.path for row in made.utterances() if row.system == "-"]
    levels = [np.sqrt(np.mean(soundfile.read(file)[0] ** 2)) for file in files_]
    assert min(levels) < 0.8 * loudest
    assert max(levels) == pytest.approx(loudest, rel=1e-3)


def test_notes_count_and_name_what_cannot_be_used(made: Resynthesis) -> None:
    made.utterances()
    (note,) = made.notes
    assert note.startswith("4 of 17 recordings left out (bad/nan.wav holds samples that are not numbers")
    assert "bad/short.wav is 0.2 s long, shorter than 0.25 s" in note
    assert "bad/silent.wav is silent" in note
    assert note.endswith("; …)")


def test_a_second_prepare_makes_nothing(made: Resynthesis) -> None:
    before = times(made.root)
    said: list[str] = []
    again = Resynthesis(made.root.parent, made.source, processes=1)
    again.prepare(said.append)
    assert said == []
    assert times(made.root) == before
    assert again.notes == made.notes


def test_the_seed_and_the_recording_decide_every_byte(small: Path) -> None:
    first = quick(small, ("griffin_lim", "lpc", "mp3"))
    first.prepare(silent)
    # Neither the order of systems nor the number of processes does.
    second = Resynthesis(small.parent / "again", small, systems=("mp3", "lpc", "griffin_lim"), processes=2)
    second.prepare(silent)
    assert snapshot(first.root) == snapshot(second.root)
    assert first.root != second.root
    other = quick(small, ("griffin_lim", "lpc", "mp3"), seed=1)
    before = snapshot(first.root)
    other.prepare(silent)
    assert all(before[name] != content for name, content in snapshot(other.root).items())


def test_only_what_changed_is_made_again(small: Path) -> None:
    corpus = quick(small)
    corpus.prepare(silent)
    before = times(corpus.root)
    miniature.put(small / "ada/one.wav", miniature.speech(9, 0.5, 16_000), 16_000)
    shutil.rmtree(small / "ben")
    miniature.put(small / "dan/new.wav", miniature.speech(7, 0.4, 16_000), 16_000)
    corpus.prepare(silent)
    after = times(corpus.root)
    assert {row.utterance for row in corpus.utterances()} == {"ada/one", "cleo/one", "dan/new"}
    assert len(after) == 6
    assert {name for name in after if after[name] == before.get(name)} == {
        "genuine/cleo/one.flac", "sinusoidal/cleo/one.flac",
    }  # fmt: skip
    (corpus.root / "sinusoidal/ada/one.flac").unlink()
    corpus.prepare(silent)
    assert {name for name in after if times(corpus.root)[name] != after[name]} == {"sinusoidal/ada/one.flac"}


def test_another_system_or_bit_rate_leaves_the_others_alone(small: Path) -> None:
    quick(small).prepare(silent)
    more = quick(small, ("sinusoidal", "mp3"))
    with pytest.raises(InputError, match="other options"):
        more.utterances()
    before = times(more.root)
    more.prepare(silent)
    assert len(more.utterances()) == 9
    with_mp3 = snapshot(more.root)
    lower = quick(small, ("mp3",), kbps={"mp3": 16})
    lower.prepare(silent)
    assert len(lower.utterances()) == 6
    after = times(more.root)
    assert all(after[name] == time for name, time in before.items())
    assert {name for name, content in snapshot(more.root).items() if with_mp3[name] != content} == {
        f"mp3/{speaker}/one.flac" for speaker in miniature.SPEAKERS[:3]
    }


def test_an_interruption_keeps_what_is_complete(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus, write, written = quick(small), soundfile.write, []

    def stop_at_the_fourth(part: Path, *rest: object, **more: object) -> None:
        written.append(part)
        if len(written) == 4:
            part.write_bytes(b"half a file")
            raise KeyboardInterrupt
        write(part, *rest, **more)

    monkeypatch.setattr(versions.soundfile, "write", stop_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        corpus.prepare(silent)
    monkeypatch.undo()
    before = times(corpus.root)
    assert len(before) == 3
    assert not [file for file in corpus.root.rglob("*") if file.name.endswith(".part")]
    assert set(Ledger(corpus.root).read()) == {"ada/one"}
    corpus.prepare(silent)
    assert len(corpus.utterances()) == 6
    after = times(corpus.root)
    assert all(after[name] == before[name] for name in before if "ada" in name)


def test_sources_do_not_mix(small: Path) -> None:
    other = small.parent / "other/source"
    miniature.put(other / "two.wav", miniature.speech(4, 0.4, 16_000), 16_000)
    corpora = [
        Resynthesis(small.parent / "made", folder, systems=["aac"], processes=1) for folder in (small, other)
    ]
    for corpus in corpora:
        corpus.prepare(silent)
    assert [{row.utterance for row in corpus.utterances()} for corpus in corpora] == [
        {"ada/one", "ben/one", "cleo/one"}, {"two"},
    ]  # fmt: skip
    assert corpora[0].root.parent == corpora[1].root.parent
    assert Resynthesis(small.parent / "made", small.parent / "made/../source").root == corpora[0].root


def test_long_recordings_are_cut_and_counted(small: Path) -> None:
    corpus = quick(small, longest_seconds=0.3)
    corpus.prepare(silent)
    assert {soundfile.info(corpus.root / row.path).frames for row in corpus.utterances()} == {4800}
    assert corpus.notes == (
        "of 3 of 3 recordings only the first 0.3 s are taken (data.corpus.longest_seconds)",
    )


def test_a_torn_line_of_the_ledger_costs_one_recording(small: Path) -> None:
    corpus = quick(small)
    corpus.prepare(silent)
    file = corpus.root / NAME
    text = file.read_text(encoding="utf-8").rstrip()
    file.write_text(text[:-9], encoding="utf-8")
    assert len(corpus._ledger.read()) == 2
    said: list[str] = []
    corpus.prepare(said.append)
    assert "(1 to do)" in said[0]
    assert len(corpus.utterances()) == 6


def test_the_last_word_of_the_ledger_counts(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    entry = Entry("ä/one", "ä/one.wav", (3, 4), "1 0", {"-": "", "mp3": "64"})
    ledger.add(entry)
    ledger.add(entry._replace(problem="is silent", made={}))
    assert ledger.read() == {"ä/one": entry._replace(problem="is silent", made={})}
    ledger.replace([entry])
    assert ledger.read() == {"ä/one": entry}
    assert json.loads((tmp_path / NAME).read_text(encoding="utf-8"))[0] == "ä/one"


def test_a_sum_of_sinusoids_survives_the_sinusoidal_model() -> None:
    time = np.arange(16_000) / 16_000
    wave = sum(np.sin(2 * np.pi * f * time + f) / k for k, f in enumerate((230.3, 1001.7, 3456.7), 1))
    found = vocoders.sinusoidal(wave, 16_000, np.random.default_rng())
    inside = slice(1000, -1000)
    assert np.sum((found - wave)[inside] ** 2) < 1e-3 * np.sum(wave[inside] ** 2)


@pytest.mark.parametrize("rate", [8_000, 48_000])
@pytest.mark.parametrize("system", vocoders.VOCODERS)
def test_a_vocoder_keeps_length_level_and_time_at_any_rate(system: str, rate: int) -> None:
    if system == "world":
        pytest.importorskip("pyworld")
    wave = miniature.speech(2, 0.9, rate)
    found = vocoders.VOCODERS[system](wave, rate, np.random.default_rng(0))
    assert found.shape == wave.shape
    assert 20 * np.log10(np.std(found) / np.std(wave)) == pytest.approx(0, abs=4)
    smooth = np.hanning(round(0.03 * rate))
    envelopes = [np.convolve(np.abs(each), smooth, mode="same") for each in (found, wave)]
    one, other = ((each - each.mean()) / each.std() for each in envelopes)
    similarity = correlate(one, other, method="fft")
    assert abs(np.argmax(similarity) - (wave.size - 1)) < 0.012 * rate
    assert similarity.max() > 0.7 * wave.size


def test_peaks_beyond_full_scale_are_flattened_at_one_level() -> None:
    wave = 0.05 * np.random.default_rng(0).standard_normal(8000)
    wave[::1000] = 5.0
    found = versions._inside(wave)
    assert np.abs(found).max() < 1
    assert np.mean(found**2) == pytest.approx(np.mean(wave**2), rel=1e-9)
    quiet = np.clip(wave, -0.9, 0.9)
    np.testing.assert_array_equal(versions._inside(quiet), quiet)


def test_what_is_missing_or_wrong_is_said(small: Path) -> None:
    with pytest.raises(InputError, match=r"has not been made; .*data\.corpus\.source="):
        quick(small).utterances()
    with pytest.raises(InputError, match=r"does not exist; set data\.corpus\.source"):
        quick(small / "nowhere").prepare(silent)
    (small.parent / "empty").mkdir()
    with pytest.raises(InputError, match="no recordings"):
        quick(small.parent / "empty").prepare(silent)
    with pytest.raises(InputError, match=r"among the recordings.*data\.root"):
        Resynthesis(small / "cache", small).prepare(silent)
    shutil.copy(small / "ada/one.wav", small / "ada/one.aiff")
    with pytest.raises(InputError, match=r"both ada/one\.aiff and ada/one\.wav; keep one"):
        quick(small).prepare(silent)


def test_a_hidden_folder_among_the_recordings_may_hold_what_is_made(small: Path) -> None:
    corpus = Resynthesis(small / ".cache", small, systems=["aac"], processes=1)
    corpus.prepare(silent)
    corpus.prepare(silent)
    assert len(corpus.utterances()) == 6


def test_a_source_of_which_nothing_can_be_used(tmp_path: Path) -> None:
    miniature.put(tmp_path / "source/a.wav", np.zeros(16_000), 16_000)
    corpus = Resynthesis(tmp_path / "made", tmp_path / "source", systems=["mp3"], processes=1)
    with pytest.raises(
        InputError, match=r"nothing can be made of .*1 of 1 recordings left out \(a\.wav is si"
    ):
        corpus.prepare(silent)
    with pytest.raises(InputError, match="nothing can be made"):
        corpus.utterances()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"systems": ["world", "wavenet"]}, "name one or more of griffin_lim"),
        ({"systems": []}, "name one or more"),
        ({"systems": ["mp3", "mp3"]}, "each once"),
        ({"kbps": {"vorbis": 64}}, "no codec vorbis"),
        ({"kbps": {"opus": 2}}, "6 to 256 kbit/s"),
        ({"longest_seconds": 0.2}, "shortest first"),
        ({"seed": -1}, "seed must be 0"),
        ({"processes": 0}, "processes 1 or more"),
    ],
)
def test_refuses_options_that_it_cannot_follow(
    tmp_path: Path, options: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Resynthesis(tmp_path / "made", tmp_path, **options)


def test_a_system_that_is_not_installed_is_named_before_anything_is_made(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resynthesis, "find_spec", lambda _: None)
    with pytest.raises(InputError, match="pip install pyworld"):
        quick(small, ("mp3", "world")).prepare(silent)
    odd = codec.FORMATS["mp3"]._replace(encoder="libnone")
    monkeypatch.setitem(codec.FORMATS, "mp3", odd)
    with pytest.raises(InputError, match=r"cannot encode mp3; leave it out"):
        quick(small, ("mp3",)).prepare(silent)
    assert not (small.parent / "made").exists()


def crash(_: object) -> None:
    os._exit(1)


def test_a_killed_process_is_reported_and_the_rest_kept(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "make", crash)
    with pytest.raises(InputError, match=r"lack of memory; set data\.corpus\.processes=1"):
        quick(small, processes=2).prepare(silent)


@pytest.fixture(scope="module")
def genuine(tmp_path_factory: pytest.TempPathFactory) -> Resynthesis:
    pytest.importorskip("pyworld")
    recordings = sorted((real.SOURCE / "genuine/librispeech").glob("*.flac"))[:12]
    if not recordings:
        pytest.skip("no real audio: set BONAFIDE_REAL_AUDIO to its folder")
    source = tmp_path_factory.mktemp("librispeech")
    for file in recordings:
        (source / file.name).symlink_to(file)
    corpus = Resynthesis(tmp_path_factory.mktemp("made"), source, longest_seconds=1.0, processes=1)
    corpus.prepare(silent)
    return corpus


@pytest.mark.parametrize("system", ALL)
def test_real_speech_stays_speech_and_gives_nothing_away(genuine: Resynthesis, system: str) -> None:
    check_speech(genuine, system)
    check_trivial_features(genuine, system, 0.3, 0.7)
