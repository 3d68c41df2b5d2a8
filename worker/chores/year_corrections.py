"""Year corrections: take over release years, and merged albums, that MusicBrainz corrected after a match."""

import structlog

from app.store import Connection, albums
from mirror.matching.lookup import years_by_mbid
from worker import shutdown
from worker.fetching.mirror_client import MirrorClient

log = structlog.get_logger()

ALBUMS_PER_QUERY = 1000


def correct_years(connection: Connection, mirror: MirrorClient) -> int:
    """Compare every album that has a year with the mirror, store what differs, and return how many albums did.

    An album that the mirror no longer knows, or knows no year for, keeps its own. May run twice: then nothing
    differs.
    """
    corrected = last_id = 0
    while batch := albums.dated(connection, after_id=last_id, limit=ALBUMS_PER_QUERY):
        shutdown.raise_if_requested()
        answers = mirror.ask(years_by_mbid, list({album.source_mbid for album in batch}))
        if answers is None:
            break
        corrections = {
            album.id: (answer.release_group, answer.year)
            for album in batch
            if (answer := answers.get(album.source_mbid))
            and answer.year
            and (answer.release_group, answer.year) != (album.release_group, album.release_year)
        }
        corrected += albums.update_years(connection, corrections)
        last_id = batch[-1].id
    log.info("Compared release years with MusicBrainz", corrected=corrected)
    return corrected
