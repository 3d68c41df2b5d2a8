"""The nightly rematch: look up albums and songs without a release year again, since MusicBrainz grows."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import structlog
from redis import Redis

from app.store import Connection, albums, tracks
from app.store.albums import UnmatchedAlbum
from mirror.derived.name_index import artist_news
from mirror.state import has_recordings
from worker import shutdown
from worker.fetching.enrich import BATCH_SIZE, batched, look_up_songs, match_fuzzy
from worker.fetching.mirror_client import MirrorClient
from worker.fetching.stale_charts import drop_stale_charts

log = structlog.get_logger()

BATCHES_PER_DROP = 50  # after so many batches listeners see what was found, though more is to come


def rematch_albums(connection: Connection, mirror: MirrorClient, redis: Redis) -> int:
    """Look up every album that is due, the most played first, and return how many got a year.

    An album is due a day after its first miss, then after twice as long each time. It is due at once when
    replication has changed an album by its artist, or when the mirror could not be asked before. May run twice:
    what one run has looked up is not due for the next.
    """
    waiting = albums.unmatched_ids(connection)
    asked = found = 0
    for number, batch in enumerate(batched(_due(connection, waiting, mirror)), start=1):
        shutdown.raise_if_requested()
        placed = match_fuzzy(mirror, batch)
        if placed is None:
            break
        with connection.transaction():
            albums.save_stored(connection, placed)
        asked += len(batch)
        found += sum(album.release_year is not None for album in placed)
        if number % BATCHES_PER_DROP == 0:
            drop_stale_charts(connection, redis)
    log.info("Looked up albums without a release year again", waiting=len(waiting), asked=asked, found=found)
    return found


def place_pending(connection: Connection, mirror: MirrorClient) -> int:
    """Look up every album that the mirror could not be asked about, and return how many got a year.

    May run twice.
    """
    found = 0
    for ids in batched(albums.unmatched_ids(connection)):
        shutdown.raise_if_requested()
        waiting = albums.still_unmatched(connection, ids)
        pending = [album for album in waiting if album.augmentation_status == "pending"]
        placed = match_fuzzy(mirror, pending) if pending else []
        if placed is None:
            break
        with connection.transaction():
            albums.save_stored(connection, placed)
        found += sum(album.release_year is not None for album in placed)
    log.info("Looked up what had waited for the mirror", found=found)
    return found


def rematch_songs(connection: Connection, mirror: MirrorClient, redis: Redis) -> None:
    """Do the same for songs whose albums do not say when they came out, if the mirror has recordings."""
    if not mirror.ask(has_recordings):
        return
    number = last_id = 0
    while batch := tracks.some_without_year(connection, after_id=last_id, limit=BATCH_SIZE):
        shutdown.raise_if_requested()
        years = look_up_songs(mirror, batch)
        if years is None:
            break
        tracks.save_years(connection, batch, years)
        number, last_id = number + 1, batch[-1].id
        if number % BATCHES_PER_DROP == 0:
            drop_stale_charts(connection, redis)


def _due(connection: Connection, waiting: Sequence[int], mirror: MirrorClient) -> Iterator[UnmatchedAlbum]:
    for ids in batched(waiting):
        batch = albums.still_unmatched(connection, ids)
        artists = {album.artist for album in batch if not album.is_due}
        news = (mirror.ask(artist_news, artists) if artists else None) or {}
        yield from (album for album in batch if album.is_due or _has_news(album, news))


def _has_news(album: UnmatchedAlbum, news: dict[str, datetime]) -> bool:
    return album.looked_up_at is not None and news.get(album.artist, album.looked_up_at) > album.looked_up_at
