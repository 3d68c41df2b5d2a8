"""Events: how far a fetch is, what a year's plays come to so far, and why a fetch failed. Knows no Redis."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field

from app.listening_years import FIRST_LISTENING_YEAR
from app.usernames import USERNAME

Phase = Literal["queued", "fetching", "augmenting", "completed", "failed"]
MatchStatus = Literal["pending", "matched", "fuzzy_matched", "not_found"]
Count = Annotated[int, Field(ge=0)]
_Year = Annotated[int, Field(ge=0, le=9999)]
PlaysByYear = dict[_Year, Count]


class Failure(StrEnum):
    """Why a fetch failed, and what follows from that. The value is what an event says as `error`."""

    NO_SUCH_USER = "no such user", "no_such_listener", 404, timedelta(minutes=15), True
    RENAMED = "renamed", "renamed", 404, timedelta(days=1), True
    BARRED = "forgotten for good", "listener_forgotten", 410, timedelta(hours=6), True
    LISTENING_HIDDEN = "listening hidden", "listening_hidden", 403, timedelta(minutes=5), True
    LASTFM_AWAY = "Last.fm does not answer", "lastfm_away", 503, timedelta(minutes=1), False
    LASTFM_REFUSES = "Last.fm refuses our key", "lastfm_refuses", 503, timedelta(minutes=5), True
    BROKEN = "internal error", "broken", 500, timedelta(minutes=5), False

    code: str
    """What the API calls it."""
    status: int
    """The HTTP status where nothing is stored that could be shown instead."""
    retry_after: timedelta
    """How long it holds: a later visit fetches again."""
    ends_backlog: bool
    """Whether the listener's other years would fail in the same way."""

    def __new__(cls, value: str, code: str, status: int, retry_after: timedelta, ends_backlog: bool) -> Self:
        """Make the value the text, and the rest attributes."""
        failure = str.__new__(cls, value)
        failure._value_ = value
        failure.code, failure.status = code, status
        failure.retry_after, failure.ends_backlog = retry_after, ends_backlog
        return failure

    @classmethod
    def of(cls, text: str | None) -> "Failure | None":
        """Find the failure with this value; an unknown one counts as our own fault."""
        if text is None:
            return None
        return next((failure for failure in cls if failure == text), cls.BROKEN)


def new_run(after: UUID | None = None) -> UUID:
    """Return the id of a new run. It begins with the time, so that it is greater than all ids made before.

    It is greater than `after` in any case, also when the clock was ahead then.
    """
    at = max(time.time_ns(), (after.int >> 64) + 1 if after else 0)
    return UUID(int=at << 64 | uuid4().int & (1 << 64) - 1)


def run_began(run: UUID) -> float:
    """Return when the id of a run was made, in UNIX seconds."""
    return (run.int >> 64) / 1e9


class Model(BaseModel):
    """A value that does not change and has no other fields than these."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TopAlbum(Model):
    """The most played album, or song, of a release year."""

    release_year: int
    artist: str
    title: str
    plays: Count
    release_group: UUID | None = Field(default=None, exclude=True)
    """The album's; None for a song. It is no part of an event."""


class Gap(Model):
    """A time with plays that Last.fm counts and does not hand over: from `start` up to `end`, in UNIX seconds."""

    start: Count
    end: Count
    plays: Count | None = None
    """How many; None where Last.fm does not even count them."""


OldestNewest = tuple[TopAlbum, TopAlbum]
"""The top albums of the oldest and of the newest release year."""


@dataclass(frozen=True)
class Tally:
    """How many plays share a release year, by album and by song, and the way they got it. None: unknown."""

    release_year: int | None
    song_release_year: int | None
    augmentation_status: MatchStatus
    plays: int
    by_mbid: bool = False


