"""Snapshots: what Redis remembers of a year or of a listener, and for how long it holds."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from redis.exceptions import RedisError

from app.events import Event, Failure
from app.jobs import job_status
from app.jobs.enqueue import LISTENER_HOLDS
from app.jobs.queues import QueueAway
from app.jobs.workers import SILENT_SECONDS, is_any_alive
from app.listening_years import is_fresh
from app.redis import event_stream
from app.redis.allowance import is_key_refused
from app.redis.event_stream import Snapshot, Topic
from app.redis.mirror_note import MirrorNote, read_mirror_note
from app.redis.pause import is_paused
from app.store.fetch_jobs import ABANDONED_AFTER, LONGEST_PAUSE
from app.web.context import Context
from app.web.visits.status import ListenerStatus, Request

RETRY_PENDING = timedelta(minutes=10)
"""After this a visit looks up the plays that could not be looked up, because the mirror did not answer."""
RETRY_DURING_IMPORT = timedelta(hours=1)
"""The same while MusicBrainz is imported: the end of the import looks all of them up without a visit."""

S = TypeVar("S", bound="ListenerStatus")


class Renamed(Exception):
    """The listener has another name at Last.fm now: go on with that."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__(old, new)
        self.old, self.new = old, new


def latest_event(context: Context, topic: Topic) -> Event | None:
    """Return the latest event of a year without a visit to it; None where Redis has none. Raises Renamed."""
    try:
        snapshot = event_stream.latest_snapshot(context.redis, topic)
    except RedisError:
        return None
    check_name(context, snapshot, topic)
    return snapshot.event if snapshot else None


def check_name(context: Context, snapshot: Snapshot | None, topic: Topic) -> None:
    """Raise Renamed if the listener is known to have another name now."""
    if snapshot and snapshot.event.renamed_to and is_still_fresh(context, snapshot, topic.year):
        raise Renamed(snapshot.username, snapshot.event.renamed_to)


def former_name(context: Context, was: str, topic: Topic) -> str:
    """Return this name if it is known to be one that the listener had before; else nothing."""
    try:
        snapshot = event_stream.latest_snapshot(context.redis, Topic(was, topic.year)) if was else None
    except RedisError:
        return ""
    new = snapshot.event.renamed_to if snapshot else None
    return snapshot.username if snapshot and new and new.casefold() == topic.username.casefold() else ""


def holds(context: Context, topic: Topic, snapshot: Snapshot, request: Request = "visit") -> bool:
    """Whether the snapshot answers the request: it is fresh, and the run that it speaks of is there."""
    if request != "visit" and not snapshot.event.is_running:
        return False
    return is_still_fresh(context, snapshot, topic.year) and not job_status.is_lost(context.redis, topic, snapshot)


def has_no_worker(context: Context, snapshot: Snapshot) -> bool:
    """Whether a run is to go on, has said nothing for a while, and no worker is there."""
    is_silent = snapshot.event.is_running and snapshot.age >= SILENT_SECONDS
    return is_silent and not is_any_alive(context.redis)


def is_still_fresh(context: Context, snapshot: Snapshot, year: int | None) -> bool:
    """Whether what the snapshot says needs no other look: at a year, or without one at the listener's years."""
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
        return job_status.count_ahead(context.redis, event.run)
    except QueueAway:
        return event.queued_ahead


def with_pause(context: Context, status: S) -> S:
    """Return the status, with whether it stands still since fetching is paused."""
    stands_still = status.waits and fetching_is_paused(context)
    return replace(status, has_no_worker=True, is_paused=True) if stands_still else status


def fetching_is_paused(context: Context) -> bool:
    """Whether the operator has paused fetching, as far as Redis says."""
    try:
        return is_paused(context.redis)
    except RedisError:
        return False
