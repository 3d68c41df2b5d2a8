"""The answer to a list of albums and songs whose release years are asked for."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.web.api.answers.common import Answer, ReleaseYear
from mirror import web_queries
from mirror.web_queries import Reason


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
