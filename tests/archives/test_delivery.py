"""From a corpus's downloads to its folders, and nothing twice."""

import hashlib
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.archives.packing import cut, tarred, tree, volumes, zipped
from tests.archives.server import HASTE, Served, Server

from bonafide import archives
from bonafide.types import Download, InputError

FILES = {"audio/a.wav": b"one" * 1000, "audio/b.wav": b"two"}


def obtain(server: Server, root: Path, *downloads: Download, keep: bool = True) -> list[str]:
    said: list[str] = []
    archives.obtain(
        downloads,
        root,
        servers=server.servers,
        connections=2,
        keep=keep,
        announce=said.append,
        patience=HASTE,
    )
    return said


def corpus(root: Path) -> dict[str, bytes]:
    """What is there, without what the program remembers."""
    return {name: content for name, content in tree(root).items() if not name.startswith(".bonafide/")}


def test_a_corpus_is_there_with_one_call_and_nothing_happens_with_the_next(
    server: Server, tmp_path: Path
) -> None:
    root = tmp_path / "new" / "corpus"
    archive = zipped(FILES)
    server.zenodo("12", {"x.zip": archive, "labels.txt": b"a bonafide"})
    server.files["/keys.tar.gz"] = Served(tarred([("keys/key.txt", b"b spoof")], "gz"))
    downloads = (
        Download("the recordings", "zenodo:12", licence="CC BY 4.0"),
        Download("the keys", f"{server.address}/keys.tar.gz", into="below/it"),
    )
    first = obtain(server, root, *downloads)
    there = corpus(root)
    assert there == FILES | {
        "x.zip": archive,
        "labels.txt": b"a bonafide",
        "below/it/keys/key.txt": b"b spoof",
        "below/it/keys.tar.gz": server.files["/keys.tar.gz"].content,
    }
    size = len(archive) + 10
    assert first == [
        f"the recordings (zenodo:12): 2 files, {size} bytes, CC BY 4.0",
        f"the keys ({downloads[1].place}): 1 file, {len(there['below/it/keys.tar.gz'])} bytes",
        f"x.zip is unpacked in {root}",
        f"below/it/keys.tar.gz is unpacked in {root / 'below/it'}",
    ]
    changed = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    assert obtain(server, root, *downloads) == first[:2]
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == changed
    assert sorted(server.fetched) == ["keys.tar.gz", "labels.txt", "x.zip"]


def test_archives_may_go_when_they_are_unpacked(server: Server, tmp_path: Path) -> None:
    server.zenodo("12", {"x.zip": zipped(FILES)})
    download = Download("x", "zenodo:12")
    for _ in range(2):
        obtain(server, tmp_path, download, keep=False)
        assert corpus(tmp_path) == FILES
    assert server.fetched == ["x.zip"]


def test_archives_kept_before_may_go_later(server: Server, tmp_path: Path) -> None:
    server.zenodo("12", {"x.zip": zipped(FILES)})
    obtain(server, tmp_path, Download("x", "zenodo:12"))
    assert "x.zip" in corpus(tmp_path)
    obtain(server, tmp_path, Download("x", "zenodo:12"), keep=False)
    assert corpus(tmp_path) == FILES


def test_a_folder_that_went_comes_back(server: Server, tmp_path: Path) -> None:
    server.zenodo("12", {"x.zip": zipped(FILES)})
    obtain(server, tmp_path, Download("x", "zenodo:12"))
    shutil.rmtree(tmp_path / "audio")
    obtain(server, tmp_path, Download("x", "zenodo:12"))
    assert FILES.items() <= corpus(tmp_path).items()
    assert server.fetched == ["x.zip"]


def test_a_new_version_takes_the_place_of_the_old(server: Server, tmp_path: Path) -> None:
    server.zenodo("12", {"x.zip": zipped({"a.wav": b"old", "b.wav": b"1"})})
    obtain(server, tmp_path, Download("x", "zenodo:12"))
    archive = zipped({"a.wav": b"new", "b.wav": b"1"})
    server.zenodo("12", {"x.zip": archive})
    said = obtain(server, tmp_path, Download("x", "zenodo:12"))
    assert any(line.endswith("it is fetched again") for line in said)
    assert corpus(tmp_path) == {"x.zip": archive, "a.wav": b"new", "b.wav": b"1"}


def test_volumes_of_one_archive_in_several_records(server: Server, tmp_path: Path) -> None:
    members = {f"/data/{place}.wav": hashlib.sha512(b"%d" % place).digest() for place in range(40)}
    parts = volumes(zipped(members), 2000)
    names = [f"train.z{number:02}" for number in range(1, len(parts))] + ["train.zip"]
    content = dict(zip(names, parts, strict=True))
    assert len(parts) >= 4
    for record in (0, 1):
        server.zenodo(str(record), {name: content[name] for name in names[record::2]})
    obtain(
        server,
        tmp_path,
        *(Download("half", f"zenodo:{record}", into="part", files=("train.*",)) for record in (0, 1)),
        keep=False,
    )
    assert corpus(tmp_path) == {f"part{name}": audio for name, audio in members.items()}
    half = Download("half", "zenodo:0", into="part")
    with pytest.raises(InputError, match=r"part/train\.z\w+ is a volume of|are missing|volumes .*, here are"):
        obtain(server, tmp_path / "another", half)


