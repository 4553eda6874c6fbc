import csv
import shutil
from collections import Counter

import pytest
from tests.corpora import mlaad as miniature

from bonafide.corpora.mlaad import Mlaad
from bonafide.types import BONAFIDE, SPOOF, InputError


@pytest.fixture
def root(tmp_path):
    return miniature.write(tmp_path / "mlaad", each=2, seconds=0.02)


@pytest.fixture
def meta(root):
    return root / "fake/de/griffin_lim/meta.csv"


def test_every_recording_once_sorted_and_there(root):
    rows = Mlaad(root).utterances()
    paths = [row.path for row in rows]
    assert paths == sorted(set(paths))
    assert all((root / path).is_file() for path in paths)
    # German: 4 originals by 3 models; English: 6; Finnish has no recordings.
    assert Counter((row.corpus, row.label) for row in rows) == {
        ("mailabs_de", BONAFIDE): 4, ("mailabs_de", SPOOF): 12,
        ("mailabs_en", BONAFIDE): 6, ("mailabs_en", SPOOF): 18,
    }  # fmt: skip


def test_models_and_recording_share_the_utterance(root):
    rows = [row for row in Mlaad(root).utterances() if row.utterance == "grune_haus_01_f000001"]
    assert Counter(row.system for row in rows) == dict.fromkeys(["-", *miniature.MODELS], 1)
    assert {row.corpus for row in rows} == {"mailabs_de"}
    assert {(row.split, row.fixed, row.group) for row in rows} == {("", "", "")}


def test_architectures_are_families(root):
    families = {(row.system, row.family) for row in Mlaad(root).utterances()}
    assert families == {("-", "-"), *miniature.MODELS.items()}


def test_english_is_compared_with_both_locales(root):
    rows = Mlaad(root).utterances()
    recordings = [row.path for row in rows if row.label == BONAFIDE and row.corpus == "mailabs_en"]
    assert {path.split("/")[1] for path in recordings} == {"en_UK", "en_US"}
    assert {row.language for row in rows} == {"de", "en"}


def test_readers_are_speakers_where_one_is_named(root):
    rows = Mlaad(root).utterances()
    assert {row.speaker for row in rows if row.label == BONAFIDE} == {
        "eva_k", "-", "elizabeth_klett", "elliot_miller", "judy_bieber",
    }  # fmt: skip
    assert {row.speaker for row in rows if row.label == SPOOF} == {"-"}
    assert {row.speaker for row in rows if "/mix/" in row.path} == {"-"}


def test_quotes_in_transcripts_swallow_no_rows(root, meta):
    with meta.open(newline="") as file:
        assert len(list(csv.DictReader(file, delimiter="|"))) < 4  # what ordinary reading makes of it
    rows = [row for row in Mlaad(root).utterances() if row.path.startswith("fake/de/griffin_lim/")]
    assert [row.listed for row in rows] == [f"de/griffin_lim/meta.csv:{line}" for line in (4, 5, 2, 3)]


def test_a_transcript_may_be_longer_than_the_csv_module_reads(root, meta):
    lines = meta.read_text().splitlines()
    lines[1] = lines[1] + "a" * (csv.field_size_limit() + 1)
    meta.write_text("\n".join(lines))
    assert len(Mlaad(root).utterances()) == 40


def test_languages_without_both_sides_are_left_out_and_noted(root):
    shutil.rmtree(root / "real/de_DE")
    shutil.copytree(root / "real/en_UK", root / "real/fr_FR")
    corpus = Mlaad(root)
    assert {row.language for row in corpus.utterances()} == {"en"}
    assert "spoofs left out, M-AILABS does not have their language: fi" in corpus.notes
    assert "spoofs left out, the recordings of their language are not here: de" in corpus.notes
    assert "recordings left out, there are no spoofs in their language: fr" in corpus.notes


def test_stubs_are_skipped_and_counted(root):
    corpus = Mlaad(root)
    assert not any("._" in row.path for row in corpus.utterances())
    assert "3 file-system stubs (._*) of M-AILABS skipped" in corpus.notes


