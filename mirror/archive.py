"""A dump archive, read while it is decompressed: hashed to its end, decompressed only as far as is wanted."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from threading import Event, Thread
from typing import IO, BinaryIO, Self

from mirror.errors import ExportBroken, SchemaUnknown
from mirror.tables import KNOWN_SCHEMAS

BLOCK = 1 << 20
FOLDER = "mbdump/"
BUNZIP2 = "import bz2, shutil, sys; shutil.copyfileobj(bz2.open(sys.stdin.buffer), sys.stdout.buffer, 1 << 20)"


@dataclass(frozen=True)
class Header:
    """What an archive says of itself before its tables."""

    timestamp: str
    schema_sequence: int
    replication_sequence: int | None


class Archive:
    """An archive to read in this order: `header`, `tables`, `verify`. Nothing in it is proven before the last."""

    def __init__(self, compressed: BinaryIO, size: int, sha256: str) -> None:
        self.bytes_read, self.bytes_total = 0, size
        self._compressed, self._expected, self._hash = compressed, sha256, hashlib.sha256()
        self._problem: OSError | None = None
        self._closing = Event()
        self._feeder = Thread(target=self._feed, name="archive feeder", daemon=True)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - a command of our own, nothing from outside in it
            _decompressor(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pipesize=BLOCK,
        )
        self._feeder.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._stop_decompressing()
        self._feeder.join()
        self._decompressed.close()

    @cached_property
    def header(self) -> Header:
        """The timestamp and the sequences; a schema that we do not know is refused here."""
        notes: dict[str, str] = {}
        while "SCHEMA_SEQUENCE" not in notes:
            member = self._next()
            if member is None or member.name.startswith(FOLDER):
                raise ExportBroken("it does not begin with its SCHEMA_SEQUENCE")
            notes[member.name] = self._content(member).read().decode().strip()
        return _header(notes)

    def tables(self, wanted: set[str]) -> Iterator[tuple[str, IO[bytes]]]:
        """Each table with its rows, wanted or not, until all that are wanted have been given."""
        missing = set(wanted)
        while missing and (member := self._next()):
            if member.name.startswith(FOLDER):
                table = member.name.removeprefix(FOLDER)
                yield table, self._content(member)
                missing.discard(table)
        if missing:  # an empty table has no member, so only the end tells
            self._end_decompressing()
        self._stop_decompressing()

    def verify(self, waiting: Callable[[], None]) -> None:
        """Wait until the compressed file has been read to its end, then compare its checksum."""
        waiting()
        while self._feeder.is_alive():
            self._feeder.join(timeout=0.5)
            waiting()
        if self._problem:
            raise ExportBroken(self._problem)
        if self._hash.hexdigest() != self._expected:
            raise ExportBroken("its SHA-256 is not the one in SHA256SUMS")

    def _feed(self) -> None:
        blocks = self._blocks()
        try:
            with suppress(BrokenPipeError), self._sink as sink:  # broken once nobody wants more of it
                for block in blocks:
                    sink.write(block)
            for _ in blocks:
                pass
        except OSError as error:
            self._problem = error

    def _blocks(self) -> Iterator[bytes]:
        while not self._closing.is_set() and (block := self._compressed.read(BLOCK)):
            self._hash.update(block)
            self.bytes_read += len(block)
            yield block

    @property
    def _sink(self) -> IO[bytes]:
        return _piped(self._process.stdin)

    @property
    def _decompressed(self) -> IO[bytes]:
        return _piped(self._process.stdout)

    @cached_property
    def _tar(self) -> tarfile.TarFile:
        return tarfile.open(fileobj=self._decompressed, mode="r|", bufsize=BLOCK)

    def _next(self) -> tarfile.TarInfo | None:
        with damage():
            return self._tar.next()

    def _content(self, member: tarfile.TarInfo) -> IO[bytes]:
        content = self._tar.extractfile(member)
        if content is None:
            raise ExportBroken(f"{member.name} is no file")
        return content

    def _end_decompressing(self) -> None:
        while self._decompressed.read(BLOCK):
            pass
        if self._process.wait():
            raise ExportBroken("it cannot be decompressed to its end")

    def _stop_decompressing(self) -> None:
        self._process.kill()
        self._process.wait()


def _header(notes: dict[str, str]) -> Header:
    with damage():
        sequence = notes["REPLICATION_SEQUENCE"]
        header = Header(notes["TIMESTAMP"], int(notes["SCHEMA_SEQUENCE"]), int(sequence) if sequence else None)
    if header.schema_sequence not in KNOWN_SCHEMAS:
        raise SchemaUnknown(f"this export has {header.schema_sequence}, known is {max(KNOWN_SCHEMAS)}")
    return header


def _decompressor() -> list[str]:
    """lbzip2 uses every core; Python, in a process of its own, one."""
    lbzip2 = shutil.which("lbzip2")
    return [lbzip2, "-dc"] if lbzip2 else [sys.executable, "-ISc", BUNZIP2]


def _piped(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise TypeError("the decompressor was started without its pipes")
    return stream


@contextmanager
def damage() -> Iterator[None]:
    """What reading a torn archive raises, as the error that says so."""
    try:
        yield
    except (tarfile.TarError, ValueError, KeyError) as error:
        raise ExportBroken(error) from error
