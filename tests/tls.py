"""A front that speaks TLS, for servers from wheels that cannot: what a worker on another machine connects to."""

import asyncio
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import trustme

from tests.conftest import PATIENCE

ENCRYPT = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"  # how a client of PostgreSQL asks for TLS


class Authority:
    """Who vouches for `localhost`."""

    def __init__(self, folder: Path) -> None:
        ca = trustme.CA()
        self.file = folder / "ca.pem"
        ca.cert_pem.write_to_path(str(self.file))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert("localhost").configure_cert(self.context)


class Front:
    """Hands on what arrives encrypted, decrypted, to a port of this machine or to a Unix socket."""

    def __init__(self, authority: Authority, behind: int | Path, *, asked_first: bool) -> None:
        self._authority, self._behind, self._asked_first = authority, behind, asked_first
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []
        self._ready = threading.Event()
        self.port = 0
        self.connections = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones = [writer]
        self._writers.append(writer)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                if self._asked_first and not await self._encrypted(reader, writer):
                    return
                self.connections += 1
                there, back = await self._connect()
                open_ones.append(back)
                self._writers.append(back)
                await asyncio.gather(_pump(reader, back), _pump(there, writer))
        finally:
            for one in open_ones:
                one.close()

    async def _encrypted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if await reader.readexactly(8) != ENCRYPT:
            return False
        writer.write(b"S")
        await writer.start_tls(self._authority.context)
        return True

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._behind, Path):
            return await asyncio.open_unix_connection(self._behind)
        return await asyncio.open_connection("127.0.0.1", self._behind)

    async def serve(self) -> None:
        """Serves until `stop`."""
        self._loop = asyncio.get_running_loop()
        context = None if self._asked_first else self._authority.context
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._ended.wait()
        server.close()
        await abort(self._writers)

    def start(self) -> threading.Thread:
        """Serves in a thread of its own."""
        thread = threading.Thread(target=lambda: asyncio.run(self.serve()), name="tls", daemon=True)
        thread.start()
        self._ready.wait(PATIENCE)
        return thread

    def stop(self) -> None:
        """Ends every connection."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._ended.set)


async def abort(writers: Iterable[asyncio.StreamWriter]) -> None:
    """Ends connections whatever they still wait for, as the last thing that a loop does.

    What is left to the garbage collector makes it complain in another test.
    """
    for writer in writers:
        writer.transport.abort()
    for _ in range(3):  # in which the transports are told that they have lost their connections
        await asyncio.sleep(0)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextmanager
def front(authority: Authority, behind: int | Path, *, asked_first: bool = False) -> Iterator[Front]:
    """A front before a port or a socket; with `asked_first` TLS begins in mid-connection, as PostgreSQL has it."""
    made = Front(authority, behind, asked_first=asked_first)
    thread = made.start()
    try:
        yield made
    finally:
        made.stop()
        thread.join(PATIENCE)
