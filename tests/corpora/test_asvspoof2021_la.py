import shutil
from collections import Counter

import pytest
from tests.corpora import asvspoof2021_la, real

from bonafide.corpora.asvspoof2021_la import Asvspoof2021LA
from bonafide.types import BONAFIDE, SPOOF, InputError

IDS = "protocols/asvspoof2021_la/ASVspoof2021.LA.cm.eval.trl.txt"


@pytest.fixture(scope="module")
def miniature(tmp_path_factory):
    return asvspoof2021_la.write(tmp_path_factory.mktemp("data") / "asvspoof2021_la")


@pytest.fixture
def root(miniature, tmp_path):
    return shutil.copytree(miniature, tmp_path / "asvspoof2021_la")


def test_every_recording_once_sorted_and_there(miniature):
    rows = Asvspoof2021LA(miniature).utterances()
    paths = [row.path for row in rows]
    assert paths == sorted(path.relative_to(miniature).as_posix() for path in miniature.rglob("*.flac"))
    assert Counter((row.subset, row.label) for row in rows) == {
        (phase, label): 12 for phase in ("eval", "progress", "hidden") for label in (BONAFIDE, SPOOF)
    }


def test_it_is_a_test_that_can_be_divided_by_speaker(miniature):
    rows = Asvspoof2021LA(miniature).utterances()
    assert {(row.split, row.fixed) for row in rows} == {("test", "")}
    assert all(row.group == row.speaker for row in rows)
    assert len({row.group for row in rows}) == 12


def test_a_line_becomes_a_row(miniature):
    rows = {row.listed: row for row in Asvspoof2021LA(miniature).utterances()}
    spoof, genuine = rows["trial_metadata.txt:4"], rows["trial_metadata.txt:3"]
    assert spoof.path == "ASVspoof2021_LA_eval/flac/LA_E_9309124.flac"
    assert spoof[1:6] == ("LA_E_9309124", "asvspoof2021_la", "A09", "LA_0000", SPOOF)
    assert (genuine.system, genuine.label, genuine.codec, genuine.subset) == (
        "-",
        BONAFIDE,
        "alaw",
        "progress",
    )


def test_no_codec_is_none_and_the_others_keep_their_names(miniature):
    codecs = {row.codec for row in Asvspoof2021LA(miniature).utterances()}
    assert codecs == {"-", "alaw", "pstn", "g722", "ulaw", "gsm", "opus"}


def test_the_phase_that_is_trimmed_is_the_hidden_one(miniature):
    text = (miniature / asvspoof2021_la.KEY).read_text().splitlines()
    trimmed = {line.split()[1] for line in text if line.split()[6] == "trim"}
    rows = Asvspoof2021LA(miniature).utterances()
    assert {row.utterance for row in rows if row.subset == "hidden"} == trimmed


@pytest.mark.parametrize(
    "place",
    [
        "keys/LA/CM/trial_metadata.txt",
        "KEYS/la/cm/TRIAL_metadata.txt",
        "ASVspoof2021_LA_eval/trial_metadata.txt",
        "keys/CM/trial_metadata.txt",
        "Keys/cm/trial_metadata.txt",
    ],
)
def test_the_key_is_found_in_three_places_whatever_its_letter_case(root, place):
    key = (root / asvspoof2021_la.KEY).read_text()
    shutil.rmtree(root / "keys")
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    (root / place).write_text(key)
    assert len(Asvspoof2021LA(root).utterances()) == 72


def test_the_full_key_goes_before_an_older_one(root):
    (root / "keys/CM").mkdir()
    (root / "keys/CM/trial_metadata.txt").write_text("an older key\n")
    assert len(Asvspoof2021LA(root).utterances()) == 72


def test_what_is_missing_is_said(root):
    corpus = Asvspoof2021LA(root)
    (root / asvspoof2021_la.KEY).unlink()
    with pytest.raises(
        InputError,
        match=r"missing: looked for \S+keys/LA/CM/trial_metadata\.txt or \S+_LA_eval/trial_metadata\.txt or "
        r"\S+keys/CM/trial_metadata\.txt; run python prepare\.py data=asvspoof2021_la",
    ):
        corpus.utterances()
    shutil.rmtree(root / "ASVspoof2021_LA_eval")
    with pytest.raises(
        InputError, match=r"no recordings of asvspoof2021_la in \S+ASVspoof2021_LA_eval/flac;"
    ):
        corpus.utterances()


def test_a_short_key_is_noted(miniature):
    corpus = Asvspoof2021LA(miniature)
    corpus.utterances()
    corpus.utterances()
    assert len(corpus.notes) == 1
    assert "trial_metadata.txt lists 72 recordings, the published one 181,566" in corpus.notes[0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("alaw", "mp3", r"trial_metadata\.txt, line 3: the codec 'mp3' is none of none, alaw"),
        ("A07", "A06", r"line 2: the attack 'A06' is none of A07"),
        ("A07 spoof", "bonafide spoof", r"line 2: a spoof without an attack"),
        ("spoof", "target", r"line 2: the label 'target' is none of"),
        ("notrim", "cut", r"line 1: the trim 'cut' is none of notrim, trim"),
        ("notrim progress", "notrim prog", r"line 3: the phase 'prog' is none of eval, progress, hidden"),
        ("notrim eval", "eval", r"line 1: 7 fields where there should be 8"),
        (
            "LA_E_9324962",
            "LA_E_9332881",
            r"line 2: .*LA_E_9332881 is listed already in trial_metadata\.txt:1",
        ),
    ],
)
def test_a_wrong_line_is_refused(root, old, new, message):
    text = (root / asvspoof2021_la.KEY).read_text()
    assert old in text
    (root / asvspoof2021_la.KEY).write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        Asvspoof2021LA(root).utterances()


def test_it_says_where_it_is_to_be_had(tmp_path):
    recordings, key = Asvspoof2021LA(tmp_path).sources
    assert (recordings.place, recordings.files) == ("zenodo:4837263", ("ASVspoof2021_LA_eval.tar.gz",))
    assert key.place == "https://www.asvspoof.org/asvspoof2021/LA-keys-full.tar.gz"
    assert key.checksum == "md5:f052cc2ed276745afa3b5198665d3b26"


def test_the_real_list_has_no_key_but_every_name(tmp_path):
    if not (real.SOURCE / IDS).is_file():
        pytest.skip("no protocols: set BONAFIDE_REAL_AUDIO to the folder of real data")
    folder = tmp_path / "ASVspoof2021_LA_eval"
    (folder / "flac").mkdir(parents=True)
    (folder / "flac/LA_E_0000000.flac").touch()
    key = folder / "trial_metadata.txt"
    key.symlink_to(real.SOURCE / IDS)
    corpus = Asvspoof2021LA(tmp_path)
    with pytest.raises(InputError, match="line 1: 1 fields where there should be 8"):
        corpus.utterances()
    names = key.read_text().split()
    key.unlink()
    key.write_text("".join(f"LA_0009 {name} alaw ita_tx A07 spoof notrim eval\n" for name in names))
    rows = corpus.utterances()
    assert corpus.notes == ()
    assert [row.utterance for row in rows] == sorted(names)
    assert len(rows) == 181_566
