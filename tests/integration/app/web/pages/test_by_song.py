"""By album or by song: where the mirror knows songs, a switch, and every page behind it tells the same."""

import csv
import io
import re
from datetime import UTC, datetime
from itertools import count

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.redis import event_stream
from app.redis.event_stream import Snapshot, Topic, save_snapshot
from app.store import Connection
from demo.lastfm.accounts import Account, Play
from demo.lastfm.stand_in import LastfmStandIn
from tests.integration.app.web.conftest import NO_DATABASE, Fetched, SiteWith, event
from tests.integration.app.web.pages.test_release_year import plays_of, text_of

SUE = "/user/SongSue/2023"
TOPIC = Topic("SongSue", 2023)
START = datetime(2023, 3, 1, tzinfo=UTC)
PLAYED = [
    (artist, title, album, times)
    for artist, album, songs in [
        ("Queen", "Greatest Hits", {"Bohemian Rhapsody": 5, "Another One Bites the Dust": 2}),
        ("Queen", "A Night at the Opera", {"Bohemian Rhapsody": 3}),
        ("Nirvana", "MTV Unplugged in New York", {"About a Girl": 4}),
        ("Johnny Cash", "At Folsom Prison", {"Folsom Prison Blues": 1}),
        ("Nirvana", "", {"About a Girl": 2}),
        ("Nobody at All", "Nothing to Be Found", {"Nothing": 2}),
        *(("Pink Floyd", album, {"Money": 1}) for album in ("The Dark Side of the Moon", "Animals", "The Wall")),
    ]
    for title, times in songs.items()
]


@pytest.fixture
def mirror_url(recordings_url: str) -> str:
    """The demo's mirror with recordings."""
    return recordings_url


@pytest.fixture
def sue(lastfm: LastfmStandIn, fetched: Fetched) -> None:
    """Makes the year of somebody who plays compilations and live albums be there."""
    each = [(artist, title, album) for artist, title, album, times in PLAYED for _ in range(times)]
    since = int(START.timestamp())
    plays = tuple(Play(since + 60 * n, *names, "") for n, names in enumerate(each))
    lastfm.add_account(Account("SongSue", START, own=plays))
    fetched("SongSue", 2023)


def bars_of(page: str) -> dict[str, int]:
    """The bars of a chart."""
    found = re.findall(r'id="b(\d+)"[^>]*><title>\d+: ([\d,]+) play', page)
    return {year: int(plays.replace(",", "")) for year, plays in found}


