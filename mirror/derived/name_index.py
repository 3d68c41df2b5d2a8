"""The name index: tables that lead from the key of a name (names.py) to albums, artists and songs.

Keys are stored as 32-bit hashes: two titles of one artist share a hash once in 4 billion times.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from zlib import crc32

from psycopg import sql

from mirror.database import Connection, readable_errors
from mirror.derived.names import FOLDING_RULES, artist_key, artist_keys, song_key, title_key
from mirror.errors import MirrorEmpty, MirrorOutdated
from mirror.sql import NAME_TABLES, album_titles, artist_names, recording_titles
from mirror.state import MirrorState, mirror_state

NAMES_PER_BATCH = 10_000  # held in memory at once
KEEP_NEWS_DAYS = 40  # longer than any album waits before it is looked up again


def key_hash(key: str) -> int:
    """Return the hash of a key: a signed 32-bit number, the same on every machine."""
    return crc32(key.encode("utf-8", "surrogatepass")) - 0x8000_0000


def head_hash(key: str, length: int) -> int:
    """Return the hash of the first half of a key, as if it had this length."""
    return key_hash(f"{length} {key[: length // 2]}")


def tail_hash(key: str, length: int) -> int:
    """Return the hash of the second half of a key, as if it had this length."""
    return key_hash(f"{key[-(length - length // 2) :]} {length}")


def usable_state(connection: Connection, *, lock: bool = False) -> MirrorState:
    """Return the mirror's state, provided that its keys were made by our rules.

    Raises MirrorEmpty, MirrorOutdated.
    """
    state = mirror_state(connection, lock=lock)
    if state is None:
        raise MirrorEmpty
    if state.names_rules != FOLDING_RULES:
        raise MirrorOutdated(f"its names are folded by {state.names_rules}")
    return state


def index_builders(profile: str) -> list[Callable[[Connection], None]]:
    """Return the functions that fill the index of a new import. They do not depend on each other."""
    known = {
        "album_name": lambda connection: _index_albums(connection, album_titles()),
        "artist_name": lambda connection: _index_artists(connection, artist_names()),
        "recording_name": lambda connection: _index_recordings(connection, recording_titles()),
    }
    return [known[table] for table in NAME_TABLES[profile] if table in known]


def update_recordings(connection: Connection) -> None:
    """Update the index for the recordings in the table `recording_to_index`."""
    connection.execute("DELETE FROM recording_name WHERE recording IN (SELECT id FROM recording_to_index)")
    _index_recordings(connection, recording_titles(of=b"SELECT id FROM recording_to_index"))


def note_old_names(connection: Connection) -> None:
    """Note what the index has for the ids in the tables `group_to_index` and `artist_to_index` before they change.

    It has no way from an album or an artist to its rows, which would take much space: they follow from the names.
    Adds to `artist_to_index` the artists who have one of these albums.
    """
    _add_artists_of_albums(connection)
    _fold_names(connection, "old")


def update_albums_and_artists(connection: Connection) -> None:
    """Update the index for the ids in the tables `group_to_index` and `artist_to_index`, after they have changed.

    Adds to `artist_to_index` the artists who have one of these albums now.
    """
    _add_artists_of_albums(connection)
    connection.execute("ANALYZE artist_to_index")
    _fold_names(connection, "new")
    for table in ("album_name", "artist_name"):
        _replace_rows(connection, table)
    _note_news(connection, b"new_artist_name")


@readable_errors()
def artist_news(connection: Connection, artists: Collection[str]) -> dict[str, datetime]:
    """Return when replication last changed an album by each artist, under any spelling that matching tries.

    Artists without a change are left out.
    """
    keys = {name: [key_hash(key) for key in artist_keys(name)] for name in artists}
    wanted = {key for hashes in keys.values() for key in hashes}
    rows = connection.execute("SELECT key, touched_at FROM artist_news WHERE key = ANY(%s)", [list(wanted)])
    news: dict[int, datetime] = dict(rows.fetchall())
    dates = {name: [news[key] for key in hashes if key in news] for name, hashes in keys.items()}
    return {name: max(found) for name, found in dates.items() if found}


def note_redated_albums(connection: Connection) -> None:
    """Note news of the artists of the groups in the table `redated_group`, whose year has changed."""
    artists = b"""
        SELECT artist_credit_name.artist
        FROM redated_group
        JOIN release_group USING (id)
        JOIN artist_credit_name USING (artist_credit)
    """
    _create_like(connection, "redated_artist_name", "artist_name")
    _index_artists(connection, artist_names(of=artists), "redated_artist_name")
    _note_news(connection, b"redated_artist_name")


def _note_news(connection: Connection, names: bytes) -> None:
    """Note that there is news of the artists with the names in this table."""
    connection.execute(
        b"""
        INSERT INTO artist_news (key, touched_at)
        SELECT key, clock_timestamp()
        FROM %b
        GROUP BY key
        ON CONFLICT (key) DO UPDATE SET touched_at = excluded.touched_at
        """
        % names
    )
    connection.execute(
        "DELETE FROM artist_news WHERE touched_at < now() - make_interval(days => %s)", [KEEP_NEWS_DAYS]
    )


def _add_artists_of_albums(connection: Connection) -> None:
    connection.execute("""
        INSERT INTO artist_to_index
        SELECT DISTINCT artist_credit_name.artist
        FROM group_to_index
        JOIN release_group USING (id)
        JOIN artist_credit_name USING (artist_credit)
    """)


def _fold_names(connection: Connection, when: str) -> None:
    """Compute the rows that belong to the groups and artists at hand, into tables of their own."""
    for table in ("album_name", "artist_name"):
        _create_like(connection, f"{when}_{table}", table)
    _index_albums(connection, album_titles(of=b"SELECT id FROM group_to_index"), f"{when}_album_name")
    _index_artists(connection, artist_names(of=b"SELECT id FROM artist_to_index"), f"{when}_artist_name")


def _create_like(connection: Connection, name: str, table: str) -> None:
    create = sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {}) ON COMMIT DROP")
    connection.execute(create.format(sql.Identifier(name), sql.Identifier(table)))


def _replace_rows(connection: Connection, table: str) -> None:
    """Replace the old rows by the new ones, as far as they differ."""
    names = {"table": sql.Identifier(table)}
    names |= {when: sql.Identifier(f"{when}_{table}") for when in ("old", "new")}
    delete = sql.SQL("""
        DELETE FROM {table} AS indexed
        USING (SELECT * FROM {old} EXCEPT SELECT * FROM {new}) AS gone
        WHERE indexed.artist = gone.artist AND indexed.key = gone.key AND indexed = gone
    """)
    insert = sql.SQL("""
        INSERT INTO {table}
        SELECT * FROM {new} AS added
        WHERE NOT EXISTS (
            SELECT FROM {table} AS indexed
            WHERE indexed.artist = added.artist AND indexed.key = added.key AND indexed = added
        )
    """)
    for statement in (delete, insert):
        connection.execute(statement.format(**names))


def _index_albums(connection: Connection, titles: bytes, into: str = "album_name") -> None:
    _index_titles(connection, titles, "release_group", into, title_key)


def _index_recordings(connection: Connection, titles: bytes) -> None:
    _index_titles(connection, titles, "recording", "recording_name", song_key)


def _index_titles(
    connection: Connection, titles: bytes, table: str, into: str, fold: Callable[[str], str]
) -> None:
    """Index the titles of a table's rows under each artist of their credit, those of one artist together."""
    with connection.transaction():
        connection.execute("CREATE TEMPORARY TABLE title (id integer, key integer) ON COMMIT DROP")
        _copy_keys(connection, titles, "title", lambda number, name: f"{number}\t{key_hash(fold(name))}\n")
        insert = sql.SQL("""
            INSERT INTO {into} (artist, key, {table})
            SELECT DISTINCT artist_credit_name.artist, title.key, title.id
            FROM title
            JOIN {table} ON {table}.id = title.id
            JOIN artist_credit_name ON artist_credit_name.artist_credit = {table}.artist_credit
            ORDER BY artist_credit_name.artist, title.key, title.id
        """)
        connection.execute(insert.format(into=sql.Identifier(into), table=sql.Identifier(table)))
        connection.execute("DROP TABLE title")


