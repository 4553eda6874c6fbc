"""Which files a public place has: name, size, checksum, address.

Zenodo: https://developers.zenodo.org (`GET /api/records/ID`). Hugging Face: https://huggingface.co/docs/hub/api
(`GET /api/datasets/NAME/tree/main`, in pages that the `Link` header chains). Anything else is the address of
one file.
"""

import json
import threading
from collections.abc import Mapping
from email.message import Message
from fnmatch import fnmatchcase
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import quote, unquote, urljoin, urlsplit

import requests

from bonafide.archives import web
from bonafide.archives.names import below
from bonafide.types import Download, InputError

_T = TypeVar("_T")

_SHOWN: Final = 12  # names in a message
_DIGESTS: Final = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}  # hexadecimal digits


class Servers(NamedTuple):
    """Where the archives answer; a mirror, or a server of a test, may stand in."""

    zenodo: str = "https://zenodo.org"
    huggingface: str = "https://huggingface.co"


class PublicFile(NamedTuple):
    """A file that can be fetched.

    Args:
        name: with the folders that it has there, forward slashes; never leads out of a folder.
        size: in bytes; None if the server does not say.
        checksum: `md5:…`, `sha1:…`, `sha256:…` or `sha512:…`; `""` if the publisher states none.
        address: to fetch it from.
    """

    name: str
    size: int | None
    checksum: str
    address: str


def listed(
    download: Download, talk: requests.Session, servers: Servers, patience: web.Patience
) -> list[PublicFile]:
    """The files wanted of a download, sorted by name.

    Raises:
        InputError: the place is not there or answers in an unknown form, a pattern matches nothing, or a name
            would lead out of its folder.
    """
    kind, _, rest = download.place.partition(":")
    if kind in {"http", "https"}:
        files = [_address(download, talk, patience)]
    elif download.checksum:
        raise InputError(f"{download.place}: a checksum belongs to the address of one file; leave it out")
    elif kind == "zenodo":
        files = _zenodo(rest, talk, servers, patience)
    elif kind == "huggingface":
        files = _huggingface(rest, talk, servers, patience)
    else:
        raise InputError(
            f"{download.place!r} is not a place to fetch from; write zenodo:RECORD, huggingface:OWNER/"
            "DATASET or an address that starts with https://"
        )
    return sorted(_chosen([_inside(file, download.place) for file in files], download))


def _chosen(files: list[PublicFile], download: Download) -> list[PublicFile]:
    """The files that any of the patterns matches; each must match some."""
    if not files:
        raise InputError(f"{download.place} has no public files; look at its page in a browser")
    wanted: dict[str, PublicFile] = {}
    for pattern in download.files or ("*",):
        found = [file for file in files if fnmatchcase(file.name, pattern)]
        if not found:
            names = sorted(file.name for file in files)
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            raise InputError(
                f"nothing in {download.place} is called {pattern}; it has {', '.join(names[:_SHOWN])}{more}"
            )
        wanted |= {file.name: file for file in found}
    return list(wanted.values())


def _inside(file: PublicFile, place: str) -> PublicFile:
    """The file if its name is one, and if its checksum can be computed."""
    try:
        name = below(file.name)
    except ValueError as error:
        raise InputError(
            f"{place} has a file called {file.name!r}, which {error}; it is not fetched"
        ) from error
    if not name or name != file.name:
        raise InputError(
            f"{place} has a file called {file.name!r}, which is no name of a file; it is not fetched"
        )
    if file.size is not None and file.size < 0:
        raise InputError(f"{place} gives {file.size} as size of {file.name}; look at its page in a browser")
    algorithm, _, digits = file.checksum.partition(":")
    if file.checksum and (
        len(digits) != _DIGESTS.get(algorithm) or set(digits.lower()) - set("0123456789abcdef")
    ):
        raise InputError(
            f"{place} gives {file.checksum!r} as checksum of {file.name}; known are ALGORITHM:HEX with "
            f"{', '.join(_DIGESTS)}"
        )
    return file._replace(checksum=file.checksum.lower())


