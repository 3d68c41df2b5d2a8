"""The overnight rematch: albums without a year are asked for again, since MusicBrainz grows."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import structlog
from redis import Redis

from app.store import Connection, albums, tracks
from app.store.albums import Open
from worker import stopping
from worker.enrich import BATCH, Catalogue, batches, place
from worker.outdated import Outdated

log = structlog.get_logger()


def rematch(connection: Connection, catalogue: Catalogue, redis: Redis) -> int:
    """Asks for every album whose time has come, the most played first; returns how many were found.

    The time comes a day after the first miss, after which the wait doubles; at once when replication has brought
    something by the artist, or when the mirror could not be asked before. Whoever has scrobbled what was settled
    sees it at the next look. May run twice: what one run has asked for is not due for the next.
    """
    waiting = albums.open_ids(connection)
    asked = found = 0
    with Outdated(connection, redis) as outdated:
        for batch in batches(_due(connection, waiting, catalogue)):
            stopping.check()
            placed = place(catalogue, batch)
            if placed is None:
                break
            outdated.note_albums(
                after.key
                for before, after in zip(batch, placed, strict=True)
                if after.release_year is not None or before.augmentation_status == "pending"
            )
            albums.keep(connection, placed)
            asked += len(batch)
            found += sum(album.release_year is not None for album in placed)
    log.info("Albums without a year were asked for again", waiting=len(waiting), asked=asked, found=found)
    return found


def rematch_songs(connection: Connection, catalogue: Catalogue, redis: Redis) -> None:
    """The same for songs whose albums do not tell their year, where the mirror has recordings."""
    if not catalogue.knows_songs():
        return
    behind = 0
    with Outdated(connection, redis) as outdated:
        while batch := tracks.some_unplaced(connection, behind=behind, limit=BATCH):
            stopping.check()
            years = catalogue.songs(batch)
            if years is None:
                break
            outdated.note_songs(track.id for track, year in zip(batch, years, strict=True) if year)
            tracks.keep_years(connection, batch, years)
            behind = batch[-1].id


def _due(connection: Connection, waiting: Sequence[int], catalogue: Catalogue) -> Iterator[Open]:
    for ids in batches(waiting):
        batch = albums.still_open(connection, ids)
        news = catalogue.news({album.artist for album in batch if not album.is_due})
        yield from (album for album in batch if album.is_due or _has_news(album, news))


def _has_news(album: Open, news: dict[str, datetime]) -> bool:
    return album.looked_up_at is not None and news.get(album.artist, album.looked_up_at) > album.looked_up_at
