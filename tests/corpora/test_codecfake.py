import shutil
from collections import Counter
from pathlib import Path

import pytest
from tests.corpora import codecfake, real

from bonafide.corpora.codecfake import Codecfake
from bonafide.types import BONAFIDE, SPOOF, InputError

SIX = ("soundstream", "speechtokenizer", "funcodec", "encodec", "audiodec", "academiccodec")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return codecfake.write(tmp_path_factory.mktemp("codecfake"), seconds=0.1)


@pytest.fixture
def root(written, tmp_path):
    return Path(shutil.copytree(written, tmp_path / "codecfake"))


def rows_of(rows, subset):
    return [row for row in rows if row.subset == subset]


def test_every_recording_once_sorted_and_there(root):
    rows = Codecfake(root).utterances()
    paths = [row.path for row in rows]
    assert paths == sorted(set(paths))
    assert {str(path.relative_to(root)) for path in root.rglob("*.wav")} == set(paths)
    assert Counter(row.label for row in rows) == {
        BONAFIDE: 4 + 4 + 10 * 4,
        SPOOF: 24 + 24 + 6 * 4 + 12 + 3 * 4,
    }


def test_parts_as_published_and_fixed(root):
    rows = Codecfake(root).utterances()
    assert Counter(row.split for row in rows if not row.subset) == {"train": 28, "validation": 28}
    assert {row.split for row in rows if row.subset} == {"test"}
    assert all(row.fixed == row.split for row in rows)
    assert Counter(row.subset for row in rows if row.subset) == {
        **{f"C{number}": 8 for number in range(1, 7)}, "C7": 16, "A1": 8, "A2": 8, "A3": 8,
    }  # fmt: skip


def test_a_type_is_a_codec(root):
    rows = Codecfake(root).utterances()
    for number, codec in enumerate((*SIX, "dac"), 1):
        systems = {row.system for row in rows_of(rows, f"C{number}") if row.label == SPOOF}
        assert systems == {codec}
        assert all(row.system == codec for row in rows if f"/F0{number}_" in row.path)
    assert {row.system for row in rows if row.label == BONAFIDE} == {"-"}
    models = {row.subset: row.system for row in rows if row.subset.startswith("A") and row.label == SPOOF}
    assert models == {"A1": "alm_tts_1", "A2": "alm_tts_2", "A3": "alm_audio"}


def test_training_systems_are_the_six_of_the_training_part(root):
    corpus = Codecfake(root)
    assert set(corpus.training_systems) == {
        row.system for row in corpus.utterances() if row.split == "train" and row.label == SPOOF
    }
    assert tuple(corpus.training_systems) == SIX


def test_names_tell_sentence_speaker_collection_and_language(root):
    rows = {row.path: row for row in Codecfake(root).utterances()}
    spoof, recording = rows["train/F03_SSB13650058.wav"], rows["train/SSB13650058.wav"]
    for row in (spoof, recording):
        assert row.utterance == "SSB13650058"
        assert (row.corpus, row.speaker, row.language) == ("aishell3", "SSB1365", "zh")
    assert spoof.listed == f"train.txt:{2 * 7 + 4}"
    row = rows["test/A1/L1_p303_200.wav"]
    assert (row.utterance, row.corpus, row.speaker, row.language) == ("p303_200", "vctk", "p303", "en")
    clip = rows[f"test/A3/{codecfake.VIDEOS[0]}.wav"]
    assert (clip.corpus, clip.speaker, clip.language) == ("audiocaps", "-", "-")
    assert rows["test/A3/55785.wav"].corpus == "audiocaps"


def test_a_sentence_and_its_resyntheses_are_paired(root):
    rows = Codecfake(root).utterances()
    pairs = Counter((row.split, row.subset, row.utterance, row.corpus) for row in rows)
    assert pairs["train", "", "p303_064", "vctk"] == 7
    assert pairs["test", "C2", "SSB05440086", "aishell3"] == 2


def test_c7_holds_sentences_of_training_as_its_docstring_says(root):
    rows = Codecfake(root).utterances()
    trained = {row.utterance for row in rows if row.split == "train"}
    crossing = {row.subset for row in rows if row.split == "test" and row.utterance in trained}
    assert crossing == {"C7"}


