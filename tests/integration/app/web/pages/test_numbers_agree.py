"""Numbers agree: whatever somebody has listened to, all that tells of it says what the database has."""

import csv
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis
from werkzeug.test import TestResponse

from app.charts.release_years import median
from app.events import Event, MatchStatus
from app.listening_years import year_bounds
from app.redis import known_names
from app.redis.event_stream import Snapshot, Topic, save_snapshot
from app.store import Connection, albums, fetch_jobs, listeners, tracks
from app.store.albums import Album, names_key
from app.store.plays.scrobbles import Scrobble
from app.store.tracks import Track
from tests.stored_years import store_year

YEARS = (2019, 2023)
FEW = settings(
    max_examples=12,
    database=None,
    derandomize=True,
)

PLACED: tuple[MatchStatus, ...] = ("matched", "matched", "fuzzy_matched")


class Play(NamedTuple):
    """In which listening year, when the album was released, how it was found, when the song came out, how spelled.

    There is one album of each release year; of an odd one it is a compilation by two artists.
    """

    year: int
    released: int | None
    status: MatchStatus
    song: int | None = None
    spelling: int = 0

    @property
    def is_compilation(self) -> bool:
        """Whether the album's songs are by several artists."""
        return self.released is not None and self.released % 2 == 1

    def album(self, name: str) -> Album:
        """The album as it is scrobbled, by artists who are called like the listener."""
        artist = f"{name} {self.spelling % 2}" if self.is_compilation else name
        title = f"{self.released} {self.status}{'!' * self.spelling}"
        group = names_key(name, str(self.released)) if self.released else None
        differ = self.is_compilation
        return Album(artist, title, None, group, self.released, self.status, artists_differ=differ)

    @property
    def counts(self) -> int | None:
        """The year in which the song counts."""
        return self.released if self.released is None or self.song is None else min(self.released, self.song)


@st.composite
def plays(draw: st.DrawFn) -> list[Play]:
    """What somebody listened to in two years: much of some release years, little of others, some of none."""
    heard: list[Play] = []
    for year in YEARS:
        for released in draw(st.sets(st.integers(1860, year + 1), max_size=9)):
            status: MatchStatus = draw(st.sampled_from(PLACED))
            songs = draw(st.lists(st.none() | st.integers(max(1860, released - 30), year + 1), max_size=3)) or [
                None
            ]
            times = draw(st.sampled_from((1, 2, 7, 130)))
            spellings = draw(st.integers(1, 3))
            heard += [
                Play(year, released, status, songs[number % len(songs)], number % spellings)
                for number in range(times)
            ]
        heard += [Play(year, None, "not_found", None, spelling) for spelling in range(draw(st.integers(0, 4)))]
        heard += [Play(year, None, "pending")] * draw(st.integers(0, 2))
    return heard


