"""Wanted covers: fetched one after the other, as long as nobody needs the worker for something else."""

from uuid import UUID

import structlog
from redis import Redis

from app.counters.counts import increment
from app.jobs.queues import COVERS, someone_waits
from app.redis import cover_archive, covers
from app.redis.pause import is_paused
from worker import shutdown
from worker.context import WorkerContext
from worker.covers.archive import ArchiveAway, CoverArchive, CoverRefused, NoCover
from worker.covers.scaling import NotAPicture, scale
from worker.queues_ahead import queues_ahead

log = structlog.get_logger()

MAX_SECONDS = 60.0
"""Seconds for which a worker fetches covers at a time. The pages ask for more as long as somebody waits."""


def fetch_wanted(context: WorkerContext, archive: CoverArchive) -> None:
    """Fetch what is wanted until nothing is, the archive is away, or others wait for this worker.

    What is left is taken up by the next job, which the pages enqueue. Raises ShutdownRequested.
    """
    redis, clock = context.redis, context.clock
    until = clock.now() + MAX_SECONDS
    ahead = queues_ahead(redis, COVERS)
    while clock.now() < until and not cover_archive.is_away(redis):
        shutdown.raise_if_requested()
        if someone_waits(redis, ahead) and not is_paused(redis):
            return
        if seconds := cover_archive.seconds_to_turn(redis):
            clock.sleep(seconds)
            continue
        if (release_group := _next_wanted(redis)) is None:
            return
        increment(redis, "cover_fetches", fetch(redis, archive, release_group))


def fetch(redis: Redis, archive: CoverArchive, release_group: UUID) -> str:
    """Fetch a cover and hand it to the pages. Return what came of it, in one word. May run twice."""
    # A picture at which this process dies is not tried again at once by the next one.
    covers.begin(redis, release_group)
    try:
        content = archive.front(release_group)
    except NoCover:
        cover_archive.note_answer(redis)
        covers.mark_missing(redis, release_group)
        return "missing"
    except CoverRefused as error:
        cover_archive.note_answer(redis)
        return _refused(redis, release_group, error.kind, error)
    except ArchiveAway as error:
        pause = cover_archive.note_trouble(redis, str(error), told=error.seconds)
        if pause:
            covers.forget_fate(redis, release_group)  # it is not to blame
            log.warning("The Cover Art Archive is away; covers wait", reason=str(error), seconds=round(pause))
        else:
            covers.mark_failed(redis, release_group)
            log.info("A cover could not be fetched", release_group=str(release_group), reason=str(error))
        return error.kind
    cover_archive.note_answer(redis)
    try:
        pictures = scale(content)
    except NotAPicture as error:
        return _refused(redis, release_group, "no_picture", error)
    covers.hand_over(redis, release_group, pictures)
    return "fetched"


def _refused(redis: Redis, release_group: UUID, kind: str, error: Exception) -> str:
    covers.mark_failed(redis, release_group)
    log.warning("A cover is not taken", release_group=str(release_group), reason=str(error) or kind)
    return kind


def _next_wanted(redis: Redis) -> UUID | None:
    """Take the next cover that nobody has fetched since it was asked for."""
    while (release_group := covers.take_wanted(redis)) is not None:
        if covers.fate_of(redis, release_group) is covers.Fate.UNKNOWN:
            return release_group
    return None
