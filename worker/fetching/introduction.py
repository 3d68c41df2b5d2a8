"""Introduction: what Last.fm says of a name, asked before the app database is woken for it."""

from datetime import timedelta
from uuid import UUID

import structlog

from app.counters.counts import increment
from app.events import Event, Failure
from app.jobs.enqueue import enqueue_listener
from app.redis import known_names
from app.redis.event_stream import Topic, latest_snapshot
from app.store.fetch_jobs import NEXT_TRIES
from worker.context import WorkerContext
from worker.fetching.listeners import Renamed
from worker.lastfm.errors import NoSuchUser, OtherListener
from worker.lastfm.payloads import Profile

log = structlog.get_logger()

TRIES_HOLD = timedelta(hours=1)
"""How long a failure counts for the length of the next pause."""


def ask_about_stranger(context: WorkerContext, username: str) -> Profile | None:
    """Return what Last.fm says of a name that is not stored; None without a call if it may be stored.

    Raises NoSuchUser, Renamed, TryAgain, KeyRefused.
    """
    if known_names.is_stored(context.redis, username) is not False:
        return None
    try:
        if context.settings.lastfm_head_check and not context.lastfm.profile_exists(username):
            raise NoSuchUser
        return context.lastfm.profile(username)
    except NoSuchUser:
        known_names.add_unknown(context.redis, username)
        raise
    except OtherListener as answer:
        try:
            profile = context.lastfm.profile(answer.answered)
        except NoSuchUser:
            raise answer from None
        raise Renamed(profile.username or answer.answered) from None


def see_whether_lastfm_answers(context: WorkerContext, username: str) -> Profile | None:
    """Return what Last.fm says of a listener; None if it speaks of another.

    Raises NoSuchUser, TryAgain, KeyRefused.
    """
    try:
        return context.lastfm.profile(username)
    except OtherListener:
        return None


def turn_away(
    context: WorkerContext,
    topic: Topic,
    run: UUID,
    failure: Failure,
    *,
    renamed_to: str | None = None,
    again_in: float | None = None,
) -> None:
    """Tell pages why nothing is fetched, without the app database. What they show of the year stays.

    It is tried again after `again_in` seconds; after ever longer pauses, where Last.fm gave no answer.
    """
    if failure is Failure.LASTFM_AWAY:
        again_in = _pause(context, topic)
    before = latest_snapshot(context.redis, topic)
    known = before.event if before else Event(run=run, phase="failed")
    event = known.model_copy(
        update={
            "run": max(run, known.run),
            "phase": "failed",
            "error": failure,
            "renamed_to": renamed_to,
            "next_try_at": None if again_in is None else context.clock.now() + again_in,
        }
    )
    context.publish(topic, event)
    if renamed_to and topic.year is None:
        enqueue_listener(context.redis, renamed_to)
    log.info("Nothing was fetched", reason=str(failure))
    increment(context.redis, "fetches", failure.name.lower())


def _pause(context: WorkerContext, topic: Topic) -> float:
    key = f"{topic.channel}/tries"
    tries = int(context.redis.incr(key))
    context.redis.expire(key, TRIES_HOLD)
    return NEXT_TRIES[min(tries, len(NEXT_TRIES)) - 1].total_seconds()
