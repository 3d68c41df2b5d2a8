"""The API as a program meets it: its answers about years that are complete, being fetched, hidden or missing."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.events import Failure
from app.redis.event_stream import Snapshot, Topic, save_snapshot
from app.web.rate_limits import LIMITS
from tests.integration.app.web.conftest import NO_DATABASE, NO_REDIS, Fetched, Jobs, RunJobs, SiteWith, event

USER = "/api/v1/users/LightLuca"
YEAR = f"{USER}/years/2024"


@pytest.fixture
def put(redis: Redis) -> Callable[..., None]:
    """Makes LightLuca's 2024, or the list of years, be like this."""

    def put(year: int | None = 2024, **fields: Any) -> None:
        topic = Topic("LightLuca", year)
        save_snapshot(redis, topic, Snapshot(at=time.time(), username="LightLuca", event=event(**fields)))

    return put


def code(answer: Any) -> str:
    """The code of an error, which says no more than it should."""
    body = answer.get_json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Cache-Control"] == "private, no-cache"
    return str(body["error"]["code"])


def test_a_look_at_a_year_asks_for_it_once_and_then_has_it(
    client: FlaskClient, jobs: Jobs, run_jobs: RunJobs
) -> None:
    first = client.get(YEAR)
    assert (first.status_code, first.get_json()["state"]) == (202, "queued")
    assert int(first.headers["Retry-After"]) > 0
    assert client.get(YEAR).status_code == 202
    assert jobs() == 1
    run_jobs()
    answer = client.get(YEAR)
    said = answer.get_json()
    assert (answer.status_code, said["state"], said["progress"]) == (200, "completed", None)
    assert "Retry-After" not in answer.headers
    assert said["plays"] == said["plays_at_lastfm"] == sum(said["placed"].values())
    placed = said["placed"]["matched"] + said["placed"]["fuzzy_matched"]
    assert placed == sum(bar["plays"] for bar in said["released"]) > 0


def test_every_answer_about_a_listener_says_whose_it_is(put: Callable[..., None], client: FlaskClient) -> None:
    put(phase="completed", scrobbles=10, years={1977: 10})
    source = {"listening": "Listening data powered by AudioScrobbler", "link": "https://www.last.fm/"}
    for address in (USER, YEAR, f"{YEAR}/albums?released=1977"):
        assert client.get(address).get_json()["source"] == source
    assert client.get("/user/LightLuca/2024.json").get_json()["source"] == (
        "powered by AudioScrobbler https://www.last.fm/"
    )
    document = client.get("/api/v1/openapi.json").get_json()
    assert document["externalDocs"] == {"description": source["listening"], "url": source["link"]}


def test_a_look_at_a_listener_asks_for_the_years_and_then_has_them(client: FlaskClient, run_jobs: RunJobs) -> None:
    first = client.get(USER)
    assert (first.status_code, first.get_json()["state"], first.get_json()["years"]) == (202, "counting", [])
    run_jobs()
    answer = client.get(USER)
    years = answer.get_json()["years"]
    assert answer.status_code == 200
    assert [one["year"] for one in years] == sorted((one["year"] for one in years), reverse=True)
    assert {one["state"] for one in years} == {"not_fetched"}
    client.get(YEAR)
    assert client.get(USER).status_code == 202
    run_jobs()
    stored = next(one for one in client.get(USER).get_json()["years"] if one["year"] == 2024)
    assert stored["state"] == "completed"
    assert stored["released"] == client.get(YEAR).get_json()["released"]


def test_what_is_there_while_a_year_is_fetched_is_told(put: Callable[..., None], client: FlaskClient) -> None:
    put(done=3, scrobbles=500, matched=480, years={1977: 480}, preview=True, seconds_left=4)
    answer = client.get(YEAR)
    said = answer.get_json()
    assert (answer.status_code, said["state"], said["preview"]) == (202, "fetching", True)
    assert said["progress"] == {"done": 3, "expected": None, "seconds_left": 4, "queued_ahead": 0}
    assert said["released"] == [{"released": 1977, "plays": 480}]
    assert (said["median_released"], said["average_age"]) == (1977, 47.0)
    assert said["oldest"] == said["newest"] == {"released": 1977, "artist": None, "title": None}


def test_the_albums_of_all_bars_and_of_none_are_all_plays(client: FlaskClient, fetched: Fetched) -> None:
    fetched("LightLuca", 2024)
    said = client.get(YEAR).get_json()
    for bar in said["released"]:
        behind = client.get(f"{YEAR}/albums?released={bar['released']}").get_json()
        assert behind["plays"] == bar["plays"] == sum(album["plays"] for album in behind["albums"])
        assert {album["released"] for album in behind["albums"]} == {bar["released"]}
        for edge in (said["oldest"], said["newest"]):
            if edge["released"] == bar["released"]:
                first = behind["albums"][0]
                assert (edge["artist"], edge["title"]) == (first["artist"], first["album"] or first["song"])
    unknown = client.get(f"{YEAR}/albums?released=unknown").get_json()
    assert unknown["plays"] == said["placed"]["not_found"] + said["placed"]["pending"]
    everything = client.get(f"{YEAR}/albums?released=0000-9999").get_json()
    assert everything["plays"] + unknown["plays"] == said["plays"]
    assert client.get(f"{YEAR}/albums?released=1979-1970").get_json()["albums"] == []
    assert client.get(f"{YEAR}/albums?released=1977&page=99").get_json()["albums"] == []


