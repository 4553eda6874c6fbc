"""Files come whole or not at all, whatever the server does."""

import hashlib
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from time import monotonic

import pytest
from tests.archives.server import HASTE, Served, Server

from bonafide.archives import web
from bonafide.archives.fetch import Ledger, Wanted, fetch, remaining
from bonafide.archives.listing import PublicFile
from bonafide.types import InputError

CONTENT = bytes(range(256)) * 4000  # a megabyte: several chunks
SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


def wanted(
    server: Server, *, checksum: str = SHA256, size: int | None = len(CONTENT), name: str = "a.bin"
) -> Wanted:
    return Wanted(PublicFile(name, size, checksum, f"{server.address}/{name}"), f"into/{name}")


def bring(root: Path, *files: Wanted, patience: web.Patience = HASTE, said: list[str] | None = None) -> None:
    ledger = Ledger(root / ".bonafide" / "checked.jsonl")
    announce = (said if said is not None else []).append
    with web.session(2) as talk:
        fetch(files, root, ledger, talk=talk, patience=patience, connections=2, announce=announce)


def names(root: Path) -> list[str]:
    folder = root / "into"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def ranges(server: Server) -> list[str]:
    return [asked for method, _, asked in server.asked if method == "GET"]


def begin(root: Path, content: bytes, version: str) -> None:
    """What an interrupted run leaves."""
    (root / "into").mkdir()
    (root / "into/a.bin.part").write_bytes(content)
    if version:
        (root / "into/a.bin.part.json").write_text(f'{{"version": "\\"{version}\\""}}')


def test_files_come_and_are_not_fetched_again(server: Server, tmp_path: Path) -> None:
    served = {f"{place}.bin": CONTENT[place:] for place in range(7)}
    files = []
    for name, content in served.items():
        server.files[f"/{name}"] = Served(content)
        checksum = f"md5:{hashlib.md5(content).hexdigest()}"  # noqa: S324
        files.append(wanted(server, name=name, size=len(content), checksum=checksum))
    bring(tmp_path, *files)
    assert {name: (tmp_path / "into" / name).read_bytes() for name in names(tmp_path)} == served
    bring(tmp_path, *files)
    assert sorted(server.fetched) == sorted(served)
    assert all(remaining(file, tmp_path) == 0 for file in files)


@pytest.mark.parametrize("size", [None, len(CONTENT)])
@pytest.mark.parametrize("checksum", ["", SHA256])
@pytest.mark.parametrize("sized", [True, False])
def test_a_server_may_say_little(
    server: Server, tmp_path: Path, size: int | None, checksum: str, sized: bool
) -> None:
    server.files["/a.bin"] = Served(CONTENT, etag="", sized=sized)
    for _ in range(2):
        bring(tmp_path, wanted(server, size=size, checksum=checksum))
    assert (tmp_path / "into/a.bin").read_bytes() == CONTENT
    assert server.fetched == ["a.bin"]


def test_an_empty_file_is_a_file(server: Server, tmp_path: Path) -> None:
    server.files["/a.bin"] = Served(b"")
    bring(tmp_path, wanted(server, size=0, checksum=f"sha256:{hashlib.sha256(b'').hexdigest()}"))
    assert (tmp_path / "into/a.bin").read_bytes() == b""


