"""For tests of the worker: an installation, ways to run jobs in it, and what Last.fm would answer."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from redis import Redis
from rq import Queue
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

import worker.jobs
from app.events import Event, YearCounts
from app.jobs import enqueue, queues
from app.listening_years import year_bounds
from app.redis.event_stream import Topic, latest_snapshot
from app.store import Connection, fetch_jobs, listeners
from app.store.fetch_jobs import FetchJob
from app.store.plays import scrobbles
from demo.lastfm.accounts import Account, Play
from demo.lastfm.faults import Fault
from demo.lastfm.stand_in import LastfmStandIn
from worker.context import Clock, WorkerContext

Row = tuple[int, str, str, str]
RECENT = "user.getRecentTracks"
CHART = "user.getWeeklyAlbumChart"
JOINED = datetime(2020, 5, 1, tzinfo=UTC)


class SkippingClock(Clock):
    """A clock that goes on by itself, and at once when somebody waits."""

    def __init__(self) -> None:
        self.skipped = 0.0
        super().__init__(now=lambda: time.time() + self.skipped, sleep=self.skip)

    def skip(self, seconds: float) -> None:
        self.skipped += seconds


class Killed(BaseException):
    """Stands for the death of the worker process; no code may catch it."""


class Stage:
    """An installation: what tests do to it, and what they look at afterwards."""

    def __init__(
        self,
        connection: Connection,
        redis: Redis,
        lastfm: LastfmStandIn,
        context: WorkerContext,
        work: Callable[[], None],
    ) -> None:
        self.connection = connection
        self.redis = redis
        self.lastfm = lastfm
        self.context = context
        self.work = work

    def ask(self, name: str, year: int, *, refresh: bool = False) -> UUID:
        """Claim a year and enqueue its job."""
        event = enqueue.enqueue_year(self.connection, self.redis, name, year, refresh=refresh)
        assert event is not None, "somebody else has the year"
        return event.run

    def fetch(self, name: str, year: int, *, refresh: bool = False) -> FetchJob:
        """Enqueue a year, run the job, and return the row that says how it ended."""
        self.ask(name, year, refresh=refresh)
        self.run_jobs()
        return self.job(name, year)

    def run_jobs(self) -> None:
        """Run every waiting job. Unlike a worker (`work`), let exceptions through."""
        all_queues = [queues.queue(self.redis, name) for name in queues.QUEUES]
        while found := Queue.dequeue_any(all_queues, None, connection=self.redis, serializer=JSONSerializer):
            job: Job = found[0]
            job.set_status(JobStatus.STARTED)
            try:
                job.perform()
            finally:
                job.delete()

    def run_again(self, name: str, year: int, run: UUID) -> None:
        """Run a job in this thread, as RQ does again after a worker's death."""
        worker.jobs.fetch_year(name, year, str(run))

    def look_up(self, name: str) -> Event:
        """Count a listener's years, and return the last event."""
        assert enqueue.enqueue_listener(self.redis, name)
        self.run_jobs()
        return self.event(name)

    def job(self, name: str, year: int) -> FetchJob:
        job = fetch_jobs.find(self.connection, name, year)
        assert job is not None
        return job

    def event(self, name: str, year: int | None = None) -> Event:
        """Return the latest event about a year."""
        snapshot = latest_snapshot(self.redis, Topic(name, year))
        assert snapshot is not None
        return snapshot.event

    def counts(self, name: str, year: int) -> YearCounts:
        listener = listeners.find(self.connection, name)
        return scrobbles.count_year(self.connection, listener.id, year) if listener else YearCounts()

    def rows(self, name: str, year: int) -> list[Row]:
        """Return what is stored of a year, by time and names."""
        query = """
            SELECT extract(epoch FROM scrobbled_at)::bigint, artist_name, track_name, album_name
            FROM scrobbles_flat
            WHERE username = %s AND scrobbled_at >= %s AND scrobbled_at < %s
        """
        return sorted(self.connection.execute(query, [name, *year_bounds(year)]).fetchall())

    def told(self, name: str, year: int) -> list[Row]:
        """Return what Last.fm has of a year, in the same order."""
        return rows_of(self.lastfm.accounts[name].plays(year))

    def take_in(self, name: str, plays: Iterable[Play] = ()) -> None:
        """Create an account with these plays at Last.fm."""
        self.lastfm.add_account(Account(name, JOINED, own=tuple(plays)))

    def asked(self) -> list[tuple[int, int]]:
        """Return the stretches whose plays were requested, in order: their first second and their end."""
        calls = [call.params for call in self.lastfm.calls if call.method == RECENT]
        return [(int(params["from"]), int(params["to"])) for params in calls if params["limit"] != "1"]

    def grant(self, rows: int) -> None:
        """Let an answer of Last.fm's have no more than so many rows, so that a short year takes many calls."""
        self.lastfm.faults.add(Fault("grants", RECENT, amount=rows, times=None))

    def age(self, **time: float) -> None:
        """Let what is stored have been proven so much earlier, in the words of a timedelta."""
        self.connection.execute("UPDATE stretches SET proven_at = proven_at - %s", [timedelta(**time)])

    def calls(self, method: str) -> int:
        return sum(call.method == method for call in self.lastfm.calls)

    def watch(self, watch: Callable[[Event], None]) -> None:
        """Call `watch` with every event from now on, in the worker's thread."""
        before = self.context.publish

        def publish(topic: Topic, event: Event) -> None:
            before(topic, event)
            watch(event)

        self.context = replace(self.context, publish=publish)

    def one_call_at_a_time(self) -> None:
        """Make the order of calls deterministic."""
        self.context.lastfm.limiter.burst = 1
        self.context.lastfm.concurrent_calls = 1

    def without_preview(self) -> None:
        """Fetch plays only, for tests that count queries to the mirror or events."""
        self.lastfm.faults.add(Fault("500", CHART, times=None))

    def at_call(self, number: int, happens: Callable[[], None]) -> None:
        """Let something happen at Last.fm just before it answers its call of this number, counted from now."""
        self.without_preview()  # which comes whenever it comes
        before = self.lastfm.clock
        calls = 0

        def clock() -> float:
            nonlocal calls
            calls += 1
            if calls == number:
                happens()
            return before()

        self.lastfm.clock = clock


def rows_of(plays: Iterable[Play]) -> list[Row]:
    return sorted((play.uts, play.artist, play.title, play.album) for play in plays)


def second(text: str) -> int:
    """Return the UNIX time of a moment in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def some_plays(count: int, *, since: str = "2023-03-01", step: int = 240) -> list[Play]:
    """Make plays of one record, one every `step` seconds."""
    start = second(since)
    return [
        Play(start + step * number, "Kellerassel Quintett", f"Take {number}", "Attic Tapes", "")
        for number in range(count)
    ]


@pytest.fixture
def stage(
    connection: Connection,
    redis: Redis,
    lastfm: LastfmStandIn,
    context: WorkerContext,
    run_jobs: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> Stage:
    """An installation."""
    stage = Stage(connection, redis, lastfm, replace(context, clock=SkippingClock()), run_jobs)
    monkeypatch.setattr("worker.jobs.from_environment", lambda: stage.context)
    return stage
