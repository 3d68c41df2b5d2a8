"""An export's archive, read as a stream: decompressed as far as its tables are wanted, hashed to its end."""

import math
import os
import select
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from io import BufferedReader, RawIOBase
from threading import Event, Thread
from time import monotonic
from typing import IO, Any, cast

from mirror.errors import DecompressorStuck, ExportBroken, MirrorError, SchemaUnknown
from mirror.importing.export_sources import ExportFile
from mirror.importing.rows import READ_BYTES
from mirror.tables import KNOWN_SCHEMAS

BLOCK_BYTES = 1 << 20  # of the compressed file at once
MAX_NOTE_BYTES = 1 << 20
TABLES_FOLDER = "mbdump/"
PYTHON_BUNZIP2 = "import bz2, shutil, sys; shutil.copyfileobj(bz2.open(sys.stdin.buffer), sys.stdout.buffer)"
STUCK_SECONDS = 120.0  # without the decompressor taking or giving a byte
CLOSE_SECONDS = 5.0  # for the feeder to end; one that waits for a dead server is left to end by itself


@dataclass(frozen=True)
class ExportHeader:
    """What an archive says about itself before its tables."""

    timestamp: str
    schema_sequence: int
    replication_sequence: int | None


def has_lbzip2() -> bool:
    """Return whether the decompressor that runs on all cores is installed."""
    return shutil.which("lbzip2") is not None


def decompressor() -> list[str]:
    """Return the command that decompresses: lbzip2, or else Python's bz2, which runs on one core."""
    return ["lbzip2", "-dc"] if has_lbzip2() else [sys.executable, "-IS", "-c", PYTHON_BUNZIP2]


