import shutil
from collections import Counter

import pytest
from tests.corpora import asvspoof2019_la, real

from bonafide.corpora.asvspoof2019_la import Asvspoof2019LA
from bonafide.types import BONAFIDE, SPOOF, Download, InputError

TRAIN = "LA/ASVspoof2019_LA_cm_protocols/ASVspoof2019.LA.cm.train.trn.txt"
DEV = "LA/ASVspoof2019_LA_cm_protocols/ASVspoof2019.LA.cm.dev.trl.txt"


@pytest.fixture(scope="module")
def miniature(tmp_path_factory):
    return asvspoof2019_la.write(tmp_path_factory.mktemp("data") / "asvspoof2019_la")


@pytest.fixture
def root(miniature, tmp_path):
    return shutil.copytree(miniature, tmp_path / "asvspoof2019_la")


def test_every_listed_recording_once_sorted_and_there(miniature):
    rows = Asvspoof2019LA(miniature).utterances()
    paths = [row.path for row in rows]
    assert paths == sorted(set(paths))
    assert all((miniature / path).is_file() for path in paths)
    assert Counter((row.split, row.label) for row in rows) == {
        (part, label): 6 for part in ("train", "validation", "test") for label in (BONAFIDE, SPOOF)
    }
    files = {path.relative_to(miniature).as_posix() for path in miniature.rglob("*.flac")}
    assert {path.rsplit("/")[-1] for path in files - set(paths)} == {"LA_D_9999999.flac", "LA_E_9999999.flac"}


def test_a_line_becomes_a_row(miniature):
    rows = {row.listed: row for row in Asvspoof2019LA(miniature).utterances()}
    genuine, spoof = rows["ASVspoof2019.LA.cm.train.trn.txt:1"], rows["ASVspoof2019.LA.cm.train.trn.txt:7"]
    assert genuine.path == "LA/ASVspoof2019_LA_train/flac/LA_T_1000000.flac"
    assert genuine[1:6] == ("LA_T_1000000", "asvspoof2019_la", "-", "LA_0079", BONAFIDE)
    assert spoof[1:6] == ("LA_T_1015838", "asvspoof2019_la", "A01", "LA_0079", SPOOF)


def test_the_published_parts_are_used_and_share_no_speaker(miniature):
    rows = Asvspoof2019LA(miniature).utterances()
    assert all(row.fixed == row.split for row in rows)
    parts = {row.group: row.split for row in rows}
    assert all(row.split == parts[row.speaker] for row in rows)
    assert {row.system for row in rows if row.split == "test"} == {"-", "A07", "A19"}


def test_root_may_be_the_folder_itself(miniature):
    inner = Asvspoof2019LA(miniature / "LA").utterances()
    assert [f"LA/{row.path}" for row in inner] == [row.path for row in Asvspoof2019LA(miniature).utterances()]


def test_letter_case_and_ending_do_not_matter(root):
    (root / "LA/ASVspoof2019_LA_dev").rename(root / "LA/asvspoof2019_la_DEV")
    (root / "LA/ASVspoof2019_LA_train/flac/LA_T_1000000.flac").rename(
        root / "LA/ASVspoof2019_LA_train/flac/LA_T_1000000.wav"
    )
    rows = Asvspoof2019LA(root).utterances()
    assert len(rows) == 36
    assert all((root / row.path).is_file() for row in rows)


def test_a_recording_that_is_not_there_is_listed_all_the_same(root):
    path = "LA/ASVspoof2019_LA_eval/flac/LA_E_1000000.flac"
    (root / path).unlink()
    row = next(row for row in Asvspoof2019LA(root).utterances() if row.path == path)
    assert row.listed.startswith("ASVspoof2019.LA.cm.eval.trl.txt:")


