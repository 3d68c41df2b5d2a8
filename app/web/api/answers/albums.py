"""The answer about the albums that count for some release years."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.events import Count, MatchStatus
from app.store.plays.album_plays import MAX_SPELLINGS, AlbumPlays
from app.web.api.answers.common import (
    HAS_SONGS,
    OF,
    ONLY_COUNTED,
    PERIOD,
    SOURCE,
    WHOLE,
    Answer,
    ListeningYear,
    PartOfYear,
    ReleaseYear,
    Source,
)
from app.web.words import wording
from app.web.words.chart_options import CountedBy


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
