"""Orphans: tracks and albums that no stored play needs any more."""

from app.store.database import Connection, patient

LOCK = 0x1A57EA3
"""An advisory lock, shared by whoever stores plays: a track must not go between being found and being used."""

REMOVAL_SECONDS = 300.0
"""For which a removal may take where much has come together, on a slow disk or behind a run that stores much."""


def remove(connection: Connection) -> tuple[int, int]:
    """Remove the tracks that are in no stretch, and the albums without tracks. Returns how many of each.

    Waits for transactions that store plays, and lets others wait for some seconds in a full database. Rows that
    somebody else is changing are left for the next time. Needs a transaction, and to be the first in it.
    """
    with patient(connection, REMOVAL_SECONDS):
        connection.execute("SELECT set_config('statement_timeout', %s, true)", [f"{REMOVAL_SECONDS:.0f}s"])
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        return _remove_tracks(connection), _remove_albums(connection)


def _remove_tracks(connection: Connection) -> int:
    return connection.execute(
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


def _remove_albums(connection: Connection) -> int:
    return connection.execute(
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
