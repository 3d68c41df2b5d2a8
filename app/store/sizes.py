"""Sizes: how much of Last.fm's data is stored, which its terms limit."""

from app.store.database import Connection


def lastfm_bytes(connection: Connection) -> int:
    """Return the bytes that Last.fm's data takes with its indexes; 0 where there are no tables yet."""
    row = connection.execute(
        """
        SELECT coalesce(sum(pg_total_relation_size(to_regclass(name))), 0)::bigint
        FROM unnest(ARRAY['stretches', 'tracks', 'albums']) AS name
        """
    ).fetchone()
    assert row is not None  # noqa: S101  an aggregate without groups is one row
    return int(row[0])
