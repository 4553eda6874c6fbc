from collections import Counter

import pytest
from tests.corpora import fake_or_real as miniature
from tests.corpora import real

from bonafide.corpora.fake_or_real import FakeOrReal
from bonafide.types import BONAFIDE, SPOOF, ByHand, InputError

ARENA = real.SOURCE / "protocols/for/fake_or_real.csv"
ENDING = miniature.ENDINGS["norm"]


@pytest.fixture
def root(tmp_path):
    return miniature.write(tmp_path / "for", each=4, seconds=0.05)


def arena(root, *paths):
    labels = {"real": "bonafide", "fake": "spoof"}
    lines = [f"{miniature.ARENA}/{path},{labels[path.split('/')[-2]]}" for path in paths]
    file = root / "arena.csv"
    file.write_text("\n".join(["file_name,label", *lines]) + "\n")
    return file


def test_every_recording_once_sorted_and_there(root):
    rows = FakeOrReal(root).utterances()
    paths = [row.path for row in rows]
    assert paths == sorted(set(paths))
    assert all((root / path).is_file() for path in paths)
    assert Counter((row.split, row.label) for row in rows) == {
        (part, label): 4 for part in ("train", "validation", "test") for label in (BONAFIDE, SPOOF)
    }
    assert {(row.label, row.system) for row in rows} == {(BONAFIDE, "-"), (SPOOF, "fake_or_real")}


def test_the_published_division_is_kept(root):
    assert all(row.fixed == row.split for row in FakeOrReal(root).utterances())


def test_real_and_fake_of_one_name_are_two_utterances(root):
    rows = FakeOrReal(root).utterances()
    assert len({row.utterance for row in rows}) == len(rows) == 24
    names = {row.path.rpartition("/")[2] for row in rows}
    assert len(names) == 4
    assert f"testing/fake/file1{ENDING.removesuffix('.wav')}" in {row.utterance for row in rows}


@pytest.mark.parametrize(
    ("version", "folder"),
    [
        ("original", "for-original"), ("original", "for-original/for-original"),
        ("norm", "for-norm"), ("norm", "for-norm/for-norm"),
        ("2sec", "for-2seconds"), ("2sec", "for-2sec/for-2seconds"), ("2sec", "for-2sec"),
        ("rerec", "for-rerecorded"), ("rerec", "for-rerec/for-rerecorded"),
    ],
)  # fmt: skip
def test_each_version_is_found_at_either_depth(tmp_path, version, folder):
    miniature.write(tmp_path, version, folder, each=1, seconds=0.01)
    rows = FakeOrReal(tmp_path, version).utterances()
    assert len(rows) == 6
    assert all(row.path.startswith(f"{folder}/t") or row.path.startswith(f"{folder}/v") for row in rows)
    assert len(FakeOrReal(tmp_path / folder, version).utterances()) == 6


def test_one_version_is_not_taken_for_another(root):
    with pytest.raises(InputError, match=r"is not the version data\.corpus\.version=2sec, but for-norm"):
        FakeOrReal(root / "for-norm", "2sec").utterances()
    with pytest.raises(
        InputError, match=r"\(2sec\) is missing: looked for .*for-2seconds.*bil\.eecs\.yorku\.ca"
    ):
        FakeOrReal(root, "2sec").utterances()
    with pytest.raises(InputError, match="version=8sec is unknown; choose original, norm, 2sec, rerec"):
        FakeOrReal(root, "8sec")


def test_counts_other_than_the_published_ones_are_noted(root, tmp_path):
    corpus = FakeOrReal(root)
    corpus.utterances()
    assert len(corpus.notes) == 2
    assert corpus.notes[1].startswith("for-norm/testing/fake lists 4 recordings, the published one 2,370")
    corpus = FakeOrReal(miniature.write(tmp_path / "rerec", "rerec", each=1, seconds=0.01), "rerec")
    corpus.utterances()
    assert [note.split(":")[0] for note in corpus.notes] == [
        "for-rerecorded/training lists 2 recordings, the published one 10,208",
        "for-rerecorded/validation lists 2 recordings, the published one 2,244",
        "for-rerecorded/testing lists 2 recordings, the published one 816",
    ]


