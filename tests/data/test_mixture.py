"""Several corpora as one: each divided by its own rule, tested on its own groups, sharing every batch."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.corpora import fake_or_real, in_the_wild, miniature

from bonafide import assembly
from bonafide.data.module import AudioData
from bonafide.types import InputError

PARTS = ("first=wavefake", "second=folder")


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corpora")
    miniature.wavefake(root / "wavefake", 10, ("ljspeech_melgan", "jsut_multi_band_melgan"), seconds=0.1)
    miniature.folder(root / "folder", 10, seconds=0.1)
    return root


def mixture(roots: Path, tmp_path: Path, *options: str, parts: tuple[str, str] = PARTS) -> AudioData:
    places = [
        f"data.corpus.parts.{part.partition('=')[0]}.root={roots}/{part.partition('=')[2]}" for part in parts
    ]
    chosen = [f"data@data.corpus.parts.{part}" for part in parts]
    fixed = [f"data.root={roots}", f"data.cache={tmp_path}", "data.clip_seconds=0.05", "data.batch_size=8"]
    return assembly.data(assembly.compose(["data=mixture", *chosen, *places, *fixed, *options]))


def column(data: AudioData, name: str, rows: Any) -> list[str]:
    assert data.manifest is not None
    found: list[str] = data.manifest.strings(name)[rows].tolist()
    return found


def test_parts_bring_their_groups_and_keep_to_themselves(roots: Path, tmp_path: Path) -> None:
    data = mixture(roots, tmp_path)
    groups = data.groups()
    jsut = ["wavefake_jsut", "wavefake_jsut_against_ljspeech"]
    assert list(groups) == ["wavefake_in_distribution", *jsut, "folder_seen"]
    assert set(column(data, "corpus", groups[jsut[1]].rows)) == {"wavefake/jsut", "wavefake/ljspeech"}
    assert set(column(data, "corpus", groups["wavefake_jsut"].rows)) == {"wavefake/jsut"}
    assert set(column(data, "system", groups["folder_seen"].rows)) == {"-", "folder/melgan", "folder/hifigan"}
    assert data.seen == ("folder/hifigan", "folder/melgan", "wavefake/ljspeech_melgan")
    assert data.manifest is not None
    assert all((data.manifest.root / path).is_file() for path in data.manifest.strings("path"))


def test_a_part_is_divided_and_chosen_by_its_own_options(roots: Path, tmp_path: Path) -> None:
    own = "data.corpus.parts.first.split.rule=faithful"
    data = mixture(roots, tmp_path, own, "data.corpus.parts.second.train.leave_out=[melgan]")
    tests = data.groups()["wavefake_in_distribution"]
    assert set(column(data, "utterance", tests.rows)) == {"LJ001-0009", "LJ001-0010"}
    assert data.seen == ("folder/hifigan", "wavefake/ljspeech_melgan")
    assert "folder_held_out" in data.groups()


def test_every_batch_holds_both_corpora_as_asked(roots: Path, tmp_path: Path) -> None:
    wish = "data.train.shares={wavefake/*: 3, folder/*: 1}"
    data = mixture(roots, tmp_path, "data.train.share_by=corpus", wish)
    train = data.clips("train")
    for batch in list(data.train_dataloader())[:-1]:
        corpora = column(data, "corpus", train.rows[batch.index.numpy()])
        assert Counter(name.partition("/")[0] for name in corpora) == {"wavefake": 6, "folder": 2}


def test_shares_that_leave_something_out_are_refused(roots: Path, tmp_path: Path) -> None:
    data = mixture(roots, tmp_path, "data.train.share_by=corpus", "data.train.shares={wavefake/*: 3}")
    with pytest.raises(InputError, match=r"shares says nothing of folder/folder"):
        data.train_dataloader()
    data = mixture(roots, tmp_path, "data.train.shares={wavefake/*: 3}")
    with pytest.raises(InputError, match=r"share_by=corpus"):
        data.train_dataloader()


def test_the_same_corpus_twice_is_no_mixture(roots: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="folder twice"):
        mixture(roots, tmp_path, parts=("first=folder", "second=folder"))


def test_a_part_of_which_nothing_trains_is_tested_on_alone(roots: Path, tmp_path: Path) -> None:
    in_the_wild.write(roots / "in_the_wild", seconds=0.1)
    parts = ("first=folder", "second=in_the_wild")
    data = mixture(roots, tmp_path, "data.corpus.parts.second.split.rule=unseen", parts=parts)
    groups = data.groups()
    assert list(groups) == ["folder_seen", "in_the_wild_eval"]
    assert len(groups["in_the_wild_eval"]) == 2 * len(in_the_wild.SPEAKERS)
    assert data.seen == ("folder/hifigan", "folder/melgan")
    for part in ("train", "validation"):
        assert set(column(data, "corpus", data.clips(part).rows)) == {"folder/folder"}


def test_two_versions_of_a_corpus_are_two_parts(roots: Path, tmp_path: Path) -> None:
    for version in ("2sec", "rerec"):
        fake_or_real.write(roots / "fake_or_real", version, seconds=0.1)
    versions = [
        "data.corpus.parts.first.corpus.version=2sec",
        "data.corpus.parts.second.corpus.version=rerec",
    ]
    data = mixture(roots, tmp_path, *versions, parts=("first=fake_or_real", "second=fake_or_real"))
    assert list(data.groups()) == ["fake_or_real_2sec_testing", "fake_or_real_rerec_testing"]
