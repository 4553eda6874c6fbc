import shutil
from collections import Counter
from fnmatch import fnmatch

import pytest
from tests.corpora import asvspoof5

from bonafide.corpora.asvspoof5 import Asvspoof5
from bonafide.types import BONAFIDE, SPOOF, InputError

PROTOCOLS = "ASVspoof5_protocols"
EVAL = f"{PROTOCOLS}/ASVspoof5.eval.track_1.tsv"
# As the organisers give them, and an uncoded row of the test put together from its fields.
LINES = {
    "ASVspoof5.train.tsv": (
        "T_4850 T_0000000000 F - - - AC3 A05 spoof -\nT_3734 T_0000000011 F - - - - bonafide bonafide -\n"
    ),
    "ASVspoof5.dev.track_1.tsv": (
        "D_0062 D_0000000001 F - - - AC1 A11 spoof -\nD_0461 D_0000000190 M - - - - bonafide bonafide -\n"
    ),
    "ASVspoof5.eval.track_1.tsv": (
        "E_1607 E_0009538969 M C05 2 E_0009486171 AC1 A26 spoof -\n"
        "E_2040 E_0000000034 M - 0 - AC1 A31 spoof -\n"
    ),
}


@pytest.fixture(scope="module")
def miniature(tmp_path_factory):
    return asvspoof5.write(tmp_path_factory.mktemp("data") / "asvspoof5")


@pytest.fixture
def root(miniature, tmp_path):
    return shutil.copytree(miniature, tmp_path / "asvspoof5")


def test_every_listed_recording_once_sorted_and_there(miniature):
    rows = Asvspoof5(miniature).utterances()
    paths = [row.path for row in rows]
    assert paths == sorted(set(paths))
    files = {path.relative_to(miniature).as_posix() for path in miniature.rglob("*.flac")}
    assert files - set(paths) == {"flac_D/D_A0000000562.flac", "flac_E_eval/E_A0000000562.flac"}
    assert set(paths) < files
    assert Counter((row.split, row.label) for row in rows) == {
        ("train", BONAFIDE): 6, ("train", SPOOF): 6,
        ("validation", BONAFIDE): 6, ("validation", SPOOF): 6,
        ("test", BONAFIDE): 12, ("test", SPOOF): 12,
    }  # fmt: skip


