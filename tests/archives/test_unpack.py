"""What is in an archive is written inside its folder, and nothing else is written at all."""

import os
import shutil
import stat
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.archives.packing import cut, special, tarred, tree, zip_with_mode, zipped

from bonafide.archives.unpack import unpack
from bonafide.archives.volumes import grouped
from bonafide.types import InputError

FILES = {"audio/a.wav": b"one" * 1000, "audio/deep/b.wav": b"", "c.txt": b"three"}


def write(root: Path, name: str, content: bytes) -> list[str] | None:
    """Unpacks content as an archive of a name; the archive lies apart."""
    (root / name).write_bytes(content)
    (archive,), _ = grouped([name])
    return unpack(archive, root, root / "into")


def refused(root: Path, name: str, content: bytes) -> str:
    """The message; nothing but the archive may be there afterwards, apart from empty folders."""
    with pytest.raises(InputError) as caught:
        write(root, name, content)
    assert list(tree(root)) == [name]
    assert not [path for path in root.rglob("*") if path.is_symlink()]
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{name}: ")
    return message


@pytest.mark.parametrize("kind", ["", "gz", "bz2", "xz"])
def test_tars(tmp_path: Path, kind: str) -> None:
    folders = [special("audio", tarfile.DIRTYPE), special("empty", tarfile.DIRTYPE)]
    content = tarred([*folders, *FILES.items()], kind)
    assert write(tmp_path, "x.tar" + f".{kind}".rstrip("."), content) == ["audio", "empty", "c.txt"]
    assert tree(tmp_path / "into") == FILES
    assert (tmp_path / "into/empty").is_dir()


@pytest.mark.parametrize(
    "compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_zips(tmp_path: Path, compression: int) -> None:
    assert write(tmp_path, "x.zip", zipped({"empty/": b""} | FILES, compression)) == [
        "empty",
        "audio",
        "c.txt",
    ]
    assert tree(tmp_path / "into") == FILES


def test_it_can_be_repeated_over_what_an_interrupted_run_left(tmp_path: Path) -> None:
    into = tmp_path / "into/audio"
    into.mkdir(parents=True)
    (into / "a.wav").write_bytes(b"old")
    (into / ".unpacking.part").write_bytes(b"half a file that is longer than what comes" * 1000)
    write(tmp_path, "x.zip", zipped(FILES))
    assert tree(tmp_path / "into") == FILES


@pytest.mark.parametrize("name", ["x.tar.gz.{:02}", "x.tgz.part_a{}", "part{}"])
def test_a_stream_cut_in_pieces(tmp_path: Path, name: str) -> None:
    content = tarred([(f"{place}.wav", os.urandom(500)) for place in range(9)], "gz")
    pieces = cut(content, 1000)
    names = [name.format("abcdefgh"[place] if "a{" in name else place) for place in range(len(pieces))]
    for piece, text in zip(names, pieces, strict=True):
        (tmp_path / piece).write_bytes(text)
    (archive,), rest = grouped(names)
    assert rest == []
    unpack(archive, tmp_path, tmp_path / "into")
    assert len(tree(tmp_path / "into")) == 9
    if not name.startswith("part"):
        short = archive._replace(parts=archive.parts[:-1])
        with pytest.raises(InputError, match=r"^x\.t.*: its member '7\.wav' is damaged \(.* ended before"):
            unpack(short, tmp_path, tmp_path / "again")


def test_pieces_that_are_no_archive_stay(tmp_path: Path) -> None:
    for name in ("part1", "part2"):
        (tmp_path / name).write_text("a chapter")
    (archive,), _ = grouped(["part1", "part2"])
    assert unpack(archive, tmp_path, tmp_path / "into") is None


@pytest.mark.parametrize(
    "name", ["/data/a.wav", "//data/a.wav", "C:/data/a.wav", "./data//a.wav", "data\\a.wav"]
)
def test_absolute_names_lose_what_leads_them(tmp_path: Path, name: str) -> None:
    write(tmp_path, "x.zip", zipped({name: b"1"}))
    assert tree(tmp_path / "into") == {"data/a.wav": b"1"}
    shutil.rmtree(tmp_path / "into")
    write(tmp_path, "x.tar", tarred([(name, b"1")]))
    assert tree(tmp_path / "into") == {"data/a.wav": b"1"}


@pytest.mark.parametrize("name", ["../a.wav", "a/../../b.wav", "/../a", "..\\a", ".bonafide/checked.jsonl"])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str, kind: str) -> None:
    content = zipped({name: b"1"}) if kind == "zip" else tarred([(name, b"1")])
    assert f"its member {name!r} is refused" in refused(tmp_path, f"x.{kind}", content)


