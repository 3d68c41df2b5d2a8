"""Imports: an albums mirror from an export of a million releases, against what decompressing it alone takes."""

import bz2
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, cast

import psycopg
from psycopg import sql

from demo import parts
from demo.musicbrainz import COLUMNS
from mirror.archive import BUNZIP2, FOLDER
from mirror.members import Member, members
from mirror.sql import NAMES
from mirror.tables import ALBUMS
from tests.bench.exports import write_export
from tests.bench.stage import Row, Stage

RELEASES = 1_000_000
MOST_MEMORY = 300  # MB
MOST_DISK = 4000 / 5.75  # MB: 4 GB for the releases of 2026
TYPES = {
    **dict.fromkeys(("barcode", "comment", "join_phrase", "locale", "name", "sort_name"), sql.SQL("text")),
    **dict.fromkeys(("created", "last_updated"), sql.SQL("timestamptz")),
    **dict.fromkeys(("ended", "primary_for_locale"), sql.SQL("boolean")),
    "gid": sql.SQL("uuid"),
}

IMPORT = """
import resource, sys
from mirror.load import import_export
import_export(sys.argv[1], sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def measure(stage: Stage, releases: int = RELEASES) -> Iterator[Row]:
    """One after another, on a database of their own each."""
    with TemporaryDirectory() as folder:
        archive = write_export(Path(folder), releases)
        command = _decompressor()
        alone = _clocked(lambda: _decompress(command, archive))
        owner = parts.database(stage.admin, "bench_import")
        memory: list[int] = []
        ours = _clocked(lambda: memory.append(_import(owner, folder)))
        size, with_names = (size / releases for size in _sizes(owner))
        wide = _clocked(
            lambda: _load_plainly(parts.database(stage.admin, "bench_copy"), _decompressed(command, archive))
        )
        one_core = _clocked(lambda: _load_plainly(parts.database(stage.admin, "bench_bz2"), bz2.BZ2File(archive)))
    of_what = f"import of {releases:,} releases, {command[0]} alone takes {alone:.0f} s"
    yield Row(of_what, "<= 1.00 x", f"{ours / alone:.2f} x ({ours:.0f} s)", ours <= alone)
    yield Row("the same, decompressed into plain COPY", "faster", f"{wide / ours:.1f} x our time", ours < wide)
    yield Row("the same, by Python's bz2", "faster", f"{one_core / ours:.1f} x our time", ours < one_core)
    yield Row("memory of an import", f"<= {MOST_MEMORY} MB", f"{memory[0]} MB", memory[0] <= MOST_MEMORY)
    yield Row("disk per million releases", f"<= {MOST_DISK:.0f} MB", f"{size:.0f} MB", size <= MOST_DISK)
    yield Row("the same with the index of names", "", f"{with_names:.0f} MB", reached=True)


def _clocked(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _decompressor() -> list[str]:
    """The fastest that is installed."""
    return ["lbzip2", "-dc"] if shutil.which("lbzip2") else [sys.executable, "-IS", str(BUNZIP2)]


def _decompress(command: list[str], archive: Path) -> None:
    with archive.open("rb") as compressed:
        subprocess.run(command, stdin=compressed, stdout=subprocess.DEVNULL, check=True)


def _import(owner: str, folder: str) -> int:
    """The most memory, in MB, of the importer and of its largest child together."""
    command = [sys.executable, "-c", IMPORT, owner, folder]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return sum(map(int, answer.stdout.split())) // 1024


def _sizes(owner: str) -> tuple[float, float]:
    """Bytes of all tables with their indexes, without and with those of the index of names."""
    query = """
        SELECT
            sum(pg_total_relation_size(oid)) FILTER (WHERE relname <> ALL(%s)),
            sum(pg_total_relation_size(oid))
        FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'musicbrainz'::regnamespace
    """
    with psycopg.connect(owner) as connection:
        row = connection.execute(query, [list(NAMES["albums"])]).fetchone()
    return (float(row[0]), float(row[1])) if row else (0.0, 0.0)


@contextmanager
def _decompressed(command: list[str], archive: Path) -> Iterator[IO[bytes]]:
    with archive.open("rb") as compressed:
        process = subprocess.Popen(command, stdin=compressed, stdout=subprocess.PIPE)
        with process:
            yield cast("IO[bytes]", process.stdout)


def _load_plainly(owner: str, decompressed: AbstractContextManager[IO[bytes]]) -> None:
    """Every column of the tables of the profile, in the order of the archive; no keys, no indexes, no checks."""
    wanted = {table.name for table in ALBUMS}
    with psycopg.connect(owner, autocommit=True) as connection, decompressed as plain:
        for member in members(plain):
            table = member.name.removeprefix(FOLDER)
            if table in wanted:
                _copy(connection, table, member)


def _copy(connection: psycopg.Connection[Any], table: str, member: Member) -> None:
    name = sql.Identifier(table)
    columns = [sql.SQL("{} {}").format(sql.Identifier(column), _type(column)) for column in COLUMNS[table]]
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(name, sql.SQL(", ").join(columns)))
    with connection.cursor() as cursor, cursor.copy(sql.SQL("COPY {} FROM STDIN").format(name)) as copy:
        while block := member.read():
            copy.write(block)


def _type(column: str) -> sql.SQL:
    return TYPES.get(column, sql.SQL("integer"))