def test_the_bars_the_pages_behind_them_and_the_data_tell_the_same_by_song(
    sue: None, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.album_lists.ROWS_PER_PAGE", 7)
    visitors = count()

    def look(behind: str, number: int) -> str:
        visitor = {"X-Forwarded-For": f"2001:db8:{next(visitors):x}::1"}
        return client.get(f"{SUE}/{behind}?of=songs&page={number}", headers=visitor).text

    def told(behind: str) -> int:
        first = look(behind, 1)
        pages = int((re.findall(r"Page 1 of (\d+)", first) or ["1"])[0])
        return sum(sum(plays_of(page)) for page in (first, *(look(behind, n) for n in range(2, pages + 1))))

    by_album = client.get(f"{SUE}.json").get_json()["progress"]
    by_song = client.get(f"{SUE}.json?of=songs").get_json()["progress"]
    years = by_song["years"]
    assert years == by_album["song_years"] != by_album["years"]
    assert sum(years.values()) == sum(by_album["years"].values())
    assert bars_of(client.get(f"{SUE}?of=songs").text) == years
    assert bars_of(client.get(SUE).text) == by_album["years"]
    assert {year: told(year) for year in years} == years
    unplaced = by_song["scrobbles"] - sum(years.values())
    assert told("unknown") == unplaced
    answer = client.get(f"{SUE}.csv?of=songs")
    lines = [row[:2] for row in csv.reader(io.StringIO(answer.text))][1:]
    assert lines == [*([year, str(plays)] for year, plays in sorted(years.items())), ["", str(unplaced)]]
    assert 'filename="SongSue-2023-songs.csv"' in answer.headers["Content-Disposition"]
    top = client.get(f"{SUE}/top.json?of=songs").get_json()
    assert top.keys() == years.keys()
    assert all(sum(plays for *_, plays in some) <= years[year] for year, some in top.items())
    assert top != client.get(f"{SUE}/top.json").get_json()


def test_every_link_of_the_page_keeps_the_choice(sue: None, client: FlaskClient) -> None:
    page = client.get(f"{SUE}?of=songs&by=decade").text
    links = set(re.findall(rf'(?:href|content|data-top)="(?:http://localhost)?({SUE}[^"]*|2023/[^"]*)"', page))
    switches = {SUE, f"{SUE}?of=songs", f"{SUE}?by=decade", f"{SUE}?of=songs&amp;by=decade"}
    assert f"{SUE}/1970-1979?of=songs" in links
    shown = {f"{SUE}{kind}?of=songs&amp;by=decade" for kind in (".png", "/share")}
    assert shown < links
    assert all("?of=songs" in link for link in links - switches), links
    assert not {link for link in links if "/19" in link and "by=" in link}, (
        "a list is of a bar, however it is drawn"
    )
    assert f"{SUE}?by=decade" in links, "back to albums, decades kept"
    assert f'id="of-song" href="{SUE}?of=songs&amp;by=decade" aria-current="true"' in page
    assert "by the year of each song" in text_of(page)
    behind = client.get(f"{SUE}/1970-1979?of=songs").text
    assert f'href="{SUE}?of=songs&amp;by=decade"' in behind
    assert all("of=songs" in link for link in re.findall(r'rel="(?:prev|next)" href="([^"]+)"', behind))
    compared = client.get(f"{SUE}?with=HeavyHelen&of=songs").text
    assert f'href="{SUE}?with=HeavyHelen&amp;of=songs&amp;by=decade"' in compared
    assert f'href="{SUE}?with=HeavyHelen"' in compared


def test_a_song_of_a_compilation_says_which_it_was_played_from(sue: None, client: FlaskClient) -> None:
    page = client.get(f"{SUE}/1975?of=songs").text
    text = text_of(page)
    assert ": 1 album and 1 song of other albums." in text
    assert "Songs of other albums" in text
    assert "Bohemian Rhapsody Queen Greatest Hits (1981)" in text
    assert plays_of(page) == [3, 5]
    assert "Greatest Hits" not in text_of(client.get(f"{SUE}/1975").text)
    assert plays_of(client.get(f"{SUE}/1981").text) == [7]
    assert plays_of(client.get(f"{SUE}/1981?of=songs").text) == [2]


def test_the_api_says_of_a_song_apart_from_its_album_both_and_both_years(sue: None, client: FlaskClient) -> None:
    year = "/api/v1/users/SongSue/years/2023"
    stands = client.get(f"{year}?of=songs").get_json()
    assert (stands["of"], stands["has_songs"]) == ("songs", True)
    told = {bar["released"]: bar["plays"] for bar in stands["released"]}
    rows = []
    for released, plays in told.items():
        behind = client.get(f"{year}/albums?released={released}&of=songs").get_json()
        assert (behind["of"], behind["has_songs"]) == ("songs", True)
        assert behind["plays"] == plays == sum(row["plays"] for row in behind["albums"])
        rows += behind["albums"]
    both = {(row["song"], row["album"]): (row["released"], row["album_released"]) for row in rows}
    assert both["Bohemian Rhapsody", "Greatest Hits"] == (1975, 1981)
    assert both[None, "Greatest Hits"] == (1981, 1981), "the songs that have the album's year are the album"
    assert both[None, "A Night at the Opera"] == (1975, 1975)
    assert both["About a Girl", None] == (1989, None), "without an album there is no year of one"
    hits = next(row for row in rows if row["song"] == "Bohemian Rhapsody")
    assert hits["matched"] == "by artist and title"
    assert hits["release_group_title"] == "Greatest Hits"
    plain = client.get(f"{year}/albums?released=1981").get_json()
    assert [row["song"] for row in plain["albums"]] == [None]


def test_pictures_are_drawn_by_song_too(sue: None, client: FlaskClient) -> None:
    by_album, by_song = (client.get(f"{SUE}.svg{of}") for of in ("", "?of=songs"))
    assert "by the year of each song" in by_song.text
    assert by_album.headers["ETag"] != by_song.headers["ETag"]
    assert client.get(f"{SUE}.png?of=songs").data.startswith(b"\x89PNG")


def test_without_a_songs_year_there_is_no_switch_and_the_choice_changes_nothing(
    client: FlaskClient, redis: Redis
) -> None:
    said = event(phase="completed", scrobbles=9, expected=9, matched=9, years={1977: 9})
    save_snapshot(redis, TOPIC, Snapshot(at=2e9, username="SongSue", event=said))
    pages = [client.get(f"{SUE}{of}").text for of in ("", "?of=songs", "?of=nonsense")]
    assert pages[0] == pages[1] == pages[2]
    assert "of-song" not in pages[0]
    assert client.get(f"{SUE}.json?of=songs").get_json()["progress"]["years"] == {"1977": 9}


def test_by_song_too_a_finished_year_asks_nobody_and_goes_with_its_listener(
    sue: None, client: FlaskClient, site_with: SiteWith, redis: Redis, connection: Connection
) -> None:
    top = client.get(f"{SUE}/top.json?of=songs").data
    away = site_with(database_url=NO_DATABASE)
    for ending in ("", ".svg", ".png", ".csv", ".json"):
        assert away.get(f"{SUE}{ending}?of=songs").status_code == 200, ending
    assert away.get(f"{SUE}/top.json?of=songs").data == top
    # A song's better year is seen at the next look, though albums count as before.
    before = bars_of(client.get(f"{SUE}?of=songs&by=year").text)
    connection.execute("UPDATE tracks SET song_year = 1931 WHERE song_year IS NOT NULL")
    event_stream.drop_snapshot(redis, TOPIC)
    client.application.extensions["lastyear"].page_cache.drop("SongSue", 2023)
    after = bars_of(client.get(f"{SUE}?of=songs").text)
    assert "1931" in after
    assert "1931" not in before
    assert "1931" in client.get(f"{SUE}/top.json?of=songs").get_json()
    client.get(f"{SUE}/top.json?of=songs")
    event_stream.forget_listener(redis, "songsue")
    assert [key for key in redis.scan_iter() if b"sue" in key.lower()] == []


def test_the_eras_by_song_are_the_same_when_redis_has_forgotten_them(
    sue: None, client: FlaskClient, redis: Redis
) -> None:
    def tables() -> list[str]:
        return [client.get(f"/user/SongSue/eras.csv{of}").text for of in ("", "?of=songs")]

    client.get("/user/SongSue/eras")
    by_album, by_song = before = tables()
    assert by_album != by_song
    redis.flushdb()
    client.get("/user/SongSue/eras")
    assert tables() == before
    page = client.get("/user/SongSue/eras?of=songs").text
    assert 'id="of-song" href="/user/SongSue/eras?of=songs" aria-current="true"' in page
    assert 'href="/user/SongSue/2023?of=songs"' in page
