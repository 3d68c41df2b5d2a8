"""What is said of a year: each rule, where it says nothing, and which sentences are chosen."""

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from random import Random
from typing import Any

import pytest

from app.charts.release_years import ReleaseYears
from app.insights.highlights import MAX_HIGHLIGHTS, Highlight, Part, YearFacts, highlights
from app.insights.usual_years import built_in_curve
from app.insights.year_albums import TOP, PlayedAlbum, YearAlbums
from app.insights.year_rules import RULES

YEAR = 2024
EVEN = dict.fromkeys(range(1990, 2025), 30)
"""1,050 plays about which there is nothing to say."""


def album(released: int, plays: int, title: str = "Title", artist: str = "Artist", **more: Any) -> PlayedAlbum:
    return PlayedAlbum(released=released, artist=artist, title=title, plays=plays, **more)


def facts(
    plays: Mapping[int, int] = EVEN,
    albums: list[PlayedAlbum] | None = None,
    *,
    unplaced: int = 0,
    count: int | None = 100,
    half: int | None = 30,
    ages: Mapping[int, float] | None = None,
    has_songs: bool | None = False,
    by_song: bool = False,
) -> YearFacts:
    """A year, with its albums, the most played first."""
    found = sorted(albums or [], key=lambda one: -one.plays)
    placed = sum(plays.values())
    return YearFacts(
        year=YEAR,
        plays=plays,
        unplaced=unplaced,
        albums=YearAlbums(albums=tuple(found), count=count, half=half, has_songs=has_songs),
        usual=built_in_curve(YEAR),
        average_age=sum((YEAR - at) * n for at, n in plays.items()) / placed if placed else 0,
        average_ages=ages or {},
        by_song=by_song,
    )


def months(**plays: int) -> tuple[int, ...]:
    """Plays of some months."""
    names = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
    return tuple(plays.get(name, 0) for name in names)


FLOYD = [album(1973 + n, 30 - n, f"Album {n}", "Pink Floyd") for n in range(4)]
OTHERS = [album(2000 + n, 20 - n, f"Other {n}", f"Artist {n}") for n in range(8)]
TOWER = {**EVEN, 1977: 300}
NO_EIGHTIES = dict.fromkeys([*range(1970, 1980), *range(1990, 2025)], 30)
BAR = ReleaseYears(1977, 1977)
BY_SONG = "Counted by song,"
KNOWN = "with a known release year"
ABOVE_ALL = "One release year stands above all"
THREE = "the 3 others counted here"
UNLIKE = "No other year is like this: the music is"


