"""Writes rows as a MusicBrainz export in the official layout.

A folder holds `LATEST` and a folder per export, with `mbdump.tar.bz2` and its checksums. The archive begins with
five small files; a member follows for each table that has rows, in the format of PostgreSQL's `COPY ... TO`.
"""

import hashlib
import io
import tarfile
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

_COPYING = "Names and dates are facts: CC0. Identifiers, months, days and reissues are made up.\n"
_README = "The demo music of LastYear.fm, in the layout of a MusicBrainz export.\n"

_ESCAPES = str.maketrans(
    {"\\": r"\\", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}
)

TableRow = Sequence[object]


def publish_export(
    folder: Path,
    tables: Mapping[str, Iterable[TableRow]],
    *,
    timestamp: datetime,
    replication_sequence: int,
    schema_sequence: int,
) -> Path:
    """Write rows as the newest export into a folder that serves as `.../fullexport/`.

    Return the export's own folder in it, which is named after its time.
    """
    stamp = f"{timestamp:%Y%m%d-%H%M%S}"
    export = folder / stamp
    export.mkdir(parents=True, exist_ok=True)
    write_archive(
        export / "mbdump.tar.bz2",
        tables,
        timestamp=timestamp,
        replication_sequence=replication_sequence,
        schema_sequence=schema_sequence,
    )
    write_checksums(export)
    (folder / f"latest-is-{stamp}").touch()
    (folder / "LATEST").write_text(f"{stamp}\n")
    return export


def write_checksums(export: Path) -> None:
    """Write SHA256SUMS and MD5SUMS for the archives in an export's folder."""
    for algorithm in ("sha256", "md5"):
        with (export / f"{algorithm.upper()}SUMS").open("w") as sums:
            for archive in sorted(export.glob("*.tar.bz2")):
                with archive.open("rb") as content:
                    digest = hashlib.file_digest(content, algorithm).hexdigest()
                sums.write(f"{digest} *{archive.name}\n")


def write_archive(
    path: Path,
    tables: Mapping[str, Iterable[TableRow]],
    *,
    timestamp: datetime,
    replication_sequence: int | None,
    schema_sequence: int,
) -> None:
    """Write rows as one archive, a table at a time. Rows may come from a generator; none is kept in memory.

    Values are in the order of the table's columns. A table without rows has no member. No replication packet
    follows an export whose replication sequence is None.
    """
    texts = {
        "TIMESTAMP": f"{_copy_text(timestamp)}\n",
        "COPYING": _COPYING,
        "README": _README,
        "REPLICATION_SEQUENCE": "" if replication_sequence is None else f"{replication_sequence}\n",
        "SCHEMA_SEQUENCE": f"{schema_sequence}\n",
    }
    with tarfile.open(path, "w:bz2", format=tarfile.GNU_FORMAT) as archive:
        for name, text in texts.items():
            _add_member(archive, name, io.BytesIO(text.encode()), timestamp)
        for table in sorted(tables):
            # A member's size comes before its content.
            with tempfile.TemporaryFile() as spool:
                spool.writelines(map(copy_line, tables[table]))
                if spool.tell():
                    _add_member(archive, f"mbdump/{table}", spool, timestamp)


def _add_member(archive: tarfile.TarFile, name: str, content: IO[bytes], modified: datetime) -> None:
    member = tarfile.TarInfo(name)
    member.size = content.seek(0, io.SEEK_END)
    member.mtime = int(modified.timestamp())
    content.seek(0)
    archive.addfile(member, content)


def copy_line(row: TableRow) -> bytes:
    r"""Format a row as a line of COPY text: tabs between the values, `\N` for None."""
    return ("\t".join(map(_copy_text, row)) + "\n").encode()


def _copy_text(value: object) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, datetime):
        return str(value.astimezone(UTC)).removesuffix(":00")
    return str(value)