class YearCounts(Model):
    """What a listener's plays of a year come to: by how their albums were matched, and by release year."""

    scrobbles: Count = 0
    matched: Count = 0
    fuzzy_matched: Count = 0
    not_found: Count = 0
    by_mbid: Count = 0
    """Of those that were matched; the others were matched by name."""
    years: PlaysByYear = Field(default_factory=dict, max_length=1000)
    song_years: PlaysByYear = Field(default_factory=dict, max_length=1000)
    """The same by the songs' own years; empty where that makes no difference, as far as is known."""

    @property
    def numbers(self) -> dict[str, Any]:
        """The counts by name, without what an event adds to them."""
        return {name: getattr(self, name) for name in YearCounts.model_fields}

    @property
    def placed(self) -> int:
        """Plays that have a release year."""
        return sum(self.years.values())

    @property
    def unplaced(self) -> int:
        """Plays without a release year."""
        return self.scrobbles - self.placed

    @property
    def pending(self) -> int:
        """Plays whose album was not looked up yet, because the mirror could not be reached."""
        return self.scrobbles - (self.matched + self.fuzzy_matched + self.not_found)

    def plus(self, tallies: Iterable[Tally]) -> "YearCounts":
        """Add these plays; those of a negative tally are taken away."""
        found, years, song_years = Counter[str](), Counter(self.years), Counter(self.song_years or self.years)
        for tally in tallies:
            found["scrobbles"] += tally.plays
            found["by_mbid"] += tally.plays * tally.by_mbid
            found[tally.augmentation_status] += tally.plays
            if tally.release_year is not None:
                years[tally.release_year] += tally.plays
            if tally.song_release_year is not None:
                song_years[tally.song_release_year] += tally.plays
        by_album, by_song = _in_order(years), _in_order(song_years)
        return YearCounts(
            scrobbles=self.scrobbles + found["scrobbles"],
            matched=self.matched + found["matched"],
            fuzzy_matched=self.fuzzy_matched + found["fuzzy_matched"],
            not_found=self.not_found + found["not_found"],
            by_mbid=self.by_mbid + found["by_mbid"],
            years=by_album,
            song_years={} if by_song == by_album else by_song,
        )


def _in_order(years: Counter[int]) -> dict[int, int]:
    return {year: plays for year, plays in sorted(years.items()) if plays}


_KNOWN = (
    "expected",
    "gaps",
    "duplicates",
    "undated",
    "unreadable",
    "read_at",
    "oldest_and_newest",
    "song_oldest_and_newest",
    "only_counted",
)


class Event(YearCounts):
    """How far the fetch of a year is, or the count of a listener's years.

    About a listener, `years` are listening years. With `preview` the counts are not only those stored: some come
    from Last.fm's album chart, until the plays themselves have brought as much. The oldest and the newest music is
    named once no more is to come. Times are UNIX seconds.
    """

    run: UUID
    """Of two runs the newer one has the greater id."""
    phase: Phase
    done: Count = 0
    """How many plays are read, or years counted."""
    expected: Count | None = None
    """How many plays Last.fm counts, or how many years there are to count; None while that is unknown."""
    was_whole: bool = False
    """Whether the year was whole before this run, which goes on from there."""
    gaps: tuple[Gap, ...] = ()
    duplicates: Count = 0
    """Plays that Last.fm lists twice, with the same second and names; each is stored once."""
    undated: Count = 0
    """Plays that Last.fm lists without a time."""
    unreadable: Count = 0
    """Rows of Last.fm's that are no plays."""
    read_at: float | None = None
    """When the part of the year that was read longest ago was read."""
    added: Count = 0
    """How many plays the latest reading found in addition to a year that was whole before."""
    removed: Count = 0
    """How many it found to be gone."""
    oldest_and_newest: OldestNewest | None = None
    song_oldest_and_newest: OldestNewest | None = None
    only_counted: bool = False
    """Whether the plays were removed to make room: the counts stay until all plays are read again."""
    preview: bool = False
    queued_ahead: Count = 0
    seconds_left: Count | None = None
    error: Failure | None = None
    next_try_at: float | None = None
    """When Last.fm is asked again, after it gave no usable answer; the page goes on then by itself."""
    waiting_for: Literal["database"] | None = None
    """What part of this site the run waits for; it goes on by itself."""
    renamed_to: str | None = None
    """The listener's new name, where Last.fm answers under another one."""

    def by_song(self) -> "Event":
        """Return the same event with every play counted by the year of its song."""
        if not self.song_years:
            return self
        return self.model_copy(update={"years": self.song_years, "oldest_and_newest": self.song_oldest_and_newest})

    def queued(self, run: UUID, *, was_whole: bool) -> "Event":
        """Return the first event of another run. What is known of the year stays until that run says otherwise."""
        known = {name: getattr(self, name) for name in _KNOWN}
        return Event(run=run, phase="queued", was_whole=was_whole, **self.numbers, **known)

    @property
    def is_whole(self) -> bool:
        """Whether every play that Last.fm hands over is stored, as far as is known."""
        return self.was_whole or self.phase == "completed"

    @property
    def is_running(self) -> bool:
        """Whether more events of this run are to come."""
        return self.phase in ("queued", "fetching", "augmenting")


class JobUpdate(Model):
    """The body of an event that is posted to `/internal/job-update`."""

    username: str = Field(pattern=f"^{USERNAME}$")
    year: int | None = Field(default=None, ge=FIRST_LISTENING_YEAR, le=9999)
    event: Event
