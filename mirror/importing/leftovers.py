"""Leftovers: schemas that an import has left because it was killed, or because a reader held the old one open."""

from contextlib import suppress
from dataclasses import dataclass

import psycopg
from psycopg.rows import class_row
from rich.filesize import decimal

from mirror.database import Connection, readable_errors
from mirror.errors import ImportRunning
from mirror.importing.swap import NEW_SCHEMA, OLD_SCHEMA, drop_schema, import_connection


@dataclass(frozen=True)
class Leftover:
    """A schema that serves nobody, and its bytes."""

    schema: str
    bytes: int

    def __str__(self) -> str:
        whose = "an interrupted import" if self.is_interrupted else "the last import"
        return f"{whose} has left {decimal(self.bytes)} (schema {self.schema})"

    @property
    def is_interrupted(self) -> bool:
        """Whether it is of an import that has not finished, and not the mirror that the last one has replaced."""
        return self.schema == NEW_SCHEMA


@readable_errors()
def find_leftovers(connection: Connection) -> list[Leftover]:
    """Return the schemas beside the one that serves. While an import is running they are its own."""
    query = """
        SELECT nspname AS schema, coalesce(sum(pg_total_relation_size(pg_class.oid)), 0)::bigint AS bytes
        FROM pg_namespace
        LEFT JOIN pg_class ON relnamespace = pg_namespace.oid AND relkind = 'r'
        WHERE nspname = ANY(%s)
        GROUP BY nspname
        ORDER BY nspname
    """
    with connection.cursor(row_factory=class_row(Leftover)) as cursor:
        return cursor.execute(query, [[NEW_SCHEMA, OLD_SCHEMA]]).fetchall()


def drop_leftovers(connection: Connection) -> None:
    """Drop every leftover. To be called by the only import, which holds the lock."""
    for leftover in find_leftovers(connection):
        drop_schema(connection, leftover.schema)


def clear_leftovers(owner_url: str) -> list[Leftover]:
    """Drop what earlier imports have left, and return it; nothing while an import is running.

    What a reader still holds open stays for the next time.
    """
    cleared = []
    with suppress(ImportRunning), import_connection(owner_url) as connection:
        for leftover in find_leftovers(connection):
            with suppress(psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
                drop_schema(connection, leftover.schema)
                cleared.append(leftover)
    return cleared
