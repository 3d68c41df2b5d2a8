"""The server of replication packets. Every URL contains the token, so no URL may be logged or raised."""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from tempfile import TemporaryFile
from typing import IO

import requests
import urllib3

from mirror.errors import PacketAway, TokenMissing, TokenRefused

PACKET_READ_BYTES = 1 << 18
REFUSED_STATUSES = {400, 401, 403}

# It logs URLs, in warnings too.
logging.getLogger("urllib3.connectionpool").addFilter(lambda record: "token=" not in record.getMessage())


@dataclass(frozen=True)
class PacketSource:
    """A server of packets, and our access token for it."""

    url: str
    token: str = field(repr=False)
    user_agent: str = "LastYear.fm"
    timeout: float = 60.0  # seconds without a single byte

    def newest_sequence(self) -> int | None:
        """Return the newest packet's sequence number; None if the server names none.

        Raises PacketAway, TokenMissing, TokenRefused.
        """
        with self._get("replication-info") as file:
            if file is None:
                return None
            try:
                number = re.match(r"replication-(\d+)\b", json.load(file)["last_packet"] or "")
            except (ValueError, KeyError, TypeError) as error:
                raise PacketAway(f"replication-info: {type(error).__name__}") from None
        return int(number[1]) if number else None

    @contextmanager
    def download(self, sequence: int) -> Iterator[IO[bytes] | None]:
        """Download a packet to a temporary file; None if it is not published (yet)."""
        with self._get(f"replication-{sequence}-v2.tar.bz2") as file:
            yield file

    @contextmanager
    def _get(self, name: str) -> Iterator[IO[bytes] | None]:
        """Download a file, as long as it was announced to be; None if there is none."""
        if not self.token:
            raise TokenMissing
        response = self._request(name)
        # Not raised where it was caught: the error that is being handled there holds the URL.
        if isinstance(response, str):
            raise PacketAway(f"{name}: {response}")
        with response, TemporaryFile() as file:
            if not _is_found(response.status_code, name):
                yield None
                return
            if problem := _receive(response, file):
                raise PacketAway(f"torn: {problem}")
            file.seek(0)
            yield file

    def _request(self, name: str) -> requests.Response | str:
        """Return the response, its body still to be read, or the name of the error."""
        try:
            return requests.get(
                f"{self.url.rstrip('/')}/{name}",
                {"token": self.token},
                headers={"User-Agent": self.user_agent, "Accept-Encoding": "identity"},
                timeout=self.timeout,
                stream=True,
            )
        except (requests.RequestException, ValueError) as error:
            return _root_cause(error)


def _is_found(status: int, name: str) -> bool:
    if status in REFUSED_STATUSES:
        raise TokenRefused(f"status {status}")
    if status not in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:
        raise PacketAway(f"{name}: status {status}")
    return status == HTTPStatus.OK


def _receive(response: requests.Response, file: IO[bytes]) -> str | None:
    """Write the body to the file; return what is wrong with it."""
    announced = response.headers.get("Content-Length")
    response.raw.enforce_content_length = False  # so that what has arrived is kept, and counted here
    try:
        while block := response.raw.read1(PACKET_READ_BYTES, decode_content=False):
            file.write(block)
    except urllib3.exceptions.HTTPError as error:
        return _root_cause(error)
    return None if announced in {None, str(file.tell())} else f"{file.tell()} of {announced} bytes"


def _root_cause(error: BaseException) -> str:
    """Return the name of the error that caused it all; those raised from it hold the URL."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return type(error).__name__
