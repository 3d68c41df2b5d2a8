"""Compare a mirror with its master: every kept column of every kept table, and all derived data."""

from collections import Counter, defaultdict
from hashlib import sha256

from psycopg import sql

from mirror.database import SCHEMA, Connection, connect
from mirror.derived.name_index import head_hash, key_hash, tail_hash
from mirror.derived.names import artist_key, song_key, title_key
from mirror.sql import album_titles, artist_names
from mirror.state import has_recordings, mirror_state
from mirror.tables import PROFILES, Table
from tests.integration.mirror.master.master import Master
from tests.integration.mirror.master.publishing import copied

SHOWN = 5  # differing rows of each table

GROUP_DATES = b"""
    COPY (
        SELECT id, release_count, first_release_date_year, first_release_date_month, first_release_date_day
        FROM musicbrainz.release_group_meta
    ) TO STDOUT
"""
RECORDING_DATES = b"COPY musicbrainz.recording_first_release_date TO STDOUT"
# Two editors at once can make the master's own table miss a date (one adds a track to the release that the other
# dates): what its function says of the whole is what a mirror shall have.
MASTERS_RECORDING_DATES = b"COPY (SELECT * FROM get_recording_first_release_date_rows('TRUE')) TO STDOUT"


def compare(master: Master, mirror_url: str) -> list[str]:
    """Return every difference as text; none if the mirror equals its master."""
    with master.connection() as ours, connect(mirror_url) as theirs:
        state = mirror_state(theirs)
        assert state is not None
        tables = PROFILES[state.profile]
        return [
            *(line for table in tables for line in _rows(ours, theirs, table)),
            *differences("release_group_meta", copied(ours, GROUP_DATES), copied(theirs, GROUP_DATES)),
            *_recording_dates(ours, theirs, tables),
            *_names(theirs),
        ]


def differences(name: str, expected: bytes, found: bytes) -> list[str]:
    """Return the rows that only one side has."""
    ours, theirs = Counter(expected.split(b"\n")), Counter(found.split(b"\n"))
    return [
        f"{name}, {who}: {row.decode()}"
        for who, rows in (("only the master", ours - theirs), ("only the mirror", theirs - ours))
        for row in sorted(rows)[:SHOWN]
    ]


def fingerprint(mirror_url: str) -> dict[str, str]:
    """Return everything that `compare` looks at, by table, and the last packet applied."""
    with connect(mirror_url) as connection:
        state = mirror_state(connection)
        assert state is not None
        queries = {table.name: _kept(table) for table in PROFILES[state.profile]}
        contents = {name: copied(connection, query) for name, query in queries.items()}
        contents["release_group_meta"] = copied(connection, GROUP_DATES)
        if "track" in queries:
            contents["recording_first_release_date"] = copied(connection, RECORDING_DATES)
    return {"packet": str(state.replication_sequence)} | {
        name: sha256(b"\n".join(sorted(content.split(b"\n")))).hexdigest() for name, content in contents.items()
    }


def _rows(ours: Connection, theirs: Connection, table: Table) -> list[str]:
    query = _kept(table)
    return differences(table.name, copied(ours, query), copied(theirs, query))


def _kept(table: Table) -> sql.Composed:
    columns = sql.SQL(", ").join(map(sql.Identifier, table.kept))
    return sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(SCHEMA, table.name), columns)


def _names(theirs: Connection) -> list[str]:
    """Compare the index of names with the names in the mirror's own tables."""
    expected, found = indexed_anew(theirs), indexed(theirs)
    return [
        f"the index of names, {who}: {row}"
        for who, rows in (("missing", expected - found), ("too much", found - expected))
        for row in sorted(rows)[:SHOWN]
    ]


def indexed(connection: Connection) -> set[tuple[object, ...]]:
    """Return the rows of the index of names, each once."""
    rows = [
        *connection.execute("SELECT 'album', artist, key, release_group FROM album_name"),
        *connection.execute("SELECT 'artist', artist, key, head, tail FROM artist_name"),
    ]
    if has_recordings(connection):
        rows += connection.execute("SELECT 'song', artist, key, recording FROM recording_name")
    assert len(rows) == len(set(rows))
    return set(rows)


def indexed_anew(connection: Connection) -> set[tuple[object, ...]]:
    """Return the rows that it should hold, computed name by name."""
    artists = defaultdict(set)
    for group, artist in connection.execute("""
        SELECT release_group.id, artist
        FROM release_group
        JOIN artist_credit_name USING (artist_credit)
    """):
        artists[group].add(artist)
    albums = {
        ("album", artist, key_hash(title_key(str(name))), group)
        for group, name in connection.execute(album_titles())
        for artist in artists[group]
    }
    names = {_indexed_artist(artist, str(name)) for artist, name in connection.execute(artist_names())}
    return albums | names | (_indexed_songs(connection) if has_recordings(connection) else set())


def _indexed_songs(connection: Connection) -> set[tuple[object, ...]]:
    query = "SELECT artist, name, recording.id FROM recording JOIN artist_credit_name USING (artist_credit)"
    return {
        ("song", artist, key_hash(song_key(str(name))), recording)
        for artist, name, recording in connection.execute(query)
    }


def _indexed_artist(artist: object, name: str) -> tuple[object, ...]:
    key = artist_key(name)
    return "artist", artist, key_hash(key), head_hash(key, len(key)), tail_hash(key, len(key))


def _recording_dates(ours: Connection, theirs: Connection, tables: tuple[Table, ...]) -> list[str]:
    if not any(table.name == "track" for table in tables):
        return []
    expected, found = copied(ours, MASTERS_RECORDING_DATES), copied(theirs, RECORDING_DATES)
    return differences("recording_first_release_date", expected, found)
