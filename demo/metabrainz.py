"""A stand-in for MetaBrainz's servers: exports at /fullexport/, replication packets at /api/musicbrainz/.

    with MetaBrainz(folder) as metabrainz:
        metabrainz.fail(Fault("mbdump.tar.bz2", cut=1000))
        ... f"{metabrainz.url}/fullexport/"

`folder` has what is served: `fullexport/` as demo.musicbrainz writes it, and `packets/` with files named like
replication-190001-v2.tar.bz2. Both may change while it runs.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

TOKEN = "stand-in-token-of-forty-characters-00000"  # noqa: S105 - as public as the rest of the demo
EXPORTS, PACKETS = "/fullexport/", "/api/musicbrainz/"
PACKET = re.compile(r"replication-(\d+)(-v2)?\.tar\.bz2(\.asc)?")
PIECE = 1 << 16


@dataclass(frozen=True)
class Fault:
    """What goes wrong when a path ending in `path` is fetched: so many `times` (None: for ever), then the next.

    `status` instead of the file · the connection ended after `cut` bytes of the body · silence of `stall` seconds
    after `stall_after` bytes · another file's bytes and ETag instead (`other`) · Range not heeded (`whole`) · one
    byte of the body wrong (`wrong`).
    """

    path: str
    times: int | None = 1
    status: int | None = None
    cut: int | None = None
    stall: float = 0.0
    stall_after: int = 0
    other: bytes | None = None
    whole: bool = False
    wrong: bool = False


@dataclass(frozen=True)
class Request:
    """A request as it came, without its token."""

    method: str
    path: str
    range: str | None
    agent: str


@dataclass
class _File:
    body: bytes | Path
    etag: str
    modified: float

    def __len__(self) -> int:
        return len(self.body) if isinstance(self.body, bytes) else self.body.stat().st_size

    def pieces(self, begin: int, end: int) -> Iterator[bytes]:
        if isinstance(self.body, bytes):
            yield self.body[begin:end]
            return
        with self.body.open("rb") as content:
            content.seek(begin)
            while begin < end and (piece := content.read(min(PIECE, end - begin))):
                begin += len(piece)
                yield piece


@dataclass
class MetaBrainz:
    """The servers, in this process; faults are switched on by `fail`, `requests` tells what was asked."""

    folder: Path
    token: str = TOKEN
    host: str = "127.0.0.1"
    requests: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock, self.closing = Lock(), Event()

    def __enter__(self) -> Self:
        self._server = _Server(self)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self._server.server_port}"

    @property
    def dump_url(self) -> str:
        return f"{self.url}{EXPORTS}"

    @property
    def packet_url(self) -> str:
        return f"{self.url}{PACKETS}"

    def fail(self, *faults: Fault) -> None:
        """From now on these go wrong."""
        with self._lock:
            self._faults += faults

    def note(self, request: Request) -> Fault:
        """Log a request; gives the fault that hits it."""
        with self._lock:
            self.requests.append(request)
            if request.method == "HEAD":
                return Fault("")
            for at, fault in enumerate(self._faults):
                if fault.times == 0 or not request.path.endswith(fault.path):
                    continue
                if fault.times is not None:
                    self._faults[at] = replace(fault, times=fault.times - 1)
                return fault
        return Fault("")

    def find(self, path: str, query: Mapping[str, list[str]]) -> _File | int:
        """The file at a path, or the status that comes instead."""
        if path.startswith(EXPORTS):
            return _file(self.folder / "fullexport" / path.removeprefix(EXPORTS))
        if path.startswith(PACKETS):
            return self._packet(path.removeprefix(PACKETS), query.get("token", [""])[0])
        return HTTPStatus.NOT_FOUND

    def _packet(self, name: str, token: str) -> _File | int:
        if not token:
            return HTTPStatus.BAD_REQUEST
        if token != self.token:
            return HTTPStatus.FORBIDDEN
        packets = self.folder / "packets"
        if name == "replication-info":
            last = max((int(m[1]) for m in map(PACKET.fullmatch, _names(packets)) if m), default=None)
            packet = None if last is None else f"replication-{last}.tar.bz2"
            return _File(json.dumps({"last_packet": packet}).encode(), '"info"', 0)
        return _file(packets / name) if PACKET.fullmatch(name) else HTTPStatus.NOT_FOUND


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def _file(path: Path) -> _File | int:
    if not path.is_file():
        return HTTPStatus.NOT_FOUND
    found = path.stat()
    return _File(path, f'"{found.st_mtime_ns:x}-{found.st_size:x}"', found.st_mtime)


class _Server(ThreadingHTTPServer):
    def __init__(self, metabrainz: MetaBrainz) -> None:
        self.metabrainz = metabrainz
        super().__init__((metabrainz.host, 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that break off are what is tested here; anything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One request; the connection is not kept."""

    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        agent, ranged = self.headers.get("User-Agent", ""), self.headers.get("Range")
        fault = self.server.metabrainz.note(Request(self.command, url.path, ranged, agent))
        found = fault.status or self.server.metabrainz.find(url.path, parse_qs(url.query))
        self.close_connection = True
        if isinstance(found, int):
            self._refuse(found)
            return
        if fault.other is not None:
            found = _File(fault.other, '"other"', 0)
        begin, end = 0, len(found)
        if ranged and not fault.whole and self.headers.get("If-Range", found.etag) == found.etag:
            begin, end = _range(ranged, len(found))
        self._head(found, begin, end)
        if self.command != "HEAD":
            self._body(found, begin, end, fault)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def _head(self, found: _File, begin: int, end: int) -> None:
        partial = (begin, end) != (0, len(found))
        self.send_response(HTTPStatus.PARTIAL_CONTENT if partial else HTTPStatus.OK)
        if partial:
            self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{len(found)}")
        self.send_header("Content-Length", str(end - begin))
        self.send_header("ETag", found.etag)
        self.send_header("Last-Modified", formatdate(found.modified, usegmt=True))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Connection", "close")
        self.end_headers()

    def _body(self, found: _File, begin: int, end: int, fault: Fault) -> None:
        stop = end if fault.cut is None else min(end, begin + fault.cut)
        sent = 0
        for piece in found.pieces(begin, stop):
            if fault.stall and sent <= fault.stall_after < sent + len(piece):
                self.wfile.write(piece[: fault.stall_after - sent])
                self.server.metabrainz.closing.wait(fault.stall)
                self.wfile.write(piece[fault.stall_after - sent :])
            else:
                self.wfile.write(_spoilt(piece) if fault.wrong and not sent else piece)
            sent += len(piece)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in http.server
        """Say nothing: the stand-in keeps its own log."""


def _range(header: str, size: int) -> tuple[int, int]:
    begin, _, end = header.removeprefix("bytes=").partition("-")
    return min(int(begin), size), min(int(end) + 1, size) if end else size


def _spoilt(piece: bytes) -> bytes:
    middle = len(piece) // 2
    return piece[:middle] + bytes([piece[middle] ^ 4]) + piece[middle + 1 :]
