"""A replication packet: decompressed to its end before any of it is used, then read change by change."""

import bz2
import json
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, Any, Literal, TypeAlias

from mirror.errors import PacketBroken, SchemaChanged

COPY_BYTES = 1 << 20
KNOWN_VERSION = "2"  # of DBMIRROR_VERSION
FIELD_COUNT = 8  # seqid, tablename, op, xid, olddata, newdata, oldctid, trgdepth
SCHEMA_PREFIX = b"musicbrainz."
NULL = rb"\N"

# COPY text and JSON both escape with backslashes, COPY last: its own are removed before JSON is parsed.
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_ESCAPED = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}

RowImage: TypeAlias = dict[str, Any]
"""A whole row as it is at MusicBrainz: values by column."""


@dataclass(frozen=True)
class Change:
    """A change of one row: its image before and after, None where it did not exist."""

    seqid: int
    table: str
    before: RowImage | None
    after: RowImage | None


@dataclass(frozen=True)
class PacketHeader:
    """What a packet says about itself."""

    sequence: int
    schema_sequence: int
    timestamp: datetime


class Packet:
    """A packet that was decompressed to its end, so that nothing in it is torn."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self.header = self._header()
        self.change_count = 0
        """How many changes have been read, including those of other tables."""

    def changes(self, tables: set[str]) -> Iterator[Change]:
        """Yield the changes of these tables in the order of the file; skip all others. Raises PacketBroken."""
        wanted = {SCHEMA_PREFIX + table.encode(): table for table in tables}
        self.change_count = 0
        for line in self._member("mbdump/pending_data"):
            self.change_count += 1
            fields = line.removesuffix(b"\n").split(b"\t")
            if len(fields) != FIELD_COUNT or not line.endswith(b"\n"):
                raise PacketBroken(f"change {self.change_count} is torn")
            if (table := wanted.get(fields[1])) is not None:
                yield _change(table, fields)

    def _header(self) -> PacketHeader:
        # First of all, since another version may have another format.
        if (version := self._note("DBMIRROR_VERSION")) != KNOWN_VERSION:
            raise SchemaChanged(f"this packet has DBMIRROR_VERSION {version}, known is {KNOWN_VERSION}")
        try:
            timestamp = datetime.fromisoformat(self._note("TIMESTAMP"))
            return PacketHeader(
                int(self._note("REPLICATION_SEQUENCE")),
                int(self._note("SCHEMA_SEQUENCE")),
                timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC),
            )
        except ValueError as error:
            raise PacketBroken(error) from error

    def _note(self, name: str) -> str:
        return self._member(name).read().decode(errors="replace").strip()

    def _member(self, name: str) -> IO[bytes]:
        try:
            member = self._archive.extractfile(name)
        except KeyError:
            member = None
        if member is None:
            raise PacketBroken(f"{name} is not in it")
        return member


@contextmanager
def open_packet(file: Path | str | IO[bytes]) -> Iterator[Packet]:
    """Decompress a packet to a temporary file, so that memory does not grow with it. Raises PacketBroken."""
    with TemporaryFile() as unpacked:
        try:
            with bz2.open(file) as compressed:
                copyfileobj(compressed, unpacked, COPY_BYTES)
            unpacked.seek(0)
            with tarfile.open(fileobj=unpacked, mode="r:") as archive:
                yield Packet(archive)
        except (EOFError, tarfile.TarError) as error:
            raise PacketBroken(error) from error
        except OSError as error:
            if error.errno is not None:  # a fault of this machine; bz2's own have none
                raise
            raise PacketBroken(error) from error


def _change(table: str, fields: list[bytes]) -> Change:
    seqid, _, operation, _, old, new, *_ = fields
    try:
        before, after = _image(old), _image(new)
        change = Change(int(seqid), table, before, after)
    except (ValueError, TypeError) as error:
        raise PacketBroken(f"{table}, seqid {seqid.decode(errors='replace')}: {error}") from error
    if _operation(change) != operation.decode(errors="replace"):
        raise PacketBroken(f"{table}, seqid {change.seqid} is of an unknown kind")
    return change


def _image(field: bytes) -> RowImage | None:
    if field == NULL:
        return None
    text = _ESCAPE.sub(_unescape, field) if b"\\" in field else field
    image = json.loads(text.decode())
    if not isinstance(image, dict):
        raise TypeError("a row is not an object")
    return image


def _unescape(escape: re.Match[bytes]) -> bytes:
    return _ESCAPED.get(escape[1], escape[1])


def _operation(change: Change) -> Literal["i", "u", "d"] | None:
    if change.before is None:
        return None if change.after is None else "i"
    return "d" if change.after is None else "u"
