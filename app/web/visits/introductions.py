"""Introductions: Last.fm is asked about a listener of whom nothing is stored, before the app database is woken."""

import time
from datetime import timedelta
from uuid import UUID

from redis.exceptions import RedisError

from app.events import Event, Failure, new_run
from app.jobs import enqueue
from app.redis import event_stream, known_names
from app.redis.event_stream import Snapshot, Topic
from app.store import listeners
from app.web.context import Context
from app.web.rate_limits import requester

NOTHING_STORED_FOR = timedelta(days=1)
"""For how long robots are told that nothing is stored of a year. A person's visit looks again at once."""


def is_stored(context: Context, username: str) -> bool:
    """Whether the database has the listener, as far as Redis knows; true while Redis is away.

    Reads the database only where Redis has lost the list. Raises StoreAway, and TooManyRequests where it loses the
    list again and again.
    """
    try:
        found = known_names.is_stored(context.redis, username)
        if found is None:
            context.rate_limits.hit("database")
            with context.pool.connection() as connection:
                keys = listeners.all_keys(connection)
            known_names.save_stored(context.redis, keys)
            found = username.casefold() in keys
    except RedisError:
        return True
    return found


def is_interrupted(event: Event | None) -> bool:
    """Whether Last.fm gave no answer, so that it should answer before the database is woken to go on."""
    return event is not None and event.phase == "failed" and event.error is Failure.LASTFM_AWAY


def introduce(context: Context, topic: Topic, snapshot: Snapshot | None) -> Snapshot:
    """Have Last.fm asked about a listener, and then the year fetched; return what to show meanwhile.

    Raises QueueAway, QueueFull.
    """
    if known_names.is_unknown(context.redis, topic.username):
        return _now(topic, Event(run=UUID(int=0), phase="failed", error=Failure.NO_SUCH_USER))
    run = new_run(snapshot.event.run if snapshot else None)
    is_new = enqueue.enqueue_introduction(context.redis, topic, run, requester())
    if snapshot and not is_new:
        return snapshot
    known = snapshot.event if snapshot else Event(run=run, phase="queued")
    shown = _now(topic, known.queued(run, was_whole=known.was_whole))
    if is_new:
        event_stream.save_snapshot(context.redis, topic, shown)
    return shown


def has_nothing(context: Context, topic: Topic) -> bool:
    """Whether the database had nothing of the year when it was asked for a robot."""
    return bool(context.redis.exists(_nothing(topic)))


def note_nothing(context: Context, topic: Topic) -> None:
    """Note that it has nothing."""
    context.redis.set(_nothing(topic), 1, ex=NOTHING_STORED_FOR)


def _nothing(topic: Topic) -> str:
    return f"lastyear:nothing-stored:{topic.username.casefold()}/{topic.year}"


def _now(topic: Topic, event: Event) -> Snapshot:
    return Snapshot(at=time.time(), username=topic.username, event=event)
