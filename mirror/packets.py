"""A replication packet: unpacked to its end before anything in it is believed, then read change by change."""

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

BLOCK = 1 << 20
FORMAT = "2"  # of DBMIRROR_VERSION
FIELDS = 8  # seqid, tablename, op, xid, olddata, newdata, oldctid, trgdepth
OURS = b"musicbrainz."
NULL = rb"\N"

# COPY text and JSON both escape by backslashes, COPY last: its own have to go before JSON's mean anything.
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_ESCAPED = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}

Image: TypeAlias = dict[str, Any]
"""A whole row of the master, a value by column."""


@dataclass(frozen=True)
class Change:
    """What happened to one row: its image before, and after; None where it was not there."""

    seqid: int
    table: str
    before: Image | None
    after: Image | None


@dataclass(frozen=True)
class Header:
    """What a packet says of itself."""

    sequence: int
    schema_sequence: int
    timestamp: datetime


class Packet:
    """A packet that was read to the end of its compression: nothing in it is torn."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self.header = self._header()
        self.rows = 0
        """How many changes have been read, those of other tables among them."""

    def changes(self, tables: set[str]) -> Iterator[Change]:
        """The changes of these tables of MusicBrainz, in the order of the file; all others are passed over."""
        wanted = {OURS + table.encode(): table for table in tables}
        self.rows = 0
        for line in self._member("mbdump/pending_data"):
            self.rows += 1
            fields = line.removesuffix(b"\n").split(b"\t")
            if len(fields) != FIELDS or not line.endswith(b"\n"):
                raise PacketBroken(f"change {self.rows} is torn")
            if (table := wanted.get(fields[1])) is not None:
                yield _change(table, fields)

    def _header(self) -> Header:
        # First of all, as whatever else is in there may be of another format.
        if (version := self._note("DBMIRROR_VERSION")) != FORMAT:
            raise SchemaChanged(f"this packet has DBMIRROR_VERSION {version}, known is {FORMAT}")
        try:
            timestamp = datetime.fromisoformat(self._note("TIMESTAMP"))
            return Header(
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
    """Unpack a packet; its memory does not grow with it, but it needs room for it among the temporary files."""
    with TemporaryFile() as unpacked:
        try:
            with bz2.open(file) as compressed:
                copyfileobj(compressed, unpacked, BLOCK)
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
        raise PacketBroken(f"{table}, seqid {change.seqid} is of no kind that is known")
    return change


def _image(field: bytes) -> Image | None:
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
