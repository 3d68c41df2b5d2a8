"""Orphans: tracks and albums that no stored play needs any more."""

from app.store.database import Connection

LOCK = 0x1A57EA3
"""An advisory lock, shared by whoever stores plays: a track must not go between being found and being used."""


def remove(connection: Connection) -> tuple[int, int]:
    """Remove the tracks that are in no stretch, and the albums without tracks. Returns how many of each.

    Waits for transactions that store plays, and lets others wait for about a second in a full database. Rows that
    somebody else is changing are left for the next time. Needs a transaction, and to be the first in it.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    tracks = connection.execute(
        """
        DELETE FROM tracks
        WHERE id IN (
            SELECT id
            FROM tracks
            WHERE NOT EXISTS (
                SELECT FROM (SELECT DISTINCT unnest(tracks) AS id FROM stretches) AS played
                WHERE played.id = tracks.id
            )
            FOR UPDATE SKIP LOCKED
        )
        """
    ).rowcount
    albums = connection.execute(
        """
        DELETE FROM albums
        WHERE id IN (
            SELECT id
            FROM albums
            WHERE NOT EXISTS (SELECT FROM tracks WHERE tracks.album = albums.id)
            FOR UPDATE SKIP LOCKED
        )
        """
    ).rowcount
    return tracks, albums
