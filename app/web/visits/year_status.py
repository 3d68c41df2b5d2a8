"""A visit to a listener's year: what is known of it, and a worker sent after what is not."""

import time
from contextlib import suppress
from dataclasses import replace

import flask
import structlog
from redis.exceptions import RedisError
from werkzeug.exceptions import TooManyRequests

from app.events import Event
from app.jobs import enqueue, job_status
from app.jobs.queues import QueueAway, QueueFull
from app.redis import event_stream
from app.redis.event_stream import Snapshot, Topic
from app.store import Connection, StoreAway, fetch_jobs, listeners
from app.store.plays.year_events import year_event
from app.web.context import Context
from app.web.rate_limits import requester
from app.web.visits.introductions import has_nothing, introduce, is_interrupted, is_stored, note_nothing
from app.web.visits.snapshots import check_name, has_no_worker, holds, is_still_fresh, with_pause
from app.web.visits.starts import may_start_fetches
from app.web.visits.status import Request, YearStatus

log = structlog.get_logger()


def year_status(context: Context, username: str, year: int, request: Request = "visit") -> YearStatus:
    """Return how the year stands, and have it fetched if it is missing or too old, or on request.

    A visit that must not start a fetch gets it as it stands.

    A completed year that is fresh costs a single Redis read: no query, no call, no job. Raises Renamed.
    """
    if request in ("visit", "plays") and not may_start_fetches(flask.request):
        request = "as it stands"
    status = with_pause(context, _year_status(context, Topic(username, year), year, request))
    if request != "as it stands" and status.event is not None and status.event.scrobbles and not status.is_away:
        with suppress(RedisError):
            context.looks.note(status.username, year)
    return status


def _year_status(context: Context, topic: Topic, year: int, request: Request) -> YearStatus:
    try:
        snapshot = event_stream.latest_snapshot(context.redis, topic)
    except RedisError:
        return _without_queue(context, topic)
    check_name(context, snapshot, topic)
    if snapshot and request == "as it stands":
        return YearStatus(snapshot.username, snapshot.event, at=snapshot.at)
    try:
        if request == "as it stands":
            return _as_it_stands(context, topic)
        if snapshot and holds(context, topic, snapshot, request):
            is_alone = has_no_worker(context, snapshot)
            if snapshot.event.is_running:
                log.info(enqueue.JOINED, year=year, run=str(snapshot.event.run))
            return YearStatus(snapshot.username, snapshot.event, has_no_worker=is_alone, at=snapshot.at)
        return _read_or_fetch(context, topic, request, snapshot)
    except (QueueAway, RedisError):
        return _without_queue(context, topic)
    except StoreAway:
        return YearStatus(topic.username, snapshot.event if snapshot else None, store_away=True)


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
    if not job_status.is_being_introduced(context.redis, topic):
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
        if is_still_fresh(context, snapshot, year):
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
    is_alone = has_no_worker(context, snapshot)
    if snapshot.event.is_running and not is_still_fresh(context, snapshot, topic.year):
        # It is still in line: leave the database alone for a while.
        event_stream.save_snapshot(context.redis, topic, snapshot.model_copy(update={"at": time.time()}))
    return YearStatus(snapshot.username, snapshot.event, has_no_worker=is_alone, at=snapshot.at)


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
