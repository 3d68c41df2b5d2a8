"""An import: an export loaded into a schema of its own, checked, and swapped in for the one before."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from psycopg import sql

from mirror import index
from mirror.archive import Archive
from mirror.build import Builder
from mirror.checks import check
from mirror.database import Connection, tidy
from mirror.dump import Export, find_export
from mirror.errors import ExportBroken
from mirror.members import Member
from mirror.names import RULES
from mirror.room import check_room
from mirror.rows import narrow
from mirror.signature import SIGNING_KEY
from mirror.sql import NAMES, create_tables, derivations, indexes, statements
from mirror.state import write_state
from mirror.swap import LOCK, admit, check_reader, fresh_schema, owner, swap
from mirror.tables import PROFILES, Table
from mirror.web import Manners

__all__ = ["LOCK", "Loaded", "Options", "Progress", "import_export"]

PROFILE = "albums"


@dataclass(frozen=True)
class Progress:
    """How far an import is: the table or the step beside the tables, and the compressed bytes read."""

    table: str
    rows: int
    bytes_read: int
    bytes_total: int


@dataclass(frozen=True)
class Options:
    """How to import. With a folder, the archive is fetched to it and verified before anything is loaded."""

    profile: str = PROFILE
    verify_in: Path | None = None
    manners: Manners = field(default_factory=Manners)
    signing_key: str = SIGNING_KEY


@dataclass(frozen=True)
class Loaded:
    """What an import has brought in."""

    export_stamp: str
    replication_sequence: int | None
    rows: dict[str, int]


Report = Callable[[Progress], None]
Say = Callable[[str, int], None]


def import_export(
    owner_url: str,
    location: str,
    *,
    reader: str | None = None,
    options: Options | None = None,
    report: Report = lambda progress: None,
    tell: Callable[[str], None] = lambda sentence: None,
) -> Loaded:
    """Import the export at this location, and let the role `reader` read it.

    Who reads the mirror meanwhile goes on with the old data until the new is whole. May be run again at any time:
    what an import that died has left behind is dropped first. `tell` is given what an operator should know.
    """
    options = options or Options()
    profile, export = options.profile, find_export(location, options.manners)
    tell(export.check_signature(options.signing_key))
    with owner(owner_url) as connection, _opened(export, options.verify_in, report) as archive:
        header, say = archive.header, _teller(archive, report)
        check_reader(connection, reader)
        tell(check_room(connection, profile, archive.bytes_total))
        with fresh_schema(connection, create_tables(profile)), Builder(owner_url) as builder:
            rows = _load(connection, archive, profile, builder, say)
            _derive(connection, profile, builder, say)
            builder.wait(lambda: say("indexes", 0))
            check(connection)
            archive.verify(lambda: say("checksum", 0))
            write_state(
                connection,
                profile=profile,
                export_stamp=export.stamp,
                schema_sequence=header.schema_sequence,
                replication_sequence=header.replication_sequence,
                names_rules=RULES,
                release_groups=rows["release_group"],
            )
            admit(connection, reader)
            swap(connection)
    return Loaded(export.stamp, header.replication_sequence, rows)


@contextmanager
def _opened(export: Export, folder: Path | None, report: Report) -> Iterator[Archive]:
    if folder is None:
        opened = export.open()
    else:
        opened = export.open_verified(folder, lambda step, done, size: report(Progress(step, 0, done, size)))
    with opened as archive:
        yield archive


def _teller(archive: Archive, report: Report) -> Say:
    return lambda table, rows: report(Progress(table, rows, archive.bytes_read, archive.bytes_total))


def _load(connection: Connection, archive: Archive, profile: str, builder: Builder, say: Say) -> dict[str, int]:
    """Fill the tables in the order of the archive; what is full gets its keys while the next is filled."""
    kept = {table.name: table for table in PROFILES[profile]}
    rows = dict.fromkeys(kept, 0)
    final = kept.keys() - derivations(profile).keys()
    unbuilt = {name: found for name, found in indexes(profile).items() if name in final}
    for name, dumped in archive.tables(set(kept)):
        say(name, 0)
        builder.check()
        if name in kept:
            rows[name] = _copy(connection, kept[name], dumped, say)
            builder.build(unbuilt.pop(name, ()))
        else:
            _pass_over(name, dumped, say)
    for keys in unbuilt.values():
        builder.build(keys)
    return rows


def _copy(connection: Connection, table: Table, dumped: Member, say: Say) -> int:
    """Fill one table. Emptied in the same transaction, it can be frozen at once and needs no vacuum later."""
    name, columns = sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, table.kept))
    read = 0
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(sql.SQL("TRUNCATE {}").format(name))
        with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN (FREEZE)").format(name, columns)) as copy:
            for piece, rows in narrow(table, dumped):
                copy.write(piece)
                read += rows
                say(table.name, read)
        if cursor.rowcount != read:
            raise ExportBroken(f"{table.name} has {read} rows, loaded were {cursor.rowcount}")
    connection.execute(sql.SQL("ANALYZE {}").format(name))
    return read


def _pass_over(name: str, dumped: Member, say: Say) -> None:
    while dumped.read():
        say(name, 0)


def _derive(connection: Connection, profile: str, builder: Builder, say: Say) -> None:
    """What follows from the rows, each in its own session: names, dates, then the keys and indexes of both."""
    for work in index.builders(profile):
        builder.run(work)
    for table, fill in derivations(profile).items():
        for statement in fill:
            say(f"{table} dates", 0)
            connection.execute(statement)
    builder.wait(lambda: say("names", 0))
    for statement in statements("release_group.sql"):
        connection.execute(statement)
    tables, unbuilt = [*NAMES[profile], *derivations(profile)], indexes(profile)
    for table in tables:  # all of them before a build is at work, which would keep rows from being seen as settled
        tidy(connection, table)
    for table in tables:
        builder.build(unbuilt[table])
