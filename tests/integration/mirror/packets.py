"""Replication packets, written as MusicBrainz writes them."""

import bz2
import io
import json
import tarfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from demo.musicbrainz.export import COLUMNS
from demo.musicbrainz.export_writer import TableRow, copy_line

BASE = 190_000
MADE = datetime(2026, 9, 5, 10, 5, 1, 250_000, tzinfo=UTC)

Edit = tuple[str, TableRow | None, TableRow | None]
"""A table, its row before, its row after."""


def packet(
    sequence: int,
    edits: Iterable[Edit],
    *,
    schema_sequence: int = 31,
    version: str = "2",
    keys: bool = True,
    seqids: Iterable[int] | None = None,
    made: datetime | None = None,
) -> bytes:
    """Return a packet of these edits, in this order, by default made an hour after the previous one."""
    edits = list(edits)
    numbered = zip(range(501, 501 + len(edits)) if seqids is None else seqids, edits, strict=True)
    return pack(
        {
            "TIMESTAMP": f"{made or MADE + timedelta(hours=sequence - BASE):%Y-%m-%d %H:%M:%S.%f+00}\n",
            "COPYING": "CC BY-NC-SA 3.0\n",
            "README": "See the manual.\n",
            "REPLICATION_SEQUENCE": f"{sequence}\n",
            "SCHEMA_SEQUENCE": f"{schema_sequence}\n",
            "DBMIRROR_VERSION": f"{version}\n",
            "mbdump/pending_data": b"".join(data_line(seqid, *edit) for seqid, edit in numbered),
            **({"mbdump/pending_keys": b"musicbrainz.release_country\t{release,country}\n"} if keys else {}),
            "mbdump/pending_ts": b"91003\t2026-09-05 10:01:00+00\n",
        }
    )


def pack(members: dict[str, bytes | str]) -> bytes:
    """Return these members as a compressed archive."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in members.items():
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return bz2.compress(file.getvalue())


def data_line(seqid: int, table: str, old: TableRow | None, new: TableRow | None) -> bytes:
    """Return a line of pending_data."""
    operation = "i" if old is None else "d" if new is None else "u"
    name = table if "." in table else f"musicbrainz.{table}"
    return copy_line([seqid, name, operation, 91003, image(table, old), image(table, new), None, None])


def image(table: str, row: TableRow | None) -> str | None:
    """Return a row as JSON."""
    if row is None:
        return None
    columns = COLUMNS.get(table) or [f"column_{number}" for number in range(len(row))]
    return json.dumps(dict(zip(columns, row, strict=True)), default=_json, ensure_ascii=False)


def _json(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def publish(folder: Path, sequence: int, edits: Iterable[Edit], **more: Any) -> Path:
    """Put a packet where the MetaBrainz stand-in of this folder serves it."""
    path = folder / "packets" / f"replication-{sequence}-v2.tar.bz2"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(packet(sequence, edits, **more))
    return path
