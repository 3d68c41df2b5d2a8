"""The index of names: by which keys (names.py) an album and its artists are found.

Hashes of 32 bits stand for the keys: two titles of one artist share a hash once in 4 billion times.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from zlib import crc32

from psycopg import sql
from psycopg.rows import args_row

from mirror.database import Connection, readable_errors
from mirror.errors import MirrorEmpty, MirrorOutdated
from mirror.names import RULES, artist_key, artist_keys, song_key, title_key
from mirror.sql import NAMES, album_titles, artist_names, recording_titles
from mirror.state import mirror_state

CHUNK = 10_000  # names in memory
NEWS_DAYS = 40  # longer than anything waits to be asked for again


def key_hash(key: str) -> int:
    """A key as the index has it: a signed 32-bit number, the same on every machine."""
    return crc32(key.encode("utf-8", "surrogatepass")) - 0x8000_0000


def head_hash(key: str, length: int) -> int:
    """The first half of a key that is or might be so long; the length is part of it."""
    return key_hash(f"{length} {key[: length // 2]}")


def tail_hash(key: str, length: int) -> int:
    """The same of its second half."""
    return key_hash(f"{key[-(length - length // 2) :]} {length}")


def check_rules(connection: Connection) -> None:
    """Refuse an index whose names were folded by other rules than ours. Raises MirrorEmpty, MirrorOutdated."""
    state = mirror_state(connection)
    if state is None:
        raise MirrorEmpty
    if state.names_rules != RULES:
        raise MirrorOutdated(f"its names are folded by {state.names_rules}")


def builders(profile: str) -> list[Callable[[Connection], None]]:
    """What fills the tables of the index of a new import; none needs another."""
    known = {
        "album_name": lambda connection: _index_albums(connection, album_titles()),
        "artist_name": lambda connection: _index_artists(connection, artist_names()),
        "recording_name": lambda connection: _index_recordings(connection, recording_titles()),
    }
    return [known[table] for table in NAMES[profile] if table in known]


def update_songs(connection: Connection) -> None:
    """Bring the index up to date for the recordings in the table `named_recording`."""
    connection.execute("DELETE FROM recording_name WHERE recording IN (SELECT id FROM named_recording)")
    _index_recordings(connection, recording_titles(of=b"SELECT id FROM named_recording"))


def update(connection: Connection) -> None:
    """Bring the index up to date for the ids in the tables `named_group` and `named_artist`.

    To `named_artist` it adds the artists who had or now have one of these albums.
    """
    artists = """
        INSERT INTO named_artist
        SELECT DISTINCT artist
        FROM album_name
        WHERE release_group IN (SELECT id FROM named_group)
    """
    connection.execute(artists)
    connection.execute("DELETE FROM album_name WHERE release_group IN (SELECT id FROM named_group)")
    _index_albums(connection, album_titles(of=b"SELECT id FROM named_group"))
    connection.execute(artists)
    connection.execute("DELETE FROM artist_name WHERE artist IN (SELECT id FROM named_artist)")
    connection.execute("ANALYZE named_artist")
    _index_artists(connection, artist_names(of=b"SELECT id FROM named_artist"))
    _tell_news(connection, b"SELECT id FROM named_artist")


@readable_errors()
def artists_in_the_news(connection: Connection, artists: Collection[str]) -> dict[str, datetime]:
    """When a packet last touched an album by these artists, under any name to ask for; the others are left out."""
    keys = {name: [key_hash(key) for key in artist_keys(name)] for name in artists}
    asked = {key for of_one in keys.values() for key in of_one}
    with connection.cursor(row_factory=args_row(_dated)) as cursor:
        news = dict(cursor.execute("SELECT key, touched_at FROM artist_news WHERE key = ANY(%s)", [list(asked)]))
    dates = {name: [news[key] for key in of_one if key in news] for name, of_one in keys.items()}
    return {name: max(found) for name, found in dates.items() if found}


def _dated(key: int, at: datetime) -> tuple[int, datetime]:
    return key, at


def tell_of_dates(connection: Connection) -> None:
    """Let the artists of the groups in the table `dated_group`, whose year is another, be asked for again."""
    _tell_news(
        connection,
        b"SELECT artist FROM album_name WHERE release_group IN (SELECT id FROM dated_group)",
    )


def _tell_news(connection: Connection, artists: bytes) -> None:
    connection.execute(
        b"""
        INSERT INTO artist_news (key, touched_at)
        SELECT key, clock_timestamp()
        FROM artist_name
        WHERE artist IN (%b)
        GROUP BY key
        ON CONFLICT (key) DO UPDATE SET touched_at = excluded.touched_at
        """
        % artists
    )
    connection.execute("DELETE FROM artist_news WHERE touched_at < now() - make_interval(days => %s)", [NEWS_DAYS])


def _index_albums(connection: Connection, titles: bytes) -> None:
    _index_titles(connection, titles, "release_group", "album_name", title_key)


def _index_recordings(connection: Connection, titles: bytes) -> None:
    _index_titles(connection, titles, "recording", "recording_name", song_key)


def _index_titles(
    connection: Connection, titles: bytes, table: str, into: str, fold: Callable[[str], str]
) -> None:
    """Index what the rows of a table are called, under each artist of their credit."""
    with connection.transaction():
        connection.execute("CREATE TEMPORARY TABLE title (id integer, key integer) ON COMMIT DROP")
        _fold(connection, titles, "title", lambda number, name: f"{number}\t{key_hash(fold(name))}\n")
        insert = sql.SQL("""
            INSERT INTO {into} (artist, key, {table})
            SELECT DISTINCT artist_credit_name.artist, title.key, title.id
            FROM title
            JOIN {table} ON {table}.id = title.id
            JOIN artist_credit_name ON artist_credit_name.artist_credit = {table}.artist_credit
        """)
        connection.execute(insert.format(into=sql.Identifier(into), table=sql.Identifier(table)))
        connection.execute("DROP TABLE title")


def _index_artists(connection: Connection, names: bytes) -> None:
    with connection.transaction():
        connection.execute("CREATE TEMPORARY TABLE spelling (LIKE artist_name) ON COMMIT DROP")
        _fold(connection, names, "spelling", _artist_row)
        connection.execute("INSERT INTO artist_name SELECT DISTINCT * FROM spelling")
        connection.execute("DROP TABLE spelling")


def _artist_row(artist: int, name: str) -> str:
    key = artist_key(name)
    length = len(key)
    return f"{key_hash(key)}\t{head_hash(key, length)}\t{tail_hash(key, length)}\t{artist}\n"


def _fold(connection: Connection, names: bytes, table: str, row: Callable[[int, str], str]) -> None:
    """Bring the keys of these names into a table, some at a time."""
    copy_rows = f"COPY {table} FROM STDIN".encode()
    for rows in _chunks(connection, names):
        text = "".join([row(number, name) for number, name in rows])
        with connection.cursor() as cursor, cursor.copy(copy_rows) as copy:
            copy.write(text)
    connection.execute(f"ANALYZE {table}".encode())


def _named(number: int, name: str) -> tuple[int, str]:
    return number, name


def _chunks(connection: Connection, query: bytes) -> Iterator[list[tuple[int, str]]]:
    with connection.cursor("names", binary=True, row_factory=args_row(_named)) as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(CHUNK):
            yield rows
