"""Outdated years: who has scrobbled what got a year just now looks at the database again."""

from collections.abc import Collection, Sequence
from uuid import UUID

from redis import Redis

from app.progress import Topic, outdate
from app.store import Connection, albums, tracks


def outdate_albums(
    connection: Connection, redis: Redis, found: Collection[UUID], *, but: Topic | None = None
) -> None:
    """Drops what is remembered of every year with these albums, by their keys; `but` that one is left.

    Reads all tracks and all scrobbles once, so it is for the end of a run.
    """
    if found:
        outdate_songs(connection, redis, albums.tracks_of(connection, found), but=but)


def outdate_songs(connection: Connection, redis: Redis, found: Sequence[int], *, but: Topic | None = None) -> None:
    """The same for tracks, by their ids. Reads all scrobbles once."""
    if not found:
        return
    for username, year in tracks.years_with(connection, found):
        topic = Topic(username, year)
        if but is None or topic.channel != but.channel:
            outdate(redis, topic)