@pytest.mark.parametrize(
    "member",
    [
        special("link", tarfile.SYMTYPE, "/etc/passwd"),
        special("link", tarfile.SYMTYPE, "../x.tar"),
        special("a/link", tarfile.SYMTYPE, "../../x.tar"),
        special("link", tarfile.LNKTYPE, "../x.tar"),
        special("link", tarfile.LNKTYPE, "/etc/passwd"),
        special("link", tarfile.CHRTYPE),
        special("link", tarfile.BLKTYPE),
        special("link", tarfile.FIFOTYPE),
    ],
    ids=lambda member: f"{member.type.decode()} {member.linkname}",
)
def test_links_out_and_devices_in_tars_are_refused(tmp_path: Path, member: tarfile.TarInfo) -> None:
    assert f"its member {member.name!r} is refused (" in refused(tmp_path, "x.tar", tarred([member]))


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        (b"/etc/passwd", stat.S_IFLNK, "it leads to /etc/passwd, out of"),
        (b"../x.zip", stat.S_IFLNK, "out of"),
        (b"a" * 5000, stat.S_IFLNK, "more than 4096 bytes"),
        (b"", stat.S_IFCHR, "it is a device or a pipe"),
        (b"", stat.S_IFIFO, "it is a device or a pipe"),
    ],
)
def test_links_out_and_devices_in_zips_are_refused(
    tmp_path: Path, content: bytes, mode: int, why: str
) -> None:
    said = refused(tmp_path, "x.zip", zip_with_mode("link", content, mode | 0o644))
    assert "its member 'link' is refused (" in said
    assert why in said


def test_links_inside_are_links(tmp_path: Path) -> None:
    members = [
        special("deep/link", tarfile.SYMTYPE, "../audio"),  # before what it leads to
        ("audio/a.wav", b"1"),
        special("deep/same", tarfile.LNKTYPE, "audio/a.wav"),
    ]
    for _ in range(2):
        write(tmp_path, "x.tar", tarred(members))
        assert (tmp_path / "into/deep/link/a.wav").read_bytes() == b"1"
        assert (tmp_path / "into/deep/same").samefile(tmp_path / "into/audio/a.wav")
        assert sorted(tree(tmp_path / "into")) == ["audio/a.wav", "deep/same"]
    shutil.rmtree(tmp_path / "into")
    write(tmp_path, "x.zip", zip_with_mode("deep/link", b"../audio", stat.S_IFLNK | 0o777))
    assert (tmp_path / "into/deep/link").readlink() == Path("../audio")


def test_no_file_is_written_through_a_link_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "into").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "into/audio").symlink_to(tmp_path / "elsewhere")
    for name, content in (("x.zip", zipped(FILES)), ("x.tar", tarred([*FILES.items()]))):
        with pytest.raises(InputError, match=r"its member 'audio/a\.wav' is refused"):
            write(tmp_path, name, content)
    assert tree(tmp_path / "elsewhere") == {}


@pytest.mark.parametrize("order", [1, -1])
def test_links_that_lead_out_only_together(tmp_path: Path, order: int) -> None:
    """Each is inside by its name; one over the other is not."""
    links = [special("a/b/up", tarfile.SYMTYPE, "../.."), special("out", tarfile.SYMTYPE, "a/b/up/../x.tar")]
    with pytest.raises(InputError, match="its member 'out' is refused"):
        write(tmp_path, "x.tar", tarred([special("a/b", tarfile.DIRTYPE), *links[::order]]))
    assert not (tmp_path / "into/out").is_symlink()


def test_links_in_a_circle_lead_nowhere(tmp_path: Path) -> None:
    write(tmp_path, "x.tar", tarred([special("a", tarfile.SYMTYPE, "b"), special("b", tarfile.SYMTYPE, "a")]))
    assert (tmp_path / "into/a").is_symlink()


def test_a_bad_crc_names_archive_and_member(tmp_path: Path) -> None:
    content = bytearray(zipped({"good.wav": b"1" * 50, "bad.wav": b"2" * 50}, zipfile.ZIP_STORED))
    content[content.index(b"2" * 50)] = 0
    with pytest.raises(
        InputError, match=r"^x\.zip: its member 'bad\.wav' is damaged \(Bad CRC-32 .*'bad\.wav'\); if"
    ):
        write(tmp_path, "x.zip", bytes(content))
    assert tree(tmp_path / "into") == {"good.wav": b"1" * 50}


