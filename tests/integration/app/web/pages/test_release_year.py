"""Behind the chart: every bar opens, and what is told there adds up to it."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import count
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from markupsafe import escape
from redis import Redis

from app.listening_years import year_bounds
from app.redis import event_stream
from app.redis.event_stream import Topic
from app.store import Connection, albums, listeners, tracks
from app.store.albums import Album, names_key
from app.store.plays.scrobbles import Scrobble
from app.store.tracks import Track
from app.web.rate_limits import LIMITS
from tests.integration.app.web.conftest import NO_DATABASE, NO_REDIS, Fetched, Jobs, SiteWith, event
from tests.stored_years import store_year

START, END = year_bounds(2023)
NEXT_YEAR = datetime.now(UTC).year + 1
WAY_BACK = 'href="/user/SingleSam/2023">Back to the chart</a>'

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{ 7 * 7 }}",
    "../../..",
    "?page=2#top",
    "فيروز",
    "\u202eabc",
    "x" * 3000,
]


def plays_of(page: str) -> list[int]:
    """The plays of each album and each song on a page."""
    rows = re.findall(r'<tr role="row"><td role="cell" class="plays">([\d,]+)</td>', page)
    return [int(plays.replace(",", "")) for plays in rows]


def text_of(page: str) -> str:
    """What a page reads as, its blanks made one."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.partition("<main")[2])).split())


@pytest.fixture
def put(connection: Connection) -> Callable[..., None]:
    """Stores what SingleSam played in 2023: albums with their answers, each with its plays."""

    def store(plays: dict[Album, int], *, songs: dict[str, int | None] | None = None) -> None:
        user = listeners.save(connection, "SingleSam", available_years=[2023], playcount=0, registered_at=START).id
        albums.save(connection, list(plays))
        each = [(one.artist, "Title", one.album) for one, times in plays.items() for _ in range(times)]
        each += [(one.artist, song, "") for one in plays if not one.album for song in songs or {}]
        given = [
            Scrobble(START + timedelta(minutes=n), artist, title, album, None)
            for n, (artist, title, album) in enumerate(each)
        ]
        store_year(connection, user, 2023, given)
        rows = connection.execute("SELECT tracks.id, '', title FROM tracks WHERE title <> 'Title'").fetchall()
        found = [Track(*row) for row in rows]
        tracks.save_years(connection, found, [(songs or {})[song.title] for song in found])

    return store


def found(artist: str, album: str, year: int = 1977, **answer: object) -> Album:
    """An album that has a year."""
    given = {
        "release_group": names_key(artist, album),
        "method": "names",
        "score": 1.0,
        "release_group_title": album,
        **answer,
    }
    return Album(artist, album, None, release_year=year, augmentation_status="matched", **given)  # type: ignore[arg-type]


MISS = Album("Nobody", "Nothing & More", None, augmentation_status="not_found")
OPEN = Album("Somebody", "Later", None)


