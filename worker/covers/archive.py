"""A client for the Cover Art Archive: the front cover of a release group, within bounds.

Its addresses and statuses are those of https://musicbrainz.org/doc/Cover_Art_Archive/API: 307 to the Internet
Archive, which redirects to one of its own machines; 404 where there is no cover.
"""

import time
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import requests
from urllib3.util import parse_url

from app import VERSION
from worker.lastfm.transport import TooLarge, new_session, read_body

THUMBNAIL = 250
"""Pixels of the longer side of what is fetched: one of the sizes that the archive has."""
MAX_BYTES = 5_000_000
"""A thumbnail has some 20 kB; where there is none, the archive may send the original."""
MAX_SECONDS = 15.0
"""For a cover with all redirects. A page does not wait for it, but a worker does."""
MAX_REDIRECTS = 5
BUSY_SECONDS = 60.0
"""How long to pause after 503 or 429 without a Retry-After."""
ARCHIVE_HOSTS = ("coverartarchive.org", "archive.org")
"""Where redirects may lead, by HTTPS alone: to these hosts and those below them. An address within this machine's
network has none of their certificates."""
PICTURES = ("image/jpeg", "image/png", "image/gif", "image/webp")

REDIRECTS = {301, 302, 303, 307, 308}
NONE_THERE = {HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST, HTTPStatus.GONE}
BUSY = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}


class NoCover(Exception):
    """The archive has no front cover of this release group."""


class CoverRefused(Exception):
    """What the archive sent cannot be accepted. `kind` is one word for the counters."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class ArchiveAway(Exception):
    """The archive gave no usable answer; `seconds` is for how long it asked to be left alone, or 0."""

    def __init__(self, kind: str, reason: str, seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.kind, self.seconds = kind, seconds


class CoverArchive:
    """Fetches covers from the archive at `url`. `clock` tells seconds that pass."""

    def __init__(
        self,
        url: str,
        contact: str,
        *,
        max_seconds: float = MAX_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url.rstrip("/")
        self._max_seconds = max_seconds
        self._clock = clock
        self._session = new_session(1)
        self._session.headers["User-Agent"] = f"LastYear.fm/{VERSION} (+{contact})"

    def front(self, release_group: UUID) -> bytes:
        """Return the picture of a release group's front cover. Raises NoCover, CoverRefused, ArchiveAway."""
        deadline = self._clock() + self._max_seconds
        url = f"{self._url}/release-group/{release_group}/front-{THUMBNAIL}"
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._get(url, deadline)
            if answer.status_code not in REDIRECTS:
                return self._picture(answer)
            answer.close()
            url = self._next(url, answer.headers.get("Location", ""))
        raise CoverRefused("redirect", f"more than {MAX_REDIRECTS} redirects")

    def _get(self, url: str, deadline: float) -> requests.Response:
        left = deadline - self._clock()
        if left <= 0:
            raise ArchiveAway("slow", f"no cover within {self._max_seconds:g} s")
        try:
            return self._session.get(url, timeout=left, allow_redirects=False, stream=True)
        except requests.Timeout as error:
            raise ArchiveAway("slow", f"{_host(url)}: {type(error).__name__}") from None
        except requests.RequestException as error:
            raise ArchiveAway("unreachable", f"{_host(url)}: {type(error).__name__}") from None

    def _picture(self, answer: requests.Response) -> bytes:
        with answer:
            _check_status(answer)
            kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if kind not in PICTURES:
                raise CoverRefused("no_picture", f"{_host(answer.url)} sends {kind[:40] or 'nothing said'}")
            try:
                return read_body(answer, MAX_BYTES)
            except TooLarge:
                raise CoverRefused("too_large", f"more than {MAX_BYTES} bytes") from None
            except requests.RequestException as error:
                raise ArchiveAway("cut_off", f"{_host(answer.url)}: {type(error).__name__}") from None

    def _next(self, url: str, location: str) -> str:
        """Return where a redirect leads, if that is the archive.

        The address is read as `requests` reads it: other parsers find another host in `https://a\\@b`.
        """
        try:
            following, ours = parse_url(urljoin(url, location)), parse_url(self._url)
        except ValueError:
            raise CoverRefused("redirect", "to an address that is none") from None
        origin = (following.scheme, following.host or "", following.port)
        is_theirs = (
            origin[0] == "https"
            and origin[2] in (None, 443)
            and any(origin[1] == host or origin[1].endswith(f".{host}") for host in ARCHIVE_HOSTS)
        )
        if not location or not (is_theirs or origin == (ours.scheme, ours.host, ours.port)):
            raise CoverRefused("redirect", f"to {origin[1][:80] or 'nowhere'}, which is not the archive")
        return following.url


def _check_status(answer: requests.Response) -> None:
    """Raise what a status other than 200 means."""
    status = answer.status_code
    if status in NONE_THERE:
        raise NoCover
    if status in BUSY:
        raise ArchiveAway("busy", f"{_host(answer.url)}: HTTP {status}", _seconds(answer) or BUSY_SECONDS)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ArchiveAway("http_status", f"{_host(answer.url)}: HTTP {status}")
    if status != HTTPStatus.OK:
        raise CoverRefused("http_status", f"{_host(answer.url)}: HTTP {status}")


def _seconds(answer: requests.Response) -> float:
    text = answer.headers.get("Retry-After", "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
