"""Firsts: what several listeners are first in, and what their years come to together."""

from itertools import chain

from app.events import Event, new_run
from app.web.words.firsts import First, firsts, headline
from app.web.words.summary import Summary, summarize

RUN = new_run()
OLD = {1965: 25, 1970: 50, 1975: 25}
WIDE = {1950: 30, 1985: 40, 2020: 30}
NEW = {2010: 10, 2021: 90}


def year_of(name: str, years: dict[int, int], unplaced: int = 0) -> Summary:
    """Somebody's 2021."""
    plays = sum(years.values())
    event = Event(run=RUN, phase="completed", scrobbles=plays + unplaced, matched=plays, years=years)
    return summarize(event, 2021, name)


def told(*summaries: Summary) -> dict[str, list[str]]:
    """What each is first in, without the figures."""
    return {name: [one.what for one in some] for name, some in firsts(summaries).items()}


def test_each_is_told_what_they_are_first_in() -> None:
    found = firsts([year_of("HeavyHelen", OLD), year_of("LightLuca", WIDE), year_of("GrowingGus", NEW)])
    assert found["HeavyHelen"][0] == First("Oldest middle year", "1970")
    assert found["LightLuca"][0] == First("Widest spread", "half of it from 1950 to 2020")
    assert found["GrowingGus"][:2] == [
        First("Newest middle year", "2021"),
        First("Most new music", "90.0\u00a0%"),
    ]


def test_of_two_with_the_same_figure_both_are_first() -> None:
    found = firsts([year_of("HeavyHelen", OLD), year_of("SingleSam", OLD), year_of("GrowingGus", NEW)])
    assert found["HeavyHelen"][0] == First("Oldest middle year", "1970", "SingleSam")
    assert found["SingleSam"][0] == First("Oldest middle year", "1970", "HeavyHelen")


def test_nobody_is_first_by_a_difference_that_is_not_shown() -> None:
    found = told(year_of("HeavyHelen", {1970: 30_001, 2021: 10_000}), year_of("SingleSam", {1970: 3, 2021: 1}))
    assert "Most new music" not in found["HeavyHelen"] + found["SingleSam"]
    one, other = year_of("HeavyHelen", {1970: 30_001, 2021: 10_000}), year_of("LightLuca", {1970: 300, 2021: 100})
    assert one.share(one.own) == other.share(other.own)
    assert "Most new music" not in chain(*told(one, other).values())


def test_where_all_are_alike_nobody_is_first() -> None:
    assert told(year_of("HeavyHelen", OLD), year_of("SingleSam", OLD)) == {"HeavyHelen": [], "SingleSam": []}


def test_whoever_has_few_plays_is_not_ranked() -> None:
    found = told(year_of("HeavyHelen", OLD), year_of("GrowingGus", NEW), year_of("SingleSam", {1920: 3}))
    assert found["SingleSam"] == []
    assert found["HeavyHelen"][0] == "Oldest middle year"
    assert told(year_of("HeavyHelen", OLD), year_of("SingleSam", {1920: 3}))["HeavyHelen"] == []


def test_nobody_is_first_in_new_music_where_there_is_none() -> None:
    found = told(year_of("HeavyHelen", OLD), year_of("SingleSam", {1999: 30}))
    assert "Most new music" not in chain(*found.values())


def test_the_headline_names_both_ends_and_everybody_at_them() -> None:
    old, too, new = year_of("HeavyHelen", OLD), year_of("SingleSam", OLD), year_of("GrowingGus", NEW)
    assert headline([old, new, too]) == (
        "In 2021 half of HeavyHelen’s and SingleSam’s music came out by 1970, half of GrowingGus’s by 2021."
    )
    assert headline([old, too]) == "In 2021 half of everybody’s music came out by 1970."
    assert headline([old]) == ""
    unplaced = year_of("LightLuca", NEW, unplaced=3)
    assert "music with a known release year came out by 1970" in headline([old, unplaced])
