"""A stand-in for MetaBrainz's servers: exports at /fullexport/, replication packets at /api/musicbrainz/.

    with MetaBrainzStandIn(folder) as metabrainz:
        metabrainz.fail(DownloadFault("mbdump.tar.bz2", cut_after=1000))
        ... f"{metabrainz.url}/fullexport/"

`folder` has what is served: `fullexport/` as demo.musicbrainz.export writes it, and `packets/` with files
named like replication-190001-v2.tar.bz2. Both may change while the server runs.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, Self

from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, NotFound
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.utils import send_file
from werkzeug.wrappers import Request, Response

TOKEN = "stand-in-token-of-forty-characters-00000"  # noqa: S105 - as public as the rest of the demo
EXPORTS, PACKETS = "/fullexport/", "/api/musicbrainz/"
PACKET = re.compile(r"replication-(\d+)(-v2)?\.tar\.bz2(\.asc)?")


@dataclass(frozen=True)
class DownloadFault:
    """What goes wrong when a path ending in `path` is fetched, and how many times (None: always).

    `status` comes in place of the file; the connection ends after `cut_after` bytes of the body; nothing comes for
    `stall` seconds after `stall_after` bytes; `other_file` comes with an ETag of its own; `ignores_range` sends
    the whole file; `wrong_byte` damages the body.
    """

    path: str
    times: int | None = 1
    status: int | None = None
    cut_after: int | None = None
    stall: float = 0.0
    stall_after: int = 0
    other_file: bytes | None = None
    ignores_range: bool = False
    wrong_byte: bool = False


NO_FAULT = DownloadFault("")


@dataclass
class MetaBrainzStandIn:
    """The servers, in threads of this process. `fail` switches faults on; `requests` lists what was requested."""

    folder: Path
    token: str = TOKEN
    host: str = "127.0.0.1"
    requests: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._faults: list[DownloadFault] = []
        self._lock, self._closing = Lock(), Event()

    def __enter__(self) -> Self:
        application = Request.application(self._answer)
        self._server = make_server(self.host, 0, application, threaded=True, request_handler=_Handler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self._server.port}"

    @property
    def dump_url(self) -> str:
        return f"{self.url}{EXPORTS}"

    @property
    def packet_url(self) -> str:
        return f"{self.url}{PACKETS}"

    def fail(self, *faults: DownloadFault) -> None:
        """Switch these faults on. The first one that fits a path hits it."""
        with self._lock:
            self._faults += faults

    def _answer(self, request: Request) -> Response | HTTPException:
        with self._lock:
            self.requests.append(request)
            fault = NO_FAULT if request.method == "HEAD" else self._take_fault(request.path)
        if fault.status:
            return Response(status=fault.status)
        if request.path.startswith(EXPORTS):
            path = self.folder / "fullexport" / request.path.removeprefix(EXPORTS)
        elif request.path.startswith(PACKETS):
            self._check_token(request.args.get("token"))
            path = self.folder / "packets" / request.path.removeprefix(PACKETS)
        else:
            return NotFound()
        if path == self.folder / "packets" / "replication-info":
            return self._newest_packet()
        return self._file(path, request, fault)

    def _take_fault(self, path: str) -> DownloadFault:
        """Return the fault that hits this path and count it down, or NO_FAULT."""
        for at, fault in enumerate(self._faults):
            if fault.times != 0 and path.endswith(fault.path):
                if fault.times is not None:
                    self._faults[at] = replace(fault, times=fault.times - 1)
                return fault
        return NO_FAULT

    def _check_token(self, token: str | None) -> None:
        if not token:
            raise BadRequest
        if token != self.token:
            raise Forbidden

    def _newest_packet(self) -> Response:
        names = [path.name for path in (self.folder / "packets").glob("*")]
        last = max((int(m[1]) for m in map(PACKET.fullmatch, names) if m), default=None)
        packet = "null" if last is None else f'"replication-{last}.tar.bz2"'
        return Response(f'{{"last_packet": {packet}}}', mimetype="application/json")

    def _file(self, path: Path, request: Request, fault: DownloadFault) -> Response:
        if not path.is_file():
            raise NotFound
        content = path.read_bytes() if fault.other_file is None else fault.other_file
        response = send_file(
            BytesIO(content),  # Werkzeug leaves a file open if the client closes the connection
            request.environ,
            mimetype="application/octet-stream",
            conditional=not fault.ignores_range,
            etag=f"{path.stat().st_mtime_ns}-{len(content)}" if fault.other_file is None else "other",
            last_modified=path.stat().st_mtime,
        )
        if fault.cut_after is not None or fault.stall or fault.wrong_byte:
            response.direct_passthrough = False
            # The Content-Length stays that of the whole body.
            response.response = self._damaged(response.get_data(), fault)
        return response

    def _damaged(self, body: bytes, fault: DownloadFault) -> Iterator[bytes]:
        if fault.wrong_byte:
            middle = len(body) // 2
            body = body[:middle] + bytes([body[middle] ^ 4]) + body[middle + 1 :]
        body = body[: fault.cut_after]
        yield body[: fault.stall_after]
        self._closing.wait(fault.stall)
        yield body[fault.stall_after :]


class _Handler(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Print nothing: the stand-in keeps its own list of requests."""
