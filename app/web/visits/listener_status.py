"""A visit to a listener's years: what is known of them, and a worker sent to count them."""

import time
from uuid import UUID

import flask
from redis.exceptions import RedisError
from werkzeug.exceptions import TooManyRequests

from app.events import Event
from app.jobs import enqueue
from app.jobs.queues import QueueAway, QueueFull
from app.redis import event_stream
from app.redis.event_stream import Snapshot, Topic
from app.web.context import Context
from app.web.rate_limits import requester
from app.web.visits.snapshots import check_name, has_no_worker, holds, with_pause
from app.web.visits.starts import may_start_fetches
from app.web.visits.status import ListenerStatus


def listener_status(context: Context, username: str) -> ListenerStatus:
    """Return what is known of a listener's years, and have them counted if that was over a day ago.

    Raises Renamed.
    """
    return with_pause(context, _listener_status(context, username))


def _listener_status(context: Context, username: str) -> ListenerStatus:
    topic = Topic(username)
    try:
        snapshot = event_stream.latest_snapshot(context.redis, topic)
        check_name(context, snapshot, topic)
        if snapshot and holds(context, topic, snapshot):
            is_alone = has_no_worker(context, snapshot)
            return ListenerStatus(snapshot.username, snapshot.event, has_no_worker=is_alone)
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