@pytest.mark.parametrize(
    ("rule", "year", "text", "leads_to"),
    [
        (
            "obsession",
            facts(albums=[album(1977, 210, "Animals", "Pink Floyd")]),
            "One obsession: “Animals” by Pink Floyd alone has 20.0\u00a0% of the plays.",
            BAR,
        ),
        (
            "comeback",
            facts(albums=[album(1977, 41), album(2001, 40)]),
            "The most played album came out 47 years before: “Title” by Artist (1977), with 41 plays.",
            BAR,
        ),
        (
            "comeback",
            facts(albums=[album(1977, 41, is_song=True)], unplaced=60),
            f"The most played song {KNOWN} came out 47 years before: “Title” by Artist (1977), with 41 plays.",
            BAR,
        ),
        (
            "comeback",
            facts(albums=[album(1977, 41, is_song=None)]),
            "The most played album or song came out 47 years before: “Title” by Artist (1977), with 41 plays.",
            BAR,
        ),
        (
            "comeback",
            facts(albums=[album(1977, 41)], by_song=True),
            f"{BY_SONG} the most played album came out 47 years before: “Title” by Artist (1977), with 41 plays.",
            BAR,
        ),
        (
            "new favourite",
            facts(albums=[album(2024, 1_200, "T", "A")], plays={2024: 20_000}, by_song=True),
            f"{BY_SONG} the most played album was new: “T” by A came out in 2024 itself and has 1,200 plays.",
            ReleaseYears(2024, 2024),
        ),
        (
            "favourite artist",
            facts(albums=[*FLOYD, *OTHERS], by_song=True),
            f"{BY_SONG} 4 of the 10 most played albums are by Pink Floyd.",
            ReleaseYears(1973, 1976),
        ),
        (
            "new favourite",
            facts(albums=[album(2024, 1_200)], plays={2024: 20_000}),
            "The most played album was new: “Title” by Artist came out in 2024 itself and has 1,200 plays.",
            ReleaseYears(2024, 2024),
        ),
        (
            "month of an album",
            facts(albums=[album(1999, 50, months=months(mar=46, nov=4))]),
            "“Title” by Artist belongs to March: 46 of 50 plays are from that month.",
            ReleaseYears(1999, 1999),
        ),
        (
            "month of an album",
            facts(albums=[album(1999, 30, months=months(dec=30))]),
            "“Title” by Artist belongs to December: all 30 plays are from that month.",
            ReleaseYears(1999, 1999),
        ),
        (
            "birthday",
            facts(albums=[album(2001, 48), album(1974, 20)]),
            "“Title” by Artist turned 50 in 2024, and has 20 plays.",
            ReleaseYears(1974, 1974),
        ),
        (
            "decade of one album",
            facts(plays={**EVEN, 1972: 40, 1975: 60}, albums=[album(2001, 70), album(1975, 60)]),
            "“Title” by Artist alone has 60.0\u00a0% of the plays from the 1970s.",
            ReleaseYears(1970, 1979),
        ),
        (
            "decade of one album",
            facts(plays={**EVEN, 1975: 60}, albums=[album(2001, 70), album(1975, 60)], unplaced=1),
            "“Title” by Artist is everything with a known release year from the 1970s.",
            ReleaseYears(1970, 1979),
        ),
        (
            "oldest",
            facts(plays={**EVEN, 1928: 1}, albums=[album(1928, 1)]),
            "The oldest music stands apart: after “Title” by Artist (1928) nothing came out before 1990.",
            ReleaseYears(1928, 1928),
        ),
        (
            "favourite artist",
            facts(albums=[*FLOYD, *OTHERS]),
            "4 of the 10 most played albums are by Pink Floyd.",
            ReleaseYears(1973, 1976),
        ),
        (
            "tower",
            facts(plays=TOWER),
            f"{ABOVE_ALL}: 1977 has 22.2\u00a0% of the plays, 10 times as many as 2024, the next.",
            BAR,
        ),
        (
            "gap",
            facts(plays=NO_EIGHTIES),
            "A gap: nothing is from the 1980s, though there is older and newer music.",
            "decades",
        ),
        (
            "gap",
            facts(plays=NO_EIGHTIES, unplaced=9),
            "A gap: nothing with a known release year is from the 1980s, though there is older and newer music.",
            "decades",
        ),
        (
            "all decades",
            facts(plays=dict.fromkeys(range(1945, 2025, 5), 50)),
            "Something from 9 decades in a row, from the 1940s to the 2020s.",
            "decades",
        ),
        (
            "nothing new",
            facts(plays={1977: 300, 2009: 200}),
            "Nothing new: nothing came out after 2009, 15 years before.",
            ReleaseYears(2009, 2009),
        ),
        (
            "few albums",
            facts(count=1_312, half=7),
            "Half of the plays come from 7 of 1,312 albums.",
            ReleaseYears(1990, 2024),
        ),
        (
            "few albums",
            facts(count=1_312, half=7, unplaced=1),
            f"Half of the plays {KNOWN} come from 7 of 1,312 albums.",
            ReleaseYears(1990, 2024),
        ),
        (
            "few albums",
            facts(count=1_312, half=7, has_songs=True),
            "Half of the plays come from 7 of 1,312 albums and songs.",
            ReleaseYears(1990, 2024),
        ),
        (
            "no favourite",
            facts(plays={2000: 10_000}, albums=[album(2000, 60)], count=1_204),
            "No favourite among 1,204 albums: the most played, “Title” by Artist, has 0.6\u00a0% of the plays.",
            ReleaseYears(2000, 2000),
        ),
        (
            "apart",
            facts(plays={1986: 500}, ages={2019: 30.2, 2020: 12, 2021: 20}),
            f"{UNLIKE} older than in {THREE}, 38 years on average; the nearest is 2019 with 30 years.",
            "years",
        ),
        (
            "apart",
            facts(plays={2024: 500}, ages={2019: 30.2, 2020: 12, 2021: 20}),
            f"{UNLIKE} newer than in {THREE}, under a year on average; the nearest is 2020 with 12 years.",
            "years",
        ),
    ],
)
def test_each_rule_says_what_it_found_and_leads_there(
    rule: str, year: YearFacts, text: str, leads_to: object
) -> None:
    [said] = [said for one in RULES if (said := one(year)) is not None and said.rule == rule]
    assert (said.text, said.leads_to) == (text, leads_to)
    assert any(part.is_link for part in said.sentence)
    assert said.bits > 0


