from collections import Counter

import pytest
from tests.corpora import miniature

from bonafide.corpora.folder import Folder
from bonafide.types import BONAFIDE, SPOOF, InputError


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def systems(root):
    return {row.path: row.system for row in Folder(root).utterances()}


@pytest.mark.parametrize("form", ["fake", "generators"])
def test_both_forms_say_the_same(tmp_path, form):
    rows = Folder(miniature.folder(tmp_path, form=form, seconds=0.05)).utterances()
    assert Counter(row.system for row in rows) == {"-": 4, "melgan": 4, "hifigan": 4}
    assert all((row.label == BONAFIDE) == (row.system == "-") for row in rows)
    assert [row.path for row in rows] == sorted({row.path for row in rows})
    assert all((tmp_path / row.path).is_file() for row in rows)
    assert Counter(row.utterance for row in rows) == {f"utterance_{n:03}": 3 for n in range(4)}
    assert {row.split for row in rows} == {""}


def test_files_directly_in_fake_are_a_system_of_their_own(tmp_path):
    touch(tmp_path, "Real/a.wav", "Fake/a.wav", "Fake/melgan/a_generated.wav")
    assert systems(tmp_path) == {
        "Real/a.wav": "-",
        "Fake/a.wav": "fake",
        "Fake/melgan/a_generated.wav": "melgan",
    }
    assert {row.utterance for row in Folder(tmp_path).utterances()} == {"a"}


@pytest.mark.parametrize("real", ["real", "genuine", "bonafide", "bona-fide"])
@pytest.mark.parametrize("fake", ["fake", "spoof"])
def test_names_of_the_sides(tmp_path, real, fake):
    touch(tmp_path, f"{real}/a.flac", f"{fake}/b.flac")
    assert systems(tmp_path) == {f"{real}/a.flac": "-", f"{fake}/b.flac": fake}


def test_parts_fill_the_split(tmp_path):
    rows = Folder(miniature.folder(tmp_path, form="parts", utterances=2, seconds=0.05)).utterances()
    assert Counter(row.split for row in rows) == {"train": 6, "validation": 6, "test": 6}
    folders = {"train": "training", "validation": "validation", "test": "testing"}
    assert all(row.path.split("/")[0] == folders[row.split] for row in rows)


def test_a_wrapper_is_looked_through(tmp_path):
    touch(tmp_path, "for-norm/testing/real/a.wav", "for-norm/testing/fake/a.wav")
    rows = Folder(tmp_path).utterances()
    assert [(row.path, row.split) for row in rows] == [
        ("for-norm/testing/fake/a.wav", "test"),
        ("for-norm/testing/real/a.wav", "test"),
    ]


def test_a_system_may_be_called_like_a_part(tmp_path):
    touch(tmp_path, "genuine/a.wav", "test/a.wav")
    assert systems(tmp_path) == {"genuine/a.wav": "-", "test/a.wav": "test"}


def test_deep_folders_keep_their_path_as_utterance(tmp_path):
    touch(tmp_path, "real/p1/a.wav", "real/p2/a.wav", "fake/x/p1/a_gen.mp3", "fake/x/p2/a.opus")
    names = [row.utterance for row in Folder(tmp_path).utterances()]
    assert sorted(names) == ["p1/a", "p1/a", "p2/a", "p2/a"]


def test_all_endings_in_any_case_and_nothing_else(tmp_path):
    endings = ["wav", "FLAC", "mp3", "M4A", "ogg", "opus", "aac", "aiff"]
    touch(tmp_path, "real/0.wav", *(f"fake/{number}.{ending}" for number, ending in enumerate(endings)))
    touch(
        tmp_path, "fake/notes.txt", "real/LICENSE", "real/._0.wav", "real/.cache/x.wav", "fake/__MACOSX/x.wav"
    )
    corpus = Folder(tmp_path)
    assert len([row for row in corpus.utterances() if row.label == SPOOF]) == len(endings)
    assert len(corpus.utterances()) == len(endings) + 1
    assert corpus.notes == ("not audio by their names: 1 × .txt, 1 × no ending",)


def test_other_folders_beside_fake_are_noted(tmp_path):
    corpus = Folder(touch(tmp_path, "real/a.wav", "fake/a.wav", "noise/n.wav"))
    assert len(corpus.utterances()) == 2
    assert corpus.notes == ("left out, because spoofs are taken from fake/: noise",)


def test_links_are_followed_but_not_in_circles(tmp_path):
    elsewhere = touch(tmp_path / "elsewhere", "a.wav")
    root = touch(tmp_path / "root", "real/a.wav", "fake/melgan/deep/b.wav")
    (root / "fake/linked").symlink_to(elsewhere)
    (root / "fake/melgan/deep/again").symlink_to(root / "fake/melgan")
    assert systems(root) == {
        "real/a.wav": "-", "fake/linked/a.wav": "linked", "fake/melgan/deep/b.wav": "melgan"
    }  # fmt: skip


def test_the_collection_has_the_name_that_is_given(tmp_path):
    touch(tmp_path, "real/a.wav", "fake/a.wav")
    assert {row.corpus for row in Folder(tmp_path).utterances()} == {"folder"}
    assert {row.corpus for row in Folder(tmp_path, collection="lab").utterances()} == {"lab"}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "no recordings"),
        (["real/notes.txt", "fake/a/readme.md"], "no recordings"),
        (["fake/a.wav"], "no bona fide recordings"),
        (["melgan/a.wav", "hifigan/a.wav"], "no bona fide recordings"),
        (["real/a.wav"], "no spoofs"),
        (["real/a.wav", "fake/readme.txt"], "no spoofs"),
    ],
)
def test_what_is_missing_is_said_in_one_line(tmp_path, names, message):
    root = touch(tmp_path / "mine", *names)
    root.mkdir(exist_ok=True)
    with pytest.raises(InputError, match=rf"{message} in .*mine.*real/ and fake/") as caught:
        Folder(root).utterances()
    assert "\n" not in str(caught.value)


def test_a_missing_root_is_said(tmp_path):
    with pytest.raises(InputError, match=r"nowhere does not exist; set data\.root"):
        Folder(tmp_path / "nowhere").utterances()


def test_a_circle_of_wrappers_ends(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one/two").symlink_to(tmp_path)
    with pytest.raises(InputError, match="no recordings"):
        Folder(tmp_path).utterances()
