"""Answers: what the API says, as models. The document of the API is made of them, so that neither can drift."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.progress import Count, Event, Failure
from app.store.albums import Status as MatchStatus
from app.store.heard import Heard
from app.web import words
from app.web.choice import Choice, Whose
from app.web.errors import AWAY, Code
from app.web.history import Past
from app.web.view import Extreme, median, view
from app.web.visits import Visit

State = Literal["not_fetched", "waiting", "queued", "fetching", "augmenting", "completed", "failed"]
ReleaseYear = Annotated[int, Field(ge=0, le=9999)]
ListeningYear = Annotated[int, Field(ge=0, le=9999)]

TROUBLES = {
    Failure.NO_SUCH_USER: (Code.NO_SUCH_LISTENER, "Last.fm knows no listener of that name."),
    Failure.LISTENING_HIDDEN: (Code.LISTENING_HIDDEN, "The listener hides recent listening at Last.fm."),
    Failure.LASTFM_AWAY: (Code.LASTFM_AWAY, "Last.fm does not answer right now."),
    Failure.LASTFM_REFUSES: (Code.LASTFM_REFUSES, "Last.fm refuses this site's key."),
    Failure.BROKEN: (Code.BROKEN, "Something broke while this was fetched. It is in our log."),
}


class Answer(BaseModel):
    """Something the API says."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Error(Answer):
    """What went wrong: a code for programs, a message for people."""

    code: Code
    message: str


class Failed(Answer):
    """The body of every answer that is an error."""

    error: Error


class Plays(Answer):
    """A bar: how many plays are of music that was first released in that year."""

    released: ReleaseYear
    plays: Annotated[int, Field(ge=1)]


class Progress(Answer):
    """How far a fetch is."""

    page: Count = Field(description="Pages of 200 plays that are in")
    pages: Count = Field(description="All its pages, 0 while Last.fm has not told")
    seconds_left: Count | None = Field(description="About how long it still takes")
    queued_ahead: Count = Field(description="Fetches that were ahead of it when it was queued")

    @classmethod
    def of(cls, event: Event | None) -> Self:
        """How far an event says it is."""
        said = event.model_dump(include=set(cls.model_fields)) if event else {}
        return cls(**{"page": 0, "pages": 0, "seconds_left": None, "queued_ahead": 0, **said})


class Placed(Answer):
    """How plays came to their release years, or did not. The parts add up to all plays that are stored."""

    matched: Count = Field(description="Their album was found by its MusicBrainz ID or by name")
    fuzzy_matched: Count = Field(description="Their album was found by a name nearly the same")
    not_found: Count = Field(description="MusicBrainz does not have it, or has no date for it")
    pending: Count = Field(description="MusicBrainz was not asked yet")


class Edge(Answer):
    """The oldest or the newest music of a year."""

    released: ReleaseYear
    artist: str | None = Field(description="Of the most played album, or song; null while the year is fetched")
    title: str | None

    @classmethod
    def of(cls, extreme: Extreme) -> Self:
        """What the page says of it."""
        album = extreme.album
        return cls(
            released=extreme.year, artist=album.artist if album else None, title=album.title if album else None
        )


OF = Field(description="Whose release years count: those of albums, or of the songs themselves")
HAS_SONGS = Field(
    description="Whether `of=songs` is to be had; where not, it would be no different and albums are told instead"
)


class Year(Answer):
    """One listener's year."""

    username: str = Field(description="As Last.fm spells it")
    year: ListeningYear
    of: Whose = OF
    has_songs: bool = HAS_SONGS
    state: State
    preview: bool = Field(description="Whether some plays stand in for pages that are still to come")
    progress: Progress | None = Field(description="How far the fetch is; null where none runs")
    plays: Count = Field(description="Plays that are stored, or shown as a preview")
    plays_at_lastfm: Count | None = Field(description="Plays as Last.fm counts them, where that is known")
    placed: Placed
    matched_by_mbid: Count | None = Field(
        description="How many of `placed.matched` by MusicBrainz ID, the others by name; null where nobody counted"
    )
    median_released: ReleaseYear | None = Field(description="The release year in the middle of all placed plays")
    average_age: float | None = Field(description="In years, of the music when it was played")
    oldest: Edge | None = Field(description="The oldest music; null where nothing is placed")
    newest: Edge | None
    released: list[Plays] = Field(
        description="Plays by release year, the oldest first; years without any left out"
    )
    trouble: Error | None = Field(description="What keeps this from being newer")

    @classmethod
    def seen(cls, visit: Visit, year: int, choice: Choice) -> Self:
        """The year as a visit found it, as far as it is to be had as chosen."""
        event = visit.event or Event(run=UUID(int=0), phase="queued")
        seen = view(event, year, choice=choice)
        parts = Placed(
            matched=seen.matched, fuzzy_matched=seen.nearly, not_found=seen.not_found, pending=seen.pending
        )
        return cls(
            username=visit.username,
            year=year,
            of=seen.choice.whose,
            has_songs=seen.has_songs,
            state=event.phase,
            preview=event.preview,
            progress=Progress.of(event) if event.running else None,
            plays=seen.scrobbles,
            plays_at_lastfm=event.expected,
            placed=parts,
            matched_by_mbid=seen.by_mbid,
            median_released=seen.median,
            average_age=round(seen.mean_age, 2) if seen.placed else None,
            oldest=Edge.of(seen.oldest) if seen.placed else None,
            newest=Edge.of(seen.newest) if seen.placed else None,
            released=[Plays(released=released, plays=plays) for released, plays in seen.years.items()],
            trouble=trouble(visit),
        )


