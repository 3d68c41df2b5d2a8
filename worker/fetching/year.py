"""Fetch a year: the steps by which a listener's year gets from Last.fm into the store.

They are, in order: `begin`, `read_plays`, `match_albums`, `match_songs`, `complete`; or `fail`, at any point. Each
may run twice, and nothing is stored twice.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from redis.exceptions import RedisError

from app.counters.counts import Counts, increment, observe, record
from app.counters.fetched_years import note_year
from app.events import Event, Failure, Phase, run_began
from app.listening_years import is_final, year_seconds
from app.redis.event_stream import Topic, latest_snapshot
from app.redis.year_albums import keep_year_albums
from app.store import Connection, albums, fetch_jobs, listeners, stretches, tracks
from app.store.fetch_jobs import FetchJob
from app.store.listeners import Listener
from app.store.plays import year_albums
from app.store.plays.year_events import year_event
from app.store.stretches import StoredStretch
from mirror.state import has_recordings
from worker import shutdown
from worker.context import WorkerContext
from worker.fetching.enrich import batched, look_up_songs, match_fuzzy
from worker.fetching.listeners import confirm_listener
from worker.fetching.mirror_client import MirrorClient
from worker.fetching.plan import proven
from worker.fetching.preview import ProgressReporter, start_preview
from worker.fetching.proof import SIZES, Stretch
from worker.fetching.time_left.forecast import Promise
from worker.fetching.time_left.speed import Speed, known_speed, save_speed

log = structlog.get_logger()


@dataclass(frozen=True)
class Run:
    """One run of the fetch of a listener's year: all that is known before its first call for plays."""

    context: WorkerContext
    connection: Connection
    mirror: MirrorClient
    listener: Listener
    job: FetchJob
    reporter: ProgressReporter
    window: Stretch
    began: float
    """When it began, in UNIX seconds."""
    asked_at: float
    """When somebody asked for the year, in UNIX seconds."""
    speed: Speed
    promise: Promise
    """What pages are told of the time that is left."""

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The window as moments."""
        return datetime.fromtimestamp(self.window.start, UTC), datetime.fromtimestamp(self.window.end, UTC)

    @property
    def prove_since(self) -> float:
        """Proofs from before this time do not count, since everything was asked for anew then (UNIX seconds)."""
        # Not from the future, where our clock was ahead when it was asked for: no proof would ever count.
        return min(self.job.prove_since.timestamp(), self.began) if self.job.prove_since else 0.0

    @property
    def tells_changes(self) -> bool:
        """Whether the year is here, whole and final, so that every difference is a change by the listener."""
        at = self.job.completed_at if self.job.plays_removed_at is None else None
        return at is not None and is_final(self.job.year, at)

    def stored(self) -> list[StoredStretch]:
        """Return what is stored of the year."""
        start, end = year_seconds(self.job.year)
        return stretches.stored(self.connection, self.listener.id, start, end)

    def proven(self) -> list[StoredStretch]:
        """Return those of them that are not to be read."""
        return proven(self.stored(), self.began, self.prove_since)

    def count_read(self) -> int:
        """Count the plays that are read, as Last.fm lists them."""
        return sum(one.shown for one in self.proven())

    def publish(self, phase: Phase, **more: object) -> Event:
        """Publish what is stored by now; `more` is what only the run itself knows of an event."""
        event = self.event(phase).model_copy(update=more)
        self.reporter.publish(event)
        return event

    def event(self, phase: Phase) -> Event:
        """Say what is stored by now."""
        job = fetch_jobs.find(self.connection, self.listener.username, self.job.year) or self.job
        return year_event(self.connection, replace(job, run=self.job.run, status=phase), self.listener)


def begin(
    context: WorkerContext,
    connection: Connection,
    mirror: MirrorClient,
    username: str,
    year: int,
    run: UUID,
    asked_at: float | None = None,
) -> Run:
    """Start the run, or go on with it. Raises Overtaken, Forgotten, NoSuchUser, Renamed, TryAgain, KeyRefused."""
    job = fetch_jobs.begin(connection, run)
    listener = confirm_listener(context, connection, username, run)
    start, end = year_seconds(year)
    now = context.lastfm.now()
    reporter = ProgressReporter(context, listener.username, year)
    fetch = Run(
        context=replace(context, lastfm=context.lastfm.telling(reporter.show_wait)),
        connection=connection,
        mirror=mirror,
        listener=listener,
        job=job,
        reporter=reporter,
        # What is proven up to a time that has not come yet would miss what is played until then.
        window=Stretch(start, max(start, min(end, int(job.window_end.timestamp()), int(now)))),
        began=now,
        asked_at=run_began(run) if asked_at is None else asked_at,
        speed=known_speed(context.redis),
        promise=Promise(context.clock.now(), _told_before(context, Topic(listener.username, year), run)),
    )
    log.info("Fetching a year", year=year, window_end=job.window_end)
    done = fetch.count_read()
    if job.completed_at is None:
        if not done:
            reporter.on_first_bars(partial(_time_first_bars, fetch))
        _begin_preview(fetch)
    fetch.publish("fetching", done=done)
    return fetch


def _told_before(context: WorkerContext, topic: Topic, run: UUID) -> float | None:
    """Return how many seconds the run has said that are left, if it goes on after its worker's death."""
    before = latest_snapshot(context.redis, topic)
    if before is None or before.event.run != run or before.event.seconds_left is None:
        return None
    return max(0.0, before.event.seconds_left - max(0.0, before.age))


