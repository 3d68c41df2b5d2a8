"""Corrected years: what somebody mended at MusicBrainz after an album was matched is taken over in the night."""

import structlog
from redis import Redis

from app.store import Connection, albums
from worker import stopping
from worker.enrich import Catalogue
from worker.outdated import Outdated

log = structlog.get_logger()

BATCH = 1000  # albums compared at once


def take_corrections(connection: Connection, catalogue: Catalogue, redis: Redis) -> int:
    """Compares every album that has a year with the mirror, and takes its year over where that is another one.

    Returns how many were. An album that the mirror does not know any more, or not with a year, keeps its own.
    Whoever has scrobbled a corrected album sees it at the next look. May run twice: then nothing differs.
    """
    corrected = behind = 0
    with Outdated(connection, redis) as outdated:
        while batch := albums.dated(connection, behind=behind, limit=BATCH):
            stopping.check()
            answers = catalogue.years({album.asked_by for album in batch})
            if answers is None:
                break
            found = [(album, answers[album.asked_by]) for album in batch if album.asked_by in answers]
            better = {
                album.id: (answer.release_group, answer.year)
                for album, answer in found
                if answer.year and answer.year != album.release_year
            }
            outdated.note_albums(album.key for album in batch if album.id in better)
            corrected += albums.correct(connection, better)
            behind = batch[-1].id
    log.info("Years were compared with MusicBrainz", corrected=corrected)
    return corrected
