"""The answer about one listener's year."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from app.events import Count, Event, TopAlbum
from app.web.api.answers.common import (
    HAS_SONGS,
    OF,
    ONLY_COUNTED,
    PERIOD,
    SOURCE,
    WHOLE,
    Answer,
    Error,
    ListeningYear,
    PartOfYear,
    ReleaseYear,
    Source,
    trouble,
)
from app.web.visits.status import YearStatus
from app.web.words.chart_options import ChartOptions, CountedBy
from app.web.words.summary import summarize

YearState = Literal["not_fetched", "waiting", "queued", "fetching", "augmenting", "completed", "failed"]
NOTHING = Event(run=UUID(int=0), phase="queued")
"""Said of a year before its run says anything."""


class Plays(Answer):
    """The plays of music that was first released in one year."""

    released: ReleaseYear
    plays: Annotated[int, Field(ge=1)]


class Progress(Answer):
    """How far a fetch is."""

    done: Count = Field(description="Plays that are read")
    expected: Count | None = Field(description="All plays, as Last.fm counts them; null while unknown")
    seconds_left: Count | None = Field(description="About how many seconds are left")
    queued_ahead: Count = Field(description="Fetches ahead of it when it was queued")


class Placed(Answer):
    """How plays got their release years, or why not. The parts add up to all plays that are stored."""

    matched: Count = Field(description="The album was matched by MusicBrainz ID or by artist and title")
    fuzzy_matched: Count = Field(description="The album was matched by a similar artist or title")
    not_found: Count = Field(description="MusicBrainz does not have the album, or no date for it")
    pending: Count = Field(description="Not looked up yet")


class Edge(Answer):
    """The oldest or the newest music of a year."""

    released: ReleaseYear
    artist: str | None = Field(description="Of the most played album or song; null while the year is fetched")
    title: str | None

    @classmethod
    def of(cls, year: int | None, album: TopAlbum | None) -> Self | None:
        """Describe it; None if no release year is known."""
        if year is None:
            return None
        return cls(released=year, artist=album.artist if album else None, title=album.title if album else None)


class Gap(Answer):
    """A time in which Last.fm has plays that it does not hand over."""

    start: datetime
    end: datetime = Field(description="The first moment after it")
    plays: Count | None = Field(description="How many; null if Last.fm does not even count them")


class Year(Answer):
    """One listener's year, or a part of it."""

    username: str = Field(description="As Last.fm spells it")
    year: ListeningYear
    period: PartOfYear | None = PERIOD
    of: CountedBy = OF
    has_songs: bool = HAS_SONGS
    state: YearState
    whole: bool = WHOLE
    preview: bool = Field(description="Whether plays are estimated until all pages are read")
    progress: Progress | None = Field(description="How far the fetch is; null if none is running")
    plays: Count = Field(description="Plays that are stored, or in the preview")
    plays_at_lastfm: Count | None = Field(
        description="Plays as Last.fm counts them, if known; null for a part of the year"
    )
    placed: Placed
    matched_by_mbid: Count | None = Field(
        description="How many of `placed.matched` were matched by MusicBrainz ID; null if not counted or kept"
    )
    median_released: ReleaseYear | None = Field(description="The median release year of all plays that have one")
    average_age: float | None = Field(description="Average age of the music when it was played, in years")
    oldest: Edge | None = Field(description="The oldest music; null if no release year is known")
    newest: Edge | None
    released: list[Plays] = Field(description="Plays by release year, oldest first, without years that have none")
    gaps: list[Gap] = Field(description="When there are plays that Last.fm does not hand over")
    duplicates: Count = Field(description="Plays that Last.fm lists twice, each counted once")
    undated: Count = Field(description="Plays that Last.fm lists without a date, which are left out")
    unreadable: Count = Field(description="Entries of Last.fm's list that cannot be read")
    unexplained: int = Field(
        description="How many plays more Last.fm counts than `plays` and all of these; below zero for fewer"
    )
    read_at: datetime | None = Field(description="When the part was read that was read longest ago, if known")
    added: Count = Field(description="Plays that the latest reading found in addition to a year that was whole")
    removed: Count = Field(description="Plays that it found to be gone")
    next_try_at: datetime | None = Field(description="When Last.fm is asked again, after it gave no answer")
    only_counted: bool = ONLY_COUNTED
    trouble: Error | None = Field(description="Why this is not newer")
    source: Source = SOURCE

    @classmethod
    def of_status(cls, status: YearStatus, year: int, options: ChartOptions) -> Self:
        """Describe the year as far as these options are available."""
        event = status.event or NOTHING
        summary = summarize(event, year, options=options)
        return cls(
            username=status.username,
            year=year,
            period=PartOfYear.model_validate(options.period) if options.period else None,
            of=summary.options.counted_by,
            has_songs=summary.has_songs,
            state=event.phase,
            whole=summary.is_whole,
            preview=event.preview,
            progress=Progress.model_validate(event) if event.is_running else None,
            plays=summary.scrobbles,
            plays_at_lastfm=event.expected,
            placed=Placed.model_validate(summary),
            matched_by_mbid=summary.by_mbid,
            median_released=summary.median,
            average_age=round(summary.mean_age, 2) if summary.placed else None,
            oldest=Edge.of(summary.oldest, summary.oldest_album),
            newest=Edge.of(summary.newest, summary.newest_album),
            released=plays_by_year(summary.years),
            gaps=[Gap(start=_utc(gap.start), end=_utc(gap.end), plays=gap.plays) for gap in event.gaps],
            duplicates=event.duplicates,
            undated=event.undated,
            unreadable=event.unreadable,
            unexplained=summary.unexplained,
            read_at=_time(event.read_at),
            added=event.added,
            removed=event.removed,
            next_try_at=_time(event.next_try_at),
            only_counted=event.only_counted,
            trouble=trouble(status),
        )


def plays_by_year(years: Mapping[int, int]) -> list[Plays]:
    """Describe plays by release year, the oldest first."""
    return [Plays(released=year, plays=plays) for year, plays in sorted(years.items()) if plays]


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else _utc(seconds)
