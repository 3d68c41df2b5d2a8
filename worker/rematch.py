"""The overnight rematch: albums without a year are asked for again, since MusicBrainz grows."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from redis import Redis

from app.store import Connection, albums, tracks
from app.store.albums import Open
from worker.enrich import Catalogue, batches, place
from worker.outdated import outdate_albums, outdate_songs

log = structlog.get_logger()


def rematch(connection: Connection, catalogue: Catalogue, redis: Redis) -> int:
    """Asks for every album whose time has come, the most played first; returns how many were found.

    The time comes a day after the first miss, after which the wait doubles; at once when replication has brought
    something by the artist. Whoever has scrobbled what was found sees it at the next look. May run twice: what one
    run has asked for is not due for the next.
    """
    waiting = albums.open_albums(connection)
    asked, found = 0, list[UUID]()
    try:
        for batch in batches(_due(waiting, catalogue)):
            placed = place(catalogue, batch)
            if placed is None:
                break
            albums.keep(connection, placed)
            asked += len(batch)
            found += [album.key for album in placed if album.release_year is not None]
    finally:
        outdate_albums(connection, redis, found)
    log.info("Albums without a year were asked for again", waiting=len(waiting), asked=asked, found=len(found))
    return len(found)


def rematch_songs(connection: Connection, catalogue: Catalogue, redis: Redis) -> None:
    """The same for songs whose albums do not tell their year, where the mirror has recordings."""
    if not catalogue.knows_songs():
        return
    found = list[int]()
    try:
        for batch in batches(tracks.all_unplaced(connection)):
            years = catalogue.songs(batch)
            if years is None:
                break
            tracks.keep_years(connection, batch, years)
            found += [track.id for track, year in zip(batch, years, strict=True) if year]
    finally:
        outdate_songs(connection, redis, found)


def _due(waiting: Sequence[Open], catalogue: Catalogue) -> Iterator[Open]:
    for batch in batches(waiting):
        news = catalogue.news({album.artist for album in batch if not album.is_due})
        yield from (album for album in batch if album.is_due or _has_news(album, news))


def _has_news(album: Open, news: dict[str, datetime]) -> bool:
    return album.looked_up_at is not None and news.get(album.artist, album.looked_up_at) > album.looked_up_at
