"""Build keys and indexes on connections of their own while the next tables are still being loaded."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from queue import SimpleQueue
from threading import Event
from typing import Self

import psycopg

from mirror.database import Connection, open_connection
from mirror.importing.swap import OWNER_SETTINGS

CONNECTIONS = 2  # one table each; PostgreSQL itself builds an index with several processes if it can


class Builder:
    """Runs work on finished tables in the background. Leaving the context early cancels what is running."""

    def __init__(self, owner_url: str) -> None:
        self._url = owner_url
        self._stopping = Event()
        self._free: SimpleQueue[Connection] = SimpleQueue()
        self._connections: list[Connection] = []
        self._work: list[Future[None]] = []

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for _ in range(CONNECTIONS):
                opened = open_connection(self._url, "lastyear mirror indexes", OWNER_SETTINGS)
                self._connections.append(stack.enter_context(opened))
            self._pool = stack.enter_context(ThreadPoolExecutor(CONNECTIONS, "mirror builder"))
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
        """Schedule these statements, to run one after another."""
        self._work.append(self._pool.submit(self._run_statements, statements))

    def run(self, work: Callable[[Connection], None]) -> None:
        """Schedule this work, which gets a connection."""
        self._work.append(self._pool.submit(self._run_with_connection, work))

    def raise_errors(self) -> None:
        """Raise the first error so far, if any."""
        for work in self._work:
            if work.done():
                work.result()

    def wait(self, on_wait: Callable[[], None]) -> None:
        """Wait until everything is built."""
        while wait(self._work, timeout=0.5).not_done:
            on_wait()
            self.raise_errors()
        self.raise_errors()

    def _run_statements(self, statements: Sequence[bytes]) -> None:
        def execute(connection: Connection) -> None:
            for statement in statements:
                if not self._stopping.is_set():
                    connection.execute(statement)

        self._run_with_connection(execute)

    def _run_with_connection(self, work: Callable[[Connection], None]) -> None:
        connection = self._free.get()
        try:
            if not self._stopping.is_set():
                work(connection)
        finally:
            self._free.put(connection)


def _cancel(connection: Connection) -> None:
    try:
        connection.cancel_safe(timeout=5)
    except psycopg.Error:  # the server is gone, and so is the statement
        connection.close()
