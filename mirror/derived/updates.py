"""Keeps what the mirror computes from MusicBrainz's rows up to date when a packet changes them.

The temporary tables `final_...` hold a packet's rows as they will be. Compared with the rows that they replace,
they lead to everything affected. A row that the same packet adds or deletes is in a `final_...` table itself.
"""

from collections.abc import Collection
from typing import LiteralString

from psycopg import sql

from mirror.database import Connection
from mirror.derived import name_index
from mirror.sql import choose_release_years, recording_dates
from mirror.state import has_recordings

# Table -> the release groups whose first dates may depend on its changed rows.
GROUPS_TO_DATE: dict[str, LiteralString] = {
    "release_group": """
        SELECT f.id
        FROM final_release_group AS f
        WHERE f.present
    """,
    "release": """
        SELECT unnest(ARRAY[t.release_group, f.release_group])
        FROM final_release AS f
        LEFT JOIN release AS t USING (id)
        WHERE f.present <> (t.id IS NOT NULL)
            OR f.present AND (t.release_group, t.status) IS DISTINCT FROM (f.release_group, f.status)
    """,
    "release_country": """
        SELECT release.release_group
        FROM final_release_country AS f
        JOIN release ON release.id = f.release
    """,
    "release_unknown_country": """
        SELECT release.release_group
        FROM final_release_unknown_country AS f
        JOIN release ON release.id = f.release
    """,
}
# The same for recordings.
RECORDINGS_TO_DATE: dict[str, LiteralString] = {
    "track": """
        SELECT unnest(ARRAY[t.recording, f.recording])
        FROM final_track AS f
        LEFT JOIN track AS t USING (id)
        WHERE f.present OR t.id IS NOT NULL
    """,
    "medium": """
        SELECT track.recording
        FROM final_medium AS f
        JOIN track ON track.medium = f.id
    """,
    "release": """
        SELECT track.recording
        FROM final_release AS f
        LEFT JOIN release AS t USING (id)
        JOIN medium ON medium.release = f.id
        JOIN track ON track.medium = medium.id
        WHERE f.present <> (t.id IS NOT NULL) OR f.present AND t.status IS DISTINCT FROM f.status
    """,
    "release_country": """
        SELECT track.recording
        FROM final_release_country AS f
        JOIN medium ON medium.release = f.release
        JOIN track ON track.medium = medium.id
    """,
    "release_unknown_country": """
        SELECT track.recording
        FROM final_release_unknown_country AS f
        JOIN medium ON medium.release = f.release
        JOIN track ON track.medium = medium.id
    """,
}

# Table -> the release groups whose names, or the names of whose artists, may depend on its changed rows.
GROUPS_TO_INDEX: dict[str, LiteralString] = {
    "release_group": """
        SELECT f.id
        FROM final_release_group AS f
        LEFT JOIN release_group AS t USING (id)
        WHERE f.present <> (t.id IS NOT NULL)
            OR f.present
            AND (t.name, t.comment, t.artist_credit) IS DISTINCT FROM (f.name, f.comment, f.artist_credit)
    """,
    "release": """
        SELECT unnest(ARRAY[t.release_group, f.release_group])
        FROM final_release AS f
        LEFT JOIN release AS t USING (id)
        WHERE f.present <> (t.id IS NOT NULL)
            OR f.present AND (t.release_group, t.name) IS DISTINCT FROM (f.release_group, f.name)
    """,
    "release_group_alias": """
        SELECT unnest(ARRAY[t.release_group, f.release_group])
        FROM final_release_group_alias AS f
        LEFT JOIN release_group_alias AS t USING (id)
    """,
    "release_alias": """
        SELECT release.release_group
        FROM final_release_alias AS f
        LEFT JOIN release_alias AS t USING (id)
        JOIN release ON release.id IN (t.release, f.release)
    """,
    "artist_credit_name": """
        SELECT release_group.id
        FROM final_artist_credit_name AS f
        JOIN release_group USING (artist_credit)
    """,
}
# The same for artists.
ARTISTS_TO_INDEX: dict[str, LiteralString] = {
    "artist": "SELECT id FROM final_artist",
    "artist_alias": """
        SELECT unnest(ARRAY[t.artist, f.artist])
        FROM final_artist_alias AS f
        LEFT JOIN artist_alias AS t USING (id)
    """,
    "artist_credit": """
        SELECT artist_credit_name.artist
        FROM final_artist_credit AS f
        JOIN artist_credit_name ON artist_credit_name.artist_credit = f.id
    """,
    "artist_credit_name": """
        SELECT unnest(ARRAY[t.artist, f.artist])
        FROM final_artist_credit_name AS f
        LEFT JOIN artist_credit_name AS t USING (artist_credit, position)
    """,
}

