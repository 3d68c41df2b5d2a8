"""Visits: what is known of a year or a listener right now, and a worker sent after what is not."""

import math
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal, TypeVar
from uuid import UUID

import flask
import structlog
from redis.exceptions import RedisError
from werkzeug.exceptions import TooManyRequests

from app.events import Event, Failure
from app.jobs import enqueue
from app.jobs.enqueue import LISTENER_HOLDS, QueueAway, QueueFull
from app.jobs.workers import SILENT_SECONDS, is_any_alive
from app.listening_years import is_fresh
from app.redis import event_stream
from app.redis.allowance import is_key_refused
from app.redis.event_stream import Snapshot, Topic
from app.redis.mirror_note import MirrorNote, read_mirror_note
from app.redis.pause import is_paused
from app.store import Connection, StoreAway, fetch_jobs, listeners
from app.store.fetch_jobs import ABANDONED_AFTER, LONGEST_PAUSE
from app.store.year_events import year_event
from app.web.context import Context
from app.web.rate_limits import requester
from app.web.visits.introductions import has_nothing, introduce, is_interrupted, is_stored, note_nothing
from app.web.visits.starts import may_start_fetches
from app.web.words.wording import NO_WORKER, NOTHING_NEW, PAUSED, Explanation, why_full

log = structlog.get_logger()

RETRY_PENDING = timedelta(minutes=10)
"""After this a visit looks up the plays that could not be looked up, because the mirror did not answer."""
RETRY_DURING_IMPORT = timedelta(hours=1)
"""The same while MusicBrainz is imported: the end of the import looks all of them up without a visit."""
OVERDUE_SECONDS = 10
"""After which a page looks again at a year that could not be fetched when it was due."""

AWAY_SECONDS, FULL_SECONDS = 60, 300
"""After which it is worth asking again for what is away, and while too many jobs wait."""

Request = Literal["as it stands", "visit", "plays", "resume", "refresh"]
"""What is asked of a year: as it stands, to be there, to have its plays where only the counts were kept, to go on
without waiting for the next try, or anew."""


S = TypeVar("S", bound="ListenerStatus")


