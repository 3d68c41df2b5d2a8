"""Open pages: how many one address may have, and an end for those that read nothing or send something."""

import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
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
AGAIN_AFTER = 30
CHECK_EVERY = 0.5


class OpenPage:
    """A page's connection, and since when it is being sent a message."""

    def __init__(self, address: str, connection: Any) -> None:
        self.networks = networks(address)
        self.began = time.monotonic()
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


class Sender:
    """Takes the place of a WebSocket's connection: the view sends events, and another thread pings and pongs.

    They take turns: gevent lets one at a time wait for a socket. None waits long for a page that reads nothing.
    """

    def __init__(self, connection: Any, page: OpenPage) -> None:
        self._connection, self._page = connection, page
        self._lock = threading.Lock()

    def send(self, data: bytes) -> None:
        """Send all of it. Raises OSError if the page takes too long to read it, or is gone."""
        with self._lock, self._page.sending():
            self._connection.sendall(data)

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


class SaysNothing(list[Any]):
    """Takes the place of what a WebSocket has received. Our pages send nothing: who does is cut off."""

    def append(self, _message: object) -> None:
        """Refuse a message, which ends the connection."""
        raise ConnectionAbortedError("a page has sent something")
