"""What is said of the musical age, and of where a year stands."""

import pytest

from app.charts.release_years import ReleaseYears
from app.insights.musical_age import MusicalAge, Untold
from app.insights.standing import Standing
from app.web.words.insights import WHY_UNTOLD, musical_age, musical_age_in_short, standing

HELENS = MusicalAge(age=62, released=ReleaseYears(1978, 1982), times=4.123, share=0.28)


def test_an_age_has_its_reason() -> None:
    assert musical_age(HELENS) == (
        "Plays 4.1 times as much music from 1978 to 1982 as others do: these are the years from 16 to 21 of"
        " somebody born in 1962."
    )
    assert musical_age_in_short(HELENS) == "Musical age 62: 4.1 times as much from 1978 to 1982 as others"


@pytest.mark.parametrize("why", Untold)
def test_where_it_is_not_told_the_page_says_why_and_a_picture_nothing(why: Untold) -> None:
    assert musical_age(why) == WHY_UNTOLD[why]
    assert musical_age_in_short(why) == ""


def beside(older_than: int, newer_than: int) -> Standing:
    """A year among 412 others."""
    return Standing(older_than, newer_than, usual_age=19.2, usual_middle=2008, years=412)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (beside(85, 10), "Older than 85\u00a0% of"),
        (beside(0, 95), "Newer than 95\u00a0% of"),
        (beside(50, 45), "About as old as is usual in"),
    ],
)
def test_a_year_stands_beside_all_years(place: Standing, said: str) -> None:
    assert standing(place, 32.4, 1990) == (
        f"{said} the 412 years counted here: this music is 32 years old on average (usual: 19 years), and half of"
        " it came out by 1990 (usual: 2008)."
    )