class Visitor:
    """Reads plays by release year (None: of none) out of everything that tells them."""

    def __init__(self, client: FlaskClient, name: str, of: str = "") -> None:
        self._client, self._name, self._of = client, name, of

    def look(self, path: str) -> TestResponse:
        """What an address gives, by albums or by songs."""
        of = f"{'&' if '?' in path else '?'}of={self._of}" if self._of else ""
        # Everybody from a house of their own, so that the number of examples does not reach a limit.
        house = {"X-Forwarded-For": f"2001:db8:{self._name.rpartition('-')[2]}::1"}
        return self._client.get(path + of, headers=house)

    def page(self, year: int) -> str:
        """The page of a year."""
        return self.look(f"/user/{self._name}/{year}").text

    def bars(self, year: int) -> dict[tuple[int, int], int]:
        """What the titles of the bars say, by the release years that each stands for."""
        said = re.findall(r'id="b(\d+)(?:-(\d+))?"[^>]*><title>[^<]*: ([\d,]+) plays?, ', self.page(year))
        return {(int(first), int(last or first)): number(plays) for first, last, plays in said}

    def heights(self, year: int) -> dict[tuple[int, int], float]:
        """How high the bars of the picture are."""
        picture = self.look(f"/user/{self._name}/{year}.svg").text
        drawn = re.findall(r'data-bar="(\d+)(?:-(\d+))?"[^>]* height="([\d.]+)%"', picture)
        return {(int(first), int(last or first)): float(height) for first, last, height in drawn}

    def table(self, year: int) -> Counter[int | None]:
        """The table below the chart."""
        row = r'<tr><th scope="row"><a id="in(\d*)"[^>]*>[^<]*</a><td>([\d,]+)<td>'
        return Counter({int(at) if at else None: number(plays) for at, plays in re.findall(row, self.page(year))})

    def csv(self, year: int) -> Counter[int | None]:
        """The comma-separated values."""
        lines = csv.DictReader(self.look(f"/user/{self._name}/{year}.csv").text.splitlines())
        return +Counter({int(row["release_year"] or 0) or None: int(row["plays"]) for row in lines})

    def json(self, year: int) -> Counter[int | None]:
        """The site's own JSON."""
        event = self.look(f"/user/{self._name}/{year}.json").get_json()["progress"]
        placed: dict[int | None, int] = {int(at): plays for at, plays in event["years"].items()}
        return +Counter({**placed, None: event["scrobbles"] - sum(placed.values())})

    def said(self, year: int) -> dict[str, Any]:
        """All that the API says of a year."""
        answer: dict[str, Any] = self.look(f"/api/v1/users/{self._name}/years/{year}").get_json()
        return answer

    def api(self, year: int) -> Counter[int | None]:
        """The API, which says how many are not placed in parts."""
        said = self.said(year)
        placed = {bar["released"]: bar["plays"] for bar in said["released"]}
        return +Counter({**placed, None: said["placed"]["not_found"] + said["placed"]["pending"]})

    def behind(self, year: int, released: str) -> list[dict[str, Any]]:
        """What the API says of all albums behind a bar."""
        address = f"/api/v1/users/{self._name}/years/{year}/albums?released={released}"
        albums: list[dict[str, Any]] = self.look(address).get_json()["albums"]
        return albums

    def list_of(self, year: int, released: str) -> tuple[int, int, list[int]]:
        """What the page behind a bar says: plays and albums of its headline, and the plays of each line."""
        page = self.look(f"/user/{self._name}/{year}/{released}").text
        headline = re.search(r'<p class="lead">(\d[\d,]*) plays?.*?: ([\d,]+) albums?', page)
        assert headline
        lines = re.findall(r'<tr role="row"><td role="cell" class="plays">([\d,]+)</td>', page)
        return number(headline[1]), number(headline[2]), [number(plays) for plays in lines]

    def top(self, year: int) -> dict[int, list[Any]]:
        """The most played albums of each bar: artist, title, plays."""
        return {int(at): most for at, most in self.look(f"/user/{self._name}/{year}/top.json").get_json().items()}

    def all_years(self) -> dict[int, tuple[int, int | None]]:
        """What the page of all years says of each: plays, median."""
        page = self.look(f"/user/{self._name}").text
        row = r'<tr id="r(\d+)".*?<td class="plays">([\d,]+)</td>.*?<td class="mid">(\d*)</td>'
        found = re.findall(row, page, re.DOTALL)
        return {int(year): (number(plays), int(middle) if middle else None) for year, plays, middle in found}

    def all_years_api(self) -> dict[int, Counter[int | None]]:
        """The placed plays of all years, as the API has them."""
        years = self.look(f"/api/v1/users/{self._name}").get_json()["years"]
        return {one["year"]: Counter({bar["released"]: bar["plays"] for bar in one["released"]}) for one in years}


def number(text: str) -> int:
    """A number as it is written on a page."""
    return int(text.replace(",", ""))


