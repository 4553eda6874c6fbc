"""Which files a place has, and one clear line when it does not answer as it should."""

import pytest
from tests.archives.server import HASTE, Served, Server

from bonafide.archives import web
from bonafide.archives.listing import PublicFile, listed
from bonafide.types import Download, InputError

MD5 = "md5:" + "0" * 32
TREE = "/api/datasets/someone/speech/tree/main"


def ask(server: Server, place: str, *files: str, checksum: str = "") -> list[PublicFile]:
    with web.session(2) as talk:
        return listed(Download("a test", place, files=files, checksum=checksum), talk, server.servers, HASTE)


def test_a_record_of_zenodo(server: Server) -> None:
    server.zenodo("12", {"b.zip": b"12345", "a b.txt": b"1"})
    one, two = ask(server, "zenodo:12")
    assert (one.name, one.size, one.checksum) == ("a b.txt", 1, "md5:c4ca4238a0b923820dcc509a6f75849b")
    assert (two.name, two.size, two.address) == ("b.zip", 5, f"{server.address}/files/12/b.zip")
    assert ask(server, "zenodo:12", "*.zip", "b*") == [two]


def test_a_pattern_without_a_file_names_what_there_is(server: Server) -> None:
    server.zenodo("12", {f"part{number:02}.tar": b"x" for number in range(20)})
    with pytest.raises(
        InputError, match=r"in zenodo:12 is called \*\.zip; it has part00\.tar, .* and 8 more$"
    ):
        ask(server, "zenodo:12", "part*", "*.zip")


def test_a_data_set_of_hugging_face_comes_in_pages(server: Server) -> None:
    server.pages[f"{TREE}?recursive=true"] = (
        [
            {"type": "directory", "path": "audio", "size": 0, "oid": "1"},
            {
                "type": "file",
                "path": "audio/a b.zip",
                "size": 7,
                "oid": "2",
                "lfs": {"oid": "a" * 64, "size": 7},
            },
        ],
        f"{TREE}?recursive=true&cursor=2",
    )
    server.pages[f"{TREE}?recursive=true&cursor=2"] = (
        [{"type": "file", "path": "README.md", "size": 3, "oid": "3"}],
        "",
    )
    assert ask(server, "huggingface:someone/speech") == [
        PublicFile("README.md", 3, "", f"{server.address}/datasets/someone/speech/resolve/main/README.md"),
        PublicFile(
            "audio/a b.zip",
            7,
            "sha256:" + "a" * 64,
            f"{server.address}/datasets/someone/speech/resolve/main/audio/a%20b.zip",
        ),
    ]
    assert [file.name for file in ask(server, "huggingface:someone/speech", "audio/*")] == ["audio/a b.zip"]


@pytest.mark.parametrize("head", [True, False])
def test_an_address(server: Server, head: bool) -> None:
    server.files["/some/my file.zip"] = Served(b"123", head=head)
    address = f"{server.address}/some/my%20file.zip?download=1"
    assert ask(server, address, checksum=MD5) == [
        PublicFile("my file.zip", 3 if head else None, MD5, address)
    ]


ENTRY = {"key": "a", "size": 1, "checksum": MD5, "links": {"self": "http://x/a"}}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ([], r"the record is \[\]"),
        ({}, "files is missing"),
        ({"files": {"a": 1}}, "files is {'a': 1}"),
        ({"files": ["a"]}, r"files\[0\] is 'a'"),
        ({"files": [ENTRY, ENTRY | {"size": "1"}]}, r"files\[1\]\.size is '1'"),
        ({"files": [ENTRY | {"size": True}]}, r"files\[0\]\.size is True"),
        ({"files": [ENTRY | {"links": {}}]}, r"files\[0\]\.links\.self is missing"),
        (b"<html>", "it is not JSON"),
    ],
)
def test_an_answer_in_another_form(server: Server, answer: object, why: str) -> None:
    server.pages["/api/records/12"] = (answer, "")
    with pytest.raises(InputError, match=rf"^http\S+/api/records/12 does not answer in the form .*{why}"):
        ask(server, "zenodo:12")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"key": "../a"}, r"'\.\./a', which leads out of its folder"),
        ({"key": "/etc/a"}, "'/etc/a', which is no name of a file"),
        ({"key": "a\\..\\..\\b"}, "which leads out"),
        ({"key": ".bonafide/checked.jsonl"}, "not an archive's to write"),
        ({"key": ""}, "is no name"),
        ({"size": -1}, "gives -1 as size"),
        ({"checksum": "crc:12"}, "'crc:12' as checksum of a"),
        ({"checksum": "md5:12"}, "'md5:12' as checksum of a"),
    ],
)
def test_an_answer_that_is_not_to_be_believed(server: Server, changed: dict[str, object], why: str) -> None:
    server.pages["/api/records/12"] = ({"files": [ENTRY | changed]}, "")
    with pytest.raises(InputError, match=rf"^zenodo:12 .*{why}"):
        ask(server, "zenodo:12")


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("zenodo:12", r"/api/records/12 is not there \(HTTP 404\)"),
        ("zenodo:../12", "is not a record"),
        ("zenodo:13", "has no public files"),
        ("huggingface:a/b", r"/api/datasets/a/b/tree/main\?recursive=true is not there"),
        ("ftp:12", "'ftp:12' is not a place to fetch from; write zenodo:RECORD"),
        ("http://", "no name of a file"),
    ],
)
def test_a_place_that_is_none(server: Server, place: str, why: str) -> None:
    server.zenodo("13", {})
    with pytest.raises(InputError, match=why):
        ask(server, place)


def test_a_checksum_is_of_one_file(server: Server) -> None:
    with pytest.raises(InputError, match="belongs to the address of one file"):
        ask(server, "zenodo:12", checksum=MD5)


def test_a_server_that_is_down_is_given_up() -> None:
    with pytest.raises(
        InputError, match=r"^http://127\.0\.0\.1:9/\S+: the connection broke .* \(4 attempts\)"
    ):
        ask(Server(address="http://127.0.0.1:9"), "zenodo:12")
