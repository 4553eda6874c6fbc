from collections import Counter

import pytest
from tests.corpora import in_the_wild as miniature
from tests.corpora import real

from bonafide.corpora.in_the_wild import InTheWild
from bonafide.types import BONAFIDE, SPOOF, Download, InputError

ARENA = real.SOURCE / "protocols/in_the_wild/in_the_wild.csv"
NAMES = real.SOURCE / "protocols/in_the_wild/in_the_wild.eval.txt"


@pytest.fixture
def root(tmp_path):
    return miniature.write(tmp_path / "wild", seconds=0.05)


@pytest.fixture
def meta(root):
    return root / "release_in_the_wild/meta.csv"


def arena(root, rows):
    file = root / "arena.csv"
    lines = ["file_name,label", *(f"{miniature.ARENA}/{name},{label}" for name, label in rows)]
    file.write_text("\n".join(lines) + "\n")
    return file


def test_every_recording_once_sorted_and_there(root):
    rows = InTheWild(root).utterances()
    paths = [row.path for row in rows]
    assert paths == sorted(set(paths))
    assert all((root / path).is_file() for path in paths)
    assert Counter(row.label for row in rows) == {BONAFIDE: 12, SPOOF: 12}
    assert {row.system for row in rows if row.label == BONAFIDE} == {"-"}
    assert {row.system for row in rows if row.label == SPOOF} == {"in_the_wild"}


def test_all_is_for_testing_and_a_division_goes_by_speaker(root):
    rows = InTheWild(root).utterances()
    assert {(row.split, row.fixed, row.subset) for row in rows} == {("test", "", "")}
    assert {row.group for row in rows} == set(miniature.SPEAKERS)
    assert all(row.group == row.speaker for row in rows)
    first = next(row for row in rows if row.path.endswith("/0.wav"))
    assert (first.speaker, first.label, first.listed) == ("Alec Guinness", SPOOF, "meta.csv:2")


def test_root_may_be_the_folder_itself_and_audio_flac(root):
    folder = root / "release_in_the_wild"
    (folder / "3.wav").rename(folder / "3.flac")
    paths = [row.path for row in InTheWild(folder).utterances()]
    assert len(paths) == 24
    assert {"0.wav", "3.flac"} <= set(paths)


def test_the_arena_list_without_meta_is_enough(root, meta):
    meta.unlink()
    corpus = InTheWild(root, trials=arena(root, [("0.wav", "spoof"), ("1.wav", "bonafide")]))
    rows = corpus.utterances()
    assert [(row.path, row.label, row.speaker, row.group, row.listed) for row in rows] == [
        ("release_in_the_wild/0.wav", SPOOF, "-", "", "arena.csv:2"),
        ("release_in_the_wild/1.wav", BONAFIDE, "-", "", "arena.csv:3"),
    ]
    assert [note.split()[0] for note in corpus.notes] == ["no", "arena.csv", "arena.csv", "22"]
    assert "speakers are unknown" in corpus.notes[0]


def test_a_list_takes_its_speakers_from_meta(root):
    rows = InTheWild(root, trials=arena(root, [("2.wav", "spoof")])).utterances()
    assert [(row.utterance, row.speaker, row.listed) for row in rows] == [("2", "Ayn Rand", "arena.csv:2")]


@pytest.mark.parametrize("names", [b"0.wav\r\n5.wav\r\n", b"0\n5", b"/x/0.wav\n/x/5.wav\n"])
def test_names_alone_take_all_from_meta(root, names):
    (root / "names.txt").write_bytes(names)
    rows = InTheWild(root, trials="names.txt").utterances()
    assert [(row.utterance, row.label) for row in rows] == [("0", SPOOF), ("5", BONAFIDE)]


def test_what_is_listed_and_not_there_is_listed_all_the_same(root, meta):
    (root / "release_in_the_wild/4.wav").unlink()
    rows = InTheWild(root).utterances()
    assert len(rows) == 24
    assert "meta.csv:6" in {row.listed for row in rows if row.path.endswith("/4.wav")}


