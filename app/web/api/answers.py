"""The API's answers as models, from which its document is generated too, so that the two cannot differ."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.charts.release_years import median
from app.events import Count, Event, MatchStatus, TopAlbum
from app.store.plays.album_plays import MAX_SPELLINGS, AlbumPlays
from app.web.all_years import ListenerYear
from app.web.errors import Code
from app.web.visits.status import ListenerStatus, YearStatus
from app.web.words import links, wording
from app.web.words.chart_options import ChartOptions, CountedBy
from app.web.words.summary import summarize
from mirror import web_queries
from mirror.web_queries import Reason

YearState = Literal["not_fetched", "waiting", "queued", "fetching", "augmenting", "completed", "failed"]
ReleaseYear = Annotated[int, Field(ge=0, le=9999)]
ListeningYear = Annotated[int, Field(ge=0, le=9999)]
NOTHING = Event(run=UUID(int=0), phase="queued")
"""Said of a year before its run says anything."""


class Answer(BaseModel):
    """An answer of the API, or a part of one."""

    model_config = ConfigDict(frozen=True, from_attributes=True, json_schema_serialization_defaults_required=True)


class Error(Answer):
    """What went wrong: a code for programs, a message for people."""

    code: Code
    message: str


class Failed(Answer):
    """The body of every answer that is an error."""

    error: Error


class Source(Answer):
    """Where listening data comes from. Whoever shows it has to say so, with the link."""

    listening: str = f"Listening data {links.POWERED_BY}"
    link: str = links.LASTFM_HOME


SOURCE = Field(default=Source(), description="To be shown wherever the answer is, as Last.fm's terms want it")


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


OF = Field(description="Whose release years count: those of albums, or of the songs themselves")
WHOLE = Field(
    description="False: these are only the plays read so far; more are to come. Not to be taken for a year"
)
ONLY_COUNTED = Field(
    description="Whether the plays were removed to make room, and only the counts kept. Asking for the albums has"
    " them read again"
)
HAS_SONGS = Field(
    description="Whether `of=songs` is available; if not, it would make no difference and albums are counted"
)


class PartOfYear(Answer):
    """The part of the year that was requested, in UTC."""

    first: date
    last: date = Field(description="The last day, which is included")
    month: Annotated[int, Field(ge=1, le=12)] | None = Field(
        description="Which month that is; null for other days"
    )


PERIOD = Field(
    description="The part of the year that all numbers are of; null for all of it. While a year is fetched for the"
    " first time, its parts have no numbers yet"
)


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
            released=_plays(summary.years),
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


class YearInShort(Answer):
    """One of a listener's years."""

    year: ListeningYear
    state: YearState = Field(description="`waiting`: requested with other years, and not its turn yet")
    whole: bool = WHOLE
    plays: Count = Field(description="Plays that are stored, or in the preview")
    plays_at_lastfm: Count | None = Field(description="Plays as Last.fm counts them, if known")
    median_released: ReleaseYear | None
    released: list[Plays] = Field(description="Plays by the albums' release years, as far as they are stored")

    @classmethod
    def of(cls, year: ListenerYear) -> Self:
        """Describe the year as the page of all years does."""
        return cls(
            year=year.year,
            state=_state(year),
            whole=year.is_complete,
            plays=year.scrobbles,
            plays_at_lastfm=year.count,
            median_released=median(year.plays),
            released=_plays(year.plays),
        )


class Listener(Answer):
    """A listener and all years since registration."""

    username: str = Field(description="As Last.fm spells it")
    state: Literal["counting", "counted"] = Field(description="Whether Last.fm is still being asked for the years")
    years: list[YearInShort] = Field(description="Newest first")
    trouble: Error | None = Field(description="Why this is not newer")
    source: Source = SOURCE


class Spelling(Answer):
    """An artist and a title that an album was scrobbled under."""

    artist: str
    album: str | None
    plays: Annotated[int, Field(ge=1)]