def test_parts_that_are_absent_are_noted(root):
    (root / "for-norm/validation").rename(root / "elsewhere")
    for file in (root / "for-norm/testing/fake").iterdir():
        file.unlink()
    corpus = FakeOrReal(root)
    assert len(corpus.utterances()) == 12
    folder = root / "for-norm"
    assert f"absent or empty in {folder}: validation/real, validation/fake" in corpus.notes
    assert f"absent or empty in {folder}: testing/fake" in corpus.notes


def test_an_empty_version_is_refused(root):
    for file in (root / "for-norm").rglob("*.wav"):
        file.unlink()
    with pytest.raises(InputError, match="no recordings in the training/"):
        FakeOrReal(root).utterances()


def test_a_list_is_compared_with_the_folder(root):
    paths = [f"for-norm/testing/{side}/file{n}{ENDING}" for side in ("real", "fake") for n in (1, 2, 3, 4)]
    corpus = FakeOrReal(root, trials=arena(root, *paths[:-1]))
    rows = corpus.utterances()
    assert Counter((row.split, row.label) for row in rows if row.split == "test") == {
        ("test", BONAFIDE): 4, ("test", SPOOF): 3,
    }  # fmt: skip
    assert len(rows) == 8 + 8 + 7
    assert {row.listed for row in rows if row.split == "test"} == {f"arena.csv:{n}" for n in range(2, 9)}
    note = "for-norm/testing holds 8 recordings, "
    assert next(each for each in corpus.notes if each.startswith(note)).endswith(
        "names 7: 0 real, 1 fake left out"
    )


def test_what_a_list_names_and_is_not_there_is_listed(root):
    file = arena(root, f"for-norm/testing/real/file1{ENDING}", f"for-norm/testing/real/file99{ENDING}")
    rows = [row for row in FakeOrReal(root, trials=file).utterances() if row.split == "test"]
    assert [row.listed for row in rows] == ["arena.csv:2", "arena.csv:3"]
    assert rows[1].path == f"for-norm/testing/real/file99{ENDING}"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["for-norm/testing/real/a.wav,spoof"], "line 2: the label spoof contradicts the folder real"),
        (["for-norm/testing/real/a.wav,real"], "line 2: the label 'real' is none of bonafide, spoof"),
        (
            ["for-norm/eval/real/a.wav,bonafide"],
            r"line 2: the path for-norm/eval/real/a\.wav does not end in",
        ),
        (["a.wav,bonafide"], r"line 2: the path a\.wav does not end in"),
        (["for-2sec/testing/real/a.wav,bonafide"], "line 2: for-2sec is another version than for-norm"),
        (
            ["testing/real/a.wav,bonafide"] * 2,
            r"line 3: the recording testing/real/a is listed already in arena",
        ),
    ],
)
def test_a_wrong_line_of_a_list_is_said_with_its_place(root, lines, said):
    (root / "arena.csv").write_text("\n".join(["file_name,label", *lines]))
    with pytest.raises(InputError, match=said):
        FakeOrReal(root, trials="arena.csv").utterances()


def test_it_is_asked_for_by_hand(root):
    (source,) = FakeOrReal(root, "rerec").sources
    assert isinstance(source, ByHand)
    assert source.place == "https://bil.eecs.yorku.ca/datasets/"


def test_on_the_real_arena_list(tmp_path):
    if not ARENA.is_file():
        pytest.skip("no real protocols")
    folder = tmp_path / "for-norm/testing/fake"
    folder.mkdir(parents=True)
    (folder / f"file1016{ENDING}").touch()  # one of the 106 that the list lacks
    (folder / f"file1044{ENDING}").touch()
    corpus = FakeOrReal(tmp_path, trials=ARENA)
    rows = corpus.utterances()
    assert Counter(row.label for row in rows) == {BONAFIDE: 2_264, SPOOF: 2_264}
    assert len({row.utterance for row in rows}) == 4_528
    assert len({row.path.rpartition("/")[2] for row in rows}) == 2_362
    assert any("names 4,528: 0 real, 1 fake left out" in note for note in corpus.notes)
