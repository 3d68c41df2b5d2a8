"""Files on a web server, read as they arrive. A broken download continues if the file is still the same."""

from contextlib import closing, suppress
from dataclasses import dataclass
from threading import Event
from urllib.parse import urlsplit

import requests
import urllib3

from mirror.errors import ExportAway, ExportChanged, ExportMissing

MISSING_STATUSES = frozenset({403, 404, 410})


@dataclass(frozen=True)
class HttpOptions:
    """How to use a web server: our User-Agent, how long to wait for it, the pauses before new attempts."""

    user_agent: str = "LastYear.fm"
    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    retry_pauses: tuple[float, ...] = (1.0, 5.0, 15.0, 30.0)  # seconds


class RemoteFolder:
    """A directory on a web server."""

    def __init__(self, url: str, options: HttpOptions) -> None:
        self.options = options
        self._url = f"{url.rstrip('/')}/"
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": options.user_agent, "Accept-Encoding": "identity"})

    def __str__(self) -> str:
        url = urlsplit(self._url)
        return url._replace(netloc=url.netloc.rpartition("@")[2]).geturl()

    @property
    def name(self) -> str:
        return urlsplit(self._url).path.rstrip("/").rpartition("/")[2]

    def subfolder(self, name: str) -> "RemoteFolder":
        """Return a directory in this one."""
        return RemoteFolder(self._url + name, self.options)

    def has(self, name: str) -> bool:
        try:
            self.request("HEAD", name).close()
        except ExportMissing:
            return False
        return True

    def read(self, name: str) -> bytes:
        """Return the content of a small file."""
        with self.open(name) as file:
            return b"".join(iter(lambda: file.read(file.size), b""))

    def open(self, name: str) -> "closing[RemoteFile]":
        """Start to download a large file."""
        return closing(RemoteFile(self, name))

    def request(self, method: str, name: str, headers: dict[str, str] | None = None) -> requests.Response:
        """Return the response, its body still to be read. A request that fails is repeated a few times."""
        for pause in self.options.retry_pauses:
            with suppress(ExportAway):
                return self._request_once(method, name, headers)
            Event().wait(pause)
        return self._request_once(method, name, headers)

    def _request_once(self, method: str, name: str, headers: dict[str, str] | None) -> requests.Response:
        try:
            response = self._session.request(
                method,
                self._url + name,
                headers=headers,
                timeout=(self.options.connect_seconds, self.options.read_seconds),
                stream=True,
                allow_redirects=True,
            )
        except requests.RequestException as error:
            raise ExportAway(f"{self}{name}: {type(error).__name__}") from None
        if response.ok:
            return response
        response.close()
        failure = ExportMissing if response.status_code in MISSING_STATUSES else ExportAway
        raise failure(f"{self}{name}: HTTP {response.status_code}")


class RemoteFile:
    """A file being downloaded. Its size is known from the beginning."""

    def __init__(self, folder: RemoteFolder, name: str) -> None:
        self._folder, self._name = folder, name
        self._closed = Event()
        self._response = folder.request("GET", name)
        self.size, self._position = self._announced_size(), 0
        self._etag = _strong_etag(self._response)

    def read(self, count: int, /) -> bytes:
        """Return the next bytes, at most `count`; none at the end. Resumes the download where it breaks.

        Raises ExportAway, ExportChanged.
        """
        pauses = iter(self._folder.options.retry_pauses)
        while self._position < self.size and not self._closed.is_set():
            if block := self._receive(count):
                self._position += len(block)
                return block
            pause = next(pauses, None)
            if pause is None:
                raise ExportAway(self._broke_off())
            if not self._closed.wait(pause):
                self._resume()
        return b""

    def close(self) -> None:
        """End the download, even while another thread is waiting for its bytes."""
        self._closed.set()
        with suppress(AttributeError, OSError, ValueError, RuntimeError):  # if it has already ended
            self._response.raw.shutdown()
        self._response.close()

    def _resume(self) -> None:
        """Request the rest. Raises ExportChanged unless the server proves that it belongs to the same file."""
        self._response.close()
        if self._etag is None:
            raise ExportChanged(f"{self._broke_off()}: the server does not name its version")
        headers = {"Range": f"bytes={self._position}-", "If-Range": self._etag}
        self._response = self._folder.request("GET", self._name, headers)
        expected = f"bytes {self._position}-{self.size - 1}/{self.size}", self._etag
        found = self._response.headers.get("Content-Range"), _strong_etag(self._response)
        if self._response.status_code != requests.codes.partial_content or found != expected:
            raise ExportChanged(self._broke_off())

    def _receive(self, count: int) -> bytes:
        try:
            block: bytes = self._response.raw.read1(count, decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError):
            return b""
        return block[: self.size - self._position]

    def _announced_size(self) -> int:
        size = self._response.headers.get("Content-Length", "")
        if not size.isdecimal():
            self._response.close()
            raise ExportAway(f"{self._folder}{self._name}: the server does not announce its size")
        return int(size)

    def _broke_off(self) -> str:
        return f"{self._folder}{self._name} broke off after {self._position:,} of {self.size:,} bytes"


def _strong_etag(response: requests.Response) -> str | None:
    """Return the ETag if it vouches for every byte, which a weak one does not."""
    etag = response.headers.get("ETag")
    return etag if etag and etag.startswith('"') else None