class YearInShort(Answer):
    """One of a listener's years."""

    year: ListeningYear
    state: State = Field(description="`waiting`: asked for along with others, and not yet its turn")
    plays_at_lastfm: Count | None = Field(description="Plays as Last.fm counts them, where that is known")
    median_released: ReleaseYear | None
    released: list[Plays] = Field(description="Plays by the albums' release years as far as they are stored")

    @classmethod
    def of(cls, past: Past) -> Self:
        """The year as the page of all years has it."""
        plays = {released: count for released, count in sorted(past.plays.items()) if count}
        return cls(
            year=past.year,
            state=_state(past),
            plays_at_lastfm=past.count,
            median_released=median(plays),
            released=[Plays(released=released, plays=count) for released, count in plays.items()],
        )


class Listener(Answer):
    """A listener and all years since registration."""

    username: str = Field(description="As Last.fm spells it")
    state: Literal["counting", "counted"] = Field(
        description="Whether Last.fm is still asked which years there are"
    )
    years: list[YearInShort] = Field(description="The newest first")
    trouble: Error | None = Field(description="What keeps this from being newer")


class Album(Answer):
    """An album, or a song: of no album that Last.fm names, or one that counts by another year than its album."""

    artist: str
    album: str | None
    song: str | None = Field(
        description="The song, where there is no album or its year is another than the album's"
    )
    plays: Annotated[int, Field(ge=1)]
    released: ReleaseYear | None = Field(description="The year in which this counts")
    album_released: ReleaseYear | None = Field(
        description="The album's own year; null where there is no album, or it has none"
    )
    status: MatchStatus
    matched: str | None = Field(description="How the album was found, in words")
    release_group: UUID | None = Field(description="The album at MusicBrainz")
    release_group_title: str | None

    @classmethod
    def of(cls, heard: Heard) -> Self:
        """The row of the page behind a bar."""
        year = heard.album_year if heard.album else None
        return cls(
            artist=heard.artist,
            album=heard.album or None,
            song=heard.song if heard.is_apart or not heard.album else None,
            plays=heard.plays,
            released=heard.release_year,
            album_released=year,
            status=heard.augmentation_status,
            matched=None if year is None else words.matched(heard.method, heard.score),
            release_group=heard.release_group,
            release_group_title=heard.release_group_title,
        )


class Albums(Answer):
    """The albums behind some release years, the most played first, 200 on a page."""

    username: str
    year: ListeningYear
    of: Whose = OF
    has_songs: bool = HAS_SONGS
    released: str = Field(description="As it was asked for")
    plays: Count = Field(description="Plays on all pages")
    page: Annotated[int, Field(ge=1)]
    pages: Annotated[int, Field(ge=1)]
    albums: list[Album]


def trouble(visit: Visit) -> Error | None:
    """What keeps a visit's answer from being newer."""
    failure = visit.event.error if visit.event else None
    if failure is not None:
        code, message = TROUBLES[failure]
        return Error(code=code, message=message)
    if visit.queue_away or visit.store_away:
        again = f"A part of this site does not answer. Try again in {AWAY} seconds."
        return Error(code=Code.UNAVAILABLE, message=again)
    return None


def _state(past: Past) -> State:
    if past.event is not None and past.is_running:
        return past.event.phase
    if past.is_whole:
        return "completed"
    if past.is_wished:
        return "waiting"
    return "failed" if past.event is not None and past.event.error else "not_fetched"
