"""Imports: an albums mirror from an export of a million releases, against decompressing it with lbzip2 alone."""

import bz2
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, cast

import psycopg
from psycopg import sql

from demo import services
from demo.musicbrainz.export import COLUMNS
from mirror.importing.archive import TABLES_FOLDER, decompressor, has_lbzip2
from mirror.importing.rows import READ_BYTES
from mirror.tables import ALBUM_TABLES
from tests.bench.installation import Figure, Installation
from tests.bench.large_exports import write_large_export

RELEASES = 1_000_000
MOST_MEMORY = 300  # MB
MOST_DISK = 4500 / 5.75  # MB: 4.5 GB for the releases of 2026
TYPES = {
    **dict.fromkeys(("barcode", "comment", "join_phrase", "locale", "name", "sort_name"), sql.SQL("text")),
    **dict.fromkeys(("created", "last_updated"), sql.SQL("timestamptz")),
    **dict.fromkeys(("ended", "primary_for_locale"), sql.SQL("boolean")),
    "gid": sql.SQL("uuid"),
}

IMPORT = """
import resource, sys
from mirror.importing.load import import_export
import_export(sys.argv[1], sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def measure(installation: Installation, releases: int = RELEASES) -> Iterator[Figure]:
    """One after another, on a database of their own each."""
    subprocess.run([Path(__file__).with_name("install-lbzip2")], check=True)
    with TemporaryDirectory() as folder:
        archive = write_large_export(Path(folder), releases)
        command = decompressor()
        alone = _clocked(lambda: _decompress(command, archive))
        owner = services.create_database(installation.admin, "bench_import")
        memory: list[int] = []
        ours = _clocked(lambda: memory.append(_import(owner, folder)))
        size = _size(owner) / releases
        wide = _clocked(
            lambda: _load_plainly(
                services.create_database(installation.admin, "bench_copy"), _decompressed(command, archive)
            )
        )
        one_core = _clocked(
            lambda: _load_plainly(services.create_database(installation.admin, "bench_bz2"), bz2.BZ2File(archive))
        )
    name = "lbzip2" if has_lbzip2() else "Python's bz2, for want of lbzip2,"
    figure = f"import of {releases:,} releases, {name} alone takes {alone:.0f} s"
    yield Figure(figure, "<= 1.00 x", f"{ours / alone:.2f} x ({ours:.0f} s)", ours <= alone)
    yield Figure("the same, decompressed into plain COPY", "faster", f"{wide / ours:.1f} x our time", ours < wide)
    yield Figure("the same, by Python's bz2", "faster", f"{one_core / ours:.1f} x our time", ours < one_core)
    yield Figure("memory of an import", f"<= {MOST_MEMORY} MB", f"{memory[0]} MB", memory[0] <= MOST_MEMORY)
    yield Figure("disk per million releases", f"<= {MOST_DISK:.0f} MB", f"{size:.0f} MB", size <= MOST_DISK)


def _clocked(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _decompress(command: list[str], archive: Path) -> None:
    with archive.open("rb") as compressed:
        subprocess.run(command, stdin=compressed, stdout=subprocess.DEVNULL, check=True)


def _import(owner: str, folder: str) -> int:
    """The most memory, in MB, of the importer and of its largest child together."""
    command = [sys.executable, "-c", IMPORT, owner, folder]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return sum(map(int, answer.stdout.split())) // 1024


def _size(owner: str) -> float:
    """Bytes of all tables with their indexes, those of the index of names among them."""
    query = """
        SELECT sum(pg_total_relation_size(oid))
        FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'musicbrainz'::regnamespace
    """
    with psycopg.connect(owner) as connection:
        row = connection.execute(query).fetchone()
    return float(row[0]) if row else 0.0


@contextmanager
def _decompressed(command: list[str], archive: Path) -> Iterator[IO[bytes]]:
    with archive.open("rb") as compressed:
        process = subprocess.Popen(command, stdin=compressed, stdout=subprocess.PIPE)
        with process:
            yield cast("IO[bytes]", process.stdout)


def _load_plainly(owner: str, decompressed: AbstractContextManager[IO[bytes]]) -> None:
    """Every column of the tables of the profile, in the order of the archive; no keys, no indexes, no checks."""
    wanted = {table.name for table in ALBUM_TABLES}
    with (
        psycopg.connect(owner, autocommit=True) as connection,
        decompressed as plain,
        tarfile.open(fileobj=plain, mode="r|", bufsize=READ_BYTES) as archive,
    ):
        for member in archive:
            table, content = member.name.removeprefix(TABLES_FOLDER), archive.extractfile(member)
            if table in wanted and content:
                _copy(connection, table, content)


def _copy(connection: psycopg.Connection[Any], table: str, content: IO[bytes]) -> None:
    name = sql.Identifier(table)
    columns = [sql.SQL("{} {}").format(sql.Identifier(column), _type(column)) for column in COLUMNS[table]]
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(name, sql.SQL(", ").join(columns)))
    with connection.cursor() as cursor, cursor.copy(sql.SQL("COPY {} FROM STDIN").format(name)) as copy:
        while block := content.read(READ_BYTES):
            copy.write(block)


def _type(column: str) -> sql.SQL:
    return TYPES.get(column, sql.SQL("integer"))
