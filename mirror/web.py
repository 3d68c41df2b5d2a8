"""Files on a web server, read as they come; a broken connection is taken up where the file is still the same."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event
from urllib.parse import urlsplit

import requests
import urllib3

from mirror.errors import ExportAway, ExportChanged, ExportMissing

CONNECT_SECONDS = 10.0
MISSING = frozenset({403, 404, 410})
TOO_MANY = 429


@dataclass(frozen=True)
class Manners:
    """How we call on a server: who we say we are, how long a silence we bear, how often we come back."""

    agent: str = "LastYear.fm"
    silence: float = 60.0
    pauses: tuple[float, ...] = (1.0, 5.0, 15.0, 30.0)


class Site:
    """A directory on a web server."""

    def __init__(self, url: str, manners: Manners) -> None:
        self.manners = manners
        self._url = f"{url.rstrip('/')}/"
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": manners.agent, "Accept-Encoding": "identity"})

    def __str__(self) -> str:
        url = urlsplit(self._url)
        return url._replace(netloc=url.netloc.rpartition("@")[2]).geturl()

    @property
    def name(self) -> str:
        return urlsplit(self._url).path.rstrip("/").rpartition("/")[2]

    def below(self, name: str) -> "Site":
        """A directory in this one."""
        return Site(self._url + name, self.manners)

    def has(self, name: str) -> bool:
        try:
            self._ask(name, {}, method="HEAD").close()
        except ExportMissing:
            return False
        return True

    def read(self, name: str) -> bytes:
        """A small file at once."""
        with self._open(name) as download:
            return b"".join(iter(lambda: download.read(1 << 16), b""))

    @contextmanager
    def open(self, name: str) -> Iterator["Download"]:
        """A large file, as it comes."""
        with self._open(name) as download:
            yield download

    @contextmanager
    def _open(self, name: str) -> Iterator["Download"]:
        download = Download(self, name)
        try:
            yield download
        finally:
            download.close()

    def ask(self, name: str, headers: dict[str, str]) -> requests.Response:
        """The beginning of an answer; servers that stumble are asked again."""
        return self._ask(name, headers, method="GET")

    def _ask(self, name: str, headers: dict[str, str], *, method: str) -> requests.Response:
        for pause in (*self.manners.pauses, None):
            answer = self._try(name, headers, method)
            if isinstance(answer, requests.Response):
                return answer
            if pause is not None:
                Event().wait(pause)
        raise ExportAway(f"{self}{name}: {answer}")

    def _try(self, name: str, headers: dict[str, str], method: str) -> requests.Response | str:
        """The answer, or what is wrong with it for now."""
        try:
            answer = self._session.request(
                method,
                self._url + name,
                headers=headers,
                timeout=(CONNECT_SECONDS, self.manners.silence),
                stream=True,
                allow_redirects=True,
            )
        except requests.RequestException as error:
            return type(error).__name__
        if answer.ok:
            return answer
        answer.close()
        if answer.status_code in MISSING:
            raise ExportMissing(f"{self}{name}: HTTP {answer.status_code}")
        return f"HTTP {answer.status_code}"


class Download:
    """A file under way, of a size that is known from its beginning."""

    def __init__(self, site: Site, name: str) -> None:
        self._site, self._name = site, name
        self._closed = Event()
        self._answer = site.ask(name, {})
        self.position, self.size = 0, self._promised()
        self.tag = _strong(self._answer.headers.get("ETag"))

    def read(self, count: int, /) -> bytes:
        """The next bytes, at most `count`; none at the end. A broken connection is taken up again."""
        pauses = iter(self._site.manners.pauses)
        while self.position < self.size and not self._closed.is_set():
            if block := self._receive(count):
                self.position += len(block)
                return block
            pause = next(pauses, None)
            if pause is None:
                raise ExportAway(self._where())
            if not self._closed.wait(pause):
                self.continue_from(self.position)
        return b""

    def continue_from(self, position: int) -> None:
        """Ask for the rest from here. Refused unless the server proves that the file is the one we have begun."""
        self._answer.close()
        if self.tag is None:
            raise ExportChanged(f"{self._where()}: the server names no version of it")
        self._answer = self._site.ask(self._name, {"Range": f"bytes={position}-", "If-Range": self.tag})
        expected = f"bytes {position}-{self.size - 1}/{self.size}", self.tag
        found = self._answer.headers.get("Content-Range"), _strong(self._answer.headers.get("ETag"))
        if self._answer.status_code != requests.codes.partial_content or found != expected:
            raise ExportChanged(self._where())
        self.position = position

    def close(self) -> None:
        """End it, also while another thread waits for its bytes."""
        self._closed.set()
        with suppress(AttributeError, OSError, ValueError, RuntimeError):  # where it has ended by itself
            self._answer.raw.shutdown()
        self._answer.close()

    def _receive(self, count: int) -> bytes:
        try:
            block: bytes = self._answer.raw.read1(count, decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError):
            return b""
        return block[: self.size - self.position]

    def _promised(self) -> int:
        size = self._answer.headers.get("Content-Length", "")
        if not size.isdecimal():
            self._answer.close()
            raise ExportAway(f"{self._site}{self._name}: its size is not told")
        return int(size)

    def _where(self) -> str:
        return f"{self._site}{self._name} broke off after {self.position:,} of {self.size:,} bytes"


def _strong(tag: str | None) -> str | None:
    """An ETag that vouches for every byte; a weak one does not."""
    return tag if tag and tag.startswith('"') else None