# The same for the names of recordings.
RECORDINGS_TO_INDEX: dict[str, LiteralString] = {
    "recording": "SELECT id FROM final_recording",
    "artist_credit_name": """
        SELECT recording.id
        FROM final_artist_credit_name AS f
        JOIN recording USING (artist_credit)
    """,
}


class StaleRows:
    """What a packet makes out of date: found before its rows are applied, recomputed afterwards."""

    def __init__(self, connection: Connection, changed: Collection[str]) -> None:
        self._connection = connection
        self._dates = _collect(connection, "group_to_date", GROUPS_TO_DATE, changed)
        songs = has_recordings(connection)
        self._song_dates = songs and _collect(connection, "recording_to_date", RECORDINGS_TO_DATE, changed)
        self._song_names = songs and _collect(connection, "recording_to_index", RECORDINGS_TO_INDEX, changed)
        groups = _collect(connection, "group_to_index", GROUPS_TO_INDEX, changed)
        artists = _collect(connection, "artist_to_index", ARTISTS_TO_INDEX, changed)
        self._names = groups or artists
        if self._names:
            name_index.note_old_names(connection)

    def recompute(self) -> None:
        """Recompute the dates and the names in the index."""
        if self._dates:
            _update_groups(self._connection)
        if self._song_dates:
            _update_recordings(self._connection)
        if self._names:
            name_index.update_albums_and_artists(self._connection)
        if self._dates:
            name_index.note_redated_albums(self._connection)
        if self._song_names:
            name_index.update_recordings(self._connection)


def _collect(
    connection: Connection, into: str, queries: dict[str, LiteralString], changed: Collection[str]
) -> bool:
    name, wanted = sql.Identifier(into), [sql.SQL(queries[table]) for table in queries if table in changed]
    found = sql.SQL(") UNION ALL (").join(wanted or [sql.SQL("SELECT NULL::integer")])
    create = sql.SQL("""
        CREATE TEMPORARY TABLE {} ON COMMIT DROP AS
        SELECT DISTINCT id
        FROM (({})) AS found (id)
        WHERE id IS NOT NULL
        ORDER BY id
    """)
    connection.execute(create.format(name, found))
    connection.execute(sql.SQL("ANALYZE {}").format(name))
    return bool(wanted)


def _update_groups(connection: Connection) -> None:
    dates = choose_release_years(of=b"SELECT id FROM group_to_date")
    connection.execute("CREATE TEMPORARY TABLE redated_group (id integer) ON COMMIT DROP")
    connection.execute(
        b"""
        WITH dated AS (
            UPDATE release_group
            SET first_release_date = dates.first_release_date, year = dates.year
            FROM group_to_date AS changed
            LEFT JOIN (%b) AS dates USING (id)
            WHERE release_group.id = changed.id
                AND (release_group.first_release_date, release_group.year)
                    IS DISTINCT FROM (dates.first_release_date, dates.year)
            RETURNING release_group.id
        )
        INSERT INTO redated_group
        SELECT id FROM dated
        """
        % dates
    )


def _update_recordings(connection: Connection) -> None:
    connection.execute("""
        DELETE FROM recording_first_release_date
        WHERE recording IN (SELECT id FROM recording_to_date)
    """)
    connection.execute(
        b"INSERT INTO recording_first_release_date (recording, year, month, day) "
        + recording_dates(of=b"SELECT id FROM recording_to_date")
    )
