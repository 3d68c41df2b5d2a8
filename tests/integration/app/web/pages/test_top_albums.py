"""The most played albums of every bar: asked for once, kept as long as the year stands as it does."""

import pytest
from flask.testing import FlaskClient
from markupsafe import escape
from redis import Redis

from app.events import new_run
from app.redis import event_stream
from app.redis.event_stream import Topic
from app.store import Connection
from app.web.rate_limits import LIMITS
from tests.integration.app.web.conftest import NO_DATABASE, NO_REDIS, Fetched, Jobs, SiteWith, event

TOP = "/user/LightLuca/2024/top.json"


def test_of_every_bar_the_three_most_played_are_told(fetched: Fetched, client: FlaskClient) -> None:
    fetched("LightLuca", 2024)
    years = client.get("/user/LightLuca/2024.json").get_json()["progress"]["years"]
    answer = client.get(TOP)
    assert answer.content_type == "application/json"
    told = answer.get_json()
    assert told.keys() == years.keys()
    for year, albums in told.items():
        plays = [plays for _, _, plays in albums]
        assert plays == sorted(plays, reverse=True)
        assert 1 <= len(plays) <= 3
        assert sum(plays) <= years[year]
        most = albums[0][2]
        page = client.get(f"/user/LightLuca/2024/{year}").text
        assert f'class="plays">{most:,}</td>' in page
    assert len(answer.data) < 20_000


def test_the_oldest_and_the_newest_music_of_the_facts_are_the_favourites_of_these_years(
    fetched: Fetched, client: FlaskClient
) -> None:
    fetched("LightLuca", 2024)
    page = client.get("/user/LightLuca/2024").text
    years = client.get(TOP).get_json()
    for called, year in (("oldest", min(years)), ("newest", max(years))):
        artist, title, _ = years[year][0]
        link = f'<a id="{called}" href="/user/LightLuca/2024/{year}">{year}</a>'
        named = f"<small><bdi>{escape(title)}</bdi></small><small><bdi>{escape(artist)}</bdi></small>"
        assert f"{link}\n{named}" in page


def test_the_database_is_asked_once_and_again_when_the_year_has_changed(
    fetched: Fetched, client: FlaskClient, site_with: SiteWith, redis: Redis
) -> None:
    fetched("LightLuca", 2024)
    first = client.get(TOP)
    away = site_with(database_url=NO_DATABASE)
    assert away.get(TOP).data == first.data
    assert away.get(TOP, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    snapshot = event_stream.latest_snapshot(redis, Topic("LightLuca", 2024))
    assert snapshot is not None
    other = snapshot.event.model_copy(update={"scrobbles": snapshot.event.scrobbles + 1})
    event_stream.save_snapshot(redis, Topic("LightLuca", 2024), snapshot.model_copy(update={"event": other}))
    answer = away.get(TOP)
    assert answer.status_code == 503
    assert answer.get_json()["error"] == "A part of this site does not answer"


def test_while_a_year_grows_the_database_is_asked_once_for_what_is_stored_and_again_when_more_came(
    fetched: Fetched, client: FlaskClient, site_with: SiteWith, redis: Redis
) -> None:
    fetched("LightLuca", 2024)
    whole = client.get(TOP).get_json()
    topic, away = Topic("LightLuca", 2024), site_with(database_url=NO_DATABASE)
    snapshot = event_stream.latest_snapshot(redis, topic)
    assert snapshot is not None
    growing = {"run": new_run(), "phase": "fetching", "preview": True, "expected": 99_999}

    def grow(done: int) -> None:
        event = snapshot.event.model_copy(update={**growing, "done": done})
        event_stream.save_snapshot(redis, topic, snapshot.model_copy(update={"event": event}))

    grow(100)
    assert client.get(TOP).get_json() == whole
    assert away.get(TOP).get_json() == whole, "nobody asks the database again"
    grow(200)
    assert away.get(TOP).status_code == 503, "though the preview's numbers are the same"


def test_what_is_kept_goes_with_its_listener(fetched: Fetched, client: FlaskClient, redis: Redis) -> None:
    fetched("LightLuca", 2024)
    client.get(TOP)
    event_stream.forget_listener(redis, "lightluca")
    assert [key for key in redis.scan_iter() if b"luca" in key.lower()] == []
    assert client.get(TOP).get_json() == {}


@pytest.mark.parametrize("names", [("x" * 3000, "y" * 3000), ("<script>", "</script>")])
def test_names_as_anybody_can_write_them_stay_data_and_short(
    fetched: Fetched, client: FlaskClient, connection: Connection, names: tuple[str, str]
) -> None:
    fetched("LightLuca", 2024)
    connection.execute("UPDATE albums SET artist = %s, album = %s WHERE album <> ''", names)
    answer = client.get(TOP)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    told = [
        name for albums in answer.get_json().values() for artist, title, _ in albums for name in (artist, title)
    ]
    assert max(map(len, told)) <= 80


def test_a_year_that_is_not_there_has_none_and_nothing_is_asked_for(client: FlaskClient, jobs: Jobs) -> None:
    assert client.get(TOP).get_json() == {}
    assert jobs() == 0


def test_without_redis_it_says_so(site_with: SiteWith) -> None:
    assert site_with(redis_url=NO_REDIS).get(TOP).status_code == 503


def test_looking_around_is_limited(client: FlaskClient, redis: Redis) -> None:
    per_minute = int(LIMITS["albums"].split()[0])
    for _ in range(per_minute + 1):
        said = event(run=new_run(), phase="completed", scrobbles=1, matched=1, years={1985: 1})
        snapshot = event_stream.Snapshot(at=0, username="LightLuca", event=said)
        event_stream.save_snapshot(redis, Topic("LightLuca", 2024), snapshot)
        answer = client.get(TOP)
    assert answer.status_code == 429
