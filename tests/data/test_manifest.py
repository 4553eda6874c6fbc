"""A listing is made once: what is known is never looked at again, what is interrupted is never lost."""

import os
import pickle
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
from tests.corpora import miniature

from bonafide.audio import files
from bonafide.corpora.corpus import Corpus
from bonafide.corpora.folder import Folder
from bonafide.data import manifest
from bonafide.data.manifest import SCHEMA, Depth, Manifest
from bonafide.types import Segment, Utterance

INSPECT = files.inspect
FULL = Depth()


@pytest.fixture
def corpus(tmp_path: Path) -> Folder:
    return Folder(miniature.folder(tmp_path / "corpus", utterances=3, seconds=0.1))


@pytest.fixture
def inspected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are opened from now on."""
    names: list[str] = []

    def counting(path: Path, **settings: Any) -> files.Inspection:
        names.append(str(path))
        return INSPECT(path, **settings)

    monkeypatch.setattr(files, "inspect", counting)
    return names


def build(corpus: Corpus, tmp_path: Path, depth: Depth = FULL) -> Manifest:
    return manifest.build(corpus, depth, tmp_path / "cache", announce=str)


def paths(corpus: Corpus) -> list[str]:
    return [str(corpus.root / row.path) for row in corpus.utterances()]


def cached(tmp_path: Path) -> Path:
    (file,) = (tmp_path / "cache").rglob("*.parquet")
    return file


def test_a_listing_has_the_columns_of_the_schema_and_says_what_files_hold(
    corpus: Folder, tmp_path: Path
) -> None:
    found = build(corpus, tmp_path)
    assert found.table.schema.equals(SCHEMA)
    assert found.strings("path").tolist() == [row.path for row in corpus.utterances()]
    for row in found.table.to_pylist():
        truth = soundfile.info(corpus.root / row["path"])
        assert (row["frames"], row["sample_rate"], row["channels"]) == (1_600, 16_000, 1)
        assert row["seconds"] == pytest.approx(truth.duration)
        assert row["bytes"] == (corpus.root / row["path"]).stat().st_size
        assert row["problem"] == ""
    assert pq.read_table(cached(tmp_path)).equals(found.table)


def test_a_second_listing_opens_nothing_and_says_the_same(
    corpus: Folder, tmp_path: Path, inspected: list[str]
) -> None:
    first = build(corpus, tmp_path)
    assert sorted(inspected) == sorted(paths(corpus))
    inspected.clear()
    second = build(Folder(corpus.root), tmp_path)
    assert inspected == []
    assert second.table.equals(first.table)


@pytest.mark.parametrize("change", ["touched", "replaced", "new"])
def test_only_what_changed_is_opened_again(
    change: str, corpus: Folder, tmp_path: Path, inspected: list[str]
) -> None:
    build(corpus, tmp_path)
    inspected.clear()
    victim = corpus.root / "real" / ("another.wav" if change == "new" else "utterance_001.wav")
    if change == "touched":
        os.utime(victim, ns=(1, 1))
    else:
        soundfile.write(victim, miniature.voice("another", 16_000, 3_000), 16_000)
    found = build(corpus, tmp_path)
    assert inspected == [str(victim)]
    lengths = dict(zip(found.strings("path"), found.numbers("frames"), strict=True))
    assert lengths[f"real/{victim.name}"] == (1_600 if change == "touched" else 3_000)
    inspected.clear()
    build(corpus, tmp_path)
    assert inspected == []


def test_a_file_that_went_away_leaves_the_listing(
    corpus: Folder, tmp_path: Path, inspected: list[str]
) -> None:
    before = build(corpus, tmp_path)
    inspected.clear()
    (corpus.root / "real/utterance_001.wav").unlink()
    after = build(corpus, tmp_path)
    assert inspected == []
    assert set(before.strings("path")) - set(after.strings("path")) == {"real/utterance_001.wav"}


def test_an_interrupted_listing_goes_on_where_it_stopped(
    corpus: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = paths(corpus)
    again: list[str] = []

    def interrupted(path: Path, **settings: Any) -> files.Inspection:
        if str(path) == order[5]:
            raise KeyboardInterrupt
        return INSPECT(path, **settings)

    def counting(path: Path, **settings: Any) -> files.Inspection:
        again.append(str(path))
        return INSPECT(path, **settings)

    monkeypatch.setattr(files, "inspect", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build(corpus, tmp_path)
    assert pq.read_table(cached(tmp_path)).num_rows == 5
    monkeypatch.setattr(files, "inspect", counting)
    found = build(corpus, tmp_path)
    assert sorted(again) == sorted(order[5:])
    assert found.table.equals(build(corpus, tmp_path / "elsewhere").table)


def test_what_is_known_is_saved_while_the_listing_goes_on(
    corpus: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last file waits for the save that follows an earlier one: a killed process has left something."""
    last = paths(corpus)[-1]
    rows: list[int] = []

    def waiting(path: Path, **settings: Any) -> files.Inspection:
        if str(path) == last:
            for _ in range(1_000):
                if list((tmp_path / "cache").rglob("folder-*.parquet")):
                    break
                time.sleep(0.01)
            with cached(tmp_path).open("rb") as saved:  # and may be saved anew while it is read
                rows.append(pq.read_table(saved).num_rows)
        return INSPECT(path, **settings)

    monkeypatch.setattr(files, "inspect", waiting)
    monkeypatch.setattr(manifest, "_SAVE_EVERY_SECONDS", -1.0)
    assert build(corpus, tmp_path).table.num_rows == 9
    assert 0 < rows[0] < 9


