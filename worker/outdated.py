"""Outdated years: who has scrobbled what got a year just now looks at the database again."""

from collections.abc import Iterable
from types import TracebackType
from typing import Self
from uuid import UUID

from redis import Redis

from app.progress import Topic, outdate
from app.store import Connection, albums, tracks

ALBUMS, SONGS = "lastyear:better:albums", "lastyear:better:songs"
PORTION = 10_000  # albums and songs after which those who have scrobbled them see it, though more are to come


class Outdated:
    """Albums and songs that get a better year, until everybody who has scrobbled them is told.

    They are noted in Redis before they are stored: what a killed worker did not come to tell, the next run tells
    at its end. What this run has noted it tells itself, since another's end may have come before it was stored.
    """

    def __init__(self, connection: Connection, redis: Redis, *, but: Topic | None = None) -> None:
        """`but` is the year of this run, which tells it by itself."""
        self._connection, self._redis = connection, redis
        self._ours = but.channel if but else None
        self._albums: set[UUID] = set()
        self._songs: set[int] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tells it however the run ends."""
        self.tell()

    def note_albums(self, keys: Iterable[UUID]) -> None:
        """To be called before these albums are stored."""
        found = set(keys)
        self._make_room()
        if found:
            self._redis.sadd(ALBUMS, *(key.bytes for key in found))
            self._albums |= found

    def note_songs(self, ids: Iterable[int]) -> None:
        """The same for tracks that get a year of their own."""
        found = set(ids)
        self._make_room()
        if found:
            self._redis.sadd(SONGS, *found)
            self._songs |= found

    def tell(self) -> None:
        """Drops what is remembered of every year with any of them. Reads all tracks and all scrobbles once."""
        keys = [*self._redis.smembers(ALBUMS)]
        ids = [*self._redis.smembers(SONGS)]
        better = self._albums | {UUID(bytes=key) for key in keys if isinstance(key, bytes)}
        played = self._songs | {int(one) for one in ids}
        if better:
            played |= set(albums.tracks_of(self._connection, better))
        for username, year in tracks.years_with(self._connection, list(played)) if played else ():
            topic = Topic(username, year)
            if topic.channel != self._ours:
                outdate(self._redis, topic)
        if keys:
            self._redis.srem(ALBUMS, *keys)
        if ids:
            self._redis.srem(SONGS, *ids)
        self._albums, self._songs = set(), set()

    def _make_room(self) -> None:
        if len(self._albums) + len(self._songs) >= PORTION:
            self.tell()