@pytest.mark.parametrize(
    "query", ["", "released=", "released=77", "released=1977-", "released=1977&page=0", "released=1977&page=x"]
)
def test_albums_are_asked_for_by_release_year(client: FlaskClient, query: str) -> None:
    answer = client.get(f"{YEAR}/albums?{query}")
    assert (answer.status_code, code(answer)) == (400, "bad_request")


@pytest.mark.parametrize("of", ["", "song", "SONGS", "songs,albums", "%00"])
def test_whose_years_count_is_asked_for_by_name(client: FlaskClient, jobs: Jobs, of: str) -> None:
    for path in (f"{YEAR}?of={of}", f"{YEAR}/albums?released=1977&of={of}"):
        answer = client.get(path)
        assert (answer.status_code, code(answer)) == (400, "bad_request")
        assert "albums or songs" in answer.get_json()["error"]["message"]
    assert jobs() == 0


def test_a_year_is_told_by_its_songs_where_these_make_a_difference(
    put: Callable[..., None], client: FlaskClient
) -> None:
    fields = {"scrobbles": 9, "expected": 9, "matched": 8, "not_found": 1, "by_mbid": 5, "years": {1981: 8}}
    put(phase="completed", **fields, song_years={1975: 7, 1981: 1})
    by_album, by_song = (client.get(f"{YEAR}{of}").get_json() for of in ("?of=albums", "?of=songs"))
    assert client.get(YEAR).get_json() == by_album
    assert (by_album["of"], by_album["has_songs"]) == ("albums", True)
    assert (by_song["of"], by_song["has_songs"]) == ("songs", True)
    assert by_song["released"] == [{"released": 1975, "plays": 7}, {"released": 1981, "plays": 1}]
    assert (by_song["median_released"], by_album["median_released"]) == (1975, 1981)
    assert by_song["average_age"] == pytest.approx(by_album["average_age"] + 6 * 7 / 8, abs=0.01)
    differ = {field for field in by_album if by_album[field] != by_song[field]}
    assert differ == {"of", "released", "oldest", "median_released", "average_age"}


def test_where_songs_make_no_difference_albums_are_told_and_that_it_is_so(
    put: Callable[..., None], client: FlaskClient
) -> None:
    put(phase="completed", scrobbles=3, expected=3, matched=3, years={1977: 3})
    for path in (YEAR, f"{YEAR}/albums?released=1977"):
        plain = client.get(path).get_json()
        assert client.get(f"{path}{'&' if '?' in path else '?'}of=songs").get_json() == plain
        assert (plain["of"], plain["has_songs"]) == ("albums", False)


@pytest.mark.parametrize(
    ("fields", "told"),
    [({"by_mbid": 5}, 5), ({"by_mbid": 9}, 8), ({}, 0), ({"by_mbid": 5, "preview": True}, None)],
)
def test_how_many_were_matched_by_mbid_is_told_where_it_was_counted(
    put: Callable[..., None], client: FlaskClient, fields: dict[str, Any], told: int | None
) -> None:
    put(scrobbles=9, matched=8, not_found=1, years={1981: 8}, **fields)
    said = client.get(YEAR).get_json()
    assert said["matched_by_mbid"] == told
    assert sum(said["placed"].values()) == said["plays"], "it is none of the parts, but a part of one"


@pytest.mark.parametrize(
    ("path", "status", "wanted"),
    [
        ("/api/v1/users/.no.", 404, "no_such_name"),
        ("/api/v1/users/LightLuca/years/1999", 404, "no_such_year"),
        ("/api/v1/users/LightLuca/years/20x4", 404, "no_such_year"),
        ("/api/v1/users", 404, "not_found"),
        ("/api/v1/users/LightLuca/years/2024/albums/1", 404, "not_found"),
        ("/api/v2/users/LightLuca", 404, "not_found"),
        ("/api/v1/", 404, "not_found"),
    ],
)
def test_what_cannot_be_is_not_there(client: FlaskClient, path: str, status: int, wanted: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, code(answer)) == (status, wanted)


@pytest.mark.parametrize(
    ("failure", "status", "wanted"),
    [
        (Failure.NO_SUCH_USER, 404, "no_such_listener"),
        (Failure.LISTENING_HIDDEN, 403, "listening_hidden"),
        (Failure.LASTFM_AWAY, 503, "lastfm_away"),
        (Failure.LASTFM_REFUSES, 503, "lastfm_refuses"),
        (Failure.BROKEN, 500, "broken"),
    ],
)
def test_a_year_that_could_not_be_fetched_is_an_error_unless_something_is_stored(
    put: Callable[..., None], client: FlaskClient, failure: Failure, status: int, wanted: str
) -> None:
    for year in (2024, None):
        put(year=year, phase="failed", error=failure)
    for path in (YEAR, f"{YEAR}/albums?released=1977", USER):
        answer = client.get(path)
        assert (answer.status_code, code(answer)) == (status, wanted), path
        assert ("Retry-After" in answer.headers) == (status == 503)
    put(phase="failed", error=failure, scrobbles=3, matched=3, years={1977: 3})
    answer = client.get(YEAR)
    said = answer.get_json()
    assert (answer.status_code, said["state"], said["trouble"]["code"]) == (200, "failed", wanted)
    assert said["released"] == [{"released": 1977, "plays": 3}]


