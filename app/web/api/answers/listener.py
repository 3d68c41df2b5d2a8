"""The answer about all years of a listener."""

from typing import Literal, Self

from pydantic import Field

from app.charts.release_years import median
from app.events import Count
from app.web.all_years import ListenerYear
from app.web.api.answers.common import SOURCE, WHOLE, Answer, Error, ListeningYear, ReleaseYear, Source
from app.web.api.answers.year import Plays, YearState, plays_by_year


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
            released=plays_by_year(year.plays),
        )


class Listener(Answer):
    """A listener and all years since registration."""

    username: str = Field(description="As Last.fm spells it")
    state: Literal["counting", "counted"] = Field(description="Whether Last.fm is still being asked for the years")
    years: list[YearInShort] = Field(description="Newest first")
    trouble: Error | None = Field(description="Why this is not newer")
    source: Source = SOURCE


def _state(year: ListenerYear) -> YearState:
    if year.event is not None and year.is_running:
        return year.event.phase
    if year.is_complete:
        return "completed"
    if year.is_in_backlog:
        return "waiting"
    return "failed" if year.event is not None and year.event.error else "not_fetched"