@contextmanager
def open_archive(source: ExportFile, checksum: str, stuck_seconds: float = STUCK_SECONDS) -> Iterator["Archive"]:
    """Open a compressed archive. What is wrong with its content is blamed on its source if that failed."""
    process = subprocess.Popen(  # noqa: S603 - a command of our own, nothing from outside in it
        decompressor(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pipesize=BLOCK_BYTES,
    )
    feeder = _Feeder(source, cast("IO[bytes]", process.stdin))
    output = cast("IO[bytes]", process.stdout)
    try:
        stream = BufferedReader(_Output(process, output, feeder, stuck_seconds))
        # tarfile copies least if it reads as much at once as its own reader does.
        with tarfile.open(fileobj=stream, mode="r|", bufsize=READ_BYTES) as tar:
            yield Archive(process, tar, feeder, checksum)
    except tarfile.TarError as error:
        raise feeder.failure() or ExportBroken(error) from error
    finally:
        process.kill()
        process.wait()
        feeder.close()
        output.close()


class Archive:
    """An archive, to be read in this order: `header`, `tables`, `verify`. Nothing is verified before the last."""

    def __init__(
        self, process: subprocess.Popen[bytes], tar: tarfile.TarFile, feeder: "_Feeder", checksum: str
    ) -> None:
        self._process, self._tar, self._feeder, self._checksum = process, tar, feeder, checksum
        self.bytes_total = feeder.source.size
        self.header = _header(self._notes())

    @property
    def bytes_read(self) -> int:
        """How much of the compressed file has been read."""
        return self._feeder.bytes_read

    def tables(self, wanted: set[str]) -> Iterator[tuple[str, IO[bytes]]]:
        """Yield each table with its rows, wanted or not, until all that are wanted have been yielded."""
        missing = set(wanted)
        while missing and (member := self._tar.next()):
            if member.name.startswith(TABLES_FOLDER):
                table = member.name.removeprefix(TABLES_FOLDER)
                yield table, self._content(member)
                missing.discard(table)
        if missing:  # an empty table has no member, so that only the end shows that it is empty
            self._read_to_end()
        self._process.kill()

    def verify(self, on_wait: Callable[[], None]) -> None:
        """Wait until the compressed file is read to its end, then compare its checksum. Raises ExportBroken."""
        on_wait()
        while not self._feeder.checksum.done():
            wait([self._feeder.checksum], timeout=0.5)
            on_wait()
        if self._feeder.checksum.result() != self._checksum:
            raise ExportBroken("its SHA-256 is not the one in SHA256SUMS")

    def _notes(self) -> dict[str, str]:
        """Read the small files in front of the tables."""
        notes: dict[str, str] = {}
        while "SCHEMA_SEQUENCE" not in notes:
            member = self._tar.next()
            if member is None or member.name.startswith(TABLES_FOLDER) or member.size > MAX_NOTE_BYTES:
                raise tarfile.ReadError("it does not begin with its SCHEMA_SEQUENCE")
            notes[member.name] = self._content(member).read().decode(errors="replace").strip()
        return notes

    def _content(self, member: tarfile.TarInfo) -> IO[bytes]:
        content = self._tar.extractfile(member) if member.isreg() else None
        if content is None:
            raise tarfile.ReadError(f"{member.name} is not a file")
        return content

    def _read_to_end(self) -> None:
        """Read the zeros that end a tar. tarfile takes a damaged or missing header for the end as well."""
        is_ended, stream = False, self._tar.fileobj
        while stream and (block := stream.read(READ_BYTES)):
            if block.strip(b"\0"):
                raise tarfile.ReadError("a header in it is damaged")
            is_ended = True
        if self._process.wait() or not is_ended:
            raise tarfile.ReadError("it cannot be decompressed to its end")


class _Feeder:
    """Reads the compressed file in a thread, hashes it, and feeds the decompressor until that wants no more."""

    def __init__(self, source: ExportFile, sink: IO[bytes]) -> None:
        self.source, self._sink = source, sink
        self.bytes_read = 0
        self.checksum = Future[str]()
        self.offered_at = math.inf  # when the decompressor was offered what it has not taken yet
        self._closing = Event()
        self._thread = Thread(target=self._run, name="archive feeder", daemon=True)
        self._thread.start()

    def failure(self) -> BaseException | None:
        """Return why the file could not be read to its end, if it could not."""
        with suppress(TimeoutError):
            return self.checksum.exception(timeout=1)
        return None

    def close(self) -> None:
        """End the thread, wherever it is."""
        self._closing.set()
        self.source.close()
        self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        try:
            self.checksum.set_result(self._feed())
        except MirrorError as error:
            self.checksum.set_exception(error)
        except OSError as error:
            self.checksum.set_exception(ExportBroken(error))

    def _feed(self) -> str:
        digest = sha256()
        blocks = self._blocks()
        with suppress(BrokenPipeError), self._sink:  # broken once the decompressor was stopped
            for block in blocks:
                digest.update(block)
                self._sink.write(block)
        for block in blocks:
            digest.update(block)
        return digest.hexdigest()

    def _blocks(self) -> Iterator[bytes]:
        try:
            while not self._closing.is_set() and (block := self.source.read(BLOCK_BYTES)):
                self.bytes_read += len(block)
                self.offered_at = monotonic()
                yield block
                self.offered_at = math.inf
        finally:
            self.offered_at = monotonic()  # the end of the file


class _Output(RawIOBase):
    """The decompressor's output. Raises DecompressorStuck if no byte goes in or out and it does not end."""

    def __init__(
        self, process: subprocess.Popen[bytes], output: IO[bytes], feeder: _Feeder, stuck_seconds: float
    ) -> None:
        self._process, self._output, self._feeder, self._stuck_seconds = process, output, feeder, stuck_seconds
        self._poll = select.poll()
        self._poll.register(output, select.POLLIN)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._poll.poll(self._stuck_seconds * 1000):
            if monotonic() - self._feeder.offered_at >= self._stuck_seconds:  # otherwise it waits for the source
                raise self._stuck()
        count = os.readv(self._output.fileno(), [buffer])
        if not count:
            try:
                self._process.wait(self._stuck_seconds)
            except subprocess.TimeoutExpired:
                raise self._stuck() from None
        return count

    def _stuck(self) -> DecompressorStuck:
        position = f"{self._feeder.bytes_read:,} of {self._feeder.source.size:,}"
        return DecompressorStuck(f"{self._stuck_seconds:g} s without a byte at {position}")


def _header(notes: dict[str, str]) -> ExportHeader:
    try:
        sequence = notes["REPLICATION_SEQUENCE"]
        header = ExportHeader(
            notes["TIMESTAMP"], int(notes["SCHEMA_SEQUENCE"]), int(sequence) if sequence else None
        )
    except (KeyError, ValueError) as error:
        raise ExportBroken(error) from error
    if header.schema_sequence not in KNOWN_SCHEMAS:
        raise SchemaUnknown(f"this export has {header.schema_sequence}, known is {max(KNOWN_SCHEMAS)}")
    return header