class Renamed(Exception):
    """The listener has another name at Last.fm now: go on with that."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__(old, new)
        self.old, self.new = old, new


def next_try(event: Event | None) -> int:
    """Return in how many seconds Last.fm is asked again after it gave no answer; 0 if no time is known."""
    if event is None or event.next_try_at is None:
        return 0
    seconds = max(0, math.ceil(event.next_try_at - time.time()))
    return seconds or OVERDUE_SECONDS * (not event.is_running)


@dataclass(frozen=True)
class ListenerStatus:
    """What is known of a listener: the latest event, if there is one, and which parts of the site are away."""

    username: str
    event: Event | None = None
    queue_away: bool = False
    queue_full: QueueFull | None = None
    store_away: bool = False
    is_unasked: bool = False
    """Whether nothing is here or on its way, as the request was none that starts a fetch."""
    has_no_worker: bool = False
    """Whether it is to go on, and nobody is there who would do that."""
    is_paused: bool = False
    """Whether that is because the operator has paused fetching."""

    @property
    def is_away(self) -> bool:
        """Whether nothing new can be fetched."""
        return self.queue_away or self.queue_full is not None or self.store_away

    @property
    def why_still(self) -> str:
        """Say why nobody goes on with it."""
        return PAUSED if self.is_paused else NO_WORKER

    @property
    def why_nothing_new(self) -> Explanation:
        """Explain why nothing new can be fetched."""
        return why_full(self.queue_full) if self.queue_full else NOTHING_NEW

    @property
    def try_again_after(self) -> int:
        """After how many seconds it is worth asking again, where nothing new can be fetched."""
        return FULL_SECONDS if self.queue_full else AWAY_SECONDS

    @property
    def waits(self) -> bool:
        """Whether news will come by itself."""
        return not (self.is_away or self.is_unasked) if self.event is None else self.event.is_running

    @property
    def next_try(self) -> int:
        """In how many seconds Last.fm is asked again after it gave no answer; 0 if no time is known."""
        return next_try(self.event)

    @property
    def goes_on(self) -> bool:
        """Whether the page is to follow it: news will come, or the next try is due while it is open."""
        return self.waits or self.next_try > 0


@dataclass(frozen=True)
class YearStatus(ListenerStatus):
    """The same of one of their years, as it was `at` a time (seconds since 1970)."""

    at: float = 0.0

    @property
    def age(self) -> float:
        """How many seconds ago it was so."""
        return time.time() - self.at

    @property
    def grows(self) -> bool:
        """Whether plays are to come that were never here, unlike those of a year that is read again."""
        return self.waits and not (self.event is not None and self.event.is_whole)

    def until(self, year: int) -> date | None:
        """Return the day on which the year was read, if it was not over then."""
        day = datetime.fromtimestamp(self.at, UTC).date()
        return day if day.year == year else None


def year_status(context: Context, username: str, year: int, request: Request = "visit") -> YearStatus:
    """Return how the year stands, and have it fetched if it is missing or too old, or on request.

    A visit that must not start a fetch gets it as it stands.

    A completed year that is fresh costs a single Redis read: no query, no call, no job. Raises Renamed.
    """
    if request in ("visit", "plays") and not may_start_fetches(flask.request):
        request = "as it stands"
    status = _paused(context, _year_status(context, Topic(username, year), year, request))
    if request != "as it stands" and status.event is not None and status.event.scrobbles and not status.is_away:
        with suppress(RedisError):
            context.looks.note(status.username, year)
    return status


def _year_status(context: Context, topic: Topic, year: int, request: Request) -> YearStatus:
    try:
        snapshot = event_stream.latest_snapshot(context.redis, topic)
    except RedisError:
        return _without_queue(context, topic)
    _check_name(context, snapshot, topic)
    if snapshot and request == "as it stands":
        return YearStatus(snapshot.username, snapshot.event, at=snapshot.at)
    try:
        if request == "as it stands":
            return _as_it_stands(context, topic)
        if snapshot and _holds(context, topic, snapshot, request):
            has_no_worker = _has_no_worker(context, snapshot)
            if snapshot.event.is_running:
                log.info(enqueue.JOINED, year=year, run=str(snapshot.event.run))
            return YearStatus(snapshot.username, snapshot.event, has_no_worker=has_no_worker, at=snapshot.at)
        return _read_or_fetch(context, topic, request, snapshot)
    except (QueueAway, RedisError):
        return _without_queue(context, topic)
    except StoreAway:
        return YearStatus(topic.username, snapshot.event if snapshot else None, store_away=True)


def listener_status(context: Context, username: str) -> ListenerStatus:
    """Return what is known of a listener's years, and have them counted if that was over a day ago.

    Raises Renamed.
    """
    return _paused(context, _listener_status(context, username))


def _listener_status(context: Context, username: str) -> ListenerStatus:
    topic = Topic(username)
    try:
        snapshot = event_stream.latest_snapshot(context.redis, topic)
        _check_name(context, snapshot, topic)
        if snapshot and _holds(context, topic, snapshot):
            has_no_worker = _has_no_worker(context, snapshot)
            return ListenerStatus(snapshot.username, snapshot.event, has_no_worker=has_no_worker)
        if not may_start_fetches(flask.request):
            event = snapshot.event if snapshot else None
            return ListenerStatus(snapshot.username if snapshot else username, event, is_unasked=event is None)
        context.rate_limits.hit("fetch")
        enqueue.enqueue_listener(context.redis, username, requester())
        if snapshot is None:
            # While the page waits, its next requests cost nothing. A run that is on its way already is newer.
            snapshot = Snapshot(at=time.time(), username=username, event=Event(run=UUID(int=0), phase="queued"))
            event_stream.save_snapshot(context.redis, topic, snapshot)
    except QueueFull as full:
        known = snapshot.event if snapshot and snapshot.event.years else None
        return ListenerStatus(username, known, queue_full=full)
    except (RedisError, QueueAway):
        return ListenerStatus(username, queue_away=True)
    except TooManyRequests:
        if snapshot is None or not snapshot.event.years:
            raise
    # An old failure says nothing any more; old counts are shown until new ones are in.
    event = snapshot.event if snapshot.event.phase != "failed" else None
    return ListenerStatus(snapshot.username, event)


def _paused(context: Context, status: S) -> S:
    """Return the status, with whether it stands still since fetching is paused."""
    stands_still = status.waits and fetching_is_paused(context)
    return replace(status, has_no_worker=True, is_paused=True) if stands_still else status


def fetching_is_paused(context: Context) -> bool:
    """Whether the operator has paused fetching, as far as Redis says."""
    try:
        return is_paused(context.redis)
    except RedisError:
        return False


def latest_event(context: Context, topic: Topic) -> Event | None:
    """Return the latest event of a year without a visit to it; None where Redis has none. Raises Renamed."""
    try:
        snapshot = event_stream.latest_snapshot(context.redis, topic)
    except RedisError:
        return None
    _check_name(context, snapshot, topic)
    return snapshot.event if snapshot else None


def _check_name(context: Context, snapshot: Snapshot | None, topic: Topic) -> None:
    if snapshot and snapshot.event.renamed_to and _is_fresh(context, snapshot, topic.year):
        raise Renamed(snapshot.username, snapshot.event.renamed_to)


def former_name(context: Context, was: str, topic: Topic) -> str:
    """Return this name if it is known to be one that the listener had before; else nothing."""
    try:
        snapshot = event_stream.latest_snapshot(context.redis, Topic(was, topic.year)) if was else None
    except RedisError:
        return ""
    new = snapshot.event.renamed_to if snapshot else None
    return snapshot.username if snapshot and new and new.casefold() == topic.username.casefold() else ""


def _holds(context: Context, topic: Topic, snapshot: Snapshot, request: Request = "visit") -> bool:
    """Whether the snapshot answers the request: it is fresh, and the run that it speaks of is there."""
    if request != "visit" and not snapshot.event.is_running:
        return False
    return _is_fresh(context, snapshot, topic.year) and not enqueue.is_lost(context.redis, topic, snapshot)


def _has_no_worker(context: Context, snapshot: Snapshot) -> bool:
    """Whether a run is to go on, has said nothing for a while, and no worker is there."""
    is_silent = snapshot.event.is_running and snapshot.age >= SILENT_SECONDS
    return is_silent and not is_any_alive(context.redis)


def _is_fresh(context: Context, snapshot: Snapshot, year: int | None) -> bool:
    event = snapshot.event
    if event.is_running:
        return abs(snapshot.age) < ABANDONED_AFTER.total_seconds()
    if event.phase == "failed" and event.next_try_at is not None:
        holds = event.error is not Failure.LASTFM_REFUSES or is_key_refused(context.redis)
        # One that is further away was set by a clock that was ahead.
        return holds and 0 < event.next_try_at - time.time() <= LONGEST_PAUSE.total_seconds()
    if event.phase == "failed":
        return snapshot.age < (event.error or Failure.BROKEN).retry_after.total_seconds()
    if year is None:
        return snapshot.age < LISTENER_HOLDS.total_seconds()
    if event.pending > 0:
        return snapshot.age < _retry_pending_after(context).total_seconds()
    fetched, read = (datetime.fromtimestamp(at, UTC) for at in (snapshot.at, event.read_at or snapshot.at))
    return is_fresh(
        year,
        fetched,
        datetime.now(UTC),
        read=read,
        has_gaps=bool(event.gaps),
        only_counted=event.only_counted,
    )


def _retry_pending_after(context: Context) -> timedelta:
    note = mirror_note(context)
    return RETRY_DURING_IMPORT if note and note.is_empty else RETRY_PENDING


def mirror_note(context: Context) -> MirrorNote | None:
    """Read the workers' last note of what the mirror holds, if there is one."""
    try:
        return read_mirror_note(context.redis)
    except RedisError:
        return None


