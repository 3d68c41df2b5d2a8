"""From one release year: all albums over all listening years, one line each, and what is only counted any more."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.listening_years import year_bounds
from app.redis.event_stream import Topic, drop_snapshot
from app.store import Connection, albums, fetch_jobs, listeners
from app.store.albums import Album, names_key
from app.store.plays import counted_years
from app.store.plays.scrobbles import Scrobble
from tests.integration.app.web.conftest import NO_DATABASE, NO_REDIS, Fetched, SiteWith
from tests.stored_years import store_year

ABBEY_ROAD, GROUP = "Abbey Road", names_key("The Beatles", "Abbey Road")
PAGE = "/user/SingleSam/released/1969"
Put = Callable[..., None]


def album(artist: str, title: str, year: int = 1969, **answer: object) -> Album:
    given = {
        "release_group": names_key(artist, title),
        "method": "names",
        "score": 1.0,
        "release_group_title": title,
        **answer,
    }
    return Album(artist, title, None, release_year=year, augmentation_status="matched", **given)  # type: ignore[arg-type]


@pytest.fixture
def put(connection: Connection) -> Put:
    """Stores what SingleSam played: listening year -> albums with their plays."""

    def store(years: dict[int, dict[Album, int]]) -> None:
        user = listeners.save(
            connection, "SingleSam", available_years=sorted(years), playcount=0, registered_at=None
        ).id
        for year, plays in years.items():
            albums.save(connection, list(plays))
            start, _ = year_bounds(year)
            each = [one for one, times in plays.items() for _ in range(times)]
            given = [
                Scrobble(start + timedelta(minutes=n), one.artist, "Title", one.album, None)
                for n, one in enumerate(each)
            ]
            store_year(connection, user, year, given)

    return store


def rows(page: str) -> list[tuple[str, int, str]]:
    """The lines of the list: the album, its plays, and in which listening years they were."""
    found = re.findall(
        r'<tr role="row"><td role="cell" class="plays">([\d,]+)</td><td.*?<bdi>(.*?)</bdi>.*?aria-label="([^"]*)"',
        page,
        re.DOTALL,
    )
    return [(unescape(title), int(plays.replace(",", "")), years) for plays, title, years in found]


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.partition("<main")[2])).split())


def bars(page: str) -> dict[int, int]:
    """The bars by listening year."""
    found = re.findall(r'<a id="b(\d+)"[^>]*><title>\d+: ([\d,]+) play', page)
    return {int(year): int(plays.replace(",", "")) for year, plays in found}


def test_an_album_is_one_line_over_all_years_and_spellings_the_most_played_first(
    put: Put, client: FlaskClient
) -> None:
    other = album("Beatles", "abbey road", release_group=GROUP)
    put(
        {
            2020: {album("The Beatles", ABBEY_ROAD): 3, album("A", "Old", 1959): 4},
            2021: {other: 2, album("A", "Else"): 4},
            2023: {album("The Beatles", ABBEY_ROAD): 1, album("A", "New", 2022): 1},
        }
    )
    answer = client.get(PAGE)
    assert answer.status_code == 200
    assert rows(answer.text) == [
        (ABBEY_ROAD, 6, "2020: 3 plays, 2021: 2 plays, 2023: 1 play"),
        ("Else", 4, "2021: 4 plays"),
    ]
    assert bars(answer.text) == {2020: 3, 2021: 6, 2023: 1}
    assert "10 plays in 3 listening years, 66.7 % of all plays whose release year is known: 2 albums." in text_of(
        answer.text
    )
    assert 'href="/user/SingleSam/2021/1969"' in answer.text
    assert 'rel="prev" href="/user/SingleSam/released/1959"' in answer.text
    assert 'rel="next" href="/user/SingleSam/released/2022"' in answer.text
    assert "Also scrobbled as 1 other" in answer.text


def test_several_years_are_asked_for_as_on_a_bar(put: Put, client: FlaskClient) -> None:
    put({2020: {album("A", "One", 1961): 2, album("A", "Two", 1969): 1, album("A", "Three", 1971): 5}})
    page = client.get("/user/SingleSam/released/1960-1969").text
    assert [plays for _, plays, _ in rows(page)] == [2, 1]
    assert "SingleSam’s music from the 1960s" in page
    assert "<b>1961</b>" in page


def test_what_the_list_says_is_what_the_years_say(
    fetched: Fetched, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.album_lists.ROWS_PER_PAGE", 5)
    for year in (2022, 2024):
        fetched("LightLuca", year)
    years = {
        year: client.get(f"/user/LightLuca/{year}.json").get_json()["progress"]["years"] for year in (2022, 2024)
    }
    told = {
        year: sum(plays for released, plays in counts.items() if "2010" <= released <= "2019")
        for year, counts in years.items()
    }
    first = client.get("/user/LightLuca/released/2010-2019").text
    assert bars(first) == told
    [pages] = re.findall(r"Page 1 of (\d+)", first)
    listed = [
        row
        for n in range(1, int(pages) + 1)
        for row in rows(client.get(f"/user/LightLuca/released/2010-2019?page={n}").text)
    ]
    assert sum(plays for _, plays, _ in listed) == sum(told.values())
    by_year = [int(count) for _, _, each in listed for count in re.findall(r": (\d+) play", each)]
    assert sum(by_year) == sum(told.values())
    programs = client.get("/api/v1/users/LightLuca/released/2010-2019").get_json()
    assert {one["year"]: one["plays"] for one in programs["listened"]} == told
    assert [(one["album"] or one["song"], one["plays"]) for one in programs["albums"]] == [
        row[:2] for row in listed[:5]
    ]
    assert client.get(f"/user/LightLuca/released/2010-2019?page={int(pages) + 1}").status_code == 404


def test_years_whose_plays_were_removed_are_told_of(
    put: Put, client: FlaskClient, connection: Connection, redis: Redis
) -> None:
    put({2020: {album("A", "One"): 2}, 2021: {album("A", "Two"): 3}})
    connection.execute(
        """
        INSERT INTO fetch_jobs (username_key, year, run, status, window_end, expected, completed_at)
        VALUES ('singlesam', 2020, gen_random_uuid(), 'completed', now(), 2, now())
        """
    )
    job = fetch_jobs.find(connection, "SingleSam", 2020)
    listener = listeners.find(connection, "SingleSam")
    assert job
    assert listener
    counted_years.keep(connection, job.id, counted_years.count(connection, listener.id, 2020))
    connection.execute("DELETE FROM stretches WHERE starts < '2021-01-01'")
    drop_snapshot(redis, Topic("SingleSam", 2020))
    page = client.get(PAGE).text
    assert [row[0] for row in rows(page)] == ["Two"]
    assert bars(page) == {2020: 2, 2021: 3}
    assert "The plays of 2020 were removed to make room" in text_of(page)
    assert "2 plays of this music are in the bars and not below." in text_of(page)
    # While they are read again, some are here.
    put({2020: {album("A", "One"): 1}})
    page = client.get(PAGE).text
    assert [row[:2] for row in rows(page)] == [("Two", 3), ("One", 1)]
    assert bars(page) == {2020: 2, 2021: 3}
    assert "1 play of this music is in the bars and not below." in text_of(page)


def test_every_link_of_the_heat_map_leads_to_music(put: Put, client: FlaskClient) -> None:
    put({2020: {album("A", "One"): 2, album("A", "Two", 1989): 1}})
    page = client.get("/user/SingleSam").text
    links = set(re.findall(r'href="(/user/SingleSam/released/[^"]+)"', page))
    assert {f"/user/SingleSam/released/{bar}" for bar in ("1969", "1989", "1960-1969", "1980-1989")} <= links
    assert {client.get(link).status_code for link in links} == {200}
    assert '<th scope="col">1970s</th>' in page, "of which nothing was played"


def test_where_songs_make_no_difference_albums_are_listed(put: Put, client: FlaskClient) -> None:
    put({2020: {album("A", "One"): 2}})
    page = client.get(f"{PAGE}?of=songs").text
    assert "of-song" not in page
    assert rows(page)


@pytest.mark.parametrize("bar", ["3000", "x", "1969-1960", "0000", "1969-", "19690", "unknown"])
def test_what_is_no_release_year_has_a_page_that_says_so(put: Put, client: FlaskClient, bar: str) -> None:
    put({2020: {album("A", "One"): 2}})
    answer = client.get(f"/user/SingleSam/released/{bar}")
    assert answer.status_code == 404
    assert "There is no such bar" in answer.text
    assert client.get(f"/api/v1/users/SingleSam/released/{bar}").status_code in (400, 404)


def test_of_a_year_without_plays_and_of_a_page_that_is_not_there_it_is_said(put: Put, client: FlaskClient) -> None:
    put({2020: {album("A", "One"): 2}})
    nothing = client.get("/user/SingleSam/released/1970")
    assert nothing.status_code == 404
    assert "No music from 1970" in nothing.text
    for page in ("2", "0", "x", "99999999"):
        assert client.get(f"{PAGE}?page={page}").status_code == 404


def test_of_a_listener_who_is_not_stored_the_listeners_own_page_tells(client: FlaskClient) -> None:
    answer = client.get("/user/NobodyNoel/released/1977")
    assert (answer.status_code, answer.location) == (302, "/user/NobodyNoel")
    assert client.get("/user/<script>/released/1977").status_code == 404


def test_without_redis_the_albums_are_there_and_without_the_database_it_is_said(
    put: Put, site_with: SiteWith
) -> None:
    put({2020: {album("A", "One"): 2}})
    assert len(rows(site_with(redis_url=NO_REDIS).get(PAGE).text)) == 1
    assert site_with(database_url=NO_DATABASE).get(PAGE).status_code == 503