def test_the_organisers_lines_become_rows(tmp_path):
    for letter, folder in (("T", "flac_T"), ("D", "flac_D"), ("E", "flac_E_eval")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{letter}_A.flac").touch()
    for file, text in LINES.items():
        (tmp_path / file).write_text(text)
    rows = {row.path: row for row in Asvspoof5(tmp_path).utterances()}
    assert {(path, row.system, row.label, row.split, row.speaker) for path, row in rows.items()} == {
        ("flac_T/T_0000000000.flac", "A05", SPOOF, "train", "T_4850"),
        ("flac_T/T_0000000011.flac", "-", BONAFIDE, "train", "T_3734"),
        ("flac_D/D_0000000001.flac", "A11", SPOOF, "validation", "D_0062"),
        ("flac_D/D_0000000190.flac", "-", BONAFIDE, "validation", "D_0461"),
        ("flac_E_eval/E_0009538969.flac", "A26", SPOOF, "test", "E_1607"),
        ("flac_E_eval/E_0000000034.flac", "A31", SPOOF, "test", "E_2040"),
    }
    coded, uncoded = rows["flac_E_eval/E_0009538969.flac"], rows["flac_E_eval/E_0000000034.flac"]
    assert (coded.codec, coded.utterance, coded.listed) == (
        "C05",
        "E_0009486171",
        "ASVspoof5.eval.track_1.tsv:1",
    )
    assert (uncoded.codec, uncoded.utterance) == ("-", "E_0000000034")


def test_a_coded_recording_and_its_original_are_one_utterance(miniature):
    tests = [row for row in Asvspoof5(miniature).utterances() if row.split == "test"]
    twins: dict[str, set[tuple[str, str, str]]] = {}
    for row in tests:
        twins.setdefault(row.utterance, set()).add((row.codec, row.label, row.group))
    assert len(twins) == 12
    assert all({codec for codec, _, _ in pair} == {"-", "C05"} for pair in twins.values())
    assert all(len({(label, group) for _, label, group in pair}) == 1 for pair in twins.values())


def test_the_published_parts_are_used_and_share_no_speaker(miniature):
    rows = Asvspoof5(miniature).utterances()
    assert all(row.fixed == row.split for row in rows)
    parts = {row.group: row.split for row in rows}
    assert all(row.split == parts[row.speaker] for row in rows)


def test_the_first_line_is_no_header(miniature):
    listed = {row.listed for row in Asvspoof5(miniature).utterances()}
    assert {f"{file}:1" for file in LINES} <= listed


def test_the_protocols_may_lie_in_the_root(root):
    for file in (root / PROTOCOLS).iterdir():
        file.rename(root / file.name)
    assert len(Asvspoof5(root).utterances()) == 48


@pytest.mark.parametrize("ending", ["metadata", "metainfor"])
def test_the_six_columns_of_the_challenge_are_read_and_noted(root, ending):
    corpus = Asvspoof5(root)
    expected = corpus.utterances()
    for old, new in (("train", "train"), ("dev.track_1", "dev")):
        file = root / PROTOCOLS / f"ASVspoof5.{old}.tsv"
        rows = [line.split() for line in file.read_text().splitlines()]
        lines = (f"{row[0]} {row[1]} {row[2]} - {row[7]} {row[8]}\n" for row in rows)
        file.with_name(f"ASVspoof5.{new}.{ending}.txt").write_text("".join(lines))
        file.unlink()
    assert [row[:6] for row in corpus.utterances()] == [row[:6] for row in expected]
    assert [note for note in corpus.notes if "six columns" in note] == [
        f"ASVspoof5.train.{ending}.txt has the six columns of the challenge phase",
        f"ASVspoof5.dev.{ending}.txt has the six columns of the challenge phase",
    ]


def test_a_codec_may_be_written_without_its_zero(root):
    text = (root / EVAL).read_text()
    (root / EVAL).write_text(text.replace("C05", "C5", 3).replace("C05", "C11", 1))
    assert Counter(row.codec for row in Asvspoof5(root).utterances() if row.split == "test") == {
        "-": 12, "C05": 11, "C11": 1,
    }  # fmt: skip


def test_a_part_without_recordings_is_left_out_and_noted(root):
    corpus = Asvspoof5(root)
    shutil.rmtree(root / "flac_E_eval")
    assert {row.split for row in corpus.utterances()} == {"train", "validation"}
    assert [note.partition(":")[0] for note in corpus.notes] == [
        "ASVspoof5.train.tsv lists 12 recordings, the published one 182,357",
        "ASVspoof5.dev.track_1.tsv lists 12 recordings, the published one 140,950",
        "the test part is left out",
    ]
    assert corpus.notes[-1].endswith(f"no recordings in {root / 'flac_E_eval'}")


def test_what_is_missing_is_said(root, tmp_path):
    with pytest.raises(
        InputError, match=r"no recordings of asvspoof5 in .*flac_T or .*prepare\.py data=asvspoof5"
    ):
        Asvspoof5(tmp_path / "nowhere").utterances()
    (root / EVAL).unlink()
    with pytest.raises(
        InputError, match=r"protocol of the test part .*ASVspoof5\.eval\.track_1\.tsv.*prepare\.py"
    ):
        Asvspoof5(root).utterances()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("F - 0 - - bonafide bonafide", "GENDER CODEC Q SEED TAG LABEL KEY", r"line 1: the codec 'CODEC'"),
        ("C05 2", "C12 2", r"eval\.track_1\.tsv, line 2: the codec 'C12' is none of -, C01"),
        ("C05 2", "AC1 2", r"line 2: the codec 'AC1' is none of"),
        ("C05 2", "C05 0", r"line 2: the codec C05 at the quality 0"),
        ("- 0 -", "- 3 -", r"line 1: the codec - at the quality 3"),
        ("A18 spoof", "A33 spoof", r"line 5: the attack 'A33' is none of A01"),
        ("A18 spoof", "bonafide spoof", r"line 5: a spoof without an attack"),
        ("bonafide bonafide", "A18 bonafide", r"line 1: a bona fide recording with the attack A18"),
        ("A18 spoof -", "A18 - spoof", r"line 5: the label '-' is none of bonafide, spoof"),
        ("A18 spoof -", "A18 spoof", r"line 5: 9 fields where there should be 10"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_refused(root, old, new, message):
    text = (root / EVAL).read_text()
    assert old in text
    (root / EVAL).write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        Asvspoof5(root).utterances()


def test_a_recording_listed_twice_is_refused(root):
    text = (root / EVAL).read_text()
    (root / EVAL).write_text(text + text.splitlines()[2] + "\n")
    with pytest.raises(
        InputError, match=r"line 25: .*E_0000000002 is listed already in ASVspoof5\.eval\.track_1\.tsv:3"
    ):
        Asvspoof5(root).utterances()


def test_the_patterns_of_its_download_name_every_archive_and_no_more(tmp_path):
    protocols, recordings = Asvspoof5(tmp_path).sources
    record = [f"flac_{part}_a{letter}.tar" for part, last in (("T", "e"), ("D", "c"), ("E", "j"))
              for letter in "abcdefghij" if letter <= last]  # fmt: skip
    names = [*record, "ASVspoof5_protocols.tar.gz", "LICENSE.txt", "README.txt"]
    assert [name for name in names if any(fnmatch(name, wanted) for wanted in recordings.files)] == record
    assert protocols.files == ("ASVspoof5_protocols.tar.gz",)
    assert {protocols.place, recordings.place} == {"zenodo:14498691"}
    assert protocols.into == PROTOCOLS
