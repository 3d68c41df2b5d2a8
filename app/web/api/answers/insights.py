"""The API's answer about what a year says of its listener: the musical age, the standing, what stands out."""

from typing import Annotated, Self

from pydantic import Field

from app.insights.highlights import Highlight
from app.insights.musical_age import MusicalAge, Untold
from app.insights.standing import Standing
from app.web.api.answers.common import HAS_SONGS, OF, SOURCE, WHOLE, Answer, ListeningYear, ReleaseYear, Source
from app.web.insights import Insights
from app.web.words import insights as words
from app.web.words.chart_options import CountedBy
from app.web.words.summary import Summary

Percent = Annotated[int, Field(ge=0, le=95)]


class Age(Answer):
    """The musical age, with the five release years that it is taken from."""

    age: int
    born: int = Field(description="The year of birth that goes with it")
    first_released: ReleaseYear
    last_released: ReleaseYear
    times: float = Field(description="How many times as much as others the listener plays them")
    share: float = Field(description="Of the listener's plays with a release year, from 0 to 1")

    @classmethod
    def of(cls, told: MusicalAge) -> Self:
        """Describe the age."""
        return cls(
            age=told.age,
            born=told.born,
            first_released=told.released.first,
            last_released=told.released.last,
            times=round(told.times, 2),
            share=round(told.share, 4),
        )


class Beside(Answer):
    """The year beside all whole years counted here, by the average age of the music."""

    older_than: Percent = Field(description="Per cent of the years, in steps of five")
    newer_than: Percent
    usual_average_age: float = Field(description="In the middle of all years")
    usual_median_released: int = Field(description="The same for the median release year, in this listening year")
    years: int = Field(description="How many years are counted here")
    text: str

    @classmethod
    def of(cls, told: Standing, summary: Summary) -> Self:
        """Describe where the year stands."""
        return cls(
            older_than=told.older_than,
            newer_than=told.newer_than,
            usual_average_age=round(told.usual_age, 2),
            usual_median_released=told.usual_middle,
            years=told.years,
            text=words.standing(told, summary.mean_age, summary.median or 0),
        )


class StandingOut(Answer):
    """A sentence about the year."""

    rule: str = Field(description="What it is about, in two or three words that stay the same")
    text: str
    page: str = Field(description="The page that it leads to, on this site")

    @classmethod
    def of(cls, told: Highlight, summary: Summary) -> Self:
        """Describe the sentence."""
        page = words.leads_to(told, summary.name, summary.year, summary.options)
        return cls(rule=told.rule, text=told.text, page=page)


class YearInsights(Answer):
    """What a whole year says about its listener."""

    username: str = Field(description="As Last.fm spells it")
    year: ListeningYear
    of: CountedBy = OF
    has_songs: bool = HAS_SONGS
    whole: bool = WHOLE
    musical_age: Age | None = Field(description="Null where it cannot be told")
    why_no_age: Untold | None = Field(description="Why it cannot be told; null while the year is not whole")
    musical_age_text: str = Field(description="The reason for the age, or why there is none")
    standing: Beside | None = Field(description="Null with fewer than 30 listeners, or too few plays")
    stands_out: list[StandingOut] = Field(description="Up to five sentences, the most unusual first")
    source: Source = SOURCE

    @classmethod
    def of_year(cls, summary: Summary, found: Insights | None) -> Self:
        """Describe what was found; None: nothing yet."""
        age = found.age if found else None
        return cls(
            username=summary.name,
            year=summary.year,
            of=summary.options.counted_by,
            has_songs=summary.has_songs,
            whole=summary.is_whole,
            musical_age=Age.of(age) if isinstance(age, MusicalAge) else None,
            why_no_age=age if isinstance(age, Untold) else None,
            musical_age_text=words.NOT_YET if age is None else words.musical_age(age),
            standing=Beside.of(found.standing, summary) if found and found.standing else None,
            stands_out=[StandingOut.of(one, summary) for one in (found.highlights if found else None) or ()],
        )
