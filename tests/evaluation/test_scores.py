"""Score tables come back as they went, and a table that is not complete is refused."""

import csv
import dataclasses
import errno
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bonafide import whole
from bonafide.evaluation import scores
from bonafide.evaluation.scores import Trials
from bonafide.types import InputError, Utterance

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
finite = st.floats(allow_nan=False, allow_infinity=False)
utterances = st.builds(
    Utterance, names, names, names, names, names, st.sampled_from(["bonafide", "spoof"]), split=st.just("")
)


def table(paths: list[str], values: list[float] | None = None) -> Trials:
    rows = [Utterance(path, "u", "c", "-", "s", "bonafide") for path in paths]
    return Trials.of(rows, values or [0.0] * len(paths))


def columns(trials: Trials) -> dict[str, list[object]]:
    return {name: getattr(trials, name).tolist() for name in scores.HEADER}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(utterances, finite), max_size=8))
@example([(Utterance("Icon\r", 'a,"b"', " c ", "NA", "\n", "spoof"), 5e-324)])
def test_what_is_written_is_read(tmp_path: Path, rows: list[tuple[Utterance, float]]) -> None:
    trials = Trials.of([utterance for utterance, _ in rows], [score for _, score in rows])
    scores.write(tmp_path / "folder" / "test.csv", trials)
    assert columns(scores.read(tmp_path / "folder" / "test.csv")) == columns(trials)


def test_the_file_is_plain_csv(tmp_path: Path) -> None:
    row = Utterance('a, "b" é.wav', "LJ001", "ljspeech", "melgan", "linda", "spoof")
    scores.write(tmp_path / "test.csv", Trials.of([row], [0.1 + 0.2]))
    text = (tmp_path / "test.csv").read_bytes().decode()
    assert text == (
        "path,utterance,corpus,system,speaker,label,score\n"
        '"a, ""b"" é.wav",LJ001,ljspeech,melgan,linda,spoof,0.30000000000000004\n'
    )
    assert next(csv.DictReader(text.splitlines()))["path"] == 'a, "b" é.wav'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "header is not path,"),
        ("path,score\na,1\n", "header is not path,"),
        (",".join(scores.HEADER) + "\na,u,c,-,s,bonafide\n", "7 fields"),
        (",".join(scores.HEADER) + "\na,u,c,-,s,bonafide,high\n", "high"),
        (",".join(scores.HEADER) + "\na,u,c,-,s,genuine,1\n", "Unknown labels in a score table: genuine"),
    ],
)
def test_what_is_no_score_table_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "test.csv").write_text(text)
    with pytest.raises(InputError, match=reason) as caught:
        scores.read(tmp_path / "test.csv")
    assert str(tmp_path / "test.csv") in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"No score table at .*test\.csv"):
        scores.read(tmp_path / "test.csv")


def test_a_full_disk_leaves_the_old_table_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "test.csv"
    scores.write(path, table(["old"]))

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(whole.os, "fsync", full)
    with pytest.raises(InputError, match=r"test\.csv cannot be written \(No space left on device\)"):
        scores.write(path, table(["new"]))
    assert scores.read(path).path.tolist() == ["old"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_stop_half_way_leaves_nothing(tmp_path: Path) -> None:
    def stop() -> None:
        with whole.whole(tmp_path / "page.html") as part:
            part.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_not_unicode_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not Unicode text"):
        scores.write(tmp_path / "test.csv", table(["\udcff.wav"]))
    assert list(tmp_path.iterdir()) == []


def test_a_complete_table_passes_in_any_order() -> None:
    scores.check(table(["b", "a"]), ["a", "b"])


@pytest.mark.parametrize(
    ("trials", "reason"),
    [
        (table(["a"]), "1 missing: b[.]"),
        (table(["a", "b", "c"]), "1 not in the trial list: c[.]"),
        (table(["a", "b", "b"]), "1 scored more than once: b[.]"),
        (table(["a", "b"], [1.0, np.nan]), "1 NaN or infinite: b[.]"),
        (table(["a", "b"], [-np.inf, np.nan]), "2 NaN or infinite: a, b[.]"),
        (table(["a", "c"]), "1 missing: b; 1 not in the trial list: c[.]"),
    ],
)
def test_an_incomplete_table_is_refused(trials: Trials, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        scores.check(trials, ["a", "b"])


def test_ten_are_named_and_all_are_counted() -> None:
    with pytest.raises(InputError, match="25 missing: 00, 01, 02, 03, 04, 05, 06, 07, 08, 09 and 15 more"):
        scores.check(table([]), [f"{number:02d}" for number in range(25)])


def test_unequal_columns_are_refused() -> None:
    with pytest.raises(InputError, match="differ in length"):
        Trials.of([Utterance("a", "u", "c", "-", "s", "bonafide")], [1.0, 2.0])


def test_the_fingerprint_is_of_the_list_not_of_the_scores() -> None:
    rows = [Utterance(path, "u", "c", "-", "s", "bonafide") for path in "abc"]
    mark = scores.fingerprint(Trials.of(rows, [1, 2, 3]))
    assert scores.fingerprint(Trials.of(rows[::-1], [5, 5, 5])) == mark
    for other in (
        rows[:2],
        [*rows[:2], rows[2]._replace(label="spoof")],
        [*rows[:2], rows[2]._replace(system="melgan")],
        [*rows, rows[2]],
    ):
        assert scores.fingerprint(Trials.of(other, np.zeros(len(other)))) != mark


def test_rows_of_a_mask_keep_together() -> None:
    trials = table(["a", "b", "c"], [1.0, 2.0, 3.0])
    kept = trials.where(trials.score > 1.5)
    assert (kept.path.tolist(), kept.bonafide.tolist(), kept.spoof.tolist()) == (["b", "c"], [2.0, 3.0], [])
    assert len(kept) == 2
    assert [field.name for field in dataclasses.fields(kept)] == list(scores.HEADER)