def _begin_preview(run: Run) -> None:
    """Start a preview of a year that was never whole; a run that goes on keeps the preview it had."""
    before = latest_snapshot(run.context.redis, Topic(run.listener.username, run.job.year))
    if before and before.event.run == run.job.run and before.event.preview:
        run.reporter.show_preview(before.event)
    elif not _fits_in_one_answer(run):
        start_preview(run.context, run.listener.username, run.bounds, run.reporter.show_preview)


def _time_first_bars(run: Run) -> None:
    observe(run.context.redis, "first_bars_seconds", run.context.clock.now() - run.asked_at)


def _fits_in_one_answer(run: Run) -> bool:
    """Whether the year is known to have so few scrobbles that a preview would not come any sooner."""
    counted = latest_snapshot(run.context.redis, Topic(run.listener.username))
    return counted is not None and counted.event.years.get(run.job.year, SIZES[0] + 1) <= SIZES[0]


def match_albums(run: Run) -> None:
    """Match every album that was not matched while its plays were stored, spelling errors included.

    Raises Overtaken.
    """
    fetch_jobs.augment(run.connection, run.job.run)
    run.mirror.try_again()
    waiting = albums.pending(run.connection, run.listener.id, *run.bounds)
    left = len(waiting)
    _publish_matching(run, left)
    for batch in batched(waiting):
        shutdown.raise_if_requested()
        began = run.context.clock.now()
        placed = match_fuzzy(run.mirror, batch)
        if placed is None:
            break
        with run.connection.transaction():
            # Once more, since the listener may be forgotten by now: their albums would come back.
            fetch_jobs.augment(run.connection, run.job.run)
            albums.save(run.connection, placed)
        found = sum(album.release_group is not None for album in placed)
        log.info("Looked up albums in the mirror", asked=len(batch), found=found)
        left -= len(batch)
        run.speed.matched(len(batch), run.context.clock.now() - began)
        _publish_matching(run, left)
    if waiting and not left:
        save_speed(run.context.redis, run.speed)


def _publish_matching(run: Run, left: int) -> None:
    run.publish("augmenting", seconds_left=run.promise.told(run.context.clock.now(), run.speed.to_match(left)))


def match_songs(run: Run) -> None:
    """Look up the years of songs whose albums do not say when they came out, if the mirror has recordings."""
    if not run.mirror.ask(has_recordings):
        return
    waiting = tracks.without_year(run.connection, run.listener.id, *run.bounds)
    for batch in batched(waiting):
        shutdown.raise_if_requested()
        if (years := look_up_songs(run.mirror, batch)) is None:
            break
        tracks.save_years(run.connection, batch, years)
        log.info("Looked up songs in the mirror", asked=len(batch), found=sum(year is not None for year in years))
        run.publish("augmenting")


def complete(run: Run) -> None:
    """Mark the year as completed. Raises Overtaken if another run has taken over."""
    stored = run.stored()
    with run.connection.transaction():
        fetch_jobs.complete(run.connection, run.job.run, expected=sum(one.total for one in stored))
        event = run.event("completed")
        _keep_albums(run, event)  # which pages show together with the event
        # Published before the commit: a worker killed in between publishes it again, and no page waits for it.
        run.reporter.publish(event)
    log.info("Completed a year", year=run.job.year)
    _count_completed(run, event)


def _keep_albums(run: Run, event: Event) -> None:
    """Keep what the sentences about the year are made of, so that no visit has to read it."""
    topic, redis = Topic(run.listener.username, run.job.year), run.context.redis
    for by_song in (False, True)[: 1 + bool(event.song_years)]:
        found = year_albums.find(run.connection, run.listener.id, run.job.year, by_song=by_song)
        keep_year_albums(redis, topic, event, found, by_song=by_song)


def _count_completed(run: Run, event: Event) -> None:
    counts = Counts()
    counts.add("fetches", "completed")
    counts.add("plays_completed", "known", by=event.placed)
    counts.add("plays_completed", "unknown", by=event.unplaced)
    if run.job.completed_at is None:
        seconds = max(0.0, run.context.clock.now() - run.asked_at)
        counts.observe("whole_year_seconds", [seconds])
        note_year(run.context.redis, run.job.run, run.job.year, plays=event.scrobbles, seconds=seconds)
    with suppress(RedisError):
        record(run.context.redis, counts)


def fail(
    context: WorkerContext,
    connection: Connection,
    username: str,
    run: UUID,
    failure: Failure,
    renamed_to: str | None = None,
    again_in: float | None = None,
) -> None:
    """Record why the fetch failed, and when to try again. Stored scrobbles are kept and still shown."""
    listener = listeners.find(connection, username)
    now = datetime.fromtimestamp(context.clock.now(), UTC)
    pause = None if again_in is None else timedelta(seconds=again_in)
    with connection.transaction():
        job = fetch_jobs.fail(connection, run, failure, now, pause)
        if job is None:
            return
        if listener is None and failure in (Failure.NO_SUCH_USER, Failure.BARRED):
            fetch_jobs.delete(connection, run)
        event = year_event(connection, job, listener)
        topic = Topic(listener.username if listener else username, job.year)
        context.publish(topic, event.model_copy(update={"renamed_to": renamed_to}))
    log.info("The fetch failed", year=job.year, reason=str(failure))
    increment(context.redis, "fetches", failure.name.lower())
