"""Open pages: how many one address may have, and an end for those that read nothing or send too much."""

import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import structlog
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from app.web.rate_limits import networks

log = structlog.get_logger()

MOST_OF_ONE = 100
"""How many one address may have, which may be that of an office; a /48 of IPv6 may have some times as many."""
MOST_OF_ALL = 5000
"""Half of the connections that the process takes: the others are for requests."""
# In seconds.
SLOW_AFTER = 10.0  # that a page may take to read a message, which is a kilobyte
LONGEST = 3600.0  # that a connection lasts; a page that is still there connects again
MOST_RECEIVED = 16 * 1024  # bytes of a WebSocket; our pages only answer pings, with some kilobyte in an hour
AGAIN_AFTER = 30
CHECK_EVERY = 0.5


class OpenPage:
    """A page's connection, and since when it is being sent a message."""

    def __init__(self, address: str, connection: Any) -> None:
        self.networks = networks(address)
        self.began = time.monotonic()
        self.when_left: Callable[[], None] = lambda: None
        """What is called once the page has left, or was cut off. Only of a WebSocket is that heard at once."""
        self._connection = connection
        self._sending_since: float | None = None

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Send a message within this. Whoever takes too long to read it is cut off, and this raises OSError."""
        self._sending_since = time.monotonic()
        try:
            yield
        finally:
            self._sending_since = None

    @property
    def is_slow(self) -> bool:
        """Whether it has been reading a message for too long."""
        since = self._sending_since
        return since is not None and time.monotonic() - since > SLOW_AFTER

    @property
    def is_old(self) -> bool:
        """Whether it is time for it to connect again."""
        return time.monotonic() - self.began > LONGEST

    def cut_off(self) -> None:
        """End the connection, whatever waits to be sent."""
        self._sending_since = None
        if self._connection is None:
            return
        # By a descriptor of its own: gevent would have whoever waits for this one believe that it was closed.
        with suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as ending:
            ending.shutdown(socket.SHUT_RDWR)


class WatchedSocket:
    """Takes the place of a WebSocket's connection, so that no page takes more than it needs.

    The view sends events, and another thread pings and pongs. They take turns: gevent lets one at a time wait for
    a socket. None waits long for a page that reads nothing, and none reads on what no page of ours sends, which is
    messages, or pings without an end.
    """

    def __init__(self, connection: Any, page: OpenPage) -> None:
        self._connection, self._page = connection, page
        self._lock = threading.Lock()
        self._received = 0

    def send(self, data: bytes) -> None:
        """Send all of it. Raises OSError if the page takes too long to read it, or is gone."""
        with self._lock, self._page.sending():
            self._connection.sendall(data)

    def recv(self, size: int) -> bytes:
        """Receive what the page sends. Raises OSError if that is too much, which ends the connection."""
        data: bytes = self._connection.recv(size)
        self._received += len(data)
        if self._received > MOST_RECEIVED:
            raise ConnectionAbortedError("a page has sent too much")
        return data

    def close(self) -> None:
        """Close the connection, and tell the view."""
        self._connection.close()
        self._page.when_left()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class OpenPages:
    """The pages that are open in this process."""

    def __init__(self) -> None:
        self._pages: set[OpenPage] = set()
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._is_checked = False

    def admit(self, address: str, connection: Any, *, is_limited: bool = True) -> OpenPage:
        """Count a page that opens. Raises TooManyRequests, or ServiceUnavailable if there are too many in all."""
        page = OpenPage(address, connection)
        with self._lock:
            if is_limited and any(self._counts[name] >= MOST_OF_ONE * factor for name, factor in page.networks):
                raise TooManyRequests(retry_after=AGAIN_AFTER)
            if len(self._pages) >= MOST_OF_ALL:
                raise ServiceUnavailable(retry_after=AGAIN_AFTER)
            self._pages.add(page)
            self._counts.update(name for name, _ in page.networks)
            if not self._is_checked:
                self._is_checked = True
                threading.Thread(target=self._check, name="open pages", daemon=True).start()
        return page

    def dismiss(self, page: OpenPage) -> None:
        """Count a page no more that has closed. May be called twice."""
        with self._lock:
            if page in self._pages:
                self._pages.remove(page)
                self._counts.subtract(name for name, _ in page.networks)
                self._counts += Counter()  # drops those at zero

    def _check(self) -> None:
        """Cut off pages that read nothing, as long as any page is open."""
        while True:
            time.sleep(CHECK_EVERY)
            with self._lock:
                if not self._pages:
                    self._is_checked = False
                    return
                slow = [page for page in self._pages if page.is_slow]
            for page in slow:
                page.cut_off()
            if slow:
                log.info("Cut off pages that read nothing", pages=len(slow))