class Album(Answer):
    """An album; or a song that has no album on Last.fm, or another release year than its album.

    All spellings of an album are one: those that were matched with one release group, or, where none is known,
    those that differ only by case, accents and punctuation. The names and the match are those of the spelling with
    the most plays.
    """

    artist: str = Field(description="`Various Artists` if the album was scrobbled under several of its artists")
    album: str | None
    song: str | None = Field(description="The song, if there is no album or the song has another release year")
    plays: Annotated[int, Field(ge=1)]
    released: ReleaseYear | None = Field(description="The release year for which this counts")
    album_released: ReleaseYear | None = Field(
        description="The album's own release year; null if there is no album or it has none"
    )
    status: MatchStatus
    matched: str | None = Field(description="How the album was matched, in words")
    release_group: UUID | None = Field(description="The album's MusicBrainz release group")
    release_group_title: str | None
    spellings: list[Spelling] = Field(
        description="Every artist and title that it was scrobbled under, the most played first, at most"
        f" {MAX_SPELLINGS}; empty if there is only one"
    )

    @classmethod
    def of(cls, row: AlbumPlays) -> Self:
        """Describe a row of an album list."""
        year = row.album_year if row.album else None
        return cls(
            artist=row.listed_artist,
            album=row.album or None,
            song=row.song if row.has_own_year or not row.album else None,
            plays=row.plays,
            released=row.release_year,
            album_released=year,
            status=row.augmentation_status,
            matched=None if year is None else wording.matched(row.method, row.score),
            release_group=row.release_group,
            release_group_title=row.release_group_title,
            spellings=[
                Spelling(artist=one.artist, album=one.album or None, plays=one.plays) for one in row.spellings
            ],
        )


class Albums(Answer):
    """The albums that count for some release years, the most played first, 200 on a page."""

    username: str
    year: ListeningYear
    period: PartOfYear | None = PERIOD
    of: CountedBy = OF
    has_songs: bool = HAS_SONGS
    whole: bool = WHOLE
    released: str = Field(description="As requested")
    plays: Count = Field(description="Plays on all pages")
    page: Annotated[int, Field(ge=1)]
    pages: Annotated[int, Field(ge=1)]
    albums: list[Album]
    only_counted: bool = ONLY_COUNTED
    source: Source = SOURCE


class WhyNot(Answer):
    """Why there is no release year: a code for programs, a message for people."""

    code: Reason
    message: str


class AlbumYear(Answer):
    """The album that is meant by one item, and the year of its first release; or why there is none."""

    release_year: ReleaseYear | None = Field(description="The year in which the album was first released")
    release_group: UUID | None = Field(description="The album's MusicBrainz release group")
    release_group_title: str | None
    release_group_artist: str | None = Field(description="As the release group is credited")
    found_by: str | None = Field(
        description="`mbid: ...` by the MBID, and what it is one of; `names` by artist and title; others by names"
        " that are only alike, such as `title nearly`"
    )
    score: Annotated[float, Field(ge=0, le=1)] | None = Field(
        description="How much alike the names are: 1 where the MBID or exactly these names have led to the album"
    )
    reason: WhyNot | None = Field(description="Why there is no `release_year`; null if there is one")
    song_release_year: ReleaseYear | None = Field(
        description="The year in which the song itself was first released, never after the album. Only where a"
        " `track` is named whose album does not say it (none is named, or it is a compilation, a live album or a"
        " mix), and this site knows the song; otherwise null"
    )

    @classmethod
    def of(cls, answer: web_queries.Answer) -> Self:
        """Describe what matching has answered."""
        found = answer.placement
        return cls(
            release_year=found.year if found else None,
            release_group=found.release_group if found else None,
            release_group_title=found.title if found else None,
            release_group_artist=found.credit if found else None,
            found_by=found.method if found else None,
            score=found.score if found else None,
            reason=WhyNot(code=answer.reason, message=answer.reason.sentence) if answer.reason else None,
            song_release_year=answer.song_year,
        )

    @classmethod
    def without(cls, reason: Reason) -> Self:
        """Describe an item that could not be read."""
        return cls.of(web_queries.Answer(None, reason))


class AlbumYears(Answer):
    """What was asked for, in the same order."""

    answers: list[AlbumYear]


def trouble(status: ListenerStatus) -> Error | None:
    """Say why an answer is not newer; None if it is as new as it can be."""
    failure = status.event.error if status.event else None
    if failure is not None:
        return Error(code=Code(failure.code), message=f"{wording.explained(failure).headline}.")
    if status.has_no_worker:
        return Error(code=Code.UNAVAILABLE, message=status.why_still)
    if status.is_away:
        return Error(code=Code.UNAVAILABLE, message="{}. {}".format(*why_nothing_new(status)))
    return None


def why_nothing_new(status: ListenerStatus) -> wording.Explanation:
    """Explain to a program why nothing new can be fetched."""
    return wording.why_full(status.queue_full) if status.queue_full else wording.AWAY


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else _utc(seconds)


def _plays(years: Mapping[int, int]) -> list[Plays]:
    return [Plays(released=year, plays=plays) for year, plays in sorted(years.items()) if plays]


def _state(year: ListenerYear) -> YearState:
    if year.event is not None and year.is_running:
        return year.event.phase
    if year.is_complete:
        return "completed"
    if year.is_in_backlog:
        return "waiting"
    return "failed" if year.event is not None and year.event.error else "not_fetched"
