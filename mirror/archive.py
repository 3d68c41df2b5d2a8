"""A dump archive, read while it is decompressed: hashed to its end, decompressed only as far as is wanted."""

import hashlib
import math
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from io import BufferedReader, RawIOBase
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import IO, Any, NoReturn, Self

from mirror.errors import DecompressorStuck, ExportBroken, MirrorError, SchemaUnknown
from mirror.members import Member, members
from mirror.places import Source
from mirror.tables import KNOWN_SCHEMAS

BLOCK = 1 << 20
FOLDER = "mbdump/"
BUNZIP2 = Path(__file__).with_name("bunzip2.py")
PATIENCE = 120.0  # seconds that a decompressor may neither take nor give a byte
PARTING = 5.0  # seconds; a feeder that still asks a server that is away is left to end by itself


@dataclass(frozen=True)
class Header:
    """What an archive says of itself before its tables."""

    timestamp: str
    schema_sequence: int
    replication_sequence: int | None


class Archive:
    """An archive to read in this order: `header`, `tables`, `verify`. Nothing in it is proven before the last."""

    def __init__(self, compressed: Source, sha256: str, patience: float = PATIENCE) -> None:
        self.bytes_read, self.bytes_total = 0, compressed.size
        self._compressed, self._expected, self._hash = compressed, sha256, hashlib.sha256()
        self._problem: Exception | None = None
        self._patience, self._closing = patience, Event()
        self._offered = math.inf  # when the decompressor was offered what it has not taken; inf: the source's turn
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
        self._compressed.close()
        self._feeder.join(PARTING)
        _piped(self._process.stdout).close()

    @cached_property
    def header(self) -> Header:
        """The timestamp and the sequences; a schema that we do not know is refused here."""
        notes: dict[str, str] = {}
        while "SCHEMA_SEQUENCE" not in notes:
            member = next(self._members, None)
            if member is None or member.name.startswith(FOLDER) or member.left > BLOCK:
                raise ExportBroken("it does not begin with its SCHEMA_SEQUENCE")
            notes[member.name] = member.read().decode(errors="replace").strip()
        return _header(notes)

    def tables(self, wanted: set[str]) -> Iterator[tuple[str, Member]]:
        """Each table with its rows, wanted or not, until all that are wanted have been given."""
        missing = set(wanted)
        while missing and (member := next(self._members, None)):
            if member.name.startswith(FOLDER):
                table = member.name.removeprefix(FOLDER)
                yield table, member
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
        self._check_source()
        if self._hash.hexdigest() != self._expected:
            raise ExportBroken("its SHA-256 is not the one in SHA256SUMS")

    def _check_source(self) -> None:
        """What kept us from reading the file explains whatever is wrong with its content."""
        if isinstance(self._problem, MirrorError):
            raise self._problem
        if self._problem:
            raise ExportBroken(self._problem) from self._problem

    def _feed(self) -> None:
        blocks = self._blocks()
        try:
            with suppress(BrokenPipeError), self._sink as sink:  # broken once nobody wants more of it
                for block in blocks:
                    sink.write(block)
            for _ in blocks:
                pass
        except (OSError, MirrorError) as error:
            self._problem = error

    def _blocks(self) -> Iterator[bytes]:
        try:
            while not self._closing.is_set() and (block := self._compressed.read(BLOCK)):
                self._hash.update(block)
                self.bytes_read += len(block)
                self._offered = monotonic()
                yield block
                self._offered = math.inf
        finally:
            self._offered = monotonic()

    @property
    def _sink(self) -> IO[bytes]:
        return _piped(self._process.stdin)

    @cached_property
    def _decompressed(self) -> BufferedReader:
        pipe = _Pipe(_piped(self._process.stdout), self._patience, self._check_decompressor, self._check_end)
        return BufferedReader(pipe)

    @cached_property
    def _members(self) -> Iterator[Member]:
        return members(self._decompressed)

    def _check_decompressor(self) -> None:
        """It has given nothing for a while; its fault it is if for as long it has not taken what was offered."""
        if monotonic() - self._offered >= self._patience:
            self._give_up()

    def _check_end(self) -> None:
        """It gives no more; if that is too early, the one who feeds it may know why."""
        try:
            self._process.wait(self._patience)
        except subprocess.TimeoutExpired:
            self._give_up()
        self._feeder.join(timeout=1)
        self._check_source()

    def _give_up(self) -> NoReturn:
        self._stop_decompressing()
        silence = f"{self._patience:g} s without a byte"
        raise DecompressorStuck(f"{silence} at {self.bytes_read:,} of {self.bytes_total:,}")

    def _end_decompressing(self) -> None:
        while self._decompressed.read(BLOCK):
            pass
        if self._process.wait():
            raise ExportBroken("it cannot be decompressed to its end")

    def _stop_decompressing(self) -> None:
        self._process.kill()
        self._process.wait()


class _Pipe(RawIOBase):
    """What comes out of a pipe; asks what to do after each `patience` without a byte, and at the end."""

    def __init__(
        self, pipe: IO[bytes], patience: float, silent: Callable[[], None], ended: Callable[[], None]
    ) -> None:
        self._pipe, self._patience, self._silent, self._ended = pipe, patience, silent, ended
        self._poll = select.poll()
        self._poll.register(pipe, select.POLLIN)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._poll.poll(self._patience * 1000):
            self._silent()
        count = os.readv(self._pipe.fileno(), [buffer])
        if not count:
            self._ended()
        return count


def _header(notes: dict[str, str]) -> Header:
    try:
        sequence = notes["REPLICATION_SEQUENCE"]
        header = Header(notes["TIMESTAMP"], int(notes["SCHEMA_SEQUENCE"]), int(sequence) if sequence else None)
    except (KeyError, ValueError) as error:
        raise ExportBroken(error) from error
    if header.schema_sequence not in KNOWN_SCHEMAS:
        raise SchemaUnknown(f"this export has {header.schema_sequence}, known is {max(KNOWN_SCHEMAS)}")
    return header


def _decompressor() -> list[str]:
    """Both use every core; lbzip2 gets more out of each."""
    lbzip2 = shutil.which("lbzip2")
    return [lbzip2, "-dc"] if lbzip2 else [sys.executable, "-IS", str(BUNZIP2)]


def _piped(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise TypeError("the decompressor was started without its pipes")
    return stream
