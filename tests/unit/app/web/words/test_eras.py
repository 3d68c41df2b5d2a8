"""What is said of the eras: true, and in good English."""

import csv
import io

import pytest

from app.charts.eras import Era
from app.web.words.eras import csv_table, facts, headline, nothing, tip, turn


def era(year: int, median: int, *, placed: int = 100, new: int = 5, is_so_far: bool = False) -> Era:
    return Era(year, placed, median - 10, median, median + 10, new, is_so_far)


HALF = "half of the music Sia played came out by"


@pytest.mark.parametrize(
    ("eras", "sentences"),
    [
        ([], []),
        ([era(2024, 1994)], [f"In 2024 {HALF} 1994, 30 years before."]),
        (
            [era(2010, 1987), era(2024, 1994)],
            [f"In 2010 {HALF} 1987, 23 years before; in 2024 by 1994, 30 years before."],
        ),
        (
            [era(2010, 2008), era(2015, 1974), era(2020, 2019), era(2025, 2025, is_so_far=True)],
            [
                f"In 2010 {HALF} 2008, 2 years before; in 2025 so far by 2025.",
                "In between it was oldest in 2015, when half came out by 1974, 41 years before.",
            ],
        ),
        (
            [era(2010, 1977), era(2015, 2014), era(2020, 1988)],
            [
                f"In 2010 {HALF} 1977, 33 years before; in 2020 by 1988, 32 years before.",
                "In between it was newest in 2015, when half came out by 2014, 1 year before.",
            ],
        ),
        (
            [era(2010, 1990), era(2015, 1991), era(2020, 1996)],
            [f"In 2010 {HALF} 1990, 20 years before; in 2020 by 1996, 24 years before."],
        ),
        (
            [era(2009, 1950, placed=3), era(2010, 1990), era(2020, 1996)],
            [f"In 2010 {HALF} 1990, 20 years before; in 2020 by 1996, 24 years before."],
        ),
    ],
)
def test_the_headline_says_what_it_comes_to(eras: list[Era], sentences: list[str]) -> None:
    told = [sentence for sentence in (headline(eras, "Sia"), turn(eras)) if sentence]
    assert told == sentences
    known = "".join(sentences[:1]).replace("the music Sia", "the music with a known release year that Sia")
    assert headline(eras, "Sia", is_known=False) == known


def test_of_few_plays_alone_something_is_said_as_well() -> None:
    told = headline([era(2023, 1985, placed=1)], "SingleSam")
    assert told == "In 2023 half of the music SingleSam played came out by 1985, 38 years before."


def test_a_tip_says_the_middle_half_of_one_year_or_of_several() -> None:
    assert tip(era(2024, 1980)) == "middle half from 1970 to 1990, middle year 1980, 5.0\u00a0% new"
    assert tip(Era(2024, 10, 1985, 1985, 1985, 0)) == "middle half from 1985, middle year 1985, 0\u00a0% new"


def test_the_facts_are_one_line() -> None:
    assert facts([]) == ""
    assert facts([era(2024, 1980)]) == (
        "New music 5.0\u00a0% in 2024 · 1 listening year · release year known for 100 plays"
    )
    both = facts([era(2012, 1980), era(2024, 1980, new=60)])
    assert both.startswith("New music 5.0\u00a0% in 2012, 60.0\u00a0% in 2024 · 2 listening years")


def test_it_is_said_why_there_is_no_headline() -> None:
    assert nothing("Eve", has_plays=True, is_whole=False) == "No year is drawn yet."
    assert "played nothing" in nothing("Eve", has_plays=False, is_whole=True)
    assert "release year is known" in nothing("Eve", has_plays=True, is_whole=True)


def test_a_program_sees_which_year_is_not_whole() -> None:
    text = csv_table([era(2023, 1980), era(2024, 1990, is_so_far=True)], {2023: 140, 2024: 120})
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["state"] for row in rows] == ["whole", "so far"]
    assert [(row["listening_year"], row["plays"], row["placed"], row["median"]) for row in rows] == [
        ("2023", "140", "100", "1980"),
        ("2024", "120", "100", "1990"),
    ]
    assert {row["source"] for row in rows} == {"powered by AudioScrobbler https://www.last.fm/"}