def test_a_damaged_stream_names_archive_and_member(tmp_path: Path) -> None:
    zip_ = bytearray(zipped({"bad.wav": os.urandom(5000) + bytes(5000)}))
    zip_[2000:2100] = bytes(100)
    assert "its member 'bad.wav' is damaged (" in refused(tmp_path, "x.zip", bytes(zip_))
    (tmp_path / "x.zip").unlink()
    for kind in ("gz", "bz2", "xz"):
        tar = tarred([("good.wav", b"1"), ("bad.wav", os.urandom(1_200_000))], kind)
        with pytest.raises(
            InputError, match=rf"^x\.tar\.{kind}: (its member 'bad\.wav' is damaged|it is damaged)"
        ):
            write(tmp_path, f"x.tar.{kind}", tar[: len(tar) // 2])


@pytest.mark.parametrize("length", [512 * 2 + 100, 512 * 2, 512 * 3])
def test_a_tar_that_ends_too_early(tmp_path: Path, length: int) -> None:
    content = tarred([("a.wav", b"1"), ("b.wav", b"2" * 600)])
    with pytest.raises(InputError, match=r"^x\.tar: .*(after 'a\.wav'|member 'b\.wav' is damaged)"):
        write(tmp_path, "x.tar", content[:length])
    assert tree(tmp_path / "into") == {"a.wav": b"1"}


def test_a_tar_damaged_between_two_members(tmp_path: Path) -> None:
    content = bytearray(tarred([("a.wav", b"1"), ("b.wav", b"2")]))
    content[1024 + 3] ^= 1  # in the second header: its sum is wrong
    with pytest.raises(InputError, match=r"^x\.tar: it is damaged or ends too early after 'a\.wav'"):
        write(tmp_path, "x.tar", bytes(content))


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz", "x.tgz"])
def test_what_is_no_archive(tmp_path: Path, name: str) -> None:
    refused(tmp_path, name, b"<html>Please log in</html>" * 100)
    refused(tmp_path, name, b"")


def test_a_zip_with_a_broken_directory(tmp_path: Path) -> None:
    content = zipped(FILES)
    said = refused(tmp_path, "x.zip", content.replace(b"PK\1\2", b"PK\1\3"))
    assert "its directory cannot be read" in said


def test_a_locked_member(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.wav": b"1"}))
    content[content.index(b"PK\1\2") + 8] |= 1
    assert "'a.wav' is locked with a password" in refused(tmp_path, "x.zip", bytes(content))


def test_a_way_of_packing_that_is_unknown(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.wav": b"1"}))
    content[content.index(b"PK\1\2") + 10] = content[8] = 9  # deflate64
    assert "'a.wav' is packed in a way unknown here" in refused(tmp_path, "x.zip", bytes(content))


def test_an_archive_that_announces_more_than_the_disk_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = (64 << 20) + 1500
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=free, used=0, free=free))
    said = refused(tmp_path, "x.zip", zipped({"a.wav": bytes(1000), "b.wav": bytes(1000)}))
    assert "x.zip: unpacking it needs 2.0 kB, and the disk of" in said
    (tmp_path / "x.zip").unlink()
    said = refused(tmp_path, "y.tar.gz", tarred([("a.wav", bytes(2000))], "gz"))
    assert "its member 'a.wav' needs 2.0 kB, and the disk of" in said


def test_what_is_there_already_needs_no_room_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members = {"a.wav": bytes(1000), "b.wav": bytes(1000)}
    (tmp_path / "into").mkdir()
    (tmp_path / "into/a.wav").write_bytes(bytes(1000))
    free = (64 << 20) + 1500
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=free, used=0, free=free))
    write(tmp_path, "x.zip", zipped(members))
    assert tree(tmp_path / "into") == members


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(Path, "replace", full)
    said = refused(tmp_path, "x.zip", zipped({"a.wav": b"1"}))
    assert "into/a.wav cannot be read or written (No space left on device); free some space" in said


def test_control_c_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> float:
        raise KeyboardInterrupt

    (tmp_path / "x.zip").write_bytes(zipped(FILES))
    (archive,), _ = grouped(["x.zip"])
    with monkeypatch.context() as patched:
        patched.setattr("bonafide.archives.unpack.monotonic", interrupted)
        with pytest.raises(KeyboardInterrupt):
            unpack(archive, tmp_path, tmp_path / "into")
    assert tree(tmp_path / "into") == {}
    unpack(archive, tmp_path, tmp_path / "into")
    assert tree(tmp_path / "into") == FILES