def fetches_ahead(context: Context, event: Event) -> int:
    """Count the fetches that come before one that is queued."""
    if event.phase != "queued":
        return 0
    try:
        return enqueue.count_ahead(context.redis, event.run)
    except QueueAway:
        return event.queued_ahead


def _read_or_fetch(context: Context, topic: Topic, request: Request, snapshot: Snapshot | None) -> YearStatus:
    """Read the year from the database, and have it fetched unless it is fresh.

    Before the database come the limits, and Last.fm where it has to know the listener or to answer again.
    """
    shown = YearStatus(snapshot.username, snapshot.event, at=snapshot.at) if snapshot else None
    try:
        context.rate_limits.test("fetch")
        asks_lastfm = request == "visit" and is_interrupted(shown.event if shown else None)
        if asks_lastfm or not is_stored(context, topic.username):
            return _introduced(context, topic, snapshot)
        with context.pool.connection() as connection:
            return _claimed(context, connection, topic, request, shown)
    except TooManyRequests:
        if request != "visit" or shown is None or not (shown.event and shown.event.scrobbles):
            raise
        return shown
    except QueueFull as full:
        return replace(shown or YearStatus(topic.username), queue_full=full)


def _introduced(context: Context, topic: Topic, snapshot: Snapshot | None) -> YearStatus:
    if not enqueue.is_being_introduced(context.redis, topic):
        context.rate_limits.hit("fetch")
    shown = introduce(context, topic, snapshot)
    return YearStatus(shown.username, shown.event, at=shown.at)


