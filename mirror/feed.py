"""Where packets are published, and how one is fetched. The token is in every address: none is ever told."""

import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from tempfile import TemporaryFile
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from mirror.errors import PacketAway, TokenMissing, TokenRefused

BLOCK = 1 << 18
REFUSALS = {400, 401, 403}
NOT_FOUND = 404


@dataclass(frozen=True)
class Feed:
    """A server of packets and our key to it."""

    url: str
    token: str = field(repr=False)
    agent: str = "LastYear.fm"
    timeout: float = 60.0  # without a single byte

    def latest(self) -> int | None:
        """The newest packet's number; None when the server names none."""
        with self._get("replication-info") as answer:
            try:
                packet = json.loads(answer.read(BLOCK))["last_packet"] if answer else None
                number = re.match(r"replication-(\d+)\b", packet or "")
            except (ValueError, KeyError, TypeError, OSError, HTTPException) as error:
                raise PacketAway(f"replication-info: {type(error).__name__}") from None
        return int(number[1]) if number else None

    @contextmanager
    def packet(self, sequence: int) -> Iterator[IO[bytes] | None]:
        """One packet as a temporary file, as long as it was announced to be; None when there is none (yet)."""
        with self._get(f"replication-{sequence}-v2.tar.bz2") as answer, TemporaryFile() as file:
            if answer is None:
                yield None
                return
            _receive(answer, file)
            file.seek(0)
            yield file

    @contextmanager
    def _get(self, name: str) -> Iterator[HTTPResponse | None]:
        answer, problem = self._ask(name)
        # Not where it was caught: the error that the driver raises holds the address.
        if problem is not None:
            raise problem
        if answer is None:
            yield None
            return
        with closing(answer):
            yield answer

    def _ask(self, name: str) -> tuple[HTTPResponse | None, Exception | None]:
        if not self.token:
            return None, TokenMissing()
        address = f"{self.url.rstrip('/')}/{name}?{urlencode({'token': self.token})}"
        try:
            request = Request(address, headers={"User-Agent": self.agent})  # noqa: S310 - settings: http or https
            return urlopen(request, timeout=self.timeout), None  # noqa: S310
        except HTTPError as error:
            error.close()
            return None, _problem(name, error.code)
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            return None, PacketAway(f"{name}: {type(reason).__name__}")


def _problem(name: str, status: int) -> Exception | None:
    if status == NOT_FOUND:
        return None
    return TokenRefused(f"status {status}") if status in REFUSALS else PacketAway(f"{name}: status {status}")


def _receive(answer: HTTPResponse, file: IO[bytes]) -> None:
    announced, problem = answer.headers.get("Content-Length"), None
    try:
        while block := answer.read(BLOCK):
            file.write(block)
    except (OSError, HTTPException) as error:
        problem = type(error).__name__
    if problem is None and announced is not None and file.tell() != int(announced):
        problem = f"{file.tell()} of {announced} bytes"
    if problem:
        raise PacketAway(f"torn: {problem}")
