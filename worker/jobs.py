"""The jobs that RQ runs, each a recipe that names its steps. Every job may run twice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from uuid import UUID

import structlog
from rq import get_current_job

from app.counters.gauges import note_database_use
from app.events import Failure, run_began
from app.jobs import backlog
from app.jobs.canary import report
from app.jobs.enqueue import enqueue_placing, enqueue_year
from app.jobs.queues import ASKED_AT, QueueFull
from app.jobs.recovery import ask_for_recovery
from app.redis.client import is_outage
from app.redis.event_stream import Topic
from app.redis.mirror_note import write_mirror_note
from app.redis.usual_years import are_usual_years_counted
from app.store import Connection, StoreAway, connect, means_away, means_conflict
from app.store.fetch_jobs import Overtaken
from app.store.listeners import Forgotten
from app.store.stale_charts import newest_rows
from worker.chores import canary as canary_steps
from worker.chores.gaps import retry_gaps
from worker.chores.lost_claims import requeue_lost_years
from worker.chores.mirror_return import await_mirror
from worker.chores.rematch import place_pending, rematch_albums, rematch_songs
from worker.chores.usual_years import count_usual_years, have_usual_years_counted
from worker.chores.year_corrections import correct_years
from worker.context import WorkerContext, from_environment
from worker.fetching.introduction import ask_about_stranger, see_whether_lastfm_answers, turn_away
from worker.fetching.listeners import Barred, ListenerLookup, Renamed, confirm_listener
from worker.fetching.mirror_client import MirrorClient
from worker.fetching.reading import read_plays
from worker.fetching.removal import remove_if_proven
from worker.fetching.room import make_room, store_looks
from worker.fetching.stale_charts import drop_stale_charts
from worker.fetching.store_outage import with_store
from worker.fetching.year import begin, complete, fail, match_albums, match_songs
from worker.lastfm.errors import KeyRefused, ListeningHidden, NoSuchUser, TryAgain
from worker.shutdown import GaveWay, ShutdownRequested, requeued_on_shutdown

log = structlog.get_logger()

ABOUT_LISTENERS: dict[type[Exception], Failure] = {
    NoSuchUser: Failure.NO_SUCH_USER,
    Barred: Failure.BARRED,
    ListeningHidden: Failure.LISTENING_HIDDEN,
}


@requeued_on_shutdown
def fetch_year(username: str, year: int, run: str) -> None:
    """Fetch a listener's year from Last.fm and store it with release years.

    May run twice: it asks only for what is not proven, and of two runs at once one stops.
    """
    context = from_environment()

    def steps(connection: Connection) -> None:
        before = newest_rows(connection)
        try:
            with _failures_reported(partial(fail, context, connection, username, UUID(run))):
                fetch = begin(context, connection, mirror, username, year, UUID(run), _asked_at())
                try:
                    read_plays(fetch)
                    match_albums(fetch)
                    match_songs(fetch)
                finally:
                    fetch.reporter.close()
                    drop_stale_charts(connection, context.redis, ours=Topic(username, year), before=before)
                complete(fetch)
        finally:
            with suppress(QueueFull):  # the next visit to the listener's years goes on
                backlog.enqueue_next_year(connection, context.redis, username)

    def tidy(connection: Connection) -> None:
        make_room(connection, context.redis, context.settings.lastfm_storage_mb, ours=Topic(username, year))

    with structlog.contextvars.bound_contextvars(run=run), _mirror(context) as mirror:
        with_store(context, steps, topic=Topic(username, year), run=UUID(run))
        with_store(context, tidy)  # no page waits for that
        if mirror.is_away:
            enqueue_placing(context.redis)


@requeued_on_shutdown
def look_up_listener(username: str, run: str) -> None:
    """Find out who a listener is and how much they scrobbled in which year. May run twice."""
    context, topic = from_environment(), Topic(username)

    def steps(connection: Connection) -> None:
        lookup = ListenerLookup(context, connection, username, UUID(run), profile)
        with _failures_reported(lookup.fail):
            lookup.begin()
            lookup.count_years()
            lookup.complete()

    with (
        structlog.contextvars.bound_contextvars(run=run),
        _failures_reported(partial(turn_away, context, topic, UUID(run))),
    ):
        profile = ask_about_stranger(context, username)
        with_store(context, steps, topic=topic, run=UUID(run))


@requeued_on_shutdown
def introduce(username: str, year: int, run: str, requester: str) -> None:
    """Ask Last.fm about a listener, and have the year fetched if it answers and knows them. May run twice.

    The app database is woken only then.
    """
    context, topic = from_environment(), Topic(username, year)

    def steps(connection: Connection) -> None:
        listener = confirm_listener(context, connection, username, UUID(run), profile=profile)
        with suppress(QueueFull):  # the page says so when it looks again
            asked_at = run_began(UUID(run))
            enqueue_year(
                connection, context.redis, listener.username, year, requester=requester, asked_at=asked_at
            )

    with (
        structlog.contextvars.bound_contextvars(run=run),
        _failures_reported(partial(turn_away, context, topic, UUID(run))),
    ):
        profile = ask_about_stranger(context, username) or see_whether_lastfm_answers(context, username)
        with_store(context, steps, topic=topic, run=UUID(run))


@requeued_on_shutdown
def remove_listener(username: str) -> None:
    """Delete everything about a listener who has proven that they want that. May run twice."""
    context = from_environment()

    def steps(connection: Connection) -> None:
        remove_if_proven(context, connection, username)

    with_store(context, steps)


@requeued_on_shutdown
def rematch() -> None:
    """Look up albums and songs without a release year again, take over corrected years, have gaps read again.

    Also makes room, since albums grow when they are matched, and counts what is usual here. May run twice.
    """
    context = from_environment()

    def steps(connection: Connection) -> None:
        with _failures_reported():
            try:
                rematch_albums(connection, mirror, context.redis)
                rematch_songs(connection, mirror, context.redis)
                correct_years(connection, mirror)
            finally:
                drop_stale_charts(connection, context.redis)
            store_looks(connection, context.redis)
            make_room(connection, context.redis, context.settings.lastfm_storage_mb)
            retry_gaps(connection, context.redis)
            count_usual_years(connection, context.redis)

    with _mirror(context) as mirror:
        with_store(context, steps)


@requeued_on_shutdown
def count_usual() -> None:
    """Count what is usual here, since Redis has lost it, unless the night has done so. May run twice."""
    context = from_environment()
    if are_usual_years_counted(context.redis):
        return

    def steps(connection: Connection) -> None:
        with _failures_reported():
            count_usual_years(connection, context.redis)

    with_store(context, steps)


@requeued_on_shutdown
def place_waiting() -> None:
    """Look up what was fetched while the mirror was away, once it is back. May run twice.

    Until then it gives way to every job that somebody may be waiting for.
    """
    context = from_environment()
    await_mirror(context.settings.mirror_url.get_secret_value(), context.redis, context.clock)

    def steps(connection: Connection) -> None:
        with _failures_reported():
            try:
                place_pending(connection, mirror)
                rematch_songs(connection, mirror, context.redis)
            finally:
                drop_stale_charts(connection, context.redis)

    with _mirror(context) as mirror:
        with_store(context, steps)
        if mirror.is_away:
            raise GaveWay


@requeued_on_shutdown
def recover() -> None:
    """Queue what is claimed and has no job any more, and the count of what is usual here, if Redis has lost them.

    May run twice.
    """
    context = from_environment()
    try:
        have_usual_years_counted(context.redis)
        url = context.settings.database_url.get_secret_value()
        with connect(url, "lastyear-worker") as connection, _failures_reported():
            note_database_use(context.redis)
            requeue_lost_years(connection, context.redis, context.clock.sleep)
    except (StoreAway, QueueFull) as error:
        # Waiting for the database, or for room, is left to jobs that can say so on a page.
        log.warning("Not all lost claims are queued; it is tried again soon", reason=str(error) or error.__doc__)
        ask_for_recovery(context.redis)
    except ShutdownRequested:
        raise
    except Exception:
        ask_for_recovery(context.redis)
        raise


@requeued_on_shutdown
def fetch_covers() -> None:
    """Fetch the album covers that somebody waits for, until others need this worker. May run twice."""
    # Imported here, since only covers need Pillow.
    from worker.covers.archive import CoverArchive
    from worker.covers.wanted import fetch_wanted

    context = from_environment()
    if context.settings.cover_art_url:
        fetch_wanted(context, CoverArchive(context.settings.cover_art_url, context.settings.contact))


@requeued_on_shutdown
def canary(name: str) -> None:
    """Go the way of a fetch without leaving anything behind, and report each step. May run twice."""
    context = from_environment()
    canary_steps.go(context, partial(report, context.redis, name))


def _asked_at() -> float | None:
    """Return when somebody asked for what this job does, if that was before it was queued."""
    job = get_current_job()
    at = job.meta.get(ASKED_AT) if job is not None else None
    return at if isinstance(at, int | float) else None


@contextmanager
def _mirror(context: WorkerContext) -> Iterator[MirrorClient]:
    """Open the mirror and publish what it holds, for pages to show. While it is away, the last note stays."""
    with MirrorClient(context.settings.mirror_url.get_secret_value()) as mirror:
        if (note := mirror.note()) is not None:
            write_mirror_note(context.redis, note)
        yield mirror


@contextmanager
def _failures_reported(report: Callable[..., None] = lambda _: None) -> Iterator[None]:
    """Report what went wrong, for pages to show. Only an error of our own also fails the job."""
    try:
        yield
    except ShutdownRequested:
        raise
    except (Overtaken, Forgotten):
        log.info("Another worker has taken over this year, or the listener was forgotten")
    except tuple(ABOUT_LISTENERS) as error:
        report(ABOUT_LISTENERS[type(error)])
    except Renamed as error:
        report(Failure.RENAMED, renamed_to=error.username)
    except TryAgain as error:
        log.warning("Last.fm gave no usable answer; a later visit will resume", reason=str(error))
        report(Failure.LASTFM_AWAY)
    except KeyRefused as error:
        log.error("Last.fm refuses our API key: look at LASTFM_API_KEY", reason=str(error))
        report(Failure.LASTFM_REFUSES, again_in=error.seconds)
    except Exception as error:
        if _is_passing(error):
            raise
        report(Failure.BROKEN)
        # Our own error would only occur again.
        if (job := get_current_job()) is not None:
            job.retries_left = 0
        raise


def _is_passing(error: Exception) -> bool:
    """Whether Redis or the app database is away or takes nothing, or others went first.

    The claim stands until that is over.
    """
    if is_outage(error):
        # RQ cannot note how the job ended either, and has it begun again when Redis is back.
        log.error("Redis is away or takes nothing; the job goes on when that is over", reason=str(error))
        return True
    return means_away(error) or means_conflict(error)
