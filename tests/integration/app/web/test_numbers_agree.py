"""Numbers agree: whatever somebody has listened to, all that tells of it says what the database has."""

import csv
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis
from werkzeug.test import TestResponse

from app.progress import Event, Snapshot, Topic, remember
from app.store import Connection, albums, jobs, listeners, scrobbles, tracks
from app.store.albums import Album, Status
from app.store.scrobbles import Scrobble, year_bounds
from app.store.tracks import Track
from app.web.view import median

YEARS = (2019, 2023)
FEW = settings(
    max_examples=12,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

PLACED: tuple[Status, ...] = ("matched", "matched", "fuzzy_matched")


class Play(NamedTuple):
    """In which listening year, when the album was released, how it was found, when the song came out."""

    year: int
    released: int | None
    status: Status
    song: int | None = None

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
            status: Status = draw(st.sampled_from(PLACED))
            songs = draw(st.lists(st.none() | st.integers(max(1860, released - 30), year + 1), max_size=3)) or [
                None
            ]
            times = draw(st.sampled_from((1, 2, 7, 130)))
            heard += [Play(year, released, status, songs[number % len(songs)]) for number in range(times)]
        heard += [Play(year, None, "not_found")] * draw(st.integers(0, 4))
        heard += [Play(year, None, "pending")] * draw(st.integers(0, 2))
    return heard


class Visitor:
    """Reads plays by release year (None: of none) out of everything that tells them."""

    def __init__(self, client: FlaskClient, name: str, of: str = "") -> None:
        self._client, self._name, self._of = client, name, of

    def look(self, path: str) -> TestResponse:
        """What an address gives, by albums or by songs."""
        of = f"{'&' if '?' in path else '?'}of={self._of}" if self._of else ""
        # Everybody from a house of their own, so that the number of examples is no matter of budgets.
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

    def behind(self, year: int, released: str) -> int:
        """The plays of all albums behind a bar."""
        address = f"/api/v1/users/{self._name}/years/{year}/albums?released={released}"
        return sum(album["plays"] for album in self.look(address).get_json()["albums"])

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
    found = {(one.released, one.status) for one in heard}
    albums.keep(connection, [Album(name, f"{at} {how}", None, None, at, how) for at, how in found])
    for year in YEARS:
        start, end = year_bounds(year)
        times = (start + timedelta(minutes=minute) for minute in range(len(heard)))
        told = [
            Scrobble(next(times), name, f"Song {number % 3} {one.song}", f"{one.released} {one.status}", None)
            for number, one in enumerate(heard)
            if one.year == year
        ]
        scrobbles.replace(connection, user, told, after=start - timedelta(seconds=1), before=end)
        keep_songs(connection, name)
        run = uuid4()
        jobs.claim(connection, name, year, run, window_end=end)
        jobs.begin(connection, run)
        jobs.augment(connection, run, expected=len(told))
        jobs.complete(connection, run)


def keep_songs(connection: Connection, name: str) -> None:
    """Stores the songs' own years, which are the last word of their titles."""
    query = "SELECT tracks.id, artist, title FROM tracks JOIN albums ON albums.id = tracks.album WHERE artist = %s"
    songs = [Track(*row) for row in connection.execute(query, [name])]
    ends = [song.title.split()[-1] for song in songs]
    tracks.keep_years(connection, songs, [None if end == "None" else int(end) for end in ends])


def in_database(connection: Connection, name: str, year: int, *, by_song: bool = False) -> Counter[int | None]:
    """What is stored, by the plainest question there is."""
    rows = connection.execute(
        """
        SELECT CASE WHEN %s AND song_year < release_year THEN song_year ELSE release_year END AS year, count(*)
        FROM lastfm_users
        JOIN scrobbles ON scrobbles.user_id = lastfm_users.id
        JOIN tracks ON tracks.id = scrobbles.track
        JOIN albums ON albums.id = tracks.album
        WHERE lastfm_users.username = %s AND EXTRACT(year FROM scrobbled_at AT TIME ZONE 'UTC') = %s
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
        middle = f"median {median({at: n for at, n in stored.items() if at is not None})}"
        assert middle in visitor.page(year)
    assert visitor.behind(year, "unknown") == stored[None]
    assert visitor.behind(year, "0000-9999") == stored.total() - stored[None]
    for at in {min(bars)[0], max(bars)[1]} if bars else ():
        assert visitor.behind(year, str(at)) == stored[at]


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
    counts = {str(year): sum(one.year == year for one in heard) for year in YEARS}
    said = Event(run=uuid4(), phase="completed", years=counts)
    remember(redis, Topic(name), Snapshot(at=datetime.now(UTC).timestamp(), username=name, event=said))