def test_only_starting_fetches_is_limited(put: Callable[..., None], client: FlaskClient) -> None:
    put(phase="completed", scrobbles=3, expected=3, matched=3, years={1977: 3})
    for number in range(int(LIMITS["fetch"].split()[0])):
        assert client.get(f"/api/v1/users/nobody-{number}").status_code == 202
    answer = client.get("/api/v1/users/nobody-more")
    assert (answer.status_code, code(answer)) == (429, "too_many_requests")
    assert int(answer.headers["Retry-After"]) > 0
    assert client.get(YEAR).status_code == 200


def test_only_reading_is_possible(client: FlaskClient) -> None:
    for method in (client.post, client.put, client.delete):
        answer = method(YEAR)
        assert (answer.status_code, code(answer)) == (405, "method_not_allowed")
        assert "GET" in answer.headers["Allow"]


def test_without_redis_what_is_stored_is_told_with_what_is_wrong(
    client: FlaskClient, fetched: Fetched, site_with: SiteWith
) -> None:
    fetched("LightLuca", 2024)
    visitor = site_with(redis_url=NO_REDIS)
    answer = visitor.get(YEAR)
    assert (answer.status_code, answer.get_json()["trouble"]["code"]) == (200, "unavailable")
    assert answer.get_json()["released"] == client.get(YEAR).get_json()["released"]
    nothing = visitor.get(YEAR.replace("2024", "2023"))
    assert (nothing.status_code, code(nothing)) == (503, "unavailable")
    assert int(nothing.headers["Retry-After"]) > 0


def test_without_a_database_what_redis_has_is_told(put: Callable[..., None], site_with: SiteWith) -> None:
    visitor = site_with(database_url=NO_DATABASE)
    put(phase="completed", scrobbles=3, expected=3, matched=3, years={1977: 3})
    assert visitor.get(YEAR).status_code == 200
    for path in (f"{YEAR}/albums?released=1977", YEAR.replace("2024", "2023")):
        answer = visitor.get(path)
        assert (answer.status_code, code(answer)) == (503, "unavailable")


def test_an_error_of_our_own_tells_nothing(client: FlaskClient, broken: Callable[[str], None]) -> None:
    broken("app.web.api.routes.year_status")
    answer = client.get(YEAR)
    assert (answer.status_code, code(answer)) == (500, "broken")
    assert "hush" not in answer.text


def test_answers_about_listeners_are_kept_by_nobody(put: Callable[..., None], client: FlaskClient) -> None:
    put(phase="completed", scrobbles=3, expected=3, matched=3, years={1977: 3})
    for path in (YEAR, USER, f"{YEAR}/albums?released=1977"):
        answer = client.get(path)
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert answer.headers["Cache-Control"] == "private, no-cache"


def test_an_event_of_an_odd_release_year_breaks_nothing(put: Callable[..., None], client: FlaskClient) -> None:
    put(phase="completed", scrobbles=3, expected=3, matched=3, years={1: 1, 9999: 2})
    assert client.get(YEAR).get_json()["median_released"] == 9999


def test_what_a_year_says_of_its_listener_is_worked_out_where_redis_has_forgotten_it(
    client: FlaskClient, redis: Redis, fetched: Fetched
) -> None:
    fetched("HeavyHelen", 2024)
    insights = "/api/v1/users/HeavyHelen/years/2024/insights"
    said = client.get(insights).get_json()
    redis.delete(Topic("HeavyHelen", 2024).derived)
    assert client.get(insights).get_json() == said
    age = said["musical_age"]
    assert (age["age"], age["born"]) == (2024 - age["born"], age["first_released"] - 16)
    assert (said["why_no_age"], said["standing"]) == (None, None)
    assert str(age["first_released"]) in said["musical_age_text"]
    assert 0 < len(said["stands_out"]) <= 5
    for one in said["stands_out"]:
        assert client.get(one["page"]).status_code == 200


def test_of_a_part_of_a_year_or_a_few_plays_it_says_why_not(put: Callable[..., None], client: FlaskClient) -> None:
    put(phase="fetching", scrobbles=900, years={1977: 900}, expected=1_000)
    said = client.get(f"{YEAR}/insights").get_json()
    assert (said["whole"], said["musical_age"], said["why_no_age"], said["stands_out"]) == (False, None, None, [])
    put(phase="completed", scrobbles=10, years={1977: 10})
    said = client.get(f"{YEAR}/insights").get_json()
    assert (said["whole"], said["musical_age"], said["why_no_age"]) == (True, None, "too_few_plays")