def test_rows_and_files_are_compared_both_ways(root, meta):
    (meta.parent / "grune_haus_01_f000001.wav").unlink()
    (meta.parent / "altes_haus_01_f000001.wav").rename(meta.parent / "more.wav")
    (meta.parent / "another.wav").write_bytes((meta.parent / "more.wav").read_bytes())
    corpus = Mlaad(root)
    rows = [row for row in corpus.utterances() if row.path.startswith("fake/de/griffin_lim/")]
    assert len(rows) == 4
    assert "fake/de/griffin_lim/grune_haus_01_f000001.wav" in {row.path for row in rows}
    assert "de/griffin_lim: 2 rows of meta.csv have no file" in corpus.notes
    assert "de/griffin_lim: 2 files are in no row of meta.csv and were left out" in corpus.notes


def test_another_number_of_clips_than_published_is_noted(root):
    corpus = Mlaad(root)
    corpus.utterances()
    (note,) = [note for note in corpus.notes if "as published in de" in note]
    assert note.startswith("not 1,000 clips")
    assert "griffin_lim 4" in note


def test_a_model_without_audio_is_left_out_and_noted(root):
    for file in (root / "fake/de/griffin_lim").glob("*.wav"):
        file.unlink()
    corpus = Mlaad(root)
    assert "griffin_lim" not in {row.system for row in corpus.utterances() if row.language == "de"}
    assert "de/griffin_lim left out: it holds no audio" in corpus.notes


def test_recordings_may_lie_elsewhere_and_be_flac(root, tmp_path):
    elsewhere = tmp_path / "en_US/M-AILABS"  # a name that could be taken for a locale
    shutil.move(root / "real", elsewhere)
    wavs = elsewhere / "de_DE/by_book/female/eva_k/grune_haus/wavs"
    (wavs / "grune_haus_01_f000001.wav").rename(wavs / "grune_haus_01_f000001.flac")
    corpus = Mlaad(root, mailabs=elsewhere)
    recordings = [row.path for row in corpus.utterances() if row.label == BONAFIDE]
    assert len(recordings) == 10
    assert str(wavs / "grune_haus_01_f000001.flac") in recordings
    assert "3 file-system stubs (._*) of M-AILABS skipped" in corpus.notes


def test_a_clone_may_lie_in_a_folder_of_its_own(root):
    (root / "MLAAD").mkdir()
    (root / "fake").rename(root / "MLAAD/fake")
    paths = [row.path for row in Mlaad(root).utterances() if row.label == SPOOF]
    assert len(paths) == 30
    assert all((root / path).is_file() for path in paths)


def test_the_silence_is_said_before_any_result(root):
    assert "0.5 s of silence" in Mlaad(root).caveat


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda text: text.replace("|original_file", "|origin"),
            r"meta\.csv, line 1: no column original_file",
        ),
        (lambda text: text + text.splitlines()[1], r"line 6: the recording grune.*already in meta\.csv:2"),
        (lambda text: text + "one|two\n", r"line 6: 2 fields where there should be 9"),
        (lambda text: text + "|a.wav" + "|" * 7, r"line 6: path or original_file is empty"),
        (lambda text: text[:0], "no column path"),
    ],
)
def test_a_wrong_line_is_said_with_its_place(root, meta, change, said):
    meta.write_text(change(meta.read_text()))
    with pytest.raises(InputError, match=said):
        Mlaad(root).utterances()


def test_what_is_missing_is_said(root, meta, tmp_path):
    with pytest.raises(InputError, match=r"MLAAD is missing: looked for .*fake.*huggingface\.co.*data=mlaad"):
        Mlaad(tmp_path / "nowhere").utterances()
    with pytest.raises(InputError, match=r"holds none of the folders of M-AILABS.*data\.corpus\.mailabs"):
        Mlaad(root, mailabs=tmp_path).utterances()
    meta.unlink()
    with pytest.raises(InputError, match=r"griffin_lim/meta\.csv does not exist"):
        Mlaad(root).utterances()
    shutil.rmtree(root / "fake/de")
    shutil.rmtree(root / "fake/en")
    with pytest.raises(
        InputError, match=r"no language has both spoofs .*: spoofs are in fi, recordings in de, en"
    ):
        Mlaad(root).utterances()
    shutil.rmtree(root / "real")
    with pytest.raises(InputError, match=r"M-AILABS is missing: looked for .*real; get it from"):
        Mlaad(root).utterances()
