"""A visitor from outside: knows the site's name, trusts its authority, opens pages and follows them live."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import websocket
from requests.adapters import HTTPAdapter

from tests.conftest import PATIENCE
from tests.provision.operator import DOMAIN

PER_SECOND, AT_MOST = 10, 4_000
"""How many requests a stream asks a second, and in all."""


class _ByAddress(HTTPAdapter):
    """Goes to one address whatever the URL's host; name and certificate are checked as ever."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__(pool_connections=1, pool_maxsize=8)

    def get_connection_with_tls_context(self, request: Any, verify: Any, *_: Any, **options: Any) -> Any:
        host, keys = self.build_connection_pool_key_attributes(request, verify, options.get("cert"))
        named = {"server_hostname": DOMAIN, "assert_hostname": DOMAIN} if request.url.startswith("https:") else {}
        there = {**host, "host": self._address}
        return self.poolmanager.connection_from_host(**there, pool_kwargs={**keys, **named})


@dataclass(frozen=True)
class Visitor:
    """Sees the site at this address, whose certificate this authority vouches for."""

    address: str
    authority: Path

    def session(self) -> requests.Session:
        """For requests to https://DOMAIN."""
        session = requests.Session()
        session.trust_env = False  # the environment's authorities would come before ours
        session.verify = str(self.authority)
        session.headers["Host"] = DOMAIN
        for scheme in ("http://", "https://"):
            session.mount(scheme, _ByAddress(self.address))
        return session

    def get(self, path: str, **options: Any) -> requests.Response:
        """One page; redirections are not followed."""
        with self.session() as session:
            options = {"timeout": 30, "allow_redirects": False, **options}
            return session.get(path if "://" in path else f"https://{DOMAIN}{path}", **options)

    @contextmanager
    def live(self, path: str) -> Iterator[websocket.WebSocket]:
        """The websocket of a page."""
        context = ssl.create_default_context(cafile=str(self.authority))
        plain = socket.create_connection((self.address, 443), timeout=30)
        with context.wrap_socket(plain, server_hostname=DOMAIN) as secure:
            follower = websocket.create_connection(f"wss://{DOMAIN}{path}/live", socket=secure, timeout=PATIENCE)
            try:
                yield follower
            finally:
                follower.close()

    def follow(self, path: str) -> list[dict[str, Any]]:
        """Opens a page, then hears of it until it is complete or has failed; every event, in order."""
        assert self.get(path).status_code == 200
        with self.live(path) as follower:
            events: list[dict[str, Any]] = []
            while not events or events[-1]["phase"] not in ("completed", "failed"):
                # Before the first event there is nothing to tell: null.
                if (event := json.loads(follower.recv())) is not None:
                    events.append(event)
        return events

    @contextmanager
    def streaming(self, *paths: str, timeout: float = 30) -> Iterator["Stream"]:
        """Asks for these pages again and again, some ten a second, until the block ends; 4,000 at most."""
        stream, stop = Stream(), threading.Event()

        def ask(number: int) -> None:
            while not stop.is_set() and stream.asked < AT_MOST:
                began = time.monotonic()
                stream.note(self, paths[stream.asked % len(paths)], timeout)
                stop.wait(max(0.0, 4 / PER_SECOND - (time.monotonic() - began)))

        with ThreadPoolExecutor(4) as pool:
            asking = [pool.submit(ask, number) for number in range(4)]
            try:
                yield stream
            finally:
                stop.set()
        for done in asking:
            done.result()


@dataclass
class Stream:
    """What became of a stream of requests."""

    asked: int = 0
    faults: list[str] = field(default_factory=list)
    slowest: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __str__(self) -> str:
        return f"{self.asked} requests, the slowest {self.slowest:.2f} s, {len(self.faults)} lost"

    def note(self, visitor: Visitor, path: str, timeout: float) -> None:
        """Ask once, on a connection of its own."""
        began = time.monotonic()
        try:
            fault = "" if (code := visitor.get(path, timeout=timeout).status_code) == 200 else f"{path}: {code}"
        except requests.RequestException as error:
            fault = f"{path}: {error}"
        with self._lock:
            self.asked += 1
            self.slowest = max(self.slowest, time.monotonic() - began)
            if fault:
                self.faults.append(fault)