def test_a_stream_in_pieces_and_several_tars(server: Server, tmp_path: Path) -> None:
    stream = tarred([(f"{place}.wav", hashlib.sha512(b"%d" % place).digest()) for place in range(9)], "xz")
    pieces = {f"y.tar.xz.{place:02}": piece for place, piece in enumerate(cut(stream, 300))}
    assert len(pieces) > 2
    tars = {f"flac_T_a{letter}.tar": tarred([(f"flac_T/{letter}.flac", b"x")]) for letter in "ab"}
    server.zenodo("12", pieces | tars)
    obtain(server, tmp_path, Download("y", "zenodo:12"), keep=False)
    assert list(corpus(tmp_path)) == [
        *(f"{place}.wav" for place in range(9)),
        "flac_T/a.flac",
        "flac_T/b.flac",
    ]


def test_a_data_set_keeps_its_folders(server: Server, tmp_path: Path) -> None:
    archive = zipped({"a.wav": b"1"})
    server.pages["/api/datasets/o/d/tree/main"] = (
        [
            {"type": "file", "path": "meta/list.csv", "size": 2},
            {"type": "file", "path": "data/x.zip", "size": len(archive),
             "lfs": {"oid": hashlib.sha256(archive).hexdigest()}},
        ],
        "",
    )  # fmt: skip
    server.files["/datasets/o/d/resolve/main/meta/list.csv"] = Served(b"a,")
    server.files["/datasets/o/d/resolve/main/data/x.zip"] = Served(archive)
    obtain(server, tmp_path, Download("d", "huggingface:o/d", into="here"))
    assert corpus(tmp_path) == {"here/meta/list.csv": b"a,", "here/data/x.zip": archive, "here/a.wav": b"1"}


def test_an_interrupted_unpacking_is_repeated(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> float:
        raise KeyboardInterrupt

    server.zenodo("12", {"x.zip": zipped(FILES)})
    with monkeypatch.context() as patched:
        patched.setattr("bonafide.archives.unpack.monotonic", interrupted)
        with pytest.raises(KeyboardInterrupt):
            obtain(server, tmp_path, Download("x", "zenodo:12"), keep=False)
    assert list(corpus(tmp_path)) == ["x.zip"]
    obtain(server, tmp_path, Download("x", "zenodo:12"), keep=False)
    assert corpus(tmp_path) == FILES
    assert server.fetched == ["x.zip"]


def test_a_wrong_checksum_is_one_line_and_no_file(server: Server, tmp_path: Path) -> None:
    server.files["/x.zip"] = Served(zipped(FILES))
    wrong = "md5:" + "0" * 32
    with pytest.raises(
        InputError, match=rf"^{server.address}/x\.zip has the checksum md5:\w+, .* lists {wrong}; "
    ):
        obtain(server, tmp_path, Download("x", f"{server.address}/x.zip", checksum=wrong))
    assert corpus(tmp_path) == {}


@pytest.mark.parametrize(("keep", "times"), [(True, 4.5), (False, 3.5)])
def test_a_disk_that_is_too_small_is_found_before_anything_is_fetched(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: bool, times: float
) -> None:
    """Two archives of one size and their content, at 1.25 times that size, or all but one of the archives."""
    packed = {f"{name}.tar": tarred([(f"{name}.wav", bytes(5000))]) for name in "ab"}
    server.zenodo("12", packed)
    needed = int(times * len(packed["a.tar"]))

    def has(free: int) -> None:
        usage = SimpleNamespace(total=free, used=0, free=free + (64 << 20))
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    has(needed - 1)
    with pytest.raises(
        InputError, match=r"^fetching .* and unpacking it needs .* has .* free; free .* more or"
    ):
        obtain(server, tmp_path, Download("x", "zenodo:12"), keep=keep)
    assert server.fetched == []
    has(needed)
    obtain(server, tmp_path, Download("x", "zenodo:12"), keep=keep)
    assert {"a.wav", "b.wav"} <= set(corpus(tmp_path))


def test_two_files_for_one_place(server: Server, tmp_path: Path) -> None:
    for record, content in (("1", b"a"), ("2", b"b"), ("3", b"a")):
        server.zenodo(record, {"README": content})
    with pytest.raises(
        InputError, match=r"files/1/README and \S+files/2/README would lie in one place and differ"
    ):
        obtain(server, tmp_path, Download("x", "zenodo:1"), Download("y", "zenodo:2"))
    obtain(server, tmp_path, Download("x", "zenodo:1"), Download("y", "zenodo:3"))
    obtain(server, tmp_path, Download("x", "zenodo:1"), Download("y", "zenodo:2", into="y"))
    assert corpus(tmp_path) == {"README": b"a", "y/README": b"b"}


def test_what_is_left_packed_is_said(server: Server, tmp_path: Path) -> None:
    server.zenodo("12", {"x.7z": b"7z"})
    said = obtain(server, tmp_path, Download("x", "zenodo:12"))
    assert f"{tmp_path / 'x.7z'} is fetched and left packed; unpack it by hand, with 7z or unrar" in said


def test_a_folder_outside_the_root_is_refused(server: Server, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"zenodo:12 cannot go into '\.\./x': it leads out of its folder"):
        obtain(server, tmp_path, Download("x", "zenodo:12", into="../x"))


def test_a_root_that_is_a_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(InputError, match=r"x cannot be made .*; set data\.root to another folder"):
        obtain(server, tmp_path / "x")


def test_without_downloads_nothing_happens(server: Server, tmp_path: Path) -> None:
    assert obtain(server, tmp_path) == []
    assert list(tmp_path.iterdir()) == []