def _claimed(
    context: Context, connection: Connection, topic: Topic, request: Request, shown: YearStatus | None
) -> YearStatus:
    """Return the stored year; have it fetched unless it is fresh and newer than what is shown as outdated."""
    year, known = topic.year or 0, _stored(connection, topic)
    outdated = shown.event.run if shown and shown.event and not shown.event.is_running else None
    if known.event and known.event.run != outdated and _may_hold(known.event) and request == "visit":
        snapshot = Snapshot(at=known.at, username=known.username, event=known.event)
        if _is_fresh(context, snapshot, year):
            # Redis has forgotten it.
            event_stream.save_snapshot(context.redis, topic, snapshot)
            return known
    try:
        context.rate_limits.hit("fetch")
    except TooManyRequests:
        if request != "visit" or known.event is None or not known.event.scrobbles:
            raise
        return known
    try:
        refresh = request == "refresh"
        event = enqueue.enqueue_year(
            connection, context.redis, known.username, year, refresh=refresh, requester=requester()
        )
    except QueueFull as full:
        return replace(known, queue_full=full)
    if event is None:
        return _claimed_elsewhere(context, topic, known)
    return YearStatus(known.username, event, at=time.time())


def _as_it_stands(context: Context, topic: Topic) -> YearStatus:
    """Return the stored year, where Redis has forgotten it, for who may not have it fetched."""
    if not is_stored(context, topic.username) or has_nothing(context, topic):
        return YearStatus(topic.username, is_unasked=True)
    context.rate_limits.hit("database")
    with context.pool.connection() as connection:
        known = _stored(connection, topic)
    if known.event is None:
        note_nothing(context, topic)
    elif _may_hold(known.event):
        snapshot = Snapshot(at=known.at, username=known.username, event=known.event)
        event_stream.save_snapshot(context.redis, topic, snapshot)
    return replace(known, is_unasked=known.event is None)


def _may_hold(event: Event) -> bool:
    """Whether the database knows for how long a visit has nothing to do."""
    return event.phase == "completed" or (event.phase == "failed" and event.next_try_at is not None)


def _claimed_elsewhere(context: Context, topic: Topic, known: YearStatus) -> YearStatus:
    """Return what another run, which has claimed the year, says of it by now."""
    snapshot = event_stream.latest_snapshot(context.redis, topic)
    if snapshot is None:
        return known
    has_no_worker = _has_no_worker(context, snapshot)
    if snapshot.event.is_running and not _is_fresh(context, snapshot, topic.year):
        # It is still in line: leave the database alone for a while.
        event_stream.save_snapshot(context.redis, topic, snapshot.model_copy(update={"at": time.time()}))
    return YearStatus(snapshot.username, snapshot.event, has_no_worker=has_no_worker, at=snapshot.at)


def _stored(connection: Connection, topic: Topic) -> YearStatus:
    """Return what the database says of a year."""
    listener = listeners.find(connection, topic.username)
    username = listener.username if listener else topic.username
    job = fetch_jobs.find(connection, username, topic.year or 0)
    if job is None:
        return YearStatus(username)
    event = year_event(connection, job, listener)
    return YearStatus(username, event, at=(job.completed_at or job.updated_at).timestamp())


def _without_queue(context: Context, topic: Topic) -> YearStatus:
    """Return the stored year as it is, while Redis is away."""
    context.rate_limits.hit("database")
    try:
        with context.pool.connection() as connection:
            return replace(_stored(connection, topic), queue_away=True)
    except StoreAway:
        return YearStatus(topic.username, queue_away=True, store_away=True)
