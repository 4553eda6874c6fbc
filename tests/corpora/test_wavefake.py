import shutil
from collections import Counter

import pytest
import soundfile
from tests.corpora import miniature, real

from bonafide.audio import files
from bonafide.corpora.wavefake import WaveFake
from bonafide.types import BONAFIDE, SPOOF, InputError


@pytest.fixture
def root(tmp_path):
    return miniature.wavefake(tmp_path / "wavefake", utterances=5, seconds=0.3)


def test_every_recording_once_sorted_and_there(root):
    rows = WaveFake(root).utterances()
    paths = [row.path for row in rows]
    assert paths == sorted(set(paths))
    assert len(rows) == 5 + 5 + 10 * 5
    assert all((root / path).is_file() for path in paths)
    assert Counter(row.label for row in rows) == {BONAFIDE: 10, SPOOF: 50}


def test_the_copies_of_the_text_to_speech_folder_are_left_out_and_counted(root):
    corpus = WaveFake(root)
    everything = list((root / "generated_audio").rglob("*.wav"))
    spoofs = [row for row in corpus.utterances() if row.label == SPOOF]
    assert len(everything) - len(spoofs) == 5
    assert corpus.notes == (f"5 copies in {miniature.TTS}/generated left out",)


def test_a_nested_file_that_is_no_copy_is_kept(root):
    tts = root / "generated_audio" / miniature.TTS
    original = (tts / "gen_1.wav").read_bytes()
    middle = len(original) // 2
    (tts / "generated/gen_1.wav").write_bytes(original[:middle] + b"other" + original[middle + 5 :])
    (tts / "generated/gen_2.wav").write_bytes(original[:-2])
    (tts / "generated/gen_77.wav").write_bytes(original)
    corpus = WaveFake(root)
    nested = [row.path.rsplit("/", 1)[1] for row in corpus.utterances() if "/generated/" in row.path]
    assert nested == ["gen_1.wav", "gen_2.wav", "gen_77.wav"]
    assert corpus.notes == (f"3 copies in {miniature.TTS}/generated left out",)


def test_a_sentence_has_one_name_in_every_folder(root):
    rows = [row for row in WaveFake(root).utterances() if row.system != miniature.TTS]
    ljspeech = {row.system: row for row in rows if row.utterance == "LJ001-0003"}
    assert len(ljspeech) == 8
    assert ljspeech["ljspeech_hifiGAN"].path.endswith("LJ001-0003_generated.wav")
    assert ljspeech["ljspeech_waveglow"].path.endswith("LJ001-0003.wav")
    assert len([row for row in rows if row.utterance == "BASIC5000_0003"]) == 3


def test_suffixes_are_read_leniently(root):
    folder = root / "generated_audio/ljspeech_hifiGAN"
    (folder / "LJ001-0002_generated.wav").rename(folder / "LJ001-0002_gen.WAV")
    (folder / "._LJ001-0002_gen.wav").write_bytes(b"macOS")
    rows = [row for row in WaveFake(root).utterances() if row.system == "ljspeech_hifiGAN"]
    assert len(rows) == 5
    assert "LJ001-0002" in {row.utterance for row in rows}


def test_text_to_speech_shares_no_utterance_with_the_recordings(root):
    rows = WaveFake(root).utterances()
    tts = {row.utterance for row in rows if row.system == miniature.TTS}
    assert len(tts) == 5
    assert not tts & {row.utterance for row in rows if row.system != miniature.TTS}


def test_spoofs_are_paired_with_their_own_recordings(root):
    pairs = {(row.corpus, row.system, row.speaker) for row in WaveFake(root).utterances()}
    assert ("jsut", "jsut_parallel_wavegan", "jsut") in pairs
    assert ("ljspeech", miniature.TTS, "ljspeech") in pairs
    assert ("jsut", "-", "jsut") in pairs
    assert {corpus for corpus, system, _ in pairs if system.startswith("jsut")} == {"jsut"}