def _zenodo(
    record: str, talk: requests.Session, servers: Servers, patience: web.Patience
) -> list[PublicFile]:
    if not (record.isascii() and record.isdigit()):
        raise InputError(
            f"zenodo:{record} is not a record; write its number, as in zenodo.org/records/NUMBER"
        )
    address = f"{servers.zenodo.rstrip('/')}/api/records/{record}"
    answer, _ = _json(address, talk, patience)
    answer = _of(dict, answer, address, "the record")
    return [
        PublicFile(
            name=_of(str, entry.get("key"), address, f"files[{place}].key"),
            size=_of(int, entry.get("size"), address, f"files[{place}].size"),
            checksum=_of(str, entry.get("checksum"), address, f"files[{place}].checksum"),
            address=_of(
                str,
                _of(dict, entry.get("links"), address, f"files[{place}].links").get("self"),
                address,
                f"files[{place}].links.self",
            ),
        )
        for place, entry in enumerate(_entries(answer.get("files"), address, "files"))
    ]


def _huggingface(
    name: str, talk: requests.Session, servers: Servers, patience: web.Patience
) -> list[PublicFile]:
    base = servers.huggingface.rstrip("/")
    following = f"{base}/api/datasets/{quote(name)}/tree/main?recursive=true"
    files: list[PublicFile] = []
    asked: set[str] = set()
    while following and following not in asked:
        asked.add(following)
        address = following
        page, link = _json(address, talk, patience)
        for place, entry in enumerate(_entries(page, address, "the list")):
            if _of(str, entry.get("type"), address, f"[{place}].type") != "file":
                continue
            path = _of(str, entry.get("path"), address, f"[{place}].path")
            large = _of(dict, entry.get("lfs") or {}, address, f"[{place}].lfs")
            oid = _of(str, large["oid"], address, f"[{place}].lfs.oid") if "oid" in large else ""
            files.append(
                PublicFile(
                    name=path,
                    size=_of(int, entry.get("size"), address, f"[{place}].size"),
                    checksum=f"sha256:{oid.removeprefix('sha256:')}" if oid else "",
                    address=f"{base}/datasets/{quote(name)}/resolve/main/{quote(path)}",
                )
            )
        following = urljoin(address, link) if link else ""
    return files


def _address(download: Download, talk: requests.Session, patience: web.Patience) -> PublicFile:
    """The one file at an address; a server that does not answer `HEAD` leaves its size open."""
    attempts = web.Attempts(download.place, patience, threading.Event())
    while True:
        try:
            with web.answer(talk, "HEAD", download.place, patience) as response:
                said: Mapping[str, str] = response.headers
                break
        except web.BrokenError as broken:
            attempts.failed(broken)
        except InputError:  # some servers know only GET; fetching says what is wrong
            said = {}
            break
    header = Message()
    header["Content-Disposition"] = said.get("Content-Disposition", "")
    name = header.get_filename() or unquote(urlsplit(download.place).path).rpartition("/")[2]
    length = said.get("Content-Length", "")
    return PublicFile(name, int(length) if length.isdigit() else None, download.checksum, download.place)


def _json(address: str, talk: requests.Session, patience: web.Patience) -> tuple[Any, str]:
    """What a server answers, and the address of the next page if there is one."""
    attempts = web.Attempts(address, patience, threading.Event())
    while True:
        try:
            with web.answer(talk, "GET", address, patience, {"Accept": "application/json"}) as response:
                content, link = response.content, response.links.get("next", {}).get("url", "")
                break
        except web.BrokenError as broken:
            attempts.failed(broken)
    try:
        return json.loads(content), link
    except ValueError as error:
        raise _changed(address, "it is not JSON") from error


def _entries(value: Any, address: str, what: str) -> list[dict[str, Any]]:
    return [
        _of(dict, entry, address, f"{what}[{place}]")
        for place, entry in enumerate(_of(list, value, address, what))
    ]


def _of(kind: type[_T], value: Any, address: str, what: str) -> _T:
    """The value if it is of the kind that the API promises."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise _changed(address, f"{what} is {'missing' if value is None else repr(value)[:60]}")
    return value


def _changed(address: str, what: str) -> InputError:
    return InputError(
        f"{address} does not answer in the form known here ({what}); update Bonafide, or fetch the "
        "files by hand"
    )
