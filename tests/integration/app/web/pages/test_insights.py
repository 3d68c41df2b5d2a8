"""What a whole year says about its listener: the musical age, and where the year stands."""

import re
import time
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.events import Event
from app.insights.musical_age import Untold
from app.insights.usual_years import CountedShares
from app.redis.event_stream import Snapshot, Topic, save_snapshot
from app.redis.usual_years import write_usual_years
from app.web.words.insights import NOT_YET, WHY_UNTOLD
from tests.integration.app.web.conftest import NO_DATABASE, SiteWith, event

YEARS = dict.fromkeys(range(1978, 1983), 400) | dict.fromkeys(range(1990, 2025), 100)


@pytest.fixture
def sleeping(site_with: SiteWith) -> FlaskClient:
    """A site whose database nobody reaches."""
    return site_with(database_url=NO_DATABASE)


def put(redis: Redis, **fields: Any) -> Event:
    """Makes HeavyHelen's 2024 say this."""
    said = event(**{"phase": "completed", "years": YEARS, "scrobbles": 5_500, "matched": 5_500, **fields})
    save_snapshot(redis, Topic("HeavyHelen", 2024), Snapshot(at=time.time(), username="HeavyHelen", event=said))
    return said


def age_on(page: str) -> tuple[str, str]:
    """The musical age with the address that it leads to, and what is said of it."""
    found = re.search(r'<div class="age">.*?<dd>(.*?) <small>(.*?)</small>', page, re.DOTALL)
    assert found
    return found[1], found[2]


def test_the_age_of_a_year_leads_to_the_bars_it_comes_from_and_wakes_no_database(
    sleeping: FlaskClient, redis: Redis
) -> None:
    put(redis)
    number, reason = age_on(sleeping.get("/user/HeavyHelen/2024").text)
    assert number == '<a id="age" href="/user/HeavyHelen/2024/1978-1982">62</a>'
    assert "as much music from 1978 to 1982 as others do" in reason


def test_by_song_it_comes_from_the_songs_years(sleeping: FlaskClient, redis: Redis) -> None:
    put(redis, song_years={at - 10: plays for at, plays in YEARS.items()})
    number, _ = age_on(sleeping.get("/user/HeavyHelen/2024?of=songs").text)
    assert number == '<a id="age" href="/user/HeavyHelen/2024/1968-1972?of=songs">72</a>'


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"phase": "fetching", "expected": 9_000}, NOT_YET),
        ({"years": {1978: 10, 1979: 20}, "scrobbles": 30, "matched": 30}, WHY_UNTOLD[Untold.TOO_FEW_PLAYS]),
        ({"years": {1977: 900, 2020: 100}}, WHY_UNTOLD[Untold.ONE_YEAR]),
    ],
)
def test_where_it_cannot_be_told_the_page_says_why(
    sleeping: FlaskClient, redis: Redis, fields: dict[str, Any], said: str
) -> None:
    put(redis, **fields)
    assert age_on(sleeping.get("/user/HeavyHelen/2024").text) == ("<span>–</span>", said)


def test_it_is_compared_with_the_listeners_counted_here(sleeping: FlaskClient, redis: Redis) -> None:
    put(redis)
    plays = sum(YEARS.values())
    alike = CountedShares(listeners=1_000, shares={at: 1_000 * count / plays for at, count in YEARS.items()})
    write_usual_years(redis, {(2024, False): alike}, {})
    assert age_on(sleeping.get("/user/HeavyHelen/2024").text) == ("<span>–</span>", WHY_UNTOLD[Untold.NO_PEAK])


def test_what_another_version_has_counted_does_no_harm(sleeping: FlaskClient, redis: Redis) -> None:
    put(redis)
    for field in ("2024", "ages"):
        redis.hset("lastyear:usual", field, '{"listeners": "many"}')
    number, _ = age_on(sleeping.get("/user/HeavyHelen/2024").text)
    assert ">62<" in number
