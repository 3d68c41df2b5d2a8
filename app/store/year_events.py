"""Year events: what the database says of a listener's year, as the event that a page shows."""

from app.events import Event, OldestNewest, YearCounts
from app.listening_years import year_seconds
from app.store import album_plays, scrobbles, stretches
from app.store.database import Connection
from app.store.fetch_jobs import FetchJob
from app.store.listeners import Listener


def year_event(connection: Connection, job: FetchJob, listener: Listener | None) -> Event:
    """Return how far the job is and what is stored of its year; the listener may be unknown yet."""
    counts, proof = YearCounts(), stretches.NOTHING_STORED
    ends: tuple[OldestNewest | None, OldestNewest | None] = (None, None)
    if listener is not None:
        start, end = year_seconds(job.year)
        counts = scrobbles.count_year(connection, listener.id, job.year)
        proof = stretches.proof(connection, listener.id, start, end)
        if job.status in ("completed", "failed"):
            ends = album_plays.oldest_and_newest(connection, listener.id, job.year, counts)
    done = counts.scrobbles + proof.duplicates + proof.undated + proof.unreadable
    return Event(
        run=job.run,
        phase=job.status,
        done=done,
        # Plays may have come since they were counted.
        expected=None if job.expected is None else max(job.expected, done),
        was_whole=job.status != "completed" and job.was_whole(job.window_end),
        error=job.failure,
        next_try_at=job.next_try_at.timestamp() if job.next_try_at else None,
        added=job.added,
        removed=job.removed,
        oldest_and_newest=ends[0],
        song_oldest_and_newest=ends[1],
        **vars(proof),
        **counts.numbers,
    )
