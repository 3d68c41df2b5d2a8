"""What is said of the months of a year: which has the oldest music and which the newest."""

from app.charts.month_strips import draw_month_strips
from app.web.words import months


def test_the_months_with_the_oldest_and_the_newest_music_are_named() -> None:
    told = months.told({1: {2008: 30}, 7: {1975: 20, 2008: 10}, 12: {2011: 25}})
    assert told == (
        "The oldest music was played in July, half of it from 1975 or before; the newest in December, half of it"
        " from 2011 or before."
    )


def test_of_months_with_one_middle_year_the_average_decides() -> None:
    told = months.told({1: {2008: 30}, 2: {1960: 10, 1995: 20}, 3: {1990: 9, 1995: 21}})
    assert "oldest music was played in February" in told


def test_a_handful_of_plays_decides_nothing() -> None:
    told = months.told({1: {2008: 30}, 7: {1975: 30}, 12: {1950: 19}})
    assert "December" not in told
    assert told.endswith(" before. Months with fewer than 20 plays are left out.")
    assert "left out" not in months.told({1: {2008: 30}, 7: {1975: 30}})
    assert months.told({1: {2008: 30}, 12: {1950: 19}}) == months.TOO_FEW
    assert months.told({}) == months.TOO_FEW


def test_where_all_months_are_about_as_old_it_is_said() -> None:
    assert months.told({1: {1990: 30}, 2: {1990: 40}}) == "In every month half of the music came out by 1990."
    assert months.told({1: {1990: 30}, 2: {1991: 40}}) == (
        "The music was about as old in every month: half of it came out by 1990 in January, by 1991 in February."
    )


def test_where_some_plays_have_no_release_year_it_is_said_of_the_others() -> None:
    for july in (1975, 2007, 2008):
        told = months.told({1: {2008: 30}, 7: {july: 30}}, is_known=False)
        assert "music with a known release year" in told
    told = months.told({1: {2008: 30}, 12: {1950: 19}}, is_known=False)
    assert told == "Months with fewer than 20 plays with a known release year are not compared."


def test_of_a_part_of_a_year_it_is_said_that_more_may_follow() -> None:
    told = months.told({1: {2008: 30}, 7: {1975: 30}}, "so far, 60 of 700 plays")
    assert told.startswith("So far, 60 of 700 plays: other months may follow. The oldest music was played in July")


def test_who_does_not_see_a_strip_is_told_what_it_shows() -> None:
    drawn = draw_month_strips({7: {1975: 30}}, 2024)
    assert drawn is not None
    assert months.label(7, 33, drawn.strips[7]) == "July: 33 plays, middle year 1975"
    assert months.label(8, 1, None) == "August: 1 play"
    assert months.label(9, 0, None) == "September: no plays"
