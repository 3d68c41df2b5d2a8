"""The API's answers that go over all listening years: how the music aged, and everything from a release year."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field

from app.charts.eras import Era
from app.events import Count
from app.store.plays.released_plays import AlbumOverYears
from app.web.api.answers.albums import Album
from app.web.api.answers.common import HAS_SONGS, OF, SOURCE, Answer, Error, ListeningYear, ReleaseYear, Source
from app.web.words.chart_options import CountedBy


class EraInShort(Answer):
    """How old the music of a listening year was."""

    year: ListeningYear
    whole: bool = Field(description="False: more plays may come, since the year is not over or not all read")
    plays: Count = Field(description="Plays that are stored, or in the preview")
    placed: Annotated[int, Field(ge=1)] = Field(description="Those whose release year is known")
    first_quartile: ReleaseYear = Field(description="The release year by which a quarter of these had come out")
    median_released: ReleaseYear
    third_quartile: ReleaseYear
    new: Count = Field(
        description="How many of them are of music from that year or the one before, or dated later"
    )

    @classmethod
    def of(cls, era: Era, plays: int) -> Self:
        """Describe an era as the page of the eras does."""
        return cls(
            year=era.year,
            whole=not era.is_so_far,
            plays=plays,
            placed=era.placed,
            first_quartile=era.first_quartile,
            median_released=era.median,
            third_quartile=era.third_quartile,
            new=era.new,
        )


class Eras(Answer):
    """How a listener's music aged: a listening year each, without those of which no release year is known."""

    username: str = Field(description="As Last.fm spells it")
    of: CountedBy = OF
    has_songs: bool = HAS_SONGS
    eras: list[EraInShort] = Field(description="Oldest first")
    trouble: Error | None = Field(description="Why this is not newer")
    source: Source = SOURCE


class ListenedPlays(Answer):
    """The plays of one listening year."""

    year: ListeningYear
    plays: Annotated[int, Field(ge=1)]


class ReleasedAlbum(Album):
    """An album, or a song of its own, with its plays by listening year."""

    listened: list[ListenedPlays] = Field(description="Oldest first")

    @classmethod
    def over_years(cls, row: AlbumOverYears) -> Self:
        """Describe a row of a list over all years."""
        return cls(**dict(Album.of(row)), listened=listened_plays(row.listened))


class Released(Answer):
    """Everything from some release years that was ever played and is stored, 200 albums on a page."""

    username: str = Field(description="As Last.fm spells it")
    of: CountedBy = OF
    has_songs: bool = HAS_SONGS
    released: str = Field(description="As requested")
    plays: Count = Field(description="Plays on all pages")
    page: Annotated[int, Field(ge=1)]
    pages: Annotated[int, Field(ge=1)]
    listened: list[ListenedPlays] = Field(description="The same plays by listening year, oldest first")
    only_counted: list[ListenedPlays] = Field(
        description="Further plays, of listening years whose plays were removed to make room: they are not listed"
    )
    albums: list[ReleasedAlbum]
    source: Source = SOURCE


def listened_plays(years: Mapping[int, int]) -> list[ListenedPlays]:
    """Describe plays by listening year, the oldest first."""
    return [ListenedPlays(year=year, plays=plays) for year, plays in sorted(years.items()) if plays]
