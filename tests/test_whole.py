"""A file is there whole or not at all."""

import errno
import os
from pathlib import Path

import pytest

from bonafide.types import InputError
from bonafide.whole import whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_block_that_ends_well_puts_the_file_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "scores.csv"
    for text in ("first", "second"):
        with whole(file) as part:
            part.write_text(text)
            assert not file.exists() or file.read_text() == "first"
        assert file.read_text() == text
        assert names(file.parent) == ["scores.csv"]


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (KeyboardInterrupt(), KeyboardInterrupt),
        (ZeroDivisionError(), ZeroDivisionError),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), InputError),
    ],
)
def test_a_block_that_fails_leaves_everything_as_it_was(
    error: BaseException, seen: type[BaseException], tmp_path: Path
) -> None:
    file = tmp_path / "scores.csv"

    def attempt() -> None:
        with whole(file) as part:
            part.write_text("half")
            raise error

    with pytest.raises(seen):
        attempt()
    assert names(tmp_path) == []
    file.write_text("old")
    with pytest.raises(seen):
        attempt()
    assert file.read_text() == "old"
    assert names(tmp_path) == ["scores.csv"]


def test_a_full_disk_is_said_with_its_place(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match=r"scores\.csv cannot be written \(No space left"),
        whole(tmp_path / "scores.csv"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_place_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(InputError, match="cannot be written"), whole(tmp_path / "file" / "scores.csv"):
        raise AssertionError("nothing can be written here")
    assert (tmp_path / "file").read_text() == "kept"


def test_a_name_that_is_not_unicode_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not Unicode"), whole(tmp_path / "scores.csv") as part:
        part.write_text("caf\udce9.wav", encoding="utf-8")
    assert names(tmp_path) == []
