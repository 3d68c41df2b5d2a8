"""A year that was fetched while the mirror was away: its release years come when it is back, without a visit."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr
from rq import SimpleWorker
from rq.serializers import JSONSerializer

import worker.jobs
from app.jobs import queues
from app.jobs.queues import CHORES, FETCHES, LOOKUPS
from app.redis.event_stream import Topic, latest_snapshot
from app.web import create_app
from demo.lastfm.accounts import Play
from demo.musicbrainz import catalogue
from tests.integration.worker.conftest import SkippingClock, Stage, second
from tests.wire import Wire, socket_of, wire
from worker.chores.mirror_return import await_mirror
from worker.context import Clock
from worker.shutdown import GaveWay

PLACED = [album for album in catalogue.albums() if album.has_usable_mbid and album.year][:20]
ED = Topic("EarlyEd", 2023)


@pytest.fixture
def line(mirror_url: str) -> Iterator[Wire]:
    """A wire to the mirror, which is cut."""
    with wire(socket_of(mirror_url)) as made:
        made.cut()
        yield made


@pytest.fixture
def away(stage: Stage, mirror_url: str, line: Wire) -> Stage:
    """The installation, with its mirror at the end of the wire."""
    at = conninfo_to_dict(mirror_url)
    url = SecretStr(f"postgresql://{at['user']}@127.0.0.1:{line.port}/{at['dbname']}")
    settings = stage.context.settings.model_copy(update={"mirror_url": url})
    stage.context = replace(stage.context, settings=settings)
    start = second("2023-01-01")
    plays = [
        Play(start + 3600 * at, album.lastfm_artist, "Title", album.lastfm_title, str(album.lastfm_mbid))
        for at, album in enumerate(PLACED)
    ]
    stage.take_in("EarlyEd", plays)
    return stage


@pytest.fixture
def client(away: Stage) -> Iterator[FlaskClient]:
    """A visitor."""
    app = create_app(away.context.settings)
    yield app.test_client()
    app.extensions["lastyear"].close()


def waiting_chores(stage: Stage) -> list[str]:
    return list(queues.queue(stage.redis, queues.CHORES).job_ids)


def test_release_years_come_by_themselves_when_the_mirror_is_back(
    away: Stage, line: Wire, client: FlaskClient
) -> None:
    run = away.ask("EarlyEd", 2023)
    away.redis.delete(queues.queue(away.redis, queues.FETCHES).key)
    away.run_again("EarlyEd", 2023, run)
    assert away.event("EarlyEd", 2023).pending == 20
    assert waiting_chores(away) == ["place-waiting"]
    page = client.get("/user/EarlyEd/2023").text
    assert "our copy of MusicBrainz is away right now" in page
    assert 'data-live="/user/EarlyEd/2023"' in page

    calls = len(away.lastfm.calls)
    skipping, slept = SkippingClock(), list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        skipping.skip(seconds)
        if sum(slept) > 60:
            line.mend()

    away.context = replace(away.context, clock=Clock(skipping.now, sleep))
    worker.jobs.place_waiting()
    assert sum(slept) > 60, "it looked again and again"
    assert away.counts("EarlyEd", 2023).matched == 20
    assert latest_snapshot(away.redis, ED) is None, "the next look, also of an open page, reads the database"
    assert "away right now" not in client.get("/user/EarlyEd/2023").text
    assert len(away.lastfm.calls) == calls, "nothing was fetched for that"


def test_whoever_waits_for_a_worker_goes_first(away: Stage) -> None:
    away.ask("EarlyEd", 2023)
    with pytest.raises(GaveWay):
        await_mirror(away.context.settings.mirror_url.get_secret_value(), away.redis, away.context.clock)
    again = worker.jobs.place_waiting()
    assert again is not None
    assert not again.enqueue_at_front


@pytest.mark.parametrize("names", [(CHORES,), (LOOKUPS, CHORES), (CHORES, FETCHES)])
def test_a_worker_that_would_take_it_again_at_once_gives_way_to_nobody(
    away: Stage, line: Wire, names: tuple[str, ...]
) -> None:
    run = away.ask("EarlyEd", 2023)
    away.redis.delete(queues.queue(away.redis, FETCHES).key)
    away.run_again("EarlyEd", 2023, run)
    away.ask("SingleSam", 2024)
    skipping = SkippingClock()

    def sleep(seconds: float) -> None:
        skipping.skip(seconds)
        line.mend()

    away.context = replace(away.context, clock=Clock(skipping.now, sleep))
    ours = [queues.queue(away.redis, name) for name in names]
    worker_of_chores = SimpleWorker(ours, connection=away.redis, serializer=JSONSerializer)
    worker_of_chores.work(burst=True, max_jobs=1, logging_level="WARNING")
    assert away.counts("EarlyEd", 2023).matched == 20


def test_a_mirror_that_answers_leaves_nothing_to_wait_for(stage: Stage) -> None:
    assert stage.fetch("SingleSam", 2024).status == "completed"
    assert waiting_chores(stage) == []
