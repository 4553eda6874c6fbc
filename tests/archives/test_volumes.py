"""Which files are one archive, and volumes read as one."""

import io
import os
import random
import shutil
import struct
import subprocess
import zipfile
from pathlib import Path

import pytest
from tests.archives.packing import END, ENTRY, cut, volumes, written, zipped

from bonafide.archives.volumes import Archive, grouped, joined, spanned
from bonafide.types import InputError

CHANCE = random.Random(0)  # noqa: S311
MEMBERS = {f"train/{place:03}.wav": CHANCE.randbytes(CHANCE.randrange(3000)) for place in range(60)}


def content(paths: list[Path]) -> dict[str, bytes]:
    with zipfile.ZipFile(spanned(paths, "train.zip")) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}


@pytest.mark.parametrize(
    ("names", "archives", "rest"),
    [
        (["a.zip", "b.TAR.GZ", "c.tgz", "d.txt"], [("a.zip",), ("b.TAR.GZ",), ("c.tgz",)], ["d.txt"]),
        (["t.zip", "t.z10", "t.z02", "t.z01", *(f"t.z{n:02}" for n in range(3, 10))],
         [(*(f"t.z{n:02}" for n in range(1, 11)), "t.zip")], []),
        (["x.tar.gz.01", "x.tar.gz.00", "x.tar.gz.02"], [("x.tar.gz.00", "x.tar.gz.01", "x.tar.gz.02")], []),
        (["x.zip.002", "x.zip.001"], [("x.zip.001", "x.zip.002")], []),
        (["x.tar.part_ab", "x.tar.part_aa"], [("x.tar.part_aa", "x.tar.part_ab")], []),
        (["x.tgzaa", "x.tgzab"], [("x.tgzaa", "x.tgzab")], []),
        (["s/part_aa", "s/part_ab", "t/part_aa"], [("s/part_aa", "s/part_ab")], ["t/part_aa"]),
        (["flac_T_aa.tar", "flac_T_ab.tar"], [("flac_T_aa.tar",), ("flac_T_ab.tar",)], []),
        (["e_part00.tar.gz", "e_part01.tar.gz"], [("e_part00.tar.gz",), ("e_part01.tar.gz",)], []),
        (["notes_part_2", "x.partial", "a.wav", "z01"], [], ["a.wav", "notes_part_2", "x.partial", "z01"]),
    ],
)  # fmt: skip
def test_names_tell_what_belongs_together(
    names: list[str], archives: list[tuple[str, ...]], rest: list[str]
) -> None:
    found, others = grouped(names)
    assert [archive.parts for archive in found] == archives
    assert others == rest


def test_an_archive_is_called_as_if_it_were_one_file() -> None:
    found, _ = grouped(["t.z01", "t.zip", "x.tar.00", "y.zip"])
    assert found == [
        Archive("t.zip", ("t.z01", "t.zip"), zip_volumes=True),
        Archive("x.tar", ("x.tar.00",)),
        Archive("y.zip", ("y.zip",)),
    ]


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["a/t.z01", "a/t.z02"], r"^a/t\.z01 is a volume of a/t\.zip, which is not among the files"),
        (
            ["t.z01", "t.z04", "t.zip"],
            r"^t\.zip comes in pieces, and 2 of them are missing, the first before t\.z04",
        ),
        (["t.z02", "t.zip"], "1 of them are missing, the first before t.z02"),
        (["x.tar.02", "x.tar.03"], "1 of them are missing, the first before x.tar.02"),
        (["x.tar.ab"], "1 of them are missing, the first before x.tar.ab"),
    ],
)
def test_a_piece_that_is_missing_is_found_before_anything_is_fetched(names: list[str], why: str) -> None:
    with pytest.raises(InputError, match=why):
        grouped(names)


@pytest.mark.parametrize("size", [5, 77, 1000])
def test_pieces_are_read_as_the_stream_they_were(tmp_path: Path, size: int) -> None:
    whole = CHANCE.randbytes(1000)
    paths = []
    for number, piece in enumerate(cut(whole, size)):
        paths.append(tmp_path / f"{number:04}")
        paths[-1].write_bytes(piece)
    with joined(paths) as file, io.BytesIO(whole) as like:
        assert file.read() == whole
        for _ in range(200):
            place, length = CHANCE.randrange(1100), CHANCE.randrange(300)
            assert file.seek(place) == like.seek(place)
            assert file.read(length) == like.read(length)
            assert file.tell() == like.tell()
        assert file.seek(-5, io.SEEK_END) == 995
        assert file.read() == whole[-5:]
        with pytest.raises(OSError, match="Invalid"):
            file.seek(-1001, io.SEEK_END)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("size", [300, 1001, 4096, 60_000, 10**6])