def test_a_part_without_recordings_is_left_out_and_noted(root):
    corpus = Asvspoof2019LA(root)
    shutil.rmtree(root / "LA/ASVspoof2019_LA_eval")
    assert {row.split for row in corpus.utterances()} == {"train", "validation"}
    assert corpus.notes[-1].startswith("the test part is left out: no recordings in ")
    assert str(root / "LA/ASVspoof2019_LA_eval/flac") in corpus.notes[-1]
    assert "ASVspoof2019.LA.cm.dev.trl.txt lists 12 recordings, the published one 24,844" in corpus.notes[1]
    shutil.rmtree(root / "LA/ASVspoof2019_LA_dev")
    shutil.rmtree(root / "LA/ASVspoof2019_LA_train/flac")
    (root / "LA/ASVspoof2019_LA_train/flac").mkdir()
    with pytest.raises(
        InputError, match=r"no recordings of asvspoof2019_la in .*prepare\.py data=asvspoof2019_la"
    ):
        corpus.utterances()


def test_recordings_without_protocol_are_refused(root):
    (root / DEV).unlink()
    with pytest.raises(InputError, match=r"protocol of the validation part .*dev\.trl\.txt.*prepare\.py"):
        Asvspoof2019LA(root).utterances()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("- A01 spoof", "- A01 fake", r"train\.trn\.txt, line 7: the label 'fake' is none of bonafide"),
        ("- A01 spoof", "- A20 spoof", r"line 7: the attack 'A20' is none of A01, A02"),
        ("- A01 spoof", "- - spoof", r"line 7: a spoof without an attack"),
        ("- - bonafide", "- A02 bonafide", r"line 1: a bona fide recording with the attack A02"),
        ("- - bonafide", "- bonafide", r"line 1: 4 fields where there should be 5"),
        ("LA_T_1007919", "LA_T_1000000", r"line 2: .*LA_T_1000000 is listed already in \S+trn\.txt:1"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_refused(root, old, new, message):
    text = (root / TRAIN).read_text()
    (root / TRAIN).write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        Asvspoof2019LA(root).utterances()


def test_a_recording_of_two_parts_is_refused(root):
    text = (root / DEV).read_text()
    (root / DEV).write_text(text.replace("LA_D_1000000", "LA_T_1000000"))
    with pytest.raises(
        InputError, match=r"dev\.trl\.txt, line 1: .*already in ASVspoof2019\.LA\.cm\.train\.trn\.txt:1"
    ):
        Asvspoof2019LA(root).utterances()


def test_it_says_where_it_is_to_be_had(tmp_path):
    (source,) = Asvspoof2019LA(tmp_path).sources
    assert isinstance(source, Download)
    assert source.place == "https://datashare.ed.ac.uk/bitstream/handle/10283/3336/LA.zip"


def test_the_real_protocols_are_read_whole(tmp_path):
    protocols = real.SOURCE / "protocols/asvspoof2019_la"
    if not protocols.is_dir():
        pytest.skip("no protocols: set BONAFIDE_REAL_AUDIO to the folder of real data")
    (tmp_path / "ASVspoof2019_LA_cm_protocols").symlink_to(protocols)
    for part in ("train", "dev", "eval"):
        folder = tmp_path / f"ASVspoof2019_LA_{part}/flac"
        folder.mkdir(parents=True)
        (folder / "LA_X_0000000.flac").touch()
    corpus = Asvspoof2019LA(tmp_path)
    rows = corpus.utterances()
    assert corpus.notes == ()
    assert Counter((row.split, row.label) for row in rows) == {
        ("train", BONAFIDE): 2_580, ("train", SPOOF): 22_800,
        ("validation", BONAFIDE): 2_548, ("validation", SPOOF): 22_296,
        ("test", BONAFIDE): 7_355, ("test", SPOOF): 63_882,
    }  # fmt: skip
    attacks = Counter((row.split, row.system) for row in rows if row.label == SPOOF)
    assert attacks == (
        {("train", f"A{number:02}"): 3_800 for number in range(1, 7)}
        | {("validation", f"A{number:02}"): 3_716 for number in range(1, 7)}
        | {("test", f"A{number:02}"): 4_914 for number in range(7, 20)}
    )
    assert Counter(split for split, _ in {(row.split, row.speaker) for row in rows}) == {
        "train": 20, "validation": 20, "test": 67,
    }  # fmt: skip
    assert len({row.speaker for row in rows}) == 107