@pytest.mark.parametrize(
    ("rule", "year"),
    [
        ("obsession", facts(albums=[album(1977, 83)])),
        ("obsession", facts(albums=[album(1977, 300), album(1999, 300)])),
        ("comeback", facts(albums=[album(2005, 300)])),
        ("comeback", facts(albums=[album(1977, 19)])),
        ("new favourite", facts(albums=[album(2023, 300)])),
        ("month of an album", facts(albums=[album(1999, 50, months=months(mar=39, nov=11))])),
        ("month of an album", facts(albums=[album(1999, 50)])),
        ("birthday", facts(albums=[album(1975, 50)])),
        ("decade of one album", facts(plays={**EVEN, 1972: 61, 1975: 39}, albums=[album(1975, 39)])),
        ("decade of one album", facts(plays={2005: 50}, albums=[album(2005, 50)])),
        ("oldest", facts(plays={**EVEN, 1979: 1}, albums=[album(1979, 1)])),
        ("oldest", facts(plays={1977: 300}, albums=[album(1977, 300)])),
        ("favourite artist", facts(albums=[*FLOYD[:3], *OTHERS])),
        ("favourite artist", facts(albums=FLOYD)),
        (
            "favourite artist",
            facts(albums=[one.model_copy(update={"is_song": None}) for one in [*FLOYD, *OTHERS]]),
        ),
        (
            "favourite artist",
            facts(albums=[one.model_copy(update={"artist": "Various Artists"}) for one in OTHERS * 2]),
        ),
        ("tower", facts()),
        ("tower", facts(plays={1977: 600, 1999: 200})),
        ("tower", facts(plays={2024: 300, **dict.fromkeys(range(1990, 2024), 30)})),
        ("gap", facts()),
        ("gap", facts(plays={1928: 5, **EVEN})),
        ("gap", facts(plays={})),
        ("all decades", facts(plays=dict.fromkeys(range(1960, 2025), 50))),
        (
            "all decades",
            facts(plays={**dict.fromkeys(range(1930, 2025), 50), 1935: 1} | dict.fromkeys(range(1960, 1970), 0)),
        ),
        ("nothing new", facts(plays={2021: 500})),
        ("few albums", facts(count=312, half=13)),
        ("few albums", facts(count=312, half=1)),
        ("few albums", facts(count=20, half=7)),
        ("few albums", facts(count=None, half=None)),
        ("no favourite", facts(albums=[album(2000, 5)], count=249)),
        ("apart", facts(plays={1986: 500}, ages={2019: 36, 2020: 12, 2021: 20})),
        ("apart", facts(plays={1986: 500}, ages={2019: 12, 2020: 12})),
    ],
)
def test_a_rule_says_nothing_of_what_is_not_so(rule: str, year: YearFacts) -> None:
    assert [said.rule for one in RULES if (said := one(year)) is not None and said.rule == rule] == []


def test_of_a_year_of_a_few_plays_nothing_is_said() -> None:
    year = facts(plays={1977: 199}, albums=[album(1977, 199)])
    assert highlights(year, RULES) == []
    assert highlights(replace(year, plays={1977: 200}), RULES) != []


def said(rule: str, bits: float, *about: str) -> Highlight:
    return Highlight(rule, bits, [Part(rule)], frozenset(about))


def test_the_most_unusual_are_said_and_none_twice() -> None:
    found = [said(f"rule {n}", 2 + n / 10, f"thing {n}") for n in range(6)]
    found += [said("the same", 9, "thing 5", "thing 4"), said("usual", 0.9, "thing 9"), said("next", 8, "a")]
    chosen = highlights(facts(), [lambda _, one=one: one for one in found])  # type: ignore[misc]
    assert [one.rule for one in chosen] == ["the same", "next", "rule 3", "rule 2", "rule 1"]


@pytest.mark.parametrize("seed", range(200))
def test_whatever_a_year_is_like_at_most_five_different_things_are_said_of_it(seed: int) -> None:
    rng = Random(seed)
    plays = {rng.randrange(1890, 2030): rng.choice((0, 1, 40, 900)) for _ in range(rng.randrange(1, 60))}
    albums = [
        album(at, rng.randint(1, count), f"Title {at}", rng.choice("AB"), is_song=rng.random() < 0.1)
        for at, count in plays.items()
        if count
    ]
    year = facts(
        plays,
        albums[:TOP],
        unplaced=rng.choice((0, 100)),
        count=rng.choice((None, 1, 400)),
        half=rng.choice((1, 5)),
    )
    chosen = highlights(year, RULES)
    assert len(chosen) <= MAX_HIGHLIGHTS
    about = [thing for one in chosen for thing in one.about]
    assert len(about) == len(set(about))
    assert all(one.bits < inf and one.text.endswith(".") for one in chosen)
