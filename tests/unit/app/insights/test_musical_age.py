"""The musical age: what it is taken from, and when it is not told."""

from collections import Counter
from collections.abc import Mapping
from math import log
from random import Random

import pytest

from app.charts.release_years import ReleaseYears
from app.insights.musical_age import MusicalAge, Untold, musical_age
from app.insights.usual_years import CountedShares, built_in_curve, usual_shares

YEAR = 2024
USUAL = built_in_curve(YEAR)


def common(plays: int, without: range = range(0)) -> Counter[int]:
    """Plays as others have them, spread as evenly as whole plays can be."""
    return Counter({at: round(plays * part) for at, part in USUAL.items() if at not in without})


def told(plays: Mapping[int, int], year: int = YEAR) -> MusicalAge:
    """The age, which can be told."""
    age = musical_age(plays, year, built_in_curve(year))
    assert isinstance(age, MusicalAge)
    return age


def test_five_years_from_1978_on_make_one_62_in_2024() -> None:
    age = told(common(4_000) + Counter(dict.fromkeys(range(1978, 1983), 300)))
    assert age.released == ReleaseYears(1978, 1982)
    assert (age.age, age.born) == (62, 1962)


def test_the_reason_is_how_many_times_as_much_as_others_play_them() -> None:
    five = range(1978, 1983)
    age = told(common(4_000, without=five) + Counter(dict.fromkeys(five, 300)))
    usual = sum(USUAL[at] for at in five)
    assert age.share == pytest.approx(0.28, abs=0.01)
    assert age.times == pytest.approx(age.share / usual)


def test_with_the_same_music_one_is_a_year_older_a_year_later() -> None:
    plays = common(4_000) + Counter(dict.fromkeys(range(1978, 1983), 300))
    assert told(plays, 2025).age == told(plays).age + 1


def test_whoever_plays_only_what_is_new_is_as_young_as_can_be_told() -> None:
    age = told(Counter(dict.fromkeys(range(2020, 2025), 1_000)))
    assert (age.age, age.released) == (20, ReleaseYears(2020, 2024))
    assert age.share == 1


def test_what_the_listeners_counted_here_play_as_well_does_not_stand_out() -> None:
    plays = common(4_000) + Counter(dict.fromkeys(range(1978, 1983), 300))
    whole = sum(plays.values())
    alike = CountedShares(listeners=500, shares={at: 500 * count / whole for at, count in plays.items()})
    assert musical_age(plays, YEAR, usual_shares(YEAR, alike)) is Untold.NO_PEAK


@pytest.mark.parametrize(
    ("plays", "why"),
    [
        ({}, Untold.TOO_FEW_PLAYS),
        (dict.fromkeys(range(1978, 1983), 99), Untold.TOO_FEW_PLAYS),
        (common(499), Untold.TOO_FEW_PLAYS),
        (common(50_000), Untold.NO_PEAK),
        ({2023: 10, 2031: 600}, Untold.NO_PEAK),
        ({1850: 5_000}, Untold.NO_PEAK),
        (common(4_000) + Counter({1977: 2_000}), Untold.ONE_YEAR),
        ({1977: 1_000}, Untold.ONE_YEAR),
        (
            common(4_000) + Counter(dict.fromkeys(range(1970, 1975), 200) | dict.fromkeys(range(1990, 1995), 300)),
            Untold.TWO_PEAKS,
        ),
    ],
)
def test_where_it_would_be_chance_it_is_not_told(plays: Mapping[int, int], why: Untold) -> None:
    assert musical_age(plays, YEAR, USUAL) is why


def test_a_hundred_plays_of_the_twenties_do_not_outweigh_a_thousand_of_the_seventies() -> None:
    plays = common(9_000) + Counter(dict.fromkeys(range(1925, 1930), 20) | dict.fromkeys(range(1972, 1977), 400))
    assert told(plays).released == ReleaseYears(1972, 1976)


def by_chance(rng: Random, year: int, plays: int, plays_of_an_album: float) -> Counter[int]:
    """Somebody who chooses albums as others do, and plays most of them a little and some of them a lot."""
    years, weights = zip(*built_in_curve(year).items(), strict=True)
    played = Counter[int]()
    while (left := plays - played.total()) > 0:
        [released] = rng.choices(years, weights)
        played[released] += min(left, max(1, round(rng.lognormvariate(log(plays_of_an_album) - 0.5, 1))))
    return played


@pytest.mark.parametrize("plays_of_an_album", [4, 8])
@pytest.mark.parametrize("plays", [500, 2_000, 10_000])
@pytest.mark.parametrize("year", [2006, 2024])
def test_of_listeners_who_choose_as_others_do_nearly_none_is_told_an_age(
    year: int, plays: int, plays_of_an_album: float
) -> None:
    usual = built_in_curve(year)
    ages = [
        musical_age(by_chance(Random(f"{seed} {year}"), year, plays, plays_of_an_album), year, usual)
        for seed in range(60)
    ]
    assert sum(isinstance(age, MusicalAge) for age in ages) <= 3
