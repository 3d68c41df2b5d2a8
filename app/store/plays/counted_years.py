"""Counted years: what a listener's year came to, kept when its plays are removed to make room.

It is a statistic of our own and takes some kilobytes: what the pages of the year show without its plays.
"""

from dataclasses import replace
from typing import Any

from psycopg.types.json import Jsonb
from pydantic import ConfigDict, Field

from app.events import Count, Gap, OldestNewest, PlaysByYear, TopAlbum, YearCounts
from app.listening_years import year_seconds
from app.periods import Period
from app.store import stretches
from app.store.database import Connection
from app.store.plays import scrobbles, top_albums
from app.store.plays.play_filter import PlayFilter

TOP_ALBUMS = 20


class CountedYear(YearCounts):
    """The counts of a year, and what else an event says of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")  # written by another version, perhaps

    gaps: tuple[Gap, ...] = ()
    duplicates: Count = 0
    undated: Count = 0
    unreadable: Count = 0
    read_at: float | None = None
    oldest_and_newest: OldestNewest | None = None
    song_oldest_and_newest: OldestNewest | None = None
    months: dict[int, PlaysByYear] = Field(default_factory=dict)
    """Month -> release year -> plays; those without a release year are left out."""
    songs_by_month: dict[int, PlaysByYear] = Field(default_factory=dict)
    """The same by the songs' own years, of months in which that makes a difference."""
    plays_by_month: dict[int, Count] = Field(default_factory=dict)
    """Month -> all plays. Versions that did not keep them yet left this empty."""
    top_albums: tuple[TopAlbum, ...] = ()
    """The most played albums of the year, by the year they count for."""
    top_songs: tuple[TopAlbum, ...] = ()
    """The same counted by song; empty where that makes no difference."""

    def of_event(self) -> dict[str, Any]:
        """Return what an event has of it, by name."""
        others = {"months", "songs_by_month", "plays_by_month", "top_albums", "top_songs"}
        return {name: getattr(self, name) for name in set(CountedYear.model_fields) - others}

    def in_month(self, month: int) -> YearCounts:
        """Return the counts of a month, as far as they were kept: not how its albums were matched."""
        years = self.months.get(month, {})
        placed = sum(years.values())
        plays = max(placed, self.plays_by_month.get(month, 0))
        songs = self.songs_by_month.get(month, {})
        return YearCounts(scrobbles=plays, matched=placed, not_found=plays - placed, years=years, song_years=songs)


def count(connection: Connection, user: int, year: int) -> CountedYear:
    """Count a year whose plays are stored."""
    counts = scrobbles.count_year(connection, user, year)
    ends = top_albums.oldest_and_newest(connection, user, year, counts)
    plays = PlayFilter(user, year)
    songs = _top(connection, replace(plays, by_song=True)) if counts.song_years else ()
    months = scrobbles.count_months(connection, user, year)
    return CountedYear(
        **vars(stretches.proof(connection, user, *year_seconds(year))),
        **counts.numbers,
        oldest_and_newest=ends[0],
        song_oldest_and_newest=ends[1],
        months={month: found.years for month, found in months.items() if found.years},
        songs_by_month={month: found.song_years for month, found in months.items() if found.song_years},
        plays_by_month={month: found.scrobbles for month, found in months.items()},
        top_albums=_top(connection, plays),
        top_songs=songs,
    )


def count_period(connection: Connection, user: int, year: int, period: Period) -> CountedYear:
    """Count a part of a year whose plays are stored: its counts, and its oldest and newest music."""
    counts = scrobbles.count_year(connection, user, year, period)
    ends = top_albums.oldest_and_newest(connection, user, year, counts, period)
    return CountedYear(**counts.numbers, oldest_and_newest=ends[0], song_oldest_and_newest=ends[1])


def keep(connection: Connection, job: int, counted: CountedYear) -> None:
    """Keep it, unless the year was counted before and has not been read again since."""
    connection.execute(
        "INSERT INTO counted_years (job, counted) VALUES (%s, %s) ON CONFLICT (job) DO NOTHING",
        [job, Jsonb(counted.model_dump(mode="json"))],
    )


def find(connection: Connection, job: int) -> CountedYear:
    """Return what was kept of a job's year; nothing where that was a part of a year."""
    row = connection.execute("SELECT counted FROM counted_years WHERE job = %s", [job]).fetchone()
    return CountedYear.model_validate(row[0]) if row else CountedYear()


def of_listener(connection: Connection, username_key: str) -> dict[int, CountedYear]:
    """Return the listener's years of which only that is kept."""
    rows = connection.execute(
        """
        SELECT year, counted
        FROM fetch_jobs
        JOIN counted_years ON counted_years.job = fetch_jobs.id
        WHERE username_key = %s
        """,
        [username_key],
    )
    return {year: CountedYear.model_validate(counted) for year, counted in rows.fetchall()}


def _top(connection: Connection, plays: PlayFilter) -> tuple[TopAlbum, ...]:
    found = top_albums.by_release_year(connection, plays, each=TOP_ALBUMS)
    return tuple(sorted(found, key=lambda album: -album.plays)[:TOP_ALBUMS])
