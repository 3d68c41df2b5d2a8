"""Year events: what the database says of a listener's year, as the event that a page shows."""

from app.events import Event, OldestNewest
from app.listening_years import year_seconds
from app.store import stretches
from app.store.database import Connection
from app.store.fetch_jobs import FetchJob
from app.store.listeners import Listener
from app.store.plays import counted_years, scrobbles, top_albums
from app.store.plays.counted_years import CountedYear


def year_event(connection: Connection, job: FetchJob, listener: Listener | None) -> Event:
    """Return how far the job is and what is stored of its year; the listener may be unknown yet."""
    counted = _counted(connection, job, listener)
    done = counted.scrobbles + counted.duplicates + counted.undated + counted.unreadable
    return Event(
        run=job.run,
        phase=job.status,
        done=done,
        # Plays may have come since they were counted.
        expected=None if job.expected is None else max(job.expected, done),
        was_whole=job.status != "completed" and job.was_whole(job.window_end),
        only_counted=job.plays_removed_at is not None,
        error=job.failure,
        next_try_at=job.next_try_at.timestamp() if job.next_try_at else None,
        added=job.added,
        removed=job.removed,
        **counted.of_event(),
    )


def _counted(connection: Connection, job: FetchJob, listener: Listener | None) -> CountedYear:
    if listener is None:
        return CountedYear()
    if job.plays_removed_at is not None:
        return counted_years.find(connection, job.id)
    counts = scrobbles.count_year(connection, listener.id, job.year)
    proof = stretches.proof(connection, listener.id, *year_seconds(job.year))
    ends: tuple[OldestNewest | None, OldestNewest | None] = (None, None)
    if job.status in ("completed", "failed"):
        ends = top_albums.oldest_and_newest(connection, listener.id, job.year, counts)
    return CountedYear(**counts.numbers, **vars(proof), oldest_and_newest=ends[0], song_oldest_and_newest=ends[1])