def test_a_list_of_another_length_is_noted(root):
    corpus = InTheWild(root)
    corpus.utterances()
    assert any("meta.csv (bonafide) lists 12 recordings, the published one 19,963" in n for n in corpus.notes)
    assert any("meta.csv (spoof) lists 12 recordings, the published one 11,816" in n for n in corpus.notes)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("24.wav,Nobody,bonafide", r"meta\.csv, line 26: the label 'bonafide' is none of bona-fide, spoof"),
        ("24.wav,spoof", r"line 26: 2 fields where there should be 3"),
        ("0.wav,Nobody,spoof", r"line 26: the recording 0 is listed already in meta\.csv:2"),
    ],
)
def test_a_wrong_line_is_said_with_its_place(root, meta, line, said):
    meta.write_text(meta.read_text() + line + "\n")
    with pytest.raises(InputError, match=said):
        InTheWild(root).utterances()


def test_lists_that_contradict_meta_are_refused(root):
    with pytest.raises(InputError, match=r"arena\.csv, line 2: 0 is bonafide here, and spoof in meta\.csv:2"):
        InTheWild(root, trials=arena(root, [("0.wav", "bonafide")])).utterances()
    with pytest.raises(
        InputError, match=r"names 2 recordings that meta\.csv does not know, such as 99 in arena"
    ):
        InTheWild(root, trials=arena(root, [("99.wav", "spoof"), ("98.wav", "spoof")])).utterances()
    with pytest.raises(InputError, match="the label 'bona-fide' is none of bonafide, spoof"):
        InTheWild(root, trials=arena(root, [("1.wav", "bona-fide")])).utterances()


def test_what_is_missing_is_said(root, meta, tmp_path):
    with pytest.raises(InputError, match=r"no recordings of In-the-Wild.*prepare\.py data=in_the_wild"):
        InTheWild(tmp_path / "nowhere").utterances()
    with pytest.raises(InputError, match=r"the list .*looked for .*absent\.csv.*data\.corpus\.trials"):
        InTheWild(root, trials="absent.csv").utterances()
    meta.unlink()
    with pytest.raises(InputError, match=r"meta\.csv of In-the-Wild is missing"):
        InTheWild(root).utterances()
    (root / "names.txt").write_text("0.wav\n")
    with pytest.raises(InputError, match=r"names without labels"):
        InTheWild(root, trials="names.txt").utterances()


def test_it_can_be_downloaded(root):
    (source,) = InTheWild(root).sources
    assert isinstance(source, Download)
    assert source.place == "huggingface:mueller91/In-The-Wild"


@pytest.fixture
def published(tmp_path):
    if not ARENA.is_file():
        pytest.skip("no real protocols")
    folder = tmp_path / "release_in_the_wild"
    folder.mkdir()
    (folder / "0.wav").touch()
    return tmp_path


def test_on_the_real_arena_list(published):
    corpus = InTheWild(published, trials=ARENA)
    rows = corpus.utterances()
    assert Counter(row.label for row in rows) == {BONAFIDE: 19_963, SPOOF: 11_816}
    assert {row.utterance for row in rows} == {str(number) for number in range(31_779)}
    assert len(corpus.notes) == 1  # counts are as published; speakers are not told


def test_on_the_real_list_of_names(published):
    lines = [line.split(",") for line in ARENA.read_text().splitlines()[1:]]
    words = {"bonafide": "bona-fide", "spoof": "spoof"}
    rows = [f"{path.rpartition('/')[2]},Somebody,{words[label]}" for path, label in lines]
    (published / "release_in_the_wild/meta.csv").write_text("\n".join(["file,speaker,label", *rows]))
    rows = InTheWild(published, trials=NAMES).utterances()
    assert Counter(row.label for row in rows) == {BONAFIDE: 19_963, SPOOF: 11_816}
    assert {row.listed.partition(":")[0] for row in rows} == {"in_the_wild.eval.txt"}