def _index_artists(connection: Connection, names: bytes, into: str = "artist_name") -> None:
    with connection.transaction():
        connection.execute("CREATE TEMPORARY TABLE spelling (LIKE artist_name) ON COMMIT DROP")
        _copy_keys(connection, names, "spelling", _artist_row)
        insert = sql.SQL("INSERT INTO {into} SELECT DISTINCT * FROM spelling")
        connection.execute(insert.format(into=sql.Identifier(into)))
        connection.execute("DROP TABLE spelling")


def _artist_row(artist: int, name: str) -> str:
    key = artist_key(name)
    length = len(key)
    return f"{key_hash(key)}\t{head_hash(key, length)}\t{tail_hash(key, length)}\t{artist}\n"


def _copy_keys(connection: Connection, names: bytes, table: str, row: Callable[[int, str], str]) -> None:
    """Fill a table with one row for each (id, name) that a query selects, batch by batch."""
    copy_rows = f"COPY {table} FROM STDIN".encode()
    with connection.cursor("names", binary=True) as selected:
        selected.execute(names)
        while batch := selected.fetchmany(NAMES_PER_BATCH):
            text = "".join([row(number, name) for number, name in batch])
            with connection.cursor() as cursor, cursor.copy(copy_rows) as copy:
                copy.write(text)
    connection.execute(f"ANALYZE {table}".encode())
