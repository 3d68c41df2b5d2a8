"""A listener's year, from the claim to the chart's numbers."""

from collections.abc import Callable
from datetime import UTC, datetime

from redis import Redis

from app import fetches, progress
from app.progress import Topic
from app.store import Connection, jobs, listeners, scrobbles
from app.store.scrobbles import Standing
from demo.lastfm import StandIn


def stored(connection: Connection, name: str, year: int) -> Standing:
    listener = listeners.find(connection, name)
    assert listener is not None
    return scrobbles.standing(connection, listener.id, year)


def test_a_year_is_stored_whole_and_the_last_event_says_so(
    connection: Connection, redis: Redis, lastfm: StandIn, run_jobs: Callable[[], None]
) -> None:
    fetches.ask_for_year(connection, redis, "lightluca", 2024, Standing())
    run_jobs()
    standing = stored(connection, "LightLuca", 2024)
    assert standing.scrobbles == len(lastfm.listeners["lightluca"].plays(2024))
    assert standing.scrobbles == standing.matched + standing.not_found
    snapshot = progress.latest(redis, Topic("LightLuca", 2024))
    assert snapshot is not None
    assert snapshot.username == "LightLuca"
    assert snapshot.event.phase == "completed"
    assert snapshot.event.standing()["years"] == standing.years
    job = jobs.look(connection, "LightLuca", 2024)
    assert job is not None
    assert job.status == "completed"
    assert job.completed_at is not None
    assert (datetime.now(UTC) - job.completed_at).total_seconds() < 60