def test_the_bars_the_pages_behind_them_and_the_table_tell_the_same(
    fetched: Fetched, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.album_lists.ROWS_PER_PAGE", 7)
    fetched("LightLuca", 2024)
    said = client.get("/user/LightLuca/2024.json").get_json()["progress"]
    chart = client.get("/user/LightLuca/2024").text
    visitors = count()

    def look(behind: str, number: int) -> str:
        visitor = {"X-Forwarded-For": f"2001:db8:{next(visitors):x}::1"}
        return client.get(f"/user/LightLuca/2024/{behind}?page={number}", headers=visitor).text

    def told(behind: str) -> int:
        first = look(behind, 1)
        pages = int((re.findall(r"Page 1 of (\d+)", first) or ["1"])[0])
        return sum(sum(plays_of(page)) for page in (first, *(look(behind, n) for n in range(2, pages + 1))))

    assert len(said["years"]) > 10
    assert {year: told(year) for year in said["years"]} == said["years"]
    unplaced = said["scrobbles"] - sum(said["years"].values())
    assert told("unknown") == unplaced > 0
    bars = {year: int(plays) for year, plays in re.findall(r'id="b(\d+)"[^>]*><title>\d+: (\d+) play', chart)}
    rows = {year: int(plays) for year, plays in re.findall(r'id="in(\d+)"[^>]*>\d+</a><td>(\d+)<', chart)}
    assert bars == rows == said["years"]
    head, *lines = csv.reader(io.StringIO(client.get("/user/LightLuca/2024.csv").text))
    source = "powered by AudioScrobbler https://www.last.fm/"
    assert head == ["release_year", "plays", "source"]
    rows_in_order = [*((year, str(plays)) for year, plays in sorted(bars.items())), ("", str(unplaced))]
    assert lines == [[*row, source] for row in rows_in_order]


def test_a_bar_says_how_much_it_is_and_leads_back_and_on(put: Callable[..., None], client: FlaskClient) -> None:
    put(
        {
            found("A", "One"): 5,
            found("B", "Two"): 3,
            found("A", "Old", 1959): 1,
            found("A", "New", 2001): 1,
            MISS: 2,
        }
    )
    answer = client.get("/user/SingleSam/2023/1977")
    text = text_of(answer.text)
    assert answer.status_code == 200
    assert "8 plays of music from 1977, 80.0 % of the plays whose release year is known: 2 albums." in text
    assert plays_of(answer.text) == [5, 3]
    for address in ("/user/SingleSam/2023", "/user/SingleSam/2023/1959", "/user/SingleSam/2023/2001"):
        assert f'href="{address}"' in answer.text
    assert 'rel="prev"' not in client.get("/user/SingleSam/2023/1959").text
    assert 'rel="next"' not in client.get("/user/SingleSam/2023/2001").text


def test_an_album_says_how_it_was_matched_and_where_it_is_to_be_found(
    put: Callable[..., None], client: FlaskClient
) -> None:
    slip = found("Pink Floyd", "The Animls", method="title nearly", score=0.92, release_group_title="The Animals")
    put({slip: 1, found("A+B", "Plain", method="mbid: release"): 2})
    page = client.get("/user/SingleSam/2023/1977").text
    assert "by a similar title, 92 % alike, as The Animals · MusicBrainz" in text_of(page)
    assert "by the ID that the player sent along · MusicBrainz" in text_of(page)
    assert 'href="https://www.last.fm/music/Pink+Floyd/The+Animls"' in page
    assert 'href="https://www.last.fm/music/A%252BB/Plain"' in page
    for group in (slip.release_group, names_key("A+B", "Plain")):
        assert page.count(f'href="https://musicbrainz.org/release-group/{group}"') == 1


def test_an_album_is_one_line_that_opens_on_its_other_spellings(
    put: Callable[..., None], client: FlaskClient
) -> None:
    group = UUID(int=69)
    names = {("The Beatles", "Abbey Road"): 5, ("Beatles", "Abbey Road"): 2, ("The Beatles", "abbey rd <2019>"): 1}
    put({found(*name, release_group=group): plays for name, plays in names.items()})
    page = client.get("/user/SingleSam/2023/1977").text
    assert "8 plays of music from 1977, 100 % of the plays whose release year is known: 1 album." in text_of(page)
    assert plays_of(page) == [8]
    assert '<bdi>Abbey Road</bdi></a></td><td role="cell"><bdi>The Beatles</bdi></td>' in page
    others = re.findall(r"<li>(.*?)</li>", page)
    assert [text_of(f"<main>{other}") for other in others] == [
        "> Beatles · 2 plays",
        "> abbey rd <2019> · 1 play",
    ]
    assert f'href="/album/{names_key("Beatles", "Abbey Road")}"' in others[0]
    assert "Also scrobbled as 2 others" in text_of(page)


def test_a_compilation_is_one_line_under_various_artists_that_opens_on_all_of_them(
    put: Callable[..., None], client: FlaskClient
) -> None:
    names = {("A", "Mix"): 3, ("B", "Mix"): 2, ("C", "Mix"): 2, ("B", "Mixed"): 1}
    mix = {found(*name, release_group=UUID(int=5), artists_differ=True): plays for name, plays in names.items()}
    put(mix)
    page = client.get("/user/SingleSam/2023/1977").text
    assert ": 1 album." in text_of(page)
    assert plays_of(page) == [8]
    assert '<bdi>Mix</bdi></a></td><td role="cell"><bdi>Various Artists</bdi></td>' in page
    assert "Scrobbled under 4 names A · 3 plays" in text_of(page)
    assert "Mixed by B · 1 play" in text_of(page)


def test_unplaced_albums_are_one_line_where_only_case_and_signs_differ(
    put: Callable[..., None], client: FlaskClient
) -> None:
    put({MISS: 1, replace(MISS, album="nothing and more!"): 2, replace(OPEN, artist="SOMEBODY"): 1, OPEN: 1})
    page = client.get("/user/SingleSam/2023/unknown").text
    assert ": 2 albums." in text_of(page)
    assert plays_of(page) == [3, 2]
    assert "Also scrobbled as 1 other Nothing & More · 1 play" in text_of(page)
    assert "wrong year?" not in page


def test_songs_without_an_album_are_told_by_artist(put: Callable[..., None], client: FlaskClient) -> None:
    lone = Album("Solo", "", None, augmentation_status="not_found")
    put({found("A", "One"): 2, lone: 0}, songs={"First": 1977, "Second": 1977, "Third": 1978})
    page = client.get("/user/SingleSam/2023/1977").text
    assert (
        "4 plays of music from 1977, 80.0 % of the plays whose release year is known: 1 album and 2 songs"
        in text_of(page)
    )
    assert "2 Songs by Solo" in text_of(page)
    assert plays_of(page) == [2, 1, 1]
    assert 'href="https://www.last.fm/music/Solo/_/First"' in page
    assert "Third" not in page
    assert "a song without an album" in client.get("/user/SingleSam/2023/1978").text


def test_what_could_not_be_placed_is_told_in_two_parts_with_a_search(
    put: Callable[..., None], client: FlaskClient
) -> None:
    lone = Album("Solo", "", None, augmentation_status="not_found")
    put({found("A", "One"): 4, MISS: 3, OPEN: 2, lone: 1})
    page = client.get("/user/SingleSam/2023/unknown").text
    text = text_of(page)
    assert (
        "6 plays whose release year is not known, 60.0 % of all in 2023: 2 albums and 1 song without an album."
        in text
    )
    assert re.search(
        r"Not found at MusicBrainz 4 plays .* Nothing & More .* Not looked up yet 2 plays .* Later", text
    )
    assert "every few nights" in text
    assert plays_of(page) == [3, 1, 2]
    search = "https://musicbrainz.org/search?query=Nobody%20Nothing%20%26%20More&type=release_group&method=indexed"
    assert search in unescape(page)
    assert "query=Solo%20Title&type=recording" in unescape(page)


def test_a_year_that_is_placed_as_a_whole_says_so(put: Callable[..., None], client: FlaskClient) -> None:
    put({found("A", "One"): 1})
    answer = client.get("/user/SingleSam/2023/unknown")
    assert answer.status_code == 200
    assert "the release year of every play is known" in text_of(answer.text)
    assert "<table" not in answer.text


def test_a_long_list_is_told_in_pages(
    put: Callable[..., None], client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.album_lists.ROWS_PER_PAGE", 2)
    put({found("A", f"Album {n}"): n for n in range(1, 6)})
    path = "/user/SingleSam/2023/1977"
    pages = [client.get(path, query_string={"page": n}).text for n in (1, 2, 3)]
    assert [plays_of(page) for page in pages] == [[5, 4], [3, 2], [1]]
    assert all(
        "15 plays of music from 1977, 100 % of the plays whose release year is known: 5 albums." in text_of(page)
        for page in pages
    )
    assert [re.findall(r'href="(\?page=\d)"', page) for page in pages] == [
        ["?page=2"],
        ["?page=1", "?page=3"],
        ["?page=2"],
    ]
    assert client.get(path).text == pages[0]
    for number in ("4", "0", "-1", "x", "٢", "", "1" * 400):
        answer = client.get(path, query_string={"page": number})
        assert answer.status_code == 404, number
        assert WAY_BACK in answer.text, number


@pytest.mark.parametrize(
    "bar",
    ["1859", str(NEXT_YEAR + 1), "0", "77", "01977", "19771", "-1977", "x", "١٩٧٧", "1977.0", "..", "<b>", " "],
)
def test_a_bar_that_cannot_be_one_costs_nothing_and_leads_back(site_with: SiteWith, bar: str) -> None:
    answer = site_with(database_url=NO_DATABASE).get(f"/user/SingleSam/2023/{bar}")
    assert answer.status_code == 404
    assert WAY_BACK in answer.text


@pytest.mark.parametrize("bar", ["1860", "1978", str(NEXT_YEAR)])
def test_a_bar_without_plays_says_so_and_leads_back(
    put: Callable[..., None], client: FlaskClient, bar: str
) -> None:
    put({found("A", "One"): 1})
    answer = client.get(f"/user/SingleSam/2023/{bar}")
    assert answer.status_code == 404
    assert f"No music from {bar}" in answer.text
    assert WAY_BACK in answer.text


@pytest.mark.parametrize("behind", ["/1977", "/unknown", ".csv"])
def test_a_year_that_is_not_stored_leads_to_its_own_page(
    client: FlaskClient, connection: Connection, behind: str
) -> None:
    listeners.save(connection, "SingleSam", available_years=[2023], playcount=0, registered_at=START)
    for address in ("/user/NobodyNoel/2023", "/user/SingleSam/2023"):
        answer = client.get(address + behind)
        assert (answer.status_code, answer.location) == (302, address)
    for address in ("/user/SingleSam/1999", "/user/Single%20Sam/2023"):
        assert client.get(address + behind).status_code == 404


def test_a_look_behind_a_year_that_is_not_stored_sends_nobody_after_it(client: FlaskClient, jobs: Jobs) -> None:
    for behind in ("1977", "unknown"):
        client.get(f"/user/LightLuca/2024/{behind}")
    assert jobs() == 0


@pytest.mark.parametrize("behind", ["/1977", "/unknown"])
def test_names_in_another_case_are_shown_as_the_listener_writes_them(
    put: Callable[..., None], client: FlaskClient, behind: str
) -> None:
    put({found("A", "One"): 1, MISS: 1})
    answer = client.get(f"/user/singleSAM/2023{behind}")
    assert answer.status_code == 200
    assert "SingleSam’s 2023" in answer.text
    assert "singleSAM" not in answer.text


@pytest.mark.parametrize("behind", ["1977", "unknown"])
def test_hostile_names_are_only_ever_text(put: Callable[..., None], client: FlaskClient, behind: str) -> None:
    year = 1977 if behind == "1977" else None
    lone = Album(HOSTILE[0], "", None, augmentation_status="not_found")
    named = [replace(found(name, name, release_group_title=f"{name} 2"), release_year=year) for name in HOSTILE]
    put({**dict.fromkeys(named, 1), lone: 0}, songs=dict.fromkeys(HOSTILE, year))
    page = client.get(f"/user/SingleSam/2023/{behind}").text
    assert len(plays_of(page)) == 2 * len(HOSTILE)
    ours = re.sub(r'<(?:script src="/static/|img class="cover" src="/cover/)', "", page)
    assert not set(re.findall(r"<(\w+)", ours)) & {"script", "img", "iframe"}
    assert not re.search(r"<[^>]*\s(?:on\w+|style)\s*=", page)
    assert all(re.match(r"https://|/|\?page=", link) for link in re.findall(r'href="([^"]*)"', page))
    for name in HOSTILE:
        assert page.count(f"<bdi>{escape(name)}</bdi>") >= 3, "album, artist, song"
    assert "49" not in text_of(page)


@pytest.mark.parametrize("behind", ["/1977", "/unknown", ".csv"])
def test_pages_behind_the_chart_carry_what_the_others_do(
    put: Callable[..., None], client: FlaskClient, redis: Redis, behind: str
) -> None:
    put({found("A", "One"): 1, MISS: 1})
    whole = event(phase="completed", scrobbles=2, expected=2, matched=1, not_found=1, years={1977: 1})
    at = datetime.now(UTC).timestamp()
    event_stream.save_snapshot(
        redis, Topic("SingleSam", 2023), event_stream.Snapshot(at=at, username="SingleSam", event=whole)
    )
    answer = client.get(f"/user/SingleSam/2023{behind}")
    assert answer.status_code == 200
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert behind == ".csv" or answer.text.count("<h1") == 1
    assert "<script>" not in answer.text


def test_an_address_may_look_behind_the_chart_so_often_and_no_more(
    put: Callable[..., None], client: FlaskClient
) -> None:
    put({found("A", "One"): 1})
    allowed = int(LIMITS["albums"].split()[0])
    for number in range(allowed):
        assert client.get(f"/user/SingleSam/2023/{('1977', 'unknown')[number % 2]}").status_code == 200
    refused = client.get("/user/SingleSam/2023/1977")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert client.get("/user/HeavyHelen/2024").status_code == 200, "fetches have a limit of their own"
    assert client.get("/user/SingleSam/2023/1977", headers={"X-Forwarded-For": "203.0.113.8"}).status_code == 200


def test_without_the_database_the_way_leads_back_to_the_chart(site_with: SiteWith) -> None:
    answer = site_with(database_url=NO_DATABASE).get("/user/SingleSam/2023/1977")
    assert answer.status_code == 503
    assert "Try again in a minute" in answer.text
    assert WAY_BACK in answer.text


def test_without_redis_the_albums_are_shown(put: Callable[..., None], site_with: SiteWith) -> None:
    put({found("A", "One"): 1})
    assert site_with(redis_url=NO_REDIS).get("/user/SingleSam/2023/1977").status_code == 200


def test_the_table_needs_no_database_and_has_a_name(fetched: Fetched, site_with: SiteWith) -> None:
    fetched("LightLuca", 2024)
    answer = site_with(database_url=NO_DATABASE).get("/user/lightluca/2024.csv")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="LightLuca-2024.csv"'


def test_the_table_of_a_year_without_plays_is_empty(fetched: Fetched, client: FlaskClient) -> None:
    fetched("EmptyEve", 2022)
    assert client.get("/user/EmptyEve/2022.csv").text.splitlines() == [
        "release_year,plays,source",
        ",0,powered by AudioScrobbler https://www.last.fm/",
    ]


def test_the_chart_page_says_how_plays_were_placed_and_links_what_was_not(
    client: FlaskClient, redis: Redis
) -> None:
    years = {1977: 9_000, 1999: 1_500}
    whole = event(
        phase="completed", scrobbles=12_000, matched=10_000, fuzzy_matched=500, not_found=1_500, years=years
    )
    snapshot = event_stream.Snapshot(at=datetime.now(UTC).timestamp(), username="SingleSam", event=whole)
    event_stream.save_snapshot(redis, Topic("SingleSam", 2023), snapshot)
    page = client.get("/user/SingleSam/2023").text
    assert "Release year known for 10,500 of 12,000 plays (87.5 %); all shares are of these." in text_of(page)
    ways = "10,000 by artist and title, 500 by a similar artist or title, 1,500 not found."
    assert f"How the release years were found: {ways}" in text_of(page)
    assert 'href="/user/SingleSam/2023/unknown"' in page
    assert "1977 9,000 85.7 %" in text_of(page)
    assert page.count('href="2023/1977"') == 2, "the chart and the table"
    assert 'href="/user/SingleSam/2023/1978"' not in page
    assert 'href="/user/SingleSam/2023.csv"' in page
