"""The changes of a packet, gathered beside the tables and brought into them all at once.

Every change carries whole rows, so a row ends as the last change of its key left it, whatever came before. That
makes one set of final rows the same as all changes in turn: a row whose key moves is the end of the old key and an
image of the new one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import LiteralString

from psycopg import sql
from psycopg.rows import args_row

from mirror.database import Connection
from mirror.errors import PacketBroken, SchemaChanged
from mirror.packets import Change, Image
from mirror.tables import Table

BATCH = 10_000  # images of one table in memory

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


@dataclass(frozen=True)
class Target:
    """A table of the mirror, the columns of its key, and those of its other unique indexes."""

    table: Table
    key: tuple[str, ...]
    uniques: tuple[tuple[str, ...], ...]

    @cached_property
    def columns(self) -> frozenset[str]:
        """All columns that the table has at the master."""
        return frozenset(self.table.dumped)

    def kept(self, image: Image | None) -> tuple[object, ...] | None:
        """The values of our columns in an image; a column more or less than known is a change of the schema."""
        if image is None:
            return None
        if image.keys() != self.columns:
            other = ", ".join(sorted(image.keys() ^ self.columns))
            raise SchemaChanged(f"{self.table.name} has other columns: {other}")
        return tuple([image[column] for column in self.table.kept])

    def sql(self, text: LiteralString, **more: sql.Composable) -> sql.Composed:
        """A statement about this table, its images and its final rows; t is the first, f the last."""
        columns, key = self.table.kept, self.key
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


def targets(connection: Connection, tables: Iterable[Table]) -> dict[str, Target]:
    """The tables with the keys that they have in this mirror."""
    query = """
        SELECT relation.relname, index.indisprimary, array_agg(attribute.attname::text ORDER BY place)
        FROM pg_index AS index
        JOIN pg_class AS relation ON relation.oid = index.indrelid
        CROSS JOIN LATERAL unnest(index.indkey::smallint[]) WITH ORDINALITY AS part (number, place)
        JOIN pg_attribute AS attribute ON attribute.attrelid = relation.oid AND attribute.attnum = part.number
        WHERE relation.relnamespace = to_regnamespace(current_schema())
            AND index.indisunique
            AND index.indpred IS NULL
            AND index.indexprs IS NULL
            AND place <= index.indnkeyatts
        GROUP BY relation.relname, index.indexrelid, index.indisprimary
    """
    keys: dict[str, tuple[str, ...]] = {}
    uniques = defaultdict[str, list[tuple[str, ...]]](list)
    with connection.cursor(row_factory=args_row(_Index)) as cursor:
        for index in cursor.execute(query):
            if index.primary:
                keys[index.table] = tuple(index.columns)
            else:
                uniques[index.table].append(tuple(index.columns))
    return {table.name: Target(table, keys[table.name], tuple(uniques[table.name])) for table in tables}


@dataclass(frozen=True)
class _Index:
    table: str
    primary: bool
    columns: list[str]


class Gathering:
    """The images of the rows that a packet changes, in temporary tables that go with the transaction."""

    def __init__(self, connection: Connection, tables: dict[str, Target]) -> None:
        self._connection, self._tables = connection, tables
        self._images = defaultdict[str, list[str]](list)
        self.changes = Counter[str]()
        """How many changes of each table touch a column that we keep."""

    def gather(self, changes: Iterable[Change]) -> None:
        """Take in all changes; those of other columns only are passed over."""
        for change in changes:
            table = self._tables[change.table]
            before, after = table.kept(change.before), table.kept(change.after)
            if before != after:
                self._add(change, before, after)
        for name in self.changes:
            self._flush(name)

    def _add(self, change: Change, before: tuple[object, ...] | None, after: tuple[object, ...] | None) -> None:
        images = self._images[change.table]
        if not self.changes[change.table]:
            self._create(change.table)
        self.changes[change.table] += 1
        if before is not None:
            images.append(_line(change.seqid, False, before))
        if after is not None:
            images.append(_line(change.seqid, True, after))
        if len(images) >= BATCH:
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


def settle(connection: Connection, target: Target) -> int:
    """Find what every row ends as; returns how many were not here as the packet found them at the master."""
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
    return int(str(drift[0] if drift else 0))


def evict(connection: Connection, target: Target) -> int:
    """Give up rows that the master cannot have any more, as another one has what must be unique, an MBID say."""
    return sum(_evict(connection, target, unique) for unique in target.uniques)


def _evict(connection: Connection, target: Target, unique: tuple[str, ...]) -> int:
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


def apply(connection: Connection, target: Target) -> int:
    """Bring the final rows in; returns by how many the table has grown."""
    taken_out = connection.execute(
        target.sql("""
            DELETE FROM {table} AS t
            USING {final} AS f
            WHERE {same_key} AND (NOT f.present OR ({t_columns}) IS DISTINCT FROM ({f_columns}))
        """)
    ).rowcount
    put_in = connection.execute(
        target.sql("""
            INSERT INTO {table} ({columns})
            SELECT {columns}
            FROM {final}
            WHERE present
            ON CONFLICT ({key}) DO NOTHING
        """)
    ).rowcount
    return put_in - taken_out


def _line(seqid: int, after: bool, row: tuple[object, ...]) -> str:
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
