"""The overnight rematch: albums without a year are asked for again, since MusicBrainz grows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Generic, Self, TypeVar
from uuid import UUID

import structlog
from redis import Redis

from app.store import Connection, albums, tracks
from app.store.albums import Open
from worker import stopping
from worker.enrich import BATCH, Catalogue, batches, place
from worker.outdated import outdate_albums, outdate_songs

T = TypeVar("T")

log = structlog.get_logger()

PORTION = 10_000  # albums, or songs, after which those who have scrobbled them see it, though more are to come


def rematch(connection: Connection, catalogue: Catalogue, redis: Redis) -> int:
    """Asks for every album whose time has come, the most played first; returns how many were found.

    The time comes a day after the first miss, after which the wait doubles; at once when replication has brought
    something by the artist, or when the mirror could not be asked before. Whoever has scrobbled what was settled
    sees it at the next look. May run twice: what one run has asked for is not due for the next.
    """
    waiting = albums.open_ids(connection)
    asked = found = 0
    with _Settled[UUID](partial(outdate_albums, connection, redis)) as settled:
        for batch in batches(_due(connection, waiting, catalogue)):
            stopping.check()
            placed = place(catalogue, batch)
            if placed is None:
                break
            albums.keep(connection, placed)
            asked += len(batch)
            found += sum(album.release_year is not None for album in placed)
            settled.add(
                after.key
                for before, after in zip(batch, placed, strict=True)
                if after.release_year is not None or before.augmentation_status == "pending"
            )
    log.info("Albums without a year were asked for again", waiting=len(waiting), asked=asked, found=found)
    return found


def rematch_songs(connection: Connection, catalogue: Catalogue, redis: Redis) -> None:
    """The same for songs whose albums do not tell their year, where the mirror has recordings."""
    if not catalogue.knows_songs():
        return
    behind = 0
    with _Settled[int](partial(outdate_songs, connection, redis)) as settled:
        while batch := tracks.some_unplaced(connection, behind=behind, limit=BATCH):
            stopping.check()
            years = catalogue.songs(batch)
            if years is None:
                break
            tracks.keep_years(connection, batch, years)
            settled.add(track.id for track, year in zip(batch, years, strict=True) if year)
            behind = batch[-1].id


class _Settled(Generic[T]):
    """What was settled so far, told in portions and, however it ends, at the end."""

    def __init__(self, tell: Callable[[list[T]], None]) -> None:
        self._tell = tell
        self._keys: list[T] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()

    def add(self, keys: Iterable[T]) -> None:
        """Takes these too."""
        self._keys += keys
        if len(self._keys) >= PORTION:
            self._flush()

    def _flush(self) -> None:
        keys, self._keys = self._keys, []
        self._tell(keys)


def _due(connection: Connection, waiting: Sequence[int], catalogue: Catalogue) -> Iterator[Open]:
    for ids in batches(waiting):
        batch = albums.still_open(connection, ids)
        news = catalogue.news({album.artist for album in batch if not album.is_due})
        yield from (album for album in batch if album.is_due or _has_news(album, news))


def _has_news(album: Open, news: dict[str, datetime]) -> bool:
    return album.looked_up_at is not None and news.get(album.artist, album.looked_up_at) > album.looked_up_at
