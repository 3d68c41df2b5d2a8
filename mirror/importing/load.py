"""Import an export into a schema of its own, check it, and swap it in for the one that serves."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO

from psycopg import sql

from mirror.database import Connection, vacuum
from mirror.derived import name_index
from mirror.derived.names import FOLDING_RULES
from mirror.errors import ExportBroken
from mirror.importing.archive import Archive, has_lbzip2
from mirror.importing.build import Builder
from mirror.importing.checks import check_import
from mirror.importing.disk_space import check_disk_space
from mirror.importing.exports import find_export
from mirror.importing.http import HttpOptions
from mirror.importing.leftovers import drop_leftovers
from mirror.importing.rows import READ_BYTES, narrow
from mirror.importing.swap import check_reader, grant_reader, import_connection, new_schema, swap
from mirror.sql import NAME_TABLES, create_tables, derivations, indexes, statements
from mirror.state import write_state
from mirror.tables import DEFAULT_PROFILE, PROFILES, Table

NO_LBZIP2 = "lbzip2 is not installed, so the archive is decompressed on one core. With lbzip2 an import is faster."


@dataclass(frozen=True)
class ImportProgress:
    """The step of an import (a table, or what follows them), the table's rows, and the compressed bytes read."""

    step: str
    rows: int
    bytes_read: int
    bytes_total: int


@dataclass(frozen=True)
class ImportOptions:
    """What to import, how to use a web server, and the fingerprint of the key that must have signed the export."""

    profile: str = DEFAULT_PROFILE
    http: HttpOptions = field(default_factory=HttpOptions)
    signing_key: str = ""


@dataclass(frozen=True)
class ImportResult:
    """The export that was imported, and the rows of each table."""

    export_stamp: str
    replication_sequence: int | None
    rows: dict[str, int]


ReportStep = Callable[[str, int], None]


def import_export(
    owner_url: str,
    location: str,
    *,
    reader: str | None = None,
    options: ImportOptions | None = None,
    report: Callable[[ImportProgress], None] = lambda progress: None,
    say: Callable[[str], None] = lambda sentence: None,
) -> ImportResult:
    """Import the export at this location, and allow the role `reader` to read it.

    Readers see the old mirror until the new one is complete. May be run again at any time: it drops what an import
    that died has left. `say` is called with sentences for the operator.
    """
    options = options or ImportOptions()
    profile, export = options.profile, find_export(location, options.http)
    say(export.check_signature(options.signing_key))
    if not has_lbzip2():
        say(NO_LBZIP2)
    with import_connection(owner_url) as connection, export.open() as archive:

        def report_step(step: str, rows: int = 0) -> None:
            report(ImportProgress(step, rows, archive.bytes_read, archive.bytes_total))

        check_reader(connection, reader)
        drop_leftovers(connection)  # before the disk is looked at, which they may have filled
        say(check_disk_space(connection, profile, archive.bytes_total))
        with new_schema(connection, create_tables(profile)), Builder(owner_url) as builder:
            rows = _load(connection, archive, profile, builder, report_step)
            _derive(connection, profile, builder, report_step)
            builder.wait(lambda: report_step("indexes"))
            check_import(connection)
            archive.verify(lambda: report_step("checksum"))
            result = ImportResult(export.stamp, archive.header.replication_sequence, rows)
            _write_state(connection, profile, archive.header.schema_sequence, result)
            grant_reader(connection, reader)
            swap(connection)
    return result


def _write_state(connection: Connection, profile: str, schema_sequence: int, result: ImportResult) -> None:
    write_state(
        connection,
        profile=profile,
        export_stamp=result.export_stamp,
        schema_sequence=schema_sequence,
        replication_sequence=result.replication_sequence,
        names_rules=FOLDING_RULES,
        release_groups=result.rows["release_group"],
    )


def _load(
    connection: Connection, archive: Archive, profile: str, builder: Builder, report_step: ReportStep
) -> dict[str, int]:
    """Fill the tables in the order of the archive. A full table gets its keys while the next one is filled."""
    kept = {table.name: table for table in PROFILES[profile]}
    rows = dict.fromkeys(kept, 0)
    final = kept.keys() - derivations(profile).keys()
    unbuilt = {name: keys for name, keys in indexes(profile).items() if name in final}
    for name, dumped in archive.tables(set(kept)):
        report_step(name, 0)
        builder.raise_errors()
        if name in kept:
            rows[name] = _copy(connection, kept[name], dumped, report_step)
            builder.build(unbuilt.pop(name, ()))
        else:
            _skip(name, dumped, report_step)
    for keys in unbuilt.values():
        builder.build(keys)
    return rows


def _copy(connection: Connection, table: Table, dumped: IO[bytes], report_step: ReportStep) -> int:
    """Fill one table. Emptied in the same transaction, it can be frozen at once and needs no vacuum later."""
    name, columns = sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, table.kept))
    read = 0
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(sql.SQL("TRUNCATE {}").format(name))
        with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN (FREEZE)").format(name, columns)) as copy:
            for piece, rows in narrow(table, dumped):
                copy.write(piece)
                read += rows
                report_step(table.name, read)
        if cursor.rowcount != read:
            raise ExportBroken(f"{table.name} has {read} rows, of which {cursor.rowcount} were loaded")
    connection.execute(sql.SQL("ANALYZE {}").format(name))
    return read


def _skip(name: str, dumped: IO[bytes], report_step: ReportStep) -> None:
    while dumped.read(READ_BYTES):
        report_step(name, 0)


def _derive(connection: Connection, profile: str, builder: Builder, report_step: ReportStep) -> None:
    """Compute what follows from the rows, names and dates at the same time, then the keys and indexes of both."""
    for work in name_index.index_builders(profile):
        builder.run(work)
    for table, fill in derivations(profile).items():
        for statement in fill:
            report_step(f"{table} dates", 0)
            connection.execute(statement)
    builder.wait(lambda: report_step("names", 0))
    for statement in statements("swap_in_dated_release_groups.sql"):
        connection.execute(statement)
    tables, unbuilt = [*NAME_TABLES[profile], *derivations(profile)], indexes(profile)
    for table in tables:  # before any index is built: its transaction would keep VACUUM from marking rows visible
        vacuum(connection, table)
    for table in tables:
        builder.build(unbuilt[table])
