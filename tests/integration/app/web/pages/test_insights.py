"""What a whole year says about its listener: the musical age, and where the year stands."""

import re
import time
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.events import Event
from app.insights.musical_age import Untold
from app.insights.standing import STEPS, CountedAges
from app.insights.usual_years import CountedShares
from app.insights.year_albums import PlayedAlbum, YearAlbums
from app.redis.event_stream import Snapshot, Topic, latest_snapshot, save_snapshot
from app.redis.usual_years import write_usual_years
from app.redis.year_albums import keep_year_albums, kept_year_albums
from app.web.all_years import StoredYears
from app.web.words.insights import NOT_YET, WHY_UNTOLD
from tests.integration.app.web.conftest import NO_DATABASE, NO_REDIS, Fetched, SiteWith, event

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


def test_without_redis_the_age_is_told_and_what_stands_out_is_not(
    site_with: SiteWith, client: FlaskClient, fetched: Fetched
) -> None:
    fetched("HeavyHelen", 2024)
    page = site_with(redis_url=NO_REDIS).get("/user/HeavyHelen/2024").text
    assert age_on(page) == age_on(client.get("/user/HeavyHelen/2024").text)
    assert stands_out(page) == []


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


def stands_out(page: str) -> list[str]:
    """The sentences about a year, without their links."""
    found = re.search(r'<section class="insights" id="insights">(.*?)</section>', page, re.DOTALL)
    return (
        re.findall(r"<(?:p|li)>(.*?)</(?:p|li)>", re.sub(r"</?(?:a|bdi)\b[^>]*>", "", found[1])) if found else []
    )


def put_albums(redis: Redis, said: Event, *albums: PlayedAlbum) -> None:
    """Makes these the albums of HeavyHelen's 2024."""
    keep_year_albums(redis, Topic("HeavyHelen", 2024), said, YearAlbums(albums=albums), by_song=False)


ANIMALS = PlayedAlbum(released=1978, artist="<b>Pink Floyd</b>", title="Ani&mals", plays=150)


def test_what_stands_out_leads_to_what_it_talks_about_and_wakes_no_database(
    sleeping: FlaskClient, redis: Redis
) -> None:
    put_albums(redis, put(redis), ANIMALS)
    page = sleeping.get("/user/HeavyHelen/2024").text
    names = "“Ani&amp;mals” by &lt;b&gt;Pink Floyd&lt;/b&gt;"
    assert stands_out(page) == [f"The most played album came out 46 years before: {names} (1978), with 150 plays."]
    assert 'href="/user/HeavyHelen/2024/1978"><bdi>Ani&amp;mals</bdi></a>”' in page


def test_a_gap_leads_to_the_chart_by_decade(sleeping: FlaskClient, redis: Redis) -> None:
    years = dict.fromkeys([*range(1970, 1980), *range(1990, 2025)], 100)
    put_albums(redis, put(redis, years=years, scrobbles=4_500, matched=4_500))
    page = sleeping.get("/user/HeavyHelen/2024").text
    assert stands_out(page) == ["A gap: nothing is from the 1980s, though there is older and newer music."]
    assert 'href="/user/HeavyHelen/2024?by=decade">nothing is from the 1980s</a>' in page


def test_while_a_year_comes_in_or_is_read_again_nothing_is_said_of_it(sleeping: FlaskClient, redis: Redis) -> None:
    for fields in ({"phase": "fetching"}, {"phase": "fetching", "was_whole": True}):
        put_albums(redis, put(redis, **fields), ANIMALS)
        assert stands_out(sleeping.get("/user/HeavyHelen/2024").text) == []


def test_of_a_year_of_a_few_plays_nothing_is_said(sleeping: FlaskClient, redis: Redis) -> None:
    put(redis, years={1978: 150}, scrobbles=150, matched=150)
    assert stands_out(sleeping.get("/user/HeavyHelen/2024").text) == []


