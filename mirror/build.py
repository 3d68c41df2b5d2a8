"""Keys and indexes, built on connections of their own while the tables behind are still being loaded."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from queue import SimpleQueue
from threading import Event
from typing import Self

import psycopg

from mirror.database import Connection, open_connection
from mirror.swap import OWNING

HANDS = 2  # tables at a time; PostgreSQL lends each build more processes where it has them


class Builder:
    """Runs statements for finished tables in the background. Leaving it early ends what is under way."""

    def __init__(self, owner_url: str) -> None:
        self._url = owner_url
        self._stopping = Event()
        self._free: SimpleQueue[Connection] = SimpleQueue()
        self._connections: list[Connection] = []
        self._work: list[Future[None]] = []

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for _ in range(HANDS):
                opened = open_connection(self._url, "lastyear mirror indexes", OWNING)
                self._connections.append(stack.enter_context(opened))
            self._pool = stack.enter_context(ThreadPoolExecutor(HANDS, "mirror builder"))
            self._stack = stack.pop_all()
        for connection in self._connections:
            self._free.put(connection)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        while wait(self._work, timeout=0).not_done:
            for connection in self._connections:
                _cancel(connection)
            wait(self._work, timeout=0.2)
        self._stack.close()

    def build(self, statements: Sequence[bytes]) -> None:
        """Run these one after another, soon."""
        self._work.append(self._pool.submit(self._run, statements))

    def run(self, work: Callable[[Connection], None]) -> None:
        """Do this with a connection of ours, soon."""
        self._work.append(self._pool.submit(self._lend, work))

    def check(self) -> None:
        """Raise what has gone wrong so far."""
        for work in self._work:
            if work.done():
                work.result()

    def wait(self, waiting: Callable[[], None]) -> None:
        """Until all is built."""
        while wait(self._work, timeout=0.5).not_done:
            waiting()
            self.check()
        self.check()

    def _run(self, statements: Sequence[bytes]) -> None:
        def execute(connection: Connection) -> None:
            for statement in statements:
                if not self._stopping.is_set():
                    connection.execute(statement)

        self._lend(execute)

    def _lend(self, work: Callable[[Connection], None]) -> None:
        connection = self._free.get()
        try:
            if not self._stopping.is_set():
                work(connection)
        finally:
            self._free.put(connection)


def _cancel(connection: Connection) -> None:
    try:
        connection.cancel_safe(timeout=5)
    except psycopg.Error:  # the server has gone, and the statement with it
        connection.close()