@pytest.mark.parametrize("number", [4, 5, 9, 10, 23])
def test_the_published_split_tests_the_last_fifth_of_each_folder(tmp_path, number):
    folder = tmp_path / "ljspeech_melgan"
    reals = tmp_path / "LJSpeech-1.1/wavs"
    folder.mkdir()
    reals.mkdir(parents=True)
    names = [f"LJ001-{place:04}" for place in range(number)]
    for name in names:
        (folder / f"{name}_gen.wav").touch()
        (reals / f"{name}.wav").touch()
    rows = WaveFake(tmp_path).utterances()
    for system in ("-", "ljspeech_melgan"):
        tests = [row.utterance for row in rows if row.system == system and row.split == "test"]
        assert tests == names[number - number // 5 :]
    assert {row.split for row in rows} <= {"train", "test"}


def test_training_systems_are_the_seven_ljspeech_vocoders(root):
    systems = WaveFake(root).training_systems
    assert len(systems) == 7
    assert set(systems) == {name for name in miniature.WAVEFAKE if name.startswith("ljspeech")}
    shutil.rmtree(root / "generated_audio/ljspeech_waveglow")
    assert "ljspeech_waveglow" not in WaveFake(root).training_systems


def test_without_jsut_recordings_their_spoofs_are_left_out_and_noted(tmp_path):
    corpus = WaveFake(miniature.wavefake(tmp_path, seconds=0.1, genuine=["ljspeech"]))
    rows = corpus.utterances()
    assert {row.corpus for row in rows} == {"ljspeech"}
    assert len([row for row in rows if row.label == SPOOF]) == 8 * 5
    assert any("jsut_multi_band_melgan" in note and "jsut_ver1.1" in note for note in corpus.notes)


def test_recordings_without_spoofs_are_left_out(tmp_path):
    corpus = WaveFake(miniature.wavefake(tmp_path, seconds=0.1, systems=["ljspeech_melgan"]))
    assert {row.corpus for row in corpus.utterances()} == {"ljspeech"}
    assert any("jsut_parallel_wavegan" in note for note in corpus.notes)


def test_recordings_elsewhere_get_absolute_paths(tmp_path):
    root = miniature.wavefake(tmp_path / "here", seconds=0.1, systems=["ljspeech_melgan"])
    shutil.move(root / "LJSpeech-1.1", tmp_path / "there")
    for given in (tmp_path / "there", tmp_path / "there/wavs"):
        rows = WaveFake(root, ljspeech=given).utterances()
        reals = [row.path for row in rows if row.label == BONAFIDE]
        assert reals == sorted(str(path) for path in (tmp_path / "there/wavs").iterdir())


def test_root_may_be_the_folder_of_folders_itself(root):
    rows = WaveFake(root / "generated_audio").utterances()
    assert len(rows) == 60
    assert any(row.path == "ljspeech_melgan/LJ001-0001_gen.wav" for row in rows)
    assert any(row.path == str(root / "LJSpeech-1.1/wavs/LJ001-0001.wav") for row in rows)


def test_what_is_missing_is_said(tmp_path):
    with pytest.raises(InputError, match=r"generated_audio.*zenodo\.org/records/5642694"):
        WaveFake(tmp_path / "nowhere").utterances()
    root = miniature.wavefake(tmp_path / "fakes", seconds=0.1, genuine=[])
    with pytest.raises(InputError, match=r"LJSpeech-1\.1.*keithito.*data\.corpus\.ljspeech"):
        WaveFake(root).utterances()
    with pytest.raises(InputError, match=r"data\.corpus\.jsut=.*holds no \.wav"):
        WaveFake(root, jsut=tmp_path).utterances()
    root = miniature.wavefake(tmp_path / "pair", seconds=0.1, systems=["ljspeech_melgan"], genuine=["jsut"])
    with pytest.raises(InputError, match="ljspeech_melgan left out"):
        WaveFake(root).utterances()


def test_the_miniature_has_the_traps_of_the_real_corpus(root):
    for row in WaveFake(root).utterances():
        found = soundfile.info(root / row.path)
        if row.label == BONAFIDE:
            assert found.samplerate == (48_000 if row.corpus == "jsut" else 22_050)
            assert row.corpus == "jsut" or found.frames % 256 == 157
        else:
            assert found.samplerate == miniature.WAVEFAKE[row.system].rate
            assert found.frames % miniature.WAVEFAKE[row.system].hop == 0


def test_on_real_files(tmp_path):
    rows = WaveFake(real.link(tmp_path)).utterances()
    assert Counter((row.corpus, row.label) for row in rows) == {
        ("ljspeech", BONAFIDE): 49, ("ljspeech", SPOOF): 142, ("jsut", BONAFIDE): 9, ("jsut", SPOOF): 9,
    }  # fmt: skip
    sentences = {(row.corpus, row.utterance) for row in rows if row.label == BONAFIDE}
    assert {(row.corpus, row.utterance) for row in rows} == sentences
    for row in rows:
        assert not files.inspect(tmp_path / row.path, shortest_seconds=0.032).problem