def test_from_thirty_listeners_on_a_year_stands_beside_all_years(sleeping: FlaskClient, redis: Redis) -> None:
    put_albums(redis, put(redis))
    for listeners in (29, 30):
        ages = CountedAges(
            listeners=listeners,
            years=90,
            average_ages=tuple(step / 5 for step in STEPS),
            middle_ages=tuple(step / 10 for step in STEPS),
        )
        write_usual_years(redis, {}, {False: ages})
        sleeping.application.extensions["lastyear"].page_cache.drop("HeavyHelen", 2024)
        said = stands_out(sleeping.get("/user/HeavyHelen/2024").text)
        assert len(said) == (listeners == 30)
    assert said[0].startswith("Older than 95\u00a0% of the 90 years counted here: this music is 27 years old")


def test_a_year_unlike_all_others_leads_to_them(sleeping: FlaskClient, redis: Redis) -> None:
    put_albums(redis, put(redis))
    others = {year: {year - 5: 500} for year in (2020, 2021, 2022, 2023)}
    stored = StoredYears(
        years=[2024, *others],
        completed=dict.fromkeys(others, 500),
        scrobbles=dict.fromkeys(others, 500),
        plays=others,
        song_plays={},
    )
    redis.set(Topic("HeavyHelen").history, stored.model_dump_json())
    page = sleeping.get("/user/HeavyHelen/2024").text
    [said] = stands_out(page)
    assert said.startswith("No other year is like this: the music is older than in the 4 others counted here")
    assert 'href="/user/HeavyHelen">the 4 others counted here</a>' in page


def test_a_run_leaves_behind_what_its_page_says(client: FlaskClient, redis: Redis, fetched: Fetched) -> None:
    fetched("HeavyHelen", 2024)
    snapshot = latest_snapshot(redis, Topic("HeavyHelen", 2024))
    assert snapshot
    kept = kept_year_albums(redis, Topic("HeavyHelen", 2024), snapshot.event, by_song=False)
    assert kept
    assert kept.count
    assert sum(sum(one.months) == one.plays for one in kept.albums) == len(kept.albums)
    assert 'id="work-out"' not in client.get("/user/HeavyHelen/2024").text


def test_what_redis_has_forgotten_is_worked_out_on_request(
    client: FlaskClient, redis: Redis, fetched: Fetched
) -> None:
    fetched("HeavyHelen", 2024)
    before = stands_out(client.get("/user/HeavyHelen/2024").text)
    assert before
    redis.delete(Topic("HeavyHelen", 2024).derived)
    client.application.extensions["lastyear"].page_cache.drop("HeavyHelen", 2024)
    assert stands_out(client.get("/user/HeavyHelen/2024").text) == ["See what stands out in this year"]
    answer = client.get("/user/HeavyHelen/2024/insights")
    assert (answer.status_code, answer.location) == (303, "/user/HeavyHelen/2024#insights")
    assert stands_out(client.get("/user/HeavyHelen/2024").text) == before


def test_where_nothing_is_here_it_leads_back_to_the_year(sleeping: FlaskClient, redis: Redis) -> None:
    assert sleeping.get("/user/NobodyNoel/2024/insights").location == "/user/NobodyNoel/2024#insights"
    assert sleeping.get("/user/HeavyHelen/1999/insights").status_code == 404


def test_each_whole_year_of_a_listener_has_its_own_age_on_the_page_of_all_years(
    sleeping: FlaskClient, redis: Redis
) -> None:
    put(redis)
    few = event(phase="completed", years={1977: 10}, scrobbles=10, matched=10)
    save_snapshot(redis, Topic("HeavyHelen", 2023), Snapshot(at=time.time(), username="HeavyHelen", event=few))
    counts = event(phase="completed", years={2023: 10, 2024: 5_500})
    save_snapshot(redis, Topic("HeavyHelen"), Snapshot(at=time.time(), username="HeavyHelen", event=counts))
    stored = StoredYears(years=[2024, 2023], completed={}, scrobbles={}, plays={}, song_plays={})
    redis.set(Topic("HeavyHelen").history, stored.model_dump_json())
    page = sleeping.get("/user/HeavyHelen").text
    told = re.findall(r'<td class="age"><span title="(.*?)">(.*?)</span></td>', page)
    assert [age for _, age in told] == ["62", "–"]
    assert "as much music from 1978 to 1982 as others do" in told[0][0]
    assert told[1][0] == WHY_UNTOLD[Untold.TOO_FEW_PLAYS]
