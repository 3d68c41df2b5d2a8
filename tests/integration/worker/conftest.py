"""The stage of the worker's tests: one installation, what is asked of it, and what Last.fm would say."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from redis import Redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

import worker.jobs
from app import fetches
from app.progress import Event, Publisher, Topic, latest
from app.store import Connection, jobs, listeners, scrobbles
from app.store.jobs import FetchJob
from app.store.scrobbles import Standing, year_bounds
from demo.faults import Fault
from demo.lastfm import StandIn
from demo.listeners import Listener, Play
from worker.tools import Tools

Row = tuple[int, str, str, str]
RECENT = "user.getRecentTracks"
CHART = "user.getWeeklyAlbumChart"
JOINED = datetime(2020, 5, 1, tzinfo=UTC)


class Killed(BaseException):
    """The worker process is gone; nothing in it may catch this."""


class Watched:
    """A publisher that first hands every event on and then to whoever watches."""

    def __init__(self, publisher: Publisher, watch: Callable[[Event], None]) -> None:
        self._publisher = publisher
        self._watch = watch

    def publish(self, topic: Topic, event: Event) -> None:
        self._publisher.publish(topic, event)
        self._watch(event)


class Stage:
    """Everything a test of the worker does to the installation, and how it looks afterwards."""

    def __init__(
        self,
        connection: Connection,
        redis: Redis,
        lastfm: StandIn,
        tools: Tools,
        work: Callable[[], None],
    ) -> None:
        self.connection = connection
        self.redis = redis
        self.lastfm = lastfm
        self.tools = tools
        self.work = work

    def ask(self, name: str, year: int, *, anew: bool = False) -> UUID:
        """Claims a year and sends the worker after it."""
        event = fetches.ask_for_year(self.connection, self.redis, name, year, Standing(), anew=anew)
        assert event is not None, "somebody else has the year"
        return event.run

    def fetch(self, name: str, year: int, *, anew: bool = False) -> FetchJob:
        """Asks for a year, lets the worker run, and gives how that ended."""
        self.ask(name, year, anew=anew)
        self.run_jobs()
        return self.job(name, year)

    def run_jobs(self) -> None:
        """Runs every job that waits, without what a worker (`work`) does about those that raise."""
        queues = [fetches.queue(self.redis, name) for name in fetches.QUEUES]
        while found := Queue.dequeue_any(queues, None, connection=self.redis, serializer=JSONSerializer):
            job: Job = found[0]
            try:
                job.perform()
            finally:
                job.delete()

    def run_again(self, name: str, year: int, run: UUID) -> None:
        """Runs a job in this thread as RQ does after a worker's death."""
        worker.jobs.fetch_year(name, year, str(run))

    def look_up(self, name: str) -> Event:
        """Has a listener's years counted, and gives how that ended."""
        assert fetches.ask_for_listener(self.redis, name)
        self.run_jobs()
        return self.event(name)

    def job(self, name: str, year: int) -> FetchJob:
        job = jobs.look(self.connection, name, year)
        assert job is not None
        return job

    def event(self, name: str, year: int | None = None) -> Event:
        """The latest event about a year."""
        snapshot = latest(self.redis, Topic(name, year))
        assert snapshot is not None
        return snapshot.event

    def standing(self, name: str, year: int) -> Standing:
        listener = listeners.find(self.connection, name)
        return scrobbles.standing(self.connection, listener.id, year) if listener else Standing()

    def rows(self, name: str, year: int) -> list[Row]:
        """What is stored of a year, in the order of time and names."""
        query = """
            SELECT extract(epoch FROM scrobbled_at)::bigint, artist_name, track_name, album_name
            FROM scrobbles_flat
            WHERE username = %s AND scrobbled_at >= %s AND scrobbled_at < %s
        """
        return sorted(self.connection.execute(query, [name, *year_bounds(year)]).fetchall())

    def told(self, name: str, year: int) -> list[Row]:
        """What Last.fm knows of a year, in the same order."""
        return rows_of(self.lastfm.listeners[name].plays(year))

    def take_in(self, name: str, plays: Iterable[Play] = ()) -> None:
        """Gives somebody with these plays an account at Last.fm."""
        self.lastfm.add_listener(Listener(name, JOINED, own=tuple(plays)))

    def pages(self) -> list[int]:
        """The numbers of the pages of 200 that were called for, in order."""
        calls = [call.params for call in self.lastfm.calls if call.method == RECENT]
        return [int(params["page"]) for params in calls if params["limit"] == "200"]

    def calls(self, method: str) -> int:
        return sum(call.method == method for call in self.lastfm.calls)

    def watch(self, watch: Callable[[Event], None]) -> None:
        """Has every event from now on handed to `watch`, in the worker's thread."""
        self.tools = replace(self.tools, publisher=Watched(self.tools.publisher, watch))

    def one_call_at_a_time(self) -> None:
        """Makes the order of calls certain."""
        self.tools.lastfm.limiter.burst = 1
        self.tools.lastfm.ahead = 1

    def without_preview(self) -> None:
        """Leaves only the pages, for tests that count what is asked of the mirror and said of each page."""
        self.lastfm.faults.add(Fault("500", CHART, times=None))

    def at_call(self, number: int, happens: Callable[[], None]) -> None:
        """Lets something happen at Last.fm just before it answers its call of this number, from now on."""
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
    """The UNIX time of a moment in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def some_plays(count: int, *, since: str = "2023-03-01", step: int = 240) -> list[Play]:
    """So many plays of one record, one every `step` seconds."""
    start = second(since)
    return [
        Play(start + step * number, "Kellerassel Quintett", f"Take {number}", "Attic Tapes", "")
        for number in range(count)
    ]


@pytest.fixture
def stage(
    connection: Connection,
    redis: Redis,
    lastfm: StandIn,
    tools: Tools,
    run_jobs: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> Stage:
    """One installation."""
    stage = Stage(connection, redis, lastfm, tools, run_jobs)
    monkeypatch.setattr("worker.jobs.from_environment", lambda: stage.tools)
    return stage
