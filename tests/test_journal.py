"""Lines that survive a crash."""

from pathlib import Path

import pytest

from bonafide.journal import Journal
from bonafide.types import InputError


def test_lines_come_back_in_order_and_a_cut_one_does_not(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "done.jsonl")
    assert journal.read() == []
    for value in ({"ä": 1}, [2, "zwei"], None):
        journal.add(value)
    with journal.file.open("a", encoding="utf-8") as file:
        file.write('\n{"cut": ')
    journal.add("after")
    assert journal.read() == [{"ä": 1}, [2, "zwei"], None, "after"]
    journal.replace([1, 2])
    assert journal.file.read_text() == "1\n2\n"


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        Journal(tmp_path / "folder").read()
    with pytest.raises(InputError, match="cannot be written"):
        Journal(tmp_path / "folder").add(1)
