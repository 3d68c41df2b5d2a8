"""A wire to a server that can be cut, held back, or swallow everything in silence, as networks do."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from tests.conftest import PATIENCE
from tests.tls import abort

RESET_AT_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER


class Wire:
    """Hands on what arrives at `port` to a port of this machine or to a Unix socket."""

    def __init__(self, behind: int | Path) -> None:
        self._behind = behind
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._left: list[asyncio.StreamWriter] = []
        self._flows = asyncio.Event()
        self._is_silent = False
        self._silences = 0
        self.port = 0
        self.connections = 0

    @property
    def open(self) -> int:
        """How many connections there are now."""
        return len(self._open) // 2

    def silence(self) -> None:
        """From now on nothing comes through, and neither end is told. What is connected never recovers."""
        self._do(self._begin_silence)

    def stall(self) -> None:
        """Hold everything back until `mend`."""
        self._do(self._hold_back)

    def reset(self) -> None:
        """End every connection by a reset; new ones are let through."""
        self._do(self._reset)

    def cut(self) -> None:
        """End every connection and refuse new ones."""
        self._do(self._stop)

    def mend(self) -> None:
        """Let new connections through. Only now does the server hear who has left during a silence."""
        self._do(self._listen)

    def start(self) -> threading.Thread:
        """Serve in a thread of its own until `end`: a test may run a loop in its own thread, too."""
        thread = threading.Thread(target=self._run, name="wire", daemon=True)
        thread.start()
        self._do(self._listen)
        return thread

    def end(self) -> None:
        """End everything."""
        self._do(self._stop)
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(self._cancel_all())
        self._loop.close()

    def _do(self, what: Callable[[], Any]) -> None:
        asyncio.run_coroutine_threadsafe(what(), self._loop).result(PATIENCE)

    async def _listen(self) -> None:
        self._is_silent = False
        self._flows.set()
        while self._left:
            self._left.pop().close()
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _begin_silence(self) -> None:
        self._is_silent = True
        self._silences += 1

    async def _hold_back(self) -> None:
        self._flows.clear()

    async def _reset(self) -> None:
        for writer in list(self._open):
            end = writer.get_extra_info("socket")
            if end is not None and end.family == socket.AF_INET:
                with suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
            writer.transport.abort()

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in [*self._open, *self._left]:
            writer.close()
        self._left.clear()

    async def _cancel_all(self) -> None:
        left = [*self._open]
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await abort(left)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        silences = self._silences + self._is_silent
        try:
            there, back = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, back}
        self._open |= ends
        try:
            await asyncio.gather(self._pump(reader, back, silences), self._pump(there, writer, silences))
            for end in ends:
                with suppress(OSError):
                    await end.wait_closed()
        except asyncio.CancelledError:
            pass  # at the end; asyncio would log it
        finally:
            self._open -= ends

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._behind, Path):
            return await asyncio.open_unix_connection(self._behind)
        return await asyncio.open_connection("127.0.0.1", self._behind)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, silences: int) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._flows.wait()
                if silences == self._silences and not self._is_silent:
                    writer.write(data)
                    await writer.drain()
        if self._is_silent:
            self._left.append(writer)
        else:
            writer.close()


@contextmanager
def wire(behind: int | Path) -> Iterator[Wire]:
    """A wire to a port or a socket."""
    made = Wire(behind)
    thread = made.start()
    try:
        yield made
    finally:
        made.end()
        thread.join(PATIENCE)


def socket_of(database_url: str) -> Path:
    """The Unix socket on which a test's PostgreSQL listens."""
    return Path(str(conninfo_to_dict(database_url)["host"])) / ".s.PGSQL.5432"


def through(database_url: str, port: int) -> str:
    """The same database by way of a port of this machine."""
    at = conninfo_to_dict(database_url)
    return f"postgresql://{at['user']}@127.0.0.1:{port}/{at['dbname']}"
