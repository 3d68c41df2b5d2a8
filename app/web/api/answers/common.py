"""What answers have in common: errors, the source, the part of the year, and fields of several."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.web.errors import Code
from app.web.visits.status import ListenerStatus
from app.web.words import links, wording

ReleaseYear = Annotated[int, Field(ge=0, le=9999)]
ListeningYear = Annotated[int, Field(ge=0, le=9999)]


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
