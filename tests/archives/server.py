"""A server of archives for tests, on this machine, that misbehaves as it is told."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote, urlsplit

from bonafide.archives.listing import Servers
from bonafide.archives.web import Patience

HASTE = Patience(tries=4, pause=0.001, longest=0.02, timeout=5.0)


@dataclass
class Served:
    """A file on the server.

    Args:
        content: its bytes.
        etag: its version; `""` for none.
        ranges: whether parts of it can be asked for.
        heeds: whether `If-Range` is.
        breaks: how many answers end in the middle.
        busy: how many answers are "503, come back later".
        head: whether `HEAD` is answered.
        sized: whether `Content-Length` is given.
        meanwhile: is called in the middle of an answer.
    """

    content: bytes
    etag: str = '"one"'
    ranges: bool = True
    heeds: bool = True
    breaks: int = 0
    busy: int = 0
    head: bool = True
    sized: bool = True
    meanwhile: Callable[[], None] | None = None


@dataclass
class Server:
    """What is served, and what was asked for.

    Args:
        files: by path.
        pages: answers in JSON by path, and the path of the next page.
        asked: method, path and `Range` of each question.
    """

    files: dict[str, Served] = field(default_factory=dict)
    pages: dict[str, tuple[object, str]] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    address: str = ""

    @property
    def servers(self) -> Servers:
        return Servers(self.address, self.address)

    @property
    def fetched(self) -> list[str]:
        """Names of the files asked for, in order."""
        return [
            path.rpartition("/")[2]
            for method, path, _ in self.asked
            if method == "GET" and path in self.files
        ]

    def zenodo(self, record: str, contents: dict[str, bytes], **kind: object) -> None:
        """A record with these files."""
        entries = []
        for name, content in contents.items():
            path = f"/files/{record}/{name}"
            self.files[path] = Served(content, **kind)  # type: ignore[arg-type]
            entries.append(
                {
                    "key": name,
                    "size": len(content),
                    "checksum": f"md5:{hashlib.md5(content).hexdigest()}",  # noqa: S324
                    "links": {"self": self.address + quote(path)},
                }
            )
        self.pages[f"/api/records/{record}"] = ({"id": int(record), "files": entries}, "")


class _Handler(BaseHTTPRequestHandler):
    """Answers as the server was told."""

    protocol_version = "HTTP/1.1"
    told: Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.told.asked.append((self.command, path, self.headers.get("Range", "")))
        if self.path in self.told.pages or path in self.told.pages:
            self.page(*self.told.pages.get(self.path, self.told.pages.get(path, ({}, ""))))
        elif path in self.told.files:
            self.file(self.told.files[path])
        else:
            self.empty(404)

    def empty(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def page(self, content: object, following: str) -> None:
        body = json.dumps(content).encode() if not isinstance(content, bytes) else content
        self.send_response(200)
        if following:
            self.send_header("Link", f'<{self.told.address}{following}>; rel="next"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def file(self, file: Served) -> None:
        if self.command == "HEAD" and not file.head:
            return self.empty(405)
        if file.busy and self.command == "GET":
            file.busy -= 1
            return self.empty(503, Retry_After="1")
        start, total = 0, len(file.content)
        asked = self.headers.get("Range", "")
        fits = not file.heeds or self.headers.get("If-Range", file.etag) == file.etag
        if file.ranges and asked and fits:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= total:
                return self.empty(416, Content_Range=f"bytes */{total}")
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        if file.etag:
            self.send_header("ETag", file.etag)
        if file.sized:
            self.send_header("Content-Length", str(total - start))
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "GET":
            self.body(file, file.content[start:])
        return None

    def body(self, file: Served, content: bytes) -> None:
        half = (len(content) + 1) // 2
        self.wfile.write(content[:half])
        self.wfile.flush()
        if file.meanwhile:
            file.meanwhile()
        if file.breaks:
            file.breaks -= 1
            self.close_connection = True
        else:
            self.wfile.write(content[half:])


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up in the middle is what some tests are about."""


@contextmanager
def serving() -> Iterator[Server]:
    """A server for one test."""
    told = Server()
    handler = type("Handler", (_Handler,), {"told": told})
    with _Quiet(("127.0.0.1", 0), handler) as server:
        told.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