def test_a_right_file_is_read_once(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.files["/a.bin"] = Served(CONTENT)
    (tmp_path / "into").mkdir()
    file = tmp_path / "into/a.bin"
    file.write_bytes(CONTENT)
    bring(tmp_path, wanted(server))  # put there by hand: read, found right
    assert server.fetched == []
    with monkeypatch.context() as patched:
        patched.setattr("bonafide.archives.fetch._Part", None)
        bring(tmp_path, wanted(server))
    file.write_bytes(bytes(len(CONTENT)))  # the same length
    said: list[str] = []
    bring(tmp_path, wanted(server), said=said)
    assert said == [f"{file} is not the file of {server.address}/a.bin; it is fetched again"]
    assert file.read_bytes() == CONTENT


def test_a_broken_connection_is_taken_up_where_it_broke(server: Server, tmp_path: Path) -> None:
    # More breaks than tries: each brings something, so patience starts anew.
    server.files["/a.bin"] = Served(CONTENT, breaks=6)
    bring(tmp_path, wanted(server))
    assert (tmp_path / "into/a.bin").read_bytes() == CONTENT
    half = len(CONTENT) // 2
    assert ranges(server)[:3] == ["", f"bytes={half}-", f"bytes={half + half // 2}-"]
    assert len(ranges(server)) == 7
    assert names(tmp_path) == ["a.bin"]


def test_a_server_without_ranges_starts_anew(server: Server, tmp_path: Path) -> None:
    server.files["/a.bin"] = Served(CONTENT, breaks=2, ranges=False)
    bring(tmp_path, wanted(server))
    assert (tmp_path / "into/a.bin").read_bytes() == CONTENT
    assert len(ranges(server)) == 3


def test_a_server_without_ranges_that_always_breaks_is_given_up(server: Server, tmp_path: Path) -> None:
    server.files["/a.bin"] = Served(CONTENT, breaks=100, ranges=False)
    with pytest.raises(InputError, match=r"/a\.bin: the connection (broke|ended) .*\(4 attempts\)"):
        bring(tmp_path, wanted(server))
    assert len(ranges(server)) == 4
    assert names(tmp_path) == ["a.bin.part", "a.bin.part.json"]
    assert 0 < remaining(wanted(server), tmp_path) < len(CONTENT)


@pytest.mark.parametrize("heeds", [True, False])
def test_a_file_that_changed_starts_anew(server: Server, tmp_path: Path, heeds: bool) -> None:
    begin(tmp_path, b"of another version", "zero")
    server.files["/a.bin"] = Served(CONTENT, heeds=heeds)
    bring(tmp_path, wanted(server, checksum=""))
    assert (tmp_path / "into/a.bin").read_bytes() == CONTENT
    assert ranges(server) == (["bytes=18-"] if heeds else ["bytes=18-", ""])


@pytest.mark.parametrize(
    ("version", "checksum", "asked"),
    [("one", "", "bytes=1000-"), ("one", SHA256, "bytes=1000-"), ("", SHA256, "bytes=1000-"), ("", "", "")],
)
def test_a_part_is_gone_on_with_if_its_version_can_be_told(
    server: Server, tmp_path: Path, version: str, checksum: str, asked: str
) -> None:
    begin(tmp_path, CONTENT[:1000], version)
    server.files["/a.bin"] = Served(CONTENT)
    bring(tmp_path, wanted(server, checksum=checksum))
    assert (tmp_path / "into/a.bin").read_bytes() == CONTENT
    assert ranges(server) == [asked]


def test_a_part_that_is_whole_needs_no_server(tmp_path: Path) -> None:
    begin(tmp_path, CONTENT, "one")
    bring(tmp_path, wanted(Server(address="http://127.0.0.1:9")))
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("extra", [0, 5])
def test_a_part_that_is_too_long_starts_anew(server: Server, tmp_path: Path, extra: int) -> None:
    begin(tmp_path, CONTENT + bytes(extra), "one")
    server.files["/a.bin"] = Served(CONTENT)
    bring(tmp_path, wanted(server, checksum="", size=None))  # 416: there is nothing behind its end
    assert (tmp_path / "into/a.bin").read_bytes() == CONTENT


def test_a_wrong_part_is_found_by_the_checksum(server: Server, tmp_path: Path) -> None:
    begin(tmp_path, bytes(1000), "one")
    server.files["/a.bin"] = Served(CONTENT)
    with pytest.raises(
        InputError, match=rf"has the checksum sha256:\w+, its publisher lists {SHA256}; what came"
    ):
        bring(tmp_path, wanted(server))
    assert names(tmp_path) == []
    bring(tmp_path, wanted(server))
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("sized", [True, False])
def test_another_length_than_listed(server: Server, tmp_path: Path, sized: bool) -> None:
    server.files["/a.bin"] = Served(CONTENT, sized=sized)
    with pytest.raises(InputError, match=r"its publisher lists 1000;|longer than the 1000 bytes listed"):
        bring(tmp_path, wanted(server, size=1000))
    assert names(tmp_path) == []


def test_one_bad_file_does_not_stop_the_others(server: Server, tmp_path: Path) -> None:
    server.files["/good.bin"] = Served(CONTENT)
    said: list[str] = []
    files = [wanted(server, name=name) for name in ("gone.bin", "good.bin", "lost.bin")]
    with pytest.raises(
        InputError, match=r"(gone|lost)\.bin is not there .* \(and 1 more of 3 files, see above\)"
    ):
        bring(tmp_path, *files, said=said)
    assert names(tmp_path) == ["good.bin"]
    assert len(said) == 2


def test_a_busy_server_is_asked_when_it_wants(server: Server, tmp_path: Path) -> None:
    server.files["/a.bin"] = Served(CONTENT, busy=3)
    start = monotonic()
    bring(tmp_path, wanted(server))
    assert monotonic() - start >= 3 * HASTE.longest  # it asked for a second each time, which is capped
    assert len(ranges(server)) == 4


def test_a_server_that_stays_busy_is_given_up(server: Server, tmp_path: Path) -> None:
    server.files["/a.bin"] = Served(CONTENT, busy=100)
    with pytest.raises(
        InputError, match=r"the server is busy \(HTTP 503\) \(4 attempts\); check the network"
    ):
        bring(tmp_path, wanted(server))


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals go to processes only here")
def test_control_c_leaves_a_part_that_the_next_run_goes_on_with(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = threading.main_thread().ident or 0
    waiting, stopped = threading.Event(), threading.Event()

    def waits(futures: list[Future[None]]) -> Iterator[Future[None]]:
        waiting.set()
        return as_completed(futures)

    class Told(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            stopped.set()
            super().shutdown(wait, cancel_futures=cancel_futures)

    def interrupt() -> None:
        if not stopped.is_set():
            assert waiting.wait(10)
            signal.pthread_kill(main, signal.SIGINT)
            assert stopped.wait(10)  # the rest comes when the thread must not want it any more

    monkeypatch.setattr("bonafide.archives.fetch.as_completed", waits)
    monkeypatch.setattr("bonafide.archives.fetch.ThreadPoolExecutor", Told)
    server.files["/a.bin"] = Served(CONTENT, meanwhile=interrupt)
    with pytest.raises(KeyboardInterrupt):
        bring(tmp_path, wanted(server))
    assert names(tmp_path) == ["a.bin.part", "a.bin.part.json"]
    bring(tmp_path, wanted(server))
    assert (tmp_path / "into/a.bin").read_bytes() == CONTENT
    assert ranges(server)[1].startswith("bytes=")


def test_a_folder_that_cannot_be_written_to(server: Server, tmp_path: Path) -> None:
    server.files["/a.bin"] = Served(CONTENT)
    (tmp_path / "into").write_text("a file where a folder should be")
    with pytest.raises(InputError, match=r"into/a\.bin cannot be written \(.+\); free some space"):
        bring(tmp_path, wanted(server))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("2", 2), ("", 0), ("soon", 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("-3", 0)],
)
def test_what_a_busy_server_asks_for(said: str, seconds: float) -> None:
    assert web._wait(said) == seconds
    assert web._wait("Wed, 21 Oct 2115 07:28:00 GMT") > 1e9


def test_a_line_cut_by_a_power_failure_is_passed_over(server: Server, tmp_path: Path) -> None:
    server.files["/a.bin"] = Served(CONTENT)
    bring(tmp_path, wanted(server))
    ledger = tmp_path / ".bonafide/checked.jsonl"
    ledger.write_text(ledger.read_text() + '{"path": "into/b')
    bring(tmp_path, wanted(server))
    assert server.fetched == ["a.bin"]