def keep(connection: Connection, name: str, heard: list[Play]) -> None:
    """Stores what somebody listened to, as a worker leaves it behind."""
    registered = year_bounds(min(YEARS))[0]
    user = listeners.save(
        connection, name, available_years=list(YEARS), playcount=len(heard), registered_at=registered
    ).id
    albums.save(connection, list({album.key: album for one in heard if (album := one.album(name))}.values()))
    for year in YEARS:
        start, end = year_bounds(year)
        times = (start + timedelta(minutes=minute) for minute in range(len(heard)))
        told = [
            Scrobble(next(times), album.artist, f"Song {number % 3} {one.song}", album.album, None)
            for number, one in enumerate(heard)
            if one.year == year and (album := one.album(name))
        ]
        store_year(connection, user, year, told)
        keep_songs(connection, name)
        run = uuid4()
        fetch_jobs.claim(connection, name, year, run, window_end=end)
        fetch_jobs.begin(connection, run)
        fetch_jobs.augment(connection, run)
        fetch_jobs.complete(connection, run, expected=len(told))


def keep_songs(connection: Connection, name: str) -> None:
    """Stores the songs' own years, which are the last word of their titles."""
    query = """
        SELECT tracks.id, artist, title FROM tracks JOIN albums ON albums.id = tracks.album WHERE artist = ANY(%s)
    """
    songs = [Track(*row) for row in connection.execute(query, [[name, f"{name} 0", f"{name} 1"]])]
    ends = [song.title.split()[-1] for song in songs]
    tracks.save_years(connection, songs, [None if end == "None" else int(end) for end in ends])


def in_database(connection: Connection, name: str, year: int, *, by_song: bool = False) -> Counter[int | None]:
    """What is stored, by the plainest question there is."""
    rows = connection.execute(
        """
        SELECT CASE WHEN %s AND song_year < release_year THEN song_year ELSE release_year END AS year, count(*)
        FROM lastfm_users
        JOIN stretches ON stretches.user_id = lastfm_users.id
        CROSS JOIN LATERAL unnest(stretches.tracks) AS played (track)
        JOIN tracks ON tracks.id = played.track
        JOIN albums ON albums.id = tracks.album
        WHERE lastfm_users.username = %s AND EXTRACT(year FROM starts AT TIME ZONE 'UTC') = %s
        GROUP BY 1
        """,
        [by_song, name, year],
    )
    return Counter(dict(rows.fetchall()))


def within(plays: Counter[int | None], first: int, last: int) -> int:
    """Plays of music from these release years."""
    return sum(count for at, count in plays.items() if at is not None and first <= at <= last)


def test_all_that_tells_numbers_tells_the_same(client: FlaskClient, connection: Connection, redis: Redis) -> None:
    names = (f"random-{number}" for number in range(10_000))

    @FEW
    @given(plays())
    def tell(heard: list[Play]) -> None:
        name = next(names)
        keep(connection, name, heard)
        known_names.add_stored(redis, name)
        remember_counts(redis, name, heard)
        visitor, by_song = Visitor(client, name), Visitor(client, name, of="songs")
        stored = {year: in_database(connection, name, year) for year in YEARS}
        songs = {year: in_database(connection, name, year, by_song=True) for year in YEARS}
        assert stored == {year: Counter(one.released for one in heard if one.year == year) for year in YEARS}
        assert songs == {year: Counter(one.counts for one in heard if one.year == year) for year in YEARS}
        # Out of the database, and once the years have been looked at, out of Redis.
        check_all_years(visitor, stored)
        for year in YEARS:
            check_year(visitor, year, stored[year])
            check_year(by_song, year, songs[year])
            check_choice(visitor, by_song, year, is_one=stored[year] != songs[year])
            check_albums(visitor, year, [one for one in heard if one.year == year])
        check_all_years(visitor, stored)

    tell()


