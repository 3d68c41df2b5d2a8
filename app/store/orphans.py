"""Orphans: tracks and albums that no stored play needs any more."""

from app.store.database import Connection, patient

LOCK = 0x1A57EA3
"""An advisory lock, shared by whoever stores plays: a track must not go between being found and being used."""

SECONDS = 300.0
"""For which a step may take on a slow machine: 20 where nearly half of a full database goes."""


def remove(connection: Connection) -> tuple[int, int]:
    """Remove the tracks that are in no stretch, and the albums without tracks. Returns how many of each.

    Waits for transactions that store plays, and lets others wait for some seconds in a full database. Rows that
    somebody else is changing are left for the next time. Needs a transaction, and to be the first in it.
    """
    with patient(connection, SECONDS):
        connection.execute("SELECT set_config('statement_timeout', %s, true)", [f"{SECONDS:.0f}s"])
        return _remove(connection)


def _remove(connection: Connection) -> tuple[int, int]:
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    # Meanwhile only: without it the foreign key would read all tracks for every album that goes; kept for good, it
    # would take a tenth of what tracks take.
    connection.execute("CREATE INDEX tracks_by_album ON tracks (album)")
    tracks = connection.execute(
        """
        WITH unneeded AS MATERIALIZED (
            SELECT id FROM tracks
            EXCEPT
            SELECT unnest(tracks) FROM stretches
        ), taken AS (
            SELECT id FROM tracks JOIN unneeded USING (id) FOR UPDATE OF tracks SKIP LOCKED
        )
        DELETE FROM tracks USING taken WHERE tracks.id = taken.id
        """
    ).rowcount
    albums = connection.execute(
        """
        WITH unneeded AS MATERIALIZED (
            SELECT id FROM albums
            EXCEPT
            SELECT album FROM tracks
        ), taken AS (
            SELECT id FROM albums JOIN unneeded USING (id) FOR UPDATE OF albums SKIP LOCKED
        )
        DELETE FROM albums USING taken WHERE albums.id = taken.id
        """
    ).rowcount
    connection.execute("DROP INDEX tracks_by_album")
    return tracks, albums
