"""The app database sleeps while strangers ask for names, robots come by, and Last.fm is away."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from redis import Redis

from app.events import Failure
from app.redis.event_stream import Topic, latest_snapshot, save_snapshot
from app.settings import Settings
from app.store import pool
from app.web import create_app
from demo.lastfm.faults import Fault
from demo.lastfm.stand_in import LastfmStandIn
from tests.conftest import wait_until
from tests.wire import Wire, socket_of, through, wire
from worker.context import WorkerContext

ROBOT = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
FORMS = ("", ".png", ".svg", ".csv", ".json", "?by=decade", "/top.json")


@dataclass(frozen=True)
class Installation:
    """The pages and the workers of a site whose every connection to the app database is counted."""

    visitor: FlaskClient
    run_jobs: Callable[[], None]
    line: Wire

    def falls_asleep(self) -> None:
        """Waits until nobody holds a connection."""
        wait_until(lambda: self.line.open == 0)

    def fetch(self, path: str) -> None:
        """Brings in what a page shows."""
        self.visitor.get(path)
        self.run_jobs()
        self.visitor.get(path)


@pytest.fixture
def site(
    settings: Settings, context: WorkerContext, run_jobs: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    """A site that lets go of idle connections after a moment."""
    monkeypatch.setattr(pool, "IDLE_SECONDS", 0.1)
    url = settings.database_url.get_secret_value()
    with wire(socket_of(url)) as line:
        counted = settings.model_copy(update={"database_url": SecretStr(through(url, line.port))})
        worker = WorkerContext.make(counted, delays=(0.0,), pause=0.1)
        monkeypatch.setattr("worker.jobs.from_environment", lambda: worker)
        app = create_app(counted)
        yield Installation(app.test_client(), run_jobs, line)
        app.extensions["lastyear"].close()


def address(number: int) -> dict[str, str]:
    """An address that nobody else has."""
    return {"X-Forwarded-For": f"203.0.{number // 250}.{number % 250}"}


def test_a_crawler_of_unknown_names_wakes_it_once(site: Installation, lastfm: LastfmStandIn) -> None:
    names = [f"NoSuch-{number}" for number in range(60)]
    for number, name in enumerate(names):
        assert site.visitor.get(f"/user/{name}/2024", headers=address(number)).status_code == 200
        assert site.visitor.get(f"/user/{name}", headers=address(number)).status_code == 200
        site.falls_asleep()
    site.run_jobs()
    assert site.line.connections == 1, "to read who is stored"
    calls = len(lastfm.calls)
    for number, name in enumerate(names):
        for path in (f"{name}/2024", f"{name}/2023", f"{name}/2024.png", f"{name}/2024/1977", name):
            assert site.visitor.get(f"/user/{path}", headers=address(100 + number)).status_code in (302, 404)
    site.run_jobs()
    assert site.line.connections == 1
    assert len(lastfm.calls) == calls, "nor is Last.fm asked again for another year of theirs"


def test_over_the_limit_it_is_not_asked_at_all(site: Installation) -> None:
    statuses = [site.visitor.get(f"/user/NoSuch-{number}/2024").status_code for number in range(30)]
    assert statuses[-1] == 429
    site.falls_asleep()
    before = site.line.connections
    assert site.visitor.get("/user/LightLuca/2024").status_code == 429
    assert site.visitor.get("/user/LightLuca").status_code == 429
    assert site.line.connections == before


def test_an_installation_with_robots_and_scrapes_leaves_it_asleep(site: Installation) -> None:
    site.fetch("/user/LightLuca/2024")
    site.fetch("/user/LightLuca")
    for form in FORMS:
        site.visitor.get(f"/user/LightLuca/2024{form}")
    site.visitor.get("/user/LightLuca/2023", headers=ROBOT)  # which is not counted
    site.falls_asleep()
    before = site.line.connections
    for headers in ({}, ROBOT):
        for path in ("/", "/about", "/api", "/robots.txt", "/healthz", "/readyz", "/metrics", "/user/LightLuca"):
            assert site.visitor.get(path, headers=headers).status_code == 200
        for form in FORMS:
            assert site.visitor.get(f"/user/LightLuca/2024{form}", headers=headers).status_code == 200
    for number in range(20):
        assert site.visitor.get(f"/user/Elsewho-{number}/2024", headers=ROBOT).status_code == 200
        assert site.visitor.get(f"/user/Elsewho-{number}", headers=ROBOT).status_code == 200
    assert "not counted yet" in site.visitor.get("/user/LightLuca/2023", headers=ROBOT).text
    site.run_jobs()
    assert site.line.connections == before


def test_an_open_page_of_an_interrupted_year_leaves_it_asleep_until_last_fm_answers(
    site: Installation, lastfm: LastfmStandIn, redis: Redis
) -> None:
    site.fetch("/user/LightLuca/2023")
    topic = Topic("LightLuca", 2024)
    lastfm.faults.add(Fault("503", times=None))
    site.visitor.get("/user/LightLuca/2024")
    site.run_jobs()
    site.falls_asleep()
    before, pauses = site.line.connections, [becomes_due(redis, topic)]
    for _ in range(4):
        assert "data-live" in site.visitor.get("/user/LightLuca/2024").text
        site.run_jobs()
        pauses.append(becomes_due(redis, topic))
    assert pauses == [3, 3, 6, 30, 90], "tens of seconds"
    assert site.line.connections == before
    lastfm.faults.clear()
    site.fetch("/user/LightLuca/2024")
    assert '<p class="headline" data-told>' in site.visitor.get("/user/LightLuca/2024").text
    assert site.line.connections > before


def becomes_due(redis: Redis, topic: Topic) -> int:
    """Makes it time for the next try of an interrupted year, and returns after how many tens of seconds it was."""
    said = latest_snapshot(redis, topic)
    assert said is not None
    assert (said.event.phase, said.event.error) == ("failed", Failure.LASTFM_AWAY)
    assert said.event.next_try_at is not None
    due = said.event.model_copy(update={"next_try_at": 1.0})
    save_snapshot(redis, topic, said.model_copy(update={"event": due}))
    return round((said.event.next_try_at - said.at) / 10)
