"""Numbers agree: whatever somebody has listened to, all that tells of it says what the database has."""

import csv
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from app.progress import Event, Snapshot, Topic, remember
from app.store import Connection, albums, jobs, listeners, scrobbles
from app.store.albums import Album, Status
from app.store.scrobbles import Scrobble, year_bounds
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
Play = tuple[int, int | None, Status]
"""Which listening year, when it was released, how it was found."""


@st.composite
def plays(draw: st.DrawFn) -> list[Play]:
    """What somebody listened to in two years: much of some release years, little of others, some of none."""
    heard: list[Play] = []
    for year in YEARS:
        for released in draw(st.sets(st.integers(1860, year + 1), max_size=9)):
            status: Status = draw(st.sampled_from(PLACED))
            heard += [(year, released, status)] * draw(st.sampled_from((1, 2, 7, 130)))
        heard += [(year, None, "not_found")] * draw(st.integers(0, 4))
        heard += [(year, None, "pending")] * draw(st.integers(0, 2))
    return heard


class Visitor:
    """Reads plays by release year (None: of none) out of everything that tells them."""

    def __init__(self, client: FlaskClient, name: str) -> None:
        self._client, self._name = client, name

    def page(self, year: int) -> str:
        """The page of a year."""
        return self._client.get(f"/user/{self._name}/{year}").text

    def bars(self, year: int) -> dict[tuple[int, int], int]:
        """What the titles of the bars say, by the release years that each stands for."""
        said = re.findall(r'id="b(\d+)(?:-(\d+))?"[^>]*><title>[^<]*: ([\d,]+) plays?, ', self.page(year))
        return {(int(first), int(last or first)): number(plays) for first, last, plays in said}

    def heights(self, year: int) -> dict[tuple[int, int], float]:
        """How high the bars of the picture are."""
        picture = self._client.get(f"/user/{self._name}/{year}.svg").text
        drawn = re.findall(r'data-bar="(\d+)(?:-(\d+))?"[^>]* height="([\d.]+)%"', picture)
        return {(int(first), int(last or first)): float(height) for first, last, height in drawn}

    def table(self, year: int) -> Counter[int | None]:
        """The table below the chart."""
        row = r'<tr><th scope="row"><a id="in(\d*)"[^>]*>[^<]*</a><td>([\d,]+)<td>'
        return Counter({int(at) if at else None: number(plays) for at, plays in re.findall(row, self.page(year))})

    def csv(self, year: int) -> Counter[int | None]:
        """The comma-separated values."""
        lines = csv.DictReader(self._client.get(f"/user/{self._name}/{year}.csv").text.splitlines())
        return +Counter({int(row["release_year"] or 0) or None: int(row["plays"]) for row in lines})

    def json(self, year: int) -> Counter[int | None]:
        """The site's own JSON."""
        event = self._client.get(f"/user/{self._name}/{year}.json").get_json()["progress"]
        placed: dict[int | None, int] = {int(at): plays for at, plays in event["years"].items()}
        return +Counter({**placed, None: event["scrobbles"] - sum(placed.values())})

    def api(self, year: int) -> Counter[int | None]:
        """The API, which says how many are not placed in parts."""
        said = self._client.get(f"/api/v1/users/{self._name}/years/{year}").get_json()
        placed = {bar["released"]: bar["plays"] for bar in said["released"]}
        return +Counter({**placed, None: said["placed"]["not_found"] + said["placed"]["pending"]})

    def behind(self, year: int, released: str) -> int:
        """The plays of all albums behind a bar."""
        address = f"/api/v1/users/{self._name}/years/{year}/albums?released={released}"
        return sum(album["plays"] for album in self._client.get(address).get_json()["albums"])

    def all_years(self) -> dict[int, tuple[int, int | None]]:
        """What the page of all years says of each: plays, median."""
        page = self._client.get(f"/user/{self._name}").text
        row = r'<tr id="r(\d+)".*?<td class="plays">([\d,]+)</td>.*?<td class="mid">(\d*)</td>'
        found = re.findall(row, page, re.DOTALL)
        return {int(year): (number(plays), int(middle) if middle else None) for year, plays, middle in found}

    def all_years_api(self) -> dict[int, Counter[int | None]]:
        """The placed plays of all years, as the API has them."""
        years = self._client.get(f"/api/v1/users/{self._name}").get_json()["years"]
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
    found = {(released, status) for _, released, status in heard}
    albums.keep(connection, [Album(name, f"{at} {how}", None, None, at, how) for at, how in found])
    for year in YEARS:
        start, end = year_bounds(year)
        times = (start + timedelta(minutes=minute) for minute in range(len(heard)))
        told = [
            Scrobble(next(times), name, f"Song {number % 3}", f"{released} {status}", None)
            for number, (at, released, status) in enumerate(heard)
            if at == year
        ]
        scrobbles.replace(connection, user, told, after=start - timedelta(seconds=1), before=end)
        run = uuid4()
        jobs.claim(connection, name, year, run, window_end=end)
        jobs.begin(connection, run)
        jobs.augment(connection, run, expected=len(told))
        jobs.complete(connection, run)


def in_database(connection: Connection, name: str, year: int) -> Counter[int | None]:
    """What is stored, by the plainest question there is."""
    rows = connection.execute(
        """
        SELECT albums.release_year, count(*)
        FROM lastfm_users
        JOIN scrobbles ON scrobbles.user_id = lastfm_users.id
        JOIN tracks ON tracks.id = scrobbles.track
        JOIN albums ON albums.id = tracks.album
        WHERE lastfm_users.username = %s AND EXTRACT(year FROM scrobbled_at AT TIME ZONE 'UTC') = %s
        GROUP BY albums.release_year
        """,
        [name, year],
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
        visitor = Visitor(client, name)
        for year in YEARS:
            stored = in_database(connection, name, year)
            assert stored == Counter(released for at, released, _ in heard if at == year)
            check_year(visitor, year, stored)
        check_all_years(visitor, {year: in_database(connection, name, year) for year in YEARS})

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


def check_all_years(visitor: Visitor, stored: dict[int, Counter[int | None]]) -> None:
    """What tells of all years at once."""
    placed = {year: {at: n for at, n in plays.items() if at is not None} for year, plays in stored.items()}
    assert visitor.all_years() == {year: (plays.total(), median(placed[year])) for year, plays in stored.items()}
    assert visitor.all_years_api() == placed


def remember_counts(redis: Redis, name: str, heard: list[Play]) -> None:
    """Makes the site know how much Last.fm counts in each year, as after a look at the listener."""
    counts = {str(year): sum(at == year for at, _, _ in heard) for year in YEARS}
    said = Event(run=uuid4(), phase="completed", years=counts)
    remember(redis, Topic(name), Snapshot(at=datetime.now(UTC).timestamp(), username=name, event=said))