def test_files_are_found_below_the_absolute_paths_of_the_archives(root):
    paths = [row.path for row in Codecfake(root).utterances()]
    assert f"dev/{codecfake.DEEP}/dev/F01_p303_100.wav" in paths
    assert f"test/{codecfake.DEEP}/C7/F07_p303_064.wav" in paths
    (root / "train" / codecfake.DEEP).mkdir(parents=True)
    shutil.copy(root / "train/p303_064.wav", root / "train" / codecfake.DEEP)
    with pytest.raises(InputError, match=r"holds both .*p303_064.wav and .*keep one"):
        Codecfake(root).utterances()


def test_two_copies_of_a_test_file_are_refused(root):
    (root / "test/again/C2").mkdir(parents=True)
    shutil.copy(root / "test/C2/p303_200.wav", root / "test/again/C2")
    with pytest.raises(
        InputError, match=r"test/C2/p303_200.wav and test/again/C2/p303_200.wav|again.*keep one"
    ):
        Codecfake(root).utterances()


def test_older_names_of_lists_and_folders(root):
    before = Codecfake(root).utterances()
    for number in (1, 2, 3):
        (root / f"label/A{number}.txt").rename(root / f"label/L{number}.txt")
        (root / f"test/A{number}").rename(root / f"test/L{number}")
    after = Codecfake(root).utterances()
    for group in ("A1", "A2", "A3"):
        names = [sorted(row.path.split("/")[-1] for row in rows_of(rows, group)) for rows in (before, after)]
        assert names[0] == names[1]


def test_root_may_be_the_folder_above_and_labels_may_lie_in_train(root, tmp_path):
    (tmp_path / "above").mkdir()
    root.rename(tmp_path / "above/Codecfake")
    inner = tmp_path / "above/Codecfake"
    (inner / "label").rename(inner / "train/label")
    rows = Codecfake(tmp_path / "above").utterances()
    assert len(rows) == 144
    assert all(row.path.startswith("Codecfake/") for row in rows)


def test_other_configurations_of_a_codec_are_systems_of_their_own(root):
    (root / "test/C3-2").mkdir()
    for stem in ("p303_200", "F03_p303_200"):
        shutil.copy(root / f"test/C3/{stem}.wav", root / "test/C3-2")
    (root / "label/C3-2.txt").write_text("p303_200.wav real 0\nF03_p303_200.wav fake 3\n")
    rows = rows_of(Codecfake(root).utterances(), "C3-2")
    assert {row.system for row in rows} == {"-", "funcodec-2"}
    assert len(rows_of(Codecfake(root).utterances(), "C3")) == 8
    (root / "label/C3-2.txt").write_text("F04_p303_200.wav fake 4\n")
    with pytest.raises(InputError, match=r"C3-2\.txt, line 1: name, label and type do not agree"):
        Codecfake(root).utterances()


def test_lists_of_another_length_are_noted(root):
    corpus = Codecfake(root)
    corpus.utterances()
    assert (
        "train.txt lists 28 recordings, the published one 740,747: a part, or another version" in corpus.notes
    )
    assert not any("A1" in note for note in corpus.notes)


def test_a_part_without_audio_is_left_out_and_noted(root):
    shutil.rmtree(root / "dev")
    shutil.rmtree(root / "test/C4")
    corpus = Codecfake(root)
    rows = corpus.utterances()
    assert {row.split for row in rows} == {"train", "test"}
    assert not rows_of(rows, "C4")
    assert "left out, for there is no audio in dev, test/C4" in corpus.notes


def test_a_listed_file_that_is_not_there_is_a_row_all_the_same(root):
    (root / "train/F02_p303_064.wav").unlink()
    row = next(row for row in Codecfake(root).utterances() if row.path == "train/F02_p303_064.wav")
    assert row.listed == "train.txt:3"