def check_year(visitor: Visitor, year: int, stored: Counter[int | None]) -> None:
    """Everything that tells of one year."""
    assert visitor.table(year) == visitor.csv(year) == visitor.json(year) == visitor.api(year) == stored
    bars = visitor.bars(year)
    bars = {span: plays for span, plays in bars.items() if plays}
    assert bars == {span: within(stored, *span) for span in bars}
    assert sum(bars.values()) == stored.total() - stored[None]
    heights = {span: height for span, height in visitor.heights(year).items() if height}
    assert set(heights) == set(bars)
    if bars:
        highest = max(bars.values())
        for span, height in heights.items():
            assert height / max(heights.values()) == pytest.approx(bars[span] / highest, abs=0.001)
        middle = f"middle year {median({at: n for at, n in stored.items() if at is not None})}"
        assert middle in visitor.page(year)
    assert sum_of(visitor.behind(year, "unknown")) == stored[None]
    assert sum_of(visitor.behind(year, "0000-9999")) == stored.total() - stored[None]
    for at in {min(bars)[0], max(bars)[1]} if bars else ():
        assert sum_of(visitor.behind(year, str(at))) == stored[at]


def sum_of(albums: list[dict[str, Any]]) -> int:
    """The plays of these albums; those of their spellings are the same."""
    for album in albums:
        assert album["plays"] == sum(one["plays"] for one in album["spellings"] or [album])
    return sum(album["plays"] for album in albums)


def check_albums(visitor: Visitor, year: int, heard: list[Play]) -> None:
    """Everything that lists albums: each is one line, however it is spelled."""
    stored = Counter(one.released for one in heard)
    lines = visitor.behind(year, "0000-9999")
    assert {line["released"]: line["plays"] for line in lines} == +Counter({**stored, None: 0})
    assert len(lines) == len({one.released for one in heard if one.released})
    assert len(visitor.behind(year, "unknown")) == len({one.status for one in heard if not one.released})
    top, edges = visitor.top(year), [visitor.said(year)[edge] for edge in ("oldest", "newest")]
    for line in lines:
        spelled = Counter(one.album("") for one in heard if one.released == line["released"])
        artists = {album.artist for album in spelled}
        assert (line["artist"] == "Various Artists") == (len(artists) > 1)
        assert len(line["spellings"] or [line]) == len(spelled)
        assert top[line["released"]] == [[line["artist"], line["album"], line["plays"]]]
        for edge in edges:
            if edge["released"] == line["released"]:
                assert (edge["artist"], edge["title"]) == (line["artist"], line["album"])
    for released in {min(top), max(top)} if top else ():
        assert visitor.list_of(year, str(released)) == (stored[released], 1, [stored[released]])
    if stored[None]:
        plays, albums, each = visitor.list_of(year, "unknown")
        assert (plays, sum(each)) == (stored[None], stored[None])
        assert albums == len(each) == len({one.status for one in heard if not one.released})


def check_choice(visitor: Visitor, by_song: Visitor, year: int, *, is_one: bool) -> None:
    """Whether everything that tells of the choice between albums and songs says that there is one."""
    for answer in (visitor.said(year), by_song.said(year)):
        assert answer["has_songs"] == is_one
    assert visitor.said(year)["of"] == "albums"
    assert by_song.said(year)["of"] == ("songs" if is_one else "albums")
    assert ('id="of-song"' in visitor.page(year)) == is_one
    assert (visitor.page(year) != by_song.page(year)) == is_one


def check_all_years(visitor: Visitor, stored: dict[int, Counter[int | None]]) -> None:
    """What tells of all years at once."""
    placed = {year: {at: n for at, n in plays.items() if at is not None} for year, plays in stored.items()}
    assert visitor.all_years() == {year: (plays.total(), median(placed[year])) for year, plays in stored.items()}
    assert visitor.all_years_api() == placed


def remember_counts(redis: Redis, name: str, heard: list[Play]) -> None:
    """Makes the site know how much Last.fm counts in each year, as after a look at the listener."""
    counts = {year: sum(one.year == year for one in heard) for year in YEARS}
    said = Event(run=uuid4(), phase="completed", years=counts)
    save_snapshot(redis, Topic(name), Snapshot(at=datetime.now(UTC).timestamp(), username=name, event=said))
