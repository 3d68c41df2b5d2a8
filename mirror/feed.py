"""Where packets are published, and how one is fetched. The token is in every address: none is ever told."""

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

BLOCK = 1 << 18
REFUSALS = {400, 401, 403}

# What it logs are addresses, in warnings too.
logging.getLogger("urllib3.connectionpool").addFilter(lambda record: "token=" not in record.getMessage())


@dataclass(frozen=True)
class Feed:
    """A server of packets and our key to it."""

    url: str
    token: str = field(repr=False)
    agent: str = "LastYear.fm"
    timeout: float = 60.0  # without a single byte

    def latest(self) -> int | None:
        """The newest packet's number; None when the server names none."""
        with self._get("replication-info") as file:
            if file is None:
                return None
            try:
                number = re.match(r"replication-(\d+)\b", json.load(file)["last_packet"] or "")
            except (ValueError, KeyError, TypeError) as error:
                raise PacketAway(f"replication-info: {type(error).__name__}") from None
        return int(number[1]) if number else None

    @contextmanager
    def packet(self, sequence: int) -> Iterator[IO[bytes] | None]:
        """One packet as a temporary file; None when there is none (yet)."""
        with self._get(f"replication-{sequence}-v2.tar.bz2") as file:
            yield file

    @contextmanager
    def _get(self, name: str) -> Iterator[IO[bytes] | None]:
        """A temporary file, as long as it was announced to be; None when there is none."""
        if not self.token:
            raise TokenMissing
        answer = self._ask(name)
        # Not where it was caught: the error that is raised there holds the address.
        if isinstance(answer, str):
            raise PacketAway(f"{name}: {answer}")
        with answer, TemporaryFile() as file:
            if not _is_there(answer.status_code, name):
                yield None
                return
            if problem := _receive(answer, file):
                raise PacketAway(f"torn: {problem}")
            file.seek(0)
            yield file

    def _ask(self, name: str) -> requests.Response | str:
        """The beginning of an answer, or what has kept it from coming."""
        try:
            return requests.get(
                f"{self.url.rstrip('/')}/{name}",
                {"token": self.token},
                headers={"User-Agent": self.agent, "Accept-Encoding": "identity"},
                timeout=self.timeout,
                stream=True,
            )
        except (requests.RequestException, ValueError) as error:
            return _cause(error)


def _is_there(status: int, name: str) -> bool:
    if status in REFUSALS:
        raise TokenRefused(f"status {status}")
    if status not in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:
        raise PacketAway(f"{name}: status {status}")
    return status == HTTPStatus.OK


def _receive(answer: requests.Response, file: IO[bytes]) -> str | None:
    """Write it all to the file; tells what is wrong with it."""
    announced = answer.headers.get("Content-Length")
    answer.raw.enforce_content_length = False  # so that what has come is kept, and counted here
    try:
        while block := answer.raw.read1(BLOCK, decode_content=False):
            file.write(block)
    except urllib3.exceptions.HTTPError as error:
        return _cause(error)
    return None if announced in {None, str(file.tell())} else f"{file.tell()} of {announced} bytes"


def _cause(error: BaseException) -> str:
    """What is behind it all; the errors in front of it hold the address."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return type(error).__name__