def test_genuine_clips_of_a3_from_elsewhere(tmp_path):
    there = tmp_path / "audiocaps"
    root = codecfake.write(tmp_path / "codecfake", audiocaps=there / "val", seconds=0.1)
    (there / "val" / f"{codecfake.VIDEOS[1]}.wav").rename(there / f"{codecfake.VIDEOS[1][1:]}.wav")
    corpus = Codecfake(root)
    clips = [row.path for row in rows_of(corpus.utterances(), "A3") if row.label == BONAFIDE]
    assert clips == sorted(f"test/A3/{video}.wav" for video in codecfake.VIDEOS)
    assert any("4 genuine files of A3" in note and "data.corpus.audiocaps" in note for note in corpus.notes)
    corpus = Codecfake(root, audiocaps=there)
    clips = {row.path for row in rows_of(corpus.utterances(), "A3") if row.label == BONAFIDE}
    assert clips == {str(path) for path in there.rglob("*.wav")}
    assert not any("genuine files" in note for note in corpus.notes)
    with pytest.raises(InputError, match=r"data\.corpus\.audiocaps=.*is no folder"):
        Codecfake(root, audiocaps=tmp_path / "nowhere").utterances()


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("train", "p303_064.wav real", "line 29: 2 fields where there should be 3"),
        ("train", "p303_065.wav genuine 0", "line 29: the label 'genuine' is none of real, fake"),
        ("train", "p303_065.wav real x", "line 29: the type 'x' is no number"),
        ("train", "p303_065.wav real 1", "do not agree in train"),
        ("train", "p303_065.wav fake 1", "do not agree in train"),
        ("train", "F01_p303_065.wav real 0", "do not agree in train"),
        ("train", "F01_p303_065.wav fake 2", "do not agree in train"),
        ("train", "L1_p303_065.wav fake 1", "do not agree in train"),
        ("train", "F08_p303_065.wav fake 8", "neither of VCTK"),
        ("train", "LJ001-0001.wav real 0", "neither of VCTK"),
        ("train", "F01_p303_064.wav fake 1", r"F01_p303_064 is listed already in train\.txt:2"),
        ("A1", "L2_p303_200.wav fake 2", "do not agree in A1"),
        ("A3", "F01_p303_200.wav fake", "F01_p303_200 is no fake file of A3"),
        ("A3", "99.wav real", "99 is no real file of A3"),
    ],
)
def test_what_is_malformed_is_said_with_its_line(root, file, line, said):
    with (root / f"label/{file}.txt").open("a") as stream:
        stream.write(f"\n{line}\n")
    with pytest.raises(InputError, match=said):
        Codecfake(root).utterances()


def test_what_is_missing_is_said(root, tmp_path):
    with pytest.raises(InputError, match=r"folder of lists is missing.*label.*prepare\.py data=codecfake"):
        Codecfake(tmp_path / "nowhere").utterances()
    (root / "label/C1.txt").unlink()
    with pytest.raises(InputError, match=r"C1\.txt does not exist"):
        Codecfake(root).utterances()
    for part in ("train", "dev", "test"):
        shutil.rmtree(root / part)
    with pytest.raises(InputError, match=r"no audio in .*train, dev, test/C1.*prepare\.py data=codecfake"):
        Codecfake(root).utterances()


def test_sources_and_caveat(root):
    corpus = Codecfake(root)
    assert {source.place for source in corpus.sources} >= {
        f"zenodo:{record}" for record in (13838106, 11125029)
    }
    assert "speakers" in corpus.caveat


def test_a_real_list_of_a3(tmp_path):
    file = real.SOURCE / "protocols/codecfake/A3_eval.txt"
    if not file.is_file():
        pytest.skip("no real lists: set BONAFIDE_REAL_AUDIO to their folder")
    (tmp_path / "label").mkdir()
    (tmp_path / "label/A3.txt").symlink_to(file)
    (tmp_path / "test/A3").mkdir(parents=True)
    (tmp_path / "test/A3/55785.wav").touch()
    corpus = Codecfake(tmp_path)
    rows = corpus.utterances()
    assert Counter((row.label, row.system) for row in rows) == {
        (BONAFIDE, "-"): 9_912,
        (SPOOF, "alm_audio"): 9_911,
    }
    assert any("9,912 genuine files of A3" in note for note in corpus.notes)
    assert any("A3.txt lists 19,823 recordings, the published one 99,112" in note for note in corpus.notes)


def test_real_names_of_c1(tmp_path):
    scores = real.SOURCE / "scores/codecfake/codec_w2v2aasist_C1.txt"
    if not scores.is_file():
        pytest.skip("no real scores: set BONAFIDE_REAL_AUDIO to their folder")
    (tmp_path / "label").mkdir()
    with (tmp_path / "label/C1.txt").open("w") as stream:
        for line in scores.read_text().splitlines():
            name, _, label = line.split()
            stream.write(f"{name} {label} {0 if label == 'real' else 1}\n")
    (tmp_path / "test/C1").mkdir(parents=True)
    (tmp_path / "test/C1/F01_SSB05440084.wav").touch()
    rows = Codecfake(tmp_path).utterances()
    assert Counter((row.corpus, row.system) for row in rows) == {
        ("vctk", "-"): 4_451, ("vctk", "soundstream"): 4_451,
        ("aishell3", "-"): 8_777, ("aishell3", "soundstream"): 8_777,
    }  # fmt: skip
