"""The changes of a packet: staged in temporary tables, then applied to each table at once.

Every change carries whole rows, so a row ends as the last change of its key left it, whatever came before. One set
of final rows therefore has the same effect as all changes in turn. A row whose key changes is the end of the old
key and an image of the new one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import LiteralString, TypeAlias

from psycopg import sql

from mirror.database import Connection
from mirror.errors import PacketBroken, SchemaChanged
from mirror.replication.packets import Change, RowImage
from mirror.tables import Table

BATCH_ROWS = 10_000  # images of one table held in memory

Values: TypeAlias = tuple[object, ...]

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


@dataclass(frozen=True)
class TargetTable:
    """A table of the mirror, and the columns of its unique indexes other than on its key."""

    table: Table
    uniques: tuple[tuple[str, ...], ...]

    @cached_property
    def columns(self) -> frozenset[str]:
        """All columns that the table has at MusicBrainz."""
        return frozenset(self.table.dumped)

    def kept(self, image: RowImage | None) -> Values | None:
        """Return the kept columns of an image. Raises SchemaChanged if it has other columns than are known."""
        if image is None:
            return None
        if image.keys() != self.columns:
            other = ", ".join(sorted(image.keys() ^ self.columns))
            raise SchemaChanged(f"{self.table.name} has other columns: {other}")
        return tuple([image[column] for column in self.table.kept])

    def sql(self, text: LiteralString, **more: sql.Composable) -> sql.Composed:
        """Compose a statement about this table (t), its images and its final rows (f)."""
        columns, key = self.table.kept, self.table.key
        return sql.SQL(text).format(
            table=sql.Identifier(self.table.name),
            images=sql.Identifier(f"images_{self.table.name}"),
            final=sql.Identifier(f"final_{self.table.name}"),
            key=_names(key),
            key_1=sql.Identifier(key[0]),
            columns=_names(columns),
            t_columns=_names(columns, "t"),
            f_columns=_names(columns, "f"),
            same_key=_equal(key),
            **more,
        )


def target_tables(connection: Connection, tables: Iterable[Table]) -> dict[str, TargetTable]:
    """Return the tables by name, with their unique indexes in this mirror."""
    query = """
        SELECT relation.relname, array_agg(attribute.attname::text ORDER BY place)
        FROM pg_index AS index
        JOIN pg_class AS relation ON relation.oid = index.indrelid
        CROSS JOIN LATERAL unnest(index.indkey::smallint[]) WITH ORDINALITY AS part (number, place)
        JOIN pg_attribute AS attribute ON attribute.attrelid = relation.oid AND attribute.attnum = part.number
        WHERE relation.relnamespace = to_regnamespace(current_schema())
            AND index.indisunique
            AND index.indpred IS NULL
            AND index.indexprs IS NULL
            AND place <= index.indnkeyatts
        GROUP BY relation.relname, index.indexrelid
    """
    uniques = defaultdict[str, set[tuple[str, ...]]](set)
    for table, columns in connection.execute(query):
        uniques[table].add(tuple(columns))
    return {table.name: TargetTable(table, tuple(uniques[table.name] - {table.key})) for table in tables}


class PacketStaging:
    """The images of the rows that a packet changes, in temporary tables that the transaction drops."""

    def __init__(self, connection: Connection, tables: dict[str, TargetTable]) -> None:
        self._connection, self._tables = connection, tables
        self._images = defaultdict[str, list[str]](list)
        self.changes = Counter[str]()
        """The number of changes by table, without those to other columns than we keep."""

    def add(self, changes: Iterable[Change]) -> None:
        """Stage all changes, except those to other columns than we keep."""
        for change in changes:
            table = self._tables[change.table]
            before, after = table.kept(change.before), table.kept(change.after)
            if before != after:
                self._add_one(change, before, after)
        for name in self.changes:
            self._flush(name)

    def _add_one(self, change: Change, before: Values | None, after: Values | None) -> None:
        images = self._images[change.table]
        if not self.changes[change.table]:
            self._create(change.table)
        self.changes[change.table] += 1
        if before is not None:
            images.append(_line(change.seqid, False, before))
        if after is not None:
            images.append(_line(change.seqid, True, after))
        if len(images) >= BATCH_ROWS:
            self._flush(change.table)

    def _create(self, name: str) -> None:
        self._connection.execute(
            self._tables[name].sql("""
                CREATE TEMPORARY TABLE {images} ON COMMIT DROP AS
                SELECT 0::bigint AS seqid, true AS after, {columns}
                FROM {table}
                WITH NO DATA
            """)
        )

    def _flush(self, name: str) -> None:
        statement = self._tables[name].sql("COPY {images} (seqid, after, {columns}) FROM STDIN")
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write("".join(self._images[name]))
        self._images[name].clear()


def find_final_rows(connection: Connection, target: TargetTable) -> int:
    """Find how every row ends; return how many differed here from what the packet found at MusicBrainz."""
    connection.execute(
        target.sql("""
            CREATE TEMPORARY TABLE {final} ON COMMIT DROP AS
            SELECT DISTINCT ON ({key}) after AS present, {columns}
            FROM {images}
            ORDER BY {key}, seqid DESC, after DESC
        """)
    )
    connection.execute(target.sql("ANALYZE {final}"))
    drift = connection.execute(
        target.sql("""
            SELECT count(*)
            FROM (
                SELECT DISTINCT ON ({key}) after AS new, {columns}
                FROM {images}
                ORDER BY {key}, seqid, after
            ) AS f
            LEFT JOIN {table} AS t ON {same_key}
            WHERE f.new = (t.{key_1} IS NOT NULL)
                OR NOT f.new AND ({t_columns}) IS DISTINCT FROM ({f_columns})
        """)
    ).fetchone()
    return int(drift[0]) if drift else 0


def drop_conflicting_rows(connection: Connection, target: TargetTable) -> int:
    """Delete rows whose unique value (an MBID, say) belongs to another row at MusicBrainz now; return how many."""
    return sum(_drop_conflicting(connection, target, unique) for unique in target.uniques)


def _drop_conflicting(connection: Connection, target: TargetTable, unique: tuple[str, ...]) -> int:
    return connection.execute(
        target.sql(
            """
            INSERT INTO {final} (present, {columns})
            SELECT false, {t_columns}
            FROM {final} AS f
            JOIN {table} AS t ON {same}
            WHERE f.present AND NOT EXISTS (SELECT FROM {final} AS f WHERE {same_key})
            """,
            same=_equal(unique),
        )
    ).rowcount


def apply_final_rows(connection: Connection, target: TargetTable) -> int:
    """Replace the changed rows by the final ones; return by how many rows the table has grown."""
    deleted = connection.execute(
        target.sql("""
            DELETE FROM {table} AS t
            USING {final} AS f
            WHERE {same_key} AND (NOT f.present OR ({t_columns}) IS DISTINCT FROM ({f_columns}))
        """)
    ).rowcount
    inserted = connection.execute(
        target.sql("""
            INSERT INTO {table} ({columns})
            SELECT {columns}
            FROM {final} AS f
            WHERE f.present AND NOT EXISTS (SELECT FROM {table} AS t WHERE {same_key})
        """)
    ).rowcount
    return inserted - deleted


def _line(seqid: int, after: bool, row: Values) -> str:
    return "\t".join([str(seqid), "t" if after else "f", *map(_text, row)]) + "\n"


def _text(value: object) -> str:
    if isinstance(value, str):
        return value if value.isprintable() and "\\" not in value else value.translate(_ESCAPES)
    if value is None:
        return r"\N"
    if isinstance(value, int):
        return str(value)
    raise PacketBroken(f"a {type(value).__name__} in a column of ours")


def _names(columns: Iterable[str], of: str = "") -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(*filter(None, (of, column))) for column in columns)


def _equal(columns: Iterable[str]) -> sql.Composed:
    pairs = (sql.SQL("t.{0} = f.{0}").format(sql.Identifier(column)) for column in columns)
    return sql.SQL(" AND ").join(pairs)
