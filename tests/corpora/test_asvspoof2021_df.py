import shutil
from collections import Counter

import pytest
from tests.corpora import asvspoof2021_df, asvspoof2021_la

from bonafide.corpora.asvspoof2021_df import Asvspoof2021DF
from bonafide.types import BONAFIDE, SPOOF, InputError


@pytest.fixture(scope="module")
def miniature(tmp_path_factory):
    return asvspoof2021_df.write(tmp_path_factory.mktemp("data") / "asvspoof2021_df")


@pytest.fixture
def root(miniature, tmp_path):
    return shutil.copytree(miniature, tmp_path / "asvspoof2021_df")


def test_every_recording_once_sorted_and_there(miniature):
    rows = Asvspoof2021DF(miniature).utterances()
    paths = [row.path for row in rows]
    assert paths == sorted(path.relative_to(miniature).as_posix() for path in miniature.rglob("*.flac"))
    assert Counter((row.subset, row.label) for row in rows) == {
        (phase, label): 12 for phase in ("eval", "progress", "hidden") for label in (BONAFIDE, SPOOF)
    }


def test_it_is_a_test_that_can_be_divided_by_speaker(miniature):
    rows = Asvspoof2021DF(miniature).utterances()
    assert {(row.split, row.fixed) for row in rows} == {("test", "")}
    assert all(row.group == row.speaker for row in rows)
    assert len({row.group for row in rows}) == 12


def test_the_sources_are_one_corpus(miniature):
    rows = Asvspoof2021DF(miniature).utterances()
    assert {row.corpus for row in rows} == {"asvspoof2021_df"}
    assert {row.system for row in rows} == {"-", "A14", "SPO-N10", "Task1-team20"}


def test_a_line_becomes_a_row(miniature):
    rows = {row.listed: row for row in Asvspoof2021DF(miniature).utterances()}
    spoof, genuine = rows["trial_metadata.txt:14"], rows["trial_metadata.txt:13"]
    assert spoof.path == "ASVspoof2021_DF_eval/flac/DF_E_2102958.flac"
    assert spoof[1:6] == ("DF_E_2102958", "asvspoof2021_df", "Task1-team20", "TEF2", SPOOF)
    assert (spoof.language, spoof.codec, spoof.subset) == ("E", "high_ogg", "eval")
    assert (genuine.language, genuine.system, genuine.label) == ("-", "-", BONAFIDE)


def test_no_codec_is_none_and_the_others_keep_their_names(miniature):
    codecs = {row.codec for row in Asvspoof2021DF(miniature).utterances()}
    assert codecs == {"-", *asvspoof2021_df.CODECS} - {"nocodec"}
    assert len(codecs) == 9


def test_the_key_may_lie_beside_the_recordings(root):
    (root / asvspoof2021_df.KEY).rename(root / "ASVspoof2021_DF_eval/trial_metadata.txt")
    assert len(Asvspoof2021DF(root).utterances()) == 72


def test_the_key_of_the_other_track_is_refused(root, tmp_path):
    other = asvspoof2021_la.write(tmp_path / "la", speakers=1)
    shutil.copy(other / asvspoof2021_la.KEY, root / asvspoof2021_df.KEY)
    with pytest.raises(
        InputError, match=r"line 1: 8 fields are the LA track's .*DF-keys-full\.tar\.gz has 13"
    ):
        Asvspoof2021DF(root).utterances()


def test_what_is_missing_is_said(root):
    corpus = Asvspoof2021DF(root)
    shutil.rmtree(root / "keys")
    with pytest.raises(InputError, match=r"looked for \S+keys/DF/CM/.*prepare\.py data=asvspoof2021_df"):
        corpus.utterances()
    shutil.rmtree(root / "ASVspoof2021_DF_eval/flac")
    with pytest.raises(
        InputError, match=r"no recordings of asvspoof2021_df in \S+ASVspoof2021_DF_eval/flac;"
    ):
        corpus.utterances()


def test_a_short_key_is_noted(miniature):
    corpus = Asvspoof2021DF(miniature)
    corpus.utterances()
    assert [note.partition(":")[0] for note in corpus.notes] == [
        "trial_metadata.txt lists 72 recordings, the published one 611,829"
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("low_mp3", "alaw", r"trial_metadata\.txt, line 3: the codec 'alaw' is none of nocodec, low_mp3"),
        ("asvspoof", "vcc2016", r"line 1: the source 'vcc2016' is none of asvspoof, vcc2018, vcc2020"),
        ("A14 spoof", "- spoof", r"line 2: a spoof without an attack"),
        ("A14 spoof", "A14 fake", r"line 2: the label 'fake' is none of"),
        ("notrim progress", "notrim prog", r"line 3: the phase 'prog' is none of eval, progress, hidden"),
        (" - - - -", " - - -", r"line 1: 12 fields where there should be 13"),
        (
            "DF_E_2007930",
            "DF_E_2000011",
            r"line 2: .*DF_E_2000011 is listed already in trial_metadata\.txt:1",
        ),
    ],
)
def test_a_wrong_line_is_refused(root, old, new, message):
    text = (root / asvspoof2021_df.KEY).read_text()
    assert old in text
    (root / asvspoof2021_df.KEY).write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        Asvspoof2021DF(root).utterances()


def test_it_says_where_it_is_to_be_had(tmp_path):
    recordings, key = Asvspoof2021DF(tmp_path).sources
    assert (recordings.place, recordings.files) == ("zenodo:4835108", ("ASVspoof2021_DF_eval_part*.tar.gz",))
    assert key.place == "https://www.asvspoof.org/asvspoof2021/DF-keys-full.tar.gz"
    assert key.checksum == "md5:dabbc5628de4fcef53036c99ac7ab93a"