def _garbage(file: Path) -> None:
    file.write_bytes(b"not a table" * 100)


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _halved(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _foreign(file: Path) -> None:
    pq.write_table(pa.table({"path": ["a"], "bytes": ["many"]}), file)


@pytest.mark.parametrize("damage", [_garbage, _empty, _halved, _foreign])
def test_a_damaged_cache_is_only_a_slower_start(
    damage: Callable[[Path], None], corpus: Folder, tmp_path: Path, inspected: list[str]
) -> None:
    first = build(corpus, tmp_path)
    damage(cached(tmp_path))
    inspected.clear()
    second = build(corpus, tmp_path)
    assert sorted(inspected) == sorted(paths(corpus))
    assert second.table.equals(first.table)
    inspected.clear()
    build(corpus, tmp_path)
    assert inspected == []


def test_a_closer_look_is_a_look_of_its_own(corpus: Folder, tmp_path: Path, inspected: list[str]) -> None:
    build(corpus, tmp_path, Depth(decode=False))
    inspected.clear()
    build(corpus, tmp_path, Depth(decode=True))
    assert len(inspected) == 9
    build(corpus, tmp_path, Depth(decode=False))
    assert len(inspected) == 9


def test_problems_are_named_and_left_out_on_request(corpus: Folder, tmp_path: Path) -> None:
    (corpus.root / "real/broken.wav").write_text("words, not sound\n" * 50)
    (corpus.root / "real/nothing.wav").touch()
    (corpus.root / "real/gone.wav").symlink_to(tmp_path / "target.wav")
    found = build(corpus, tmp_path)
    said = found.problems()
    assert [line.partition(":")[0] for line in said] == [
        "real/broken.wav", "real/gone.wav", "real/nothing.wav",
    ]  # fmt: skip
    assert all(line.partition(": ")[2] for line in said)
    assert found.usable().problems() == []
    assert found.table.num_rows == 12
    assert found.usable().table.num_rows == 9


def test_a_file_that_was_mended_is_no_problem_any_more(corpus: Folder, tmp_path: Path) -> None:
    (corpus.root / "real/gone.wav").symlink_to(tmp_path / "target.wav")
    assert len(build(corpus, tmp_path).problems()) == 1
    soundfile.write(tmp_path / "target.wav", miniature.voice("target", 16_000, 1_600), 16_000)
    assert build(corpus, tmp_path).problems() == []


def test_a_listing_survives_the_way_to_another_process(corpus: Folder, tmp_path: Path) -> None:
    (corpus.root / "real/notes.txt").touch()
    found = build(corpus, tmp_path)
    again = pickle.loads(pickle.dumps(found))  # noqa: S301 - our own bytes
    assert again.table.equals(found.table)
    assert again[0] == corpus.root
    assert again.notes == found.notes == ("not audio by their names: 1 × .txt",)


@final
class Spliced(Corpus):
    """One recording with two spliced stretches."""

    @property
    def name(self) -> str:
        return "spliced"

    def utterances(self) -> Sequence[Utterance]:
        return [
            Utterance(
                "real/utterance_000.wav", "u", "c", "s", "-", "spoof",
                segments=(Segment(0.1, 0.25), Segment(0.5, 1.0)),
            )
        ]  # fmt: skip


def test_spliced_stretches_are_kept(corpus: Folder, tmp_path: Path) -> None:
    (row,) = build(Spliced(corpus.root), tmp_path).table.to_pylist()
    assert row["segments"] == [{"start": 0.1, "end": 0.25}, {"start": 0.5, "end": 1.0}]
