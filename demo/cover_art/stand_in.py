"""A stand-in for the Cover Art Archive and the Internet Archive behind it, with covers of our own making.

    with CoverArtStandIn() as archive:
        archive.faults.append(CoverFault("slow", seconds=30))
        ... f"{archive.url}/release-group/{release_group}/front-250"

Addresses and statuses are those of https://musicbrainz.org/doc/Cover_Art_Archive/API. The catalogue's albums have
covers, but for one in eight.
"""

import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock
from uuid import UUID

from demo.cover_art.drawing import draw_cover
from demo.musicbrainz.catalogue import CatalogueAlbum, albums
from demo.server import HttpResponse, Server, StandIn, html_response

FRONT = re.compile(r"/release-group/([^/]*)/front(?:-(250|500|1200))?")
FILE = re.compile(r"/(download|items)/mbid-([0-9a-f-]{36})/front-(250|500|1200)\.jpg")
MBID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WITHOUT = 8
"""One album in so many has no cover."""
HUGE = 50_000_000
BOMB_SIDE = 30_000
INTERNAL = "http://169.254.169.254/latest/meta-data/"

DAMAGED: dict[str, Callable[[HttpResponse], HttpResponse]] = {
    "slow": lambda picture: picture,
    "drip": lambda picture: picture,
    "busy": lambda _: html_response("<h1>Service Unavailable</h1>", 503),
    "500": lambda _: html_response("<h1>Internal Server Error</h1>", 500),
    "huge": lambda picture: replace(picture, body=picture.body + bytes(HUGE)),
    "not_a_picture": lambda _: html_response("<h1>Down for maintenance</h1>", 200),
    "wrong_type": lambda picture: replace(picture, body=b"<h1>Down for maintenance</h1>"),
    "truncated": lambda picture: replace(picture, body=_half(picture)),
    "cut_off": lambda picture: replace(picture, body=_half(picture), announced_length=len(picture.body)),
    "bomb": lambda _: HttpResponse(200, bomb(), "image/png"),
}
WRONG_WAYS = ("loop", "internal", "elsewhere", "nowhere")
COVER_FAULTS = frozenset({*DAMAGED, *WRONG_WAYS, "hangs_up"})


@dataclass(frozen=True)
class CoverFault:
    """What goes wrong with one cover, or with any, and how many times (None: always)."""

    kind: str
    release_group: UUID | None = None
    times: int | None = 1
    seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.kind not in COVER_FAULTS:
            raise ValueError(f"no fault {self.kind!r}, only {', '.join(sorted(COVER_FAULTS))}")


@dataclass
class CoverArtStandIn(StandIn):
    """Both archives on one port of `host`, in threads of this process. `calls` lists what was asked for."""

    port: int = 0
    host: str = "127.0.0.1"
    latency: float = 0.0
    faults: list[CoverFault] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Path and User-Agent."""

    def __post_init__(self) -> None:
        self._server = Server(self.port, self._respond, self.host)
        self._lock = Lock()
        self._albums = {mbid: album for album in albums() for mbid in (album.group_mbid, *album.merged_mbids)}

    def has_cover(self, album: CatalogueAlbum) -> bool:
        """Whether the archive has the album's cover."""
        return album.group_mbid.int % WITHOUT > 0

    def asked_for(self, release_group: UUID) -> int:
        """Count how often the cover was asked for."""
        return sum(path.startswith(f"/release-group/{release_group}/") for path, _ in self.calls)

    def _respond(self, target: str, agent: str) -> HttpResponse:
        self.calls.append((target, agent))
        if (asked := FRONT.fullmatch(target)) is not None:
            return self._front(asked[1], asked[2] or "1200")
        if (asked := FILE.fullmatch(target)) is not None:
            return self._file(asked[1], UUID(asked[2]), int(asked[3]))
        return html_response("<h1>Not Found</h1>", 404)

    def _front(self, mbid: str, size: str) -> HttpResponse:
        if not MBID.fullmatch(mbid):
            return html_response("<h1>Bad Request</h1><p>invalid MBID specified</p>", 400)
        fault = self._take_fault(UUID(mbid))
        if fault is not None:
            return self._damaged(fault, UUID(mbid))
        album = self._albums.get(UUID(mbid))
        if album is None or not self.has_cover(album):
            return html_response(f"<h1>Not Found</h1><p>No cover image found for release group {mbid}</p>", 404)
        return self._redirect(f"{self.url}/download/mbid-{album.group_mbid}/front-{size}.jpg", 307)

    def _file(self, where: str, mbid: UUID, size: int) -> HttpResponse:
        if where == "download":  # the machine that has it
            return self._redirect(f"{self.url}/items/mbid-{mbid}/front-{size}.jpg", 302)
        self._server.closing.wait(self.latency)
        return HttpResponse(200, draw_cover(self._albums[mbid], size), "image/jpeg")

    def _take_fault(self, mbid: UUID) -> CoverFault | None:
        with self._lock:
            for at, fault in enumerate(self.faults):
                if fault.times != 0 and fault.release_group in (None, mbid):
                    if fault.times is not None:
                        self.faults[at] = replace(fault, times=fault.times - 1)
                    return fault
        return None

    def _damaged(self, fault: CoverFault, mbid: UUID) -> HttpResponse:
        """Return what comes in place of the right answer. Raises ConnectionAbortedError to hang up."""
        if fault.kind == "hangs_up":
            raise ConnectionAbortedError
        if fault.kind == "slow":
            self._server.closing.wait(fault.seconds)
        if fault.kind in WRONG_WAYS:
            return self._redirect(self._wrong_way(fault.kind, mbid), 307)
        response = DAMAGED[fault.kind](HttpResponse(200, draw_cover(albums()[0]), "image/jpeg"))
        return replace(response, pace=fault.seconds) if fault.kind == "drip" else response

    def _wrong_way(self, kind: str, mbid: UUID) -> str:
        """Return where no client should follow; the fault hits the next call of a loop, too."""
        if kind == "loop":
            with self._lock:
                self.faults.append(CoverFault("loop", mbid))
            return f"{self.url}/release-group/{mbid}/front-250"
        ways = {"internal": INTERNAL, "elsewhere": "https://archive.org.example.net/front.jpg", "nowhere": ""}
        return ways[kind]

    def _redirect(self, where: str, status: int) -> HttpResponse:
        headers = {"Location": where} if where else {}
        return replace(html_response(f"See: {where}", status), more_headers=headers)


def _half(picture: HttpResponse) -> bytes:
    return picture.body[: len(picture.body) // 2]


def bomb() -> bytes:
    """Make a PNG of a few hundred kilobytes that unpacks to gigabytes."""
    row = zlib.compressobj(9)
    blank = bytes(1 + 3 * BOMB_SIDE)
    data = b"".join(row.compress(blank) for _ in range(300)) + row.flush()
    head = struct.pack(">IIBBBBB", BOMB_SIDE, BOMB_SIDE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