def test_volumes_hold_what_was_packed(tmp_path: Path, size: int, wide: bool) -> None:
    parts = volumes(zipped(MEMBERS), size, wide=wide)
    names = written(tmp_path, "train", parts)
    (archive,), _ = grouped(names)
    assert content([tmp_path / part for part in archive.parts]) == MEMBERS


@pytest.mark.skipif(shutil.which("zip") is None, reason="there is no zip program here")
@pytest.mark.parametrize("options", [["-s", "64k"], ["-s", "64k", "-fz"], ["-s", "1m"]], ids=" ".join)
def test_volumes_of_the_zip_program(tmp_path: Path, options: list[str]) -> None:
    members = {f"train/{place}.wav": CHANCE.randbytes(30_000) for place in range(20)}
    for name, audio in members.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(audio)
    subprocess.run(["zip", "-q", "-r", *options, "t.zip", "train"], cwd=tmp_path, check=True)
    (archive,), _ = grouped([path.name for path in tmp_path.glob("t.z*")])
    assert len(archive.parts) == (10 if "64k" in options else 1)
    found = content([tmp_path / part for part in archive.parts])
    assert {name: audio for name, audio in found.items() if not name.endswith("/")} == members


def test_offsets_beyond_four_gigabytes(tmp_path: Path) -> None:
    """The first volume is a hole of 5 GB; the member lies in the second."""
    archive = zipped({"far.wav": b"far away"})
    *_, length, start, _ = END.unpack(archive[-END.size :])
    fields = list(ENTRY.unpack_from(archive, start))
    fields[13] = 1
    directory = ENTRY.pack(*fields) + archive[start + ENTRY.size : start + length]
    end = END.pack(b"PK\5\6", 1, 1, 1, 1, length, start, 0)
    (tmp_path / "t.z01").touch()
    os.truncate(tmp_path / "t.z01", 5 << 30)
    (tmp_path / "t.zip").write_bytes(archive[:start] + directory + end)
    assert content([tmp_path / "t.z01", tmp_path / "t.zip"]) == {"far.wav": b"far away"}


@pytest.mark.parametrize("wide", [False, True])
def test_volumes_at_the_end_that_are_missing(tmp_path: Path, wide: bool) -> None:
    """Here the directory tells how many there are."""
    parts = volumes(zipped(MEMBERS), 20_000, wide=wide)
    names = written(tmp_path, "train", parts)
    assert len(names) > 4
    left = [tmp_path / name for name in [*names[:2], "train.zip"]]
    last = len(parts) - 1
    said = rf"^train\.zip has {last + 1} volumes \(\.z01 … \.z{last:02}, \.zip\), here are 3; fetch them all"
    with pytest.raises(InputError, match=said):
        spanned(left, "train.zip")
    with pytest.raises(InputError, match=f"has {len(parts)} volumes .*, here are 1;"):
        spanned(left[-1:], "train.zip")


@pytest.mark.parametrize(
    ("place", "bad", "why"),
    [
        (0, b"PK\1\3", "member 1 of its directory cannot be read"),
        (34, struct.pack("<H", 77), "member 1 lies in volume 78, which is not there"),
        (42, struct.pack("<L", 0xFFFFFFFF), "member 1 of its directory lacks its sizes"),
    ],
)
def test_a_damaged_directory(tmp_path: Path, place: int, bad: bytes, why: str) -> None:
    whole = b"".join(volumes(zipped({"a": b"12345" * 100}), 100))
    start = whole.index(b"PK\1\2") + place
    names = written(tmp_path, "t", cut(whole[:start] + bad + whole[start + len(bad) :], 100))
    with pytest.raises(InputError, match=rf"^t\.zip is damaged: {why}"):
        spanned([tmp_path / name for name in names], "t.zip")


def test_what_is_no_zip(tmp_path: Path) -> None:
    (tmp_path / "t.zip").write_bytes(b"<html>" * 100)
    with pytest.raises(InputError, match=r"^t\.zip is not a zip archive, or its end is missing"):
        spanned([tmp_path / "t.zip"], "t.zip")
