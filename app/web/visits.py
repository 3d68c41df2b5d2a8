"""Visits: what is known of a year or a listener right now, and a worker sent after what is not."""

import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import structlog
from redis.exceptions import RedisError
from werkzeug.exceptions import TooManyRequests

from app import fetches, progress
from app.fetches import FAILURES, LISTENER, QueueAway, is_fresh
from app.progress import Event, Failure, Phase, Snapshot, Topic
from app.store import Connection, StoreAway, heard, jobs, listeners, scrobbles
from app.store.heard import Ends
from app.store.jobs import SILENCE
from app.store.scrobbles import Standing
from app.web.site import Site

log = structlog.get_logger()

UNPLACED = timedelta(minutes=10)
"""Plays whose album the mirror could not be asked about are asked for again after this."""
IMPORT = timedelta(hours=1)
"""The same while MusicBrainz is being imported: when that is done all of them are asked for without a visit."""


PHASES: dict[jobs.Status, Phase] = {
    "pending": "queued",
    "fetching": "fetching",
    "augmenting": "augmenting",
    "completed": "completed",
    "failed": "failed",
}


@dataclass(frozen=True)
class Visit:
    """What a page can show: the latest event, if there is one, and what stands in the way of more."""

    username: str
    event: Event | None = None
    at: float = 0.0
    queue_away: bool = False
    store_away: bool = False

    def until(self, year: int) -> date | None:
        """The day on which the year was read, if it was not over then."""
        day = datetime.fromtimestamp(self.at, UTC).date()
        return day if day.year == year else None

    @property
    def running(self) -> bool:
        """Whether the page will change by itself."""
        return self.event is not None and self.event.running


def visit_year(site: Site, username: str, year: int, *, anew: bool = False) -> Visit:
    """How the year stands; what is missing or too old is asked for.

    A year that is whole and still fresh costs one look into Redis: no query, no call, no job.
    """
    topic = Topic(username, year)
    try:
        snapshot = progress.latest(site.redis, topic)
    except RedisError:
        return _without_queue(site, topic)
    if snapshot and _holds(site, snapshot, year) and not (anew and not snapshot.event.running):
        return Visit(snapshot.username, snapshot.event, snapshot.at)
    try:
        return _ask(site, topic, year, anew=anew)
    except (QueueAway, RedisError):
        return _without_queue(site, topic)
    except StoreAway as error:
        log.warning("A year could not be looked up", reason=str(error))
        return Visit(username, snapshot.event if snapshot else None, store_away=True)


def visit_listener(site: Site, username: str) -> Visit:
    """What is known of a listener's years; asked for when that was over a day ago."""
    topic = Topic(username)
    try:
        snapshot = progress.latest(site.redis, topic)
        if snapshot and _holds(site, snapshot, None):
            return Visit(snapshot.username, snapshot.event, snapshot.at)
        site.budget.spend("fetch")
        if snapshot is None:
            # So that further looks at a page that waits cost nothing.
            snapshot = Snapshot(at=time.time(), username=username, event=Event(run=uuid4(), phase="queued"))
            progress.remember(site.redis, topic, snapshot)
        fetches.ask_for_listener(site.redis, username)
    except (RedisError, QueueAway):
        return Visit(username, queue_away=True)
    except TooManyRequests:
        if snapshot is None or not snapshot.event.years:
            raise
    # A failure of long ago says nothing now; counts of yesterday are shown until today's are in.
    event = snapshot.event if snapshot.event.phase != "failed" else None
    return Visit(snapshot.username, event)


def _holds(site: Site, snapshot: Snapshot, year: int | None) -> bool:
    event = snapshot.event
    if event.running:
        return snapshot.age < SILENCE.total_seconds()
    if event.phase == "failed":
        return snapshot.age < FAILURES[event.error or Failure.BROKEN].total_seconds()
    if year is None:
        return snapshot.age < LISTENER.total_seconds()
    if event.pending > 0:
        return snapshot.age < _patience(site).total_seconds()
    return is_fresh(year, datetime.fromtimestamp(snapshot.at, UTC), datetime.now(UTC))


def _patience(site: Site) -> timedelta:
    try:
        note = progress.mirror_note(site.redis)
    except RedisError:
        return UNPLACED
    return IMPORT if note and note.empty else UNPLACED


def _ask(site: Site, topic: Topic, year: int, *, anew: bool) -> Visit:
    with site.pool.connection() as connection:
        known = _stored(connection, topic)
        whole = known.event is not None and known.event.phase == "completed"
        if whole and known.event and not anew:
            snapshot = Snapshot(at=known.at, username=known.username, event=known.event)
            if _holds(site, snapshot, year):
                # Redis had forgotten it.
                progress.remember(site.redis, topic, snapshot)
                return known
        stored = known.event.standing() if known.event else {}
        try:
            site.budget.spend("fetch")
        except TooManyRequests:
            if anew or not stored.get("scrobbles"):
                raise
            return known
        event = fetches.ask_for_year(connection, site.redis, known.username, year, Standing(**stored), anew=anew)
    return _at_work(site, topic, known) if event is None else Visit(known.username, event, time.time())


def _at_work(site: Site, topic: Topic, known: Visit) -> Visit:
    """The year of which another run has the claim: what that says by now is the truth."""
    snapshot = progress.latest(site.redis, topic)
    if snapshot is None:
        return known
    if snapshot.event.running and not _holds(site, snapshot, topic.year):
        # Still in line: the database is not asked again for a while.
        progress.remember(site.redis, topic, snapshot.model_copy(update={"at": time.time()}))
    return Visit(snapshot.username, snapshot.event, snapshot.at)


def _stored(connection: Connection, topic: Topic) -> Visit:
    """What the database alone can say of a year."""
    listener = listeners.find(connection, topic.username)
    username = listener.username if listener else topic.username
    job = jobs.look(connection, username, topic.year or 0)
    if job is None:
        return Visit(username)
    stored, ends = Standing(), Ends()
    if listener:
        stored = scrobbles.standing(connection, listener.id, job.year)
        if job.status in ("completed", "failed"):
            ends = heard.ends(connection, listener.id, job.year, stored)
    event = Event(
        run=job.run,
        phase=PHASES[job.status],
        page=job.progress,
        pages=job.total_pages,
        expected=job.expected,
        error=Failure(job.error_message) if job.error_message in list(Failure) else None,
        **asdict(stored),
        **asdict(ends),
    )
    return Visit(username, event, (job.completed_at or job.updated_at).timestamp())


def _without_queue(site: Site, topic: Topic) -> Visit:
    """What can be shown while Redis is away: the stored year as it is."""
    try:
        with site.pool.connection() as connection:
            return replace(_stored(connection, topic), queue_away=True)
    except StoreAway:
        return Visit(topic.username, queue_away=True, store_away=True)
