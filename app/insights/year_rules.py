"""Rules about the release years of a listener's year, and about how its plays are spread."""

from collections.abc import Sequence
from math import log2

from app.charts.release_years import ReleaseYears
from app.formatting import age, counted, times
from app.insights.album_rules import ALBUM_RULES, album, named
from app.insights.highlights import Highlight, Part, Rule, YearFacts
from app.insights.musical_age import PLAYS_OF_A_CHOICE


def tower(year: YearFacts) -> Highlight | None:
    """Find a release year with many times the plays of any other. One with most of them is in the headline."""
    (plays, released), (second, other) = _two_largest(year)
    if released == year.year or not second or not 0.12 * year.placed <= plays <= 0.5 * year.placed:
        return None
    if plays < 2 * second:
        return None
    sentence = [
        Part("One release year stands above all: "),
        Part(str(released), is_link=True),
        Part(f" has {year.share(plays)} of the plays, {times(plays / second)} as many as {other}, the next."),
    ]
    bits = log2(plays / year.placed / 0.05)
    return Highlight(
        "tower", bits, sentence, frozenset({f"released in {released}"}), ReleaseYears(released, released)
    )


def gap(year: YearFacts) -> Highlight | None:
    """Find a decade of which nothing is played, while there is older and newer music."""
    decades = [decade for decade, plays in year.decades.items() if plays >= max(10, 0.01 * year.placed)]
    if not decades:
        return None
    missing = [at for at in range(decades[0], decades[-1], 10) if at not in year.decades]
    usual = {at: sum(year.usual.get(released, 0.0) for released in range(at, at + 10)) for at in missing}
    if not usual:
        return None
    decade = max(missing, key=lambda at: usual[at])
    # By how many choices it is less than usual.
    bits = min(6.0, usual[decade] * year.placed / PLAYS_OF_A_CHOICE / 0.7)
    sentence = [
        Part("A gap: "),
        Part(f"nothing{year.known()} is from the {decade}s", is_link=True),
        Part(", though there is older and newer music."),
    ]
    return Highlight("gap", bits, sentence, frozenset({"decades"}))


def all_decades(year: YearFacts) -> Highlight | None:
    """Find music from very many decades in a row."""
    decades = [decade for decade, plays in year.decades.items() if plays >= 5]
    if len(decades) < 8 or decades != list(range(decades[0], decades[-1] + 1, 10)):
        return None
    sentence = [
        Part("Something from "),
        Part(f"{len(decades)} decades in a row", is_link=True),
        Part(f", from the {decades[0]}s to the {decades[-1]}s."),
    ]
    return Highlight("all decades", len(decades) - 6.5, sentence, frozenset({"decades"}))


def nothing_new(year: YearFacts) -> Highlight | None:
    """Find a year in which nothing new was played."""
    newest = max((released for released, plays in year.plays.items() if plays), default=year.year)
    if year.year - newest < 4:
        return None
    sentence = [
        Part("Nothing new: "),
        Part(f"nothing{year.known()} came out after {newest}", is_link=True),
        Part(f", {counted(year.year - newest, 'year')} before."),
    ]
    bits = 1 + log2(year.year - newest)
    return Highlight("nothing new", bits, sentence, frozenset({"newest"}), ReleaseYears(newest, newest))


def few_albums(year: YearFacts) -> Highlight | None:
    """Find half of the plays in a few albums."""
    half, count = year.albums.half, year.albums.count
    if half is None or count is None or not 2 <= half <= 12 or count < 5 * half:
        return None
    sentence = [
        Part(f"Half of the plays{year.known()} come from "),
        Part(f"{half} of {count:,} {_albums(year)}", is_link=True),
        Part("."),
    ]
    return Highlight("few albums", log2(32 / half), sentence, frozenset({"spread"}), _all(year))


def no_favourite(year: YearFacts) -> Highlight | None:
    """Find very many albums of which none is played much."""
    top, count = year.top, year.albums.count
    if top is None or count is None or count < 250 or top.plays > 0.012 * year.placed:
        return None
    sentence = [
        Part(f"No favourite among {count:,} {_albums(year)}{year.known()}: the most played, "),
        *named(top),
        Part(f", has {year.share(top.plays)} of the plays."),
    ]
    bits = 1.5 + log2(0.012 * year.placed / top.plays)
    return Highlight("no favourite", bits, sentence, frozenset({"spread", "most played", album(top)}), _all(year))


def apart_from_other_years(year: YearFacts) -> Highlight | None:
    """Find a year whose music is much older or newer than that of all other years of the listener."""
    ages = year.average_ages
    if len(ages) < 3:
        return None
    oldest, newest = max(ages, key=lambda at: ages[at]), min(ages, key=lambda at: ages[at])
    if year.average_age - ages[oldest] >= 3:
        word, other, distance = "older", oldest, year.average_age - ages[oldest]
    elif ages[newest] - year.average_age >= 3:
        word, other, distance = "newer", newest, ages[newest] - year.average_age
    else:
        return None
    sentence = [
        Part(f"No other year is like this: the music is {word} than in "),
        Part(f"the {len(ages)} others counted here", is_link=True),
        Part(f", {age(year.average_age)} on average; the nearest is {other} with {age(ages[other])}."),
    ]
    return Highlight("apart", 1 + log2(distance), sentence, frozenset({"other years"}), "years")


RULES: Sequence[Rule] = (
    *ALBUM_RULES,
    tower,
    gap,
    all_decades,
    nothing_new,
    few_albums,
    no_favourite,
    apart_from_other_years,
)


def _two_largest(year: YearFacts) -> Sequence[tuple[int, int]]:
    found = sorted(((plays, released) for released, plays in year.plays.items() if plays), reverse=True)
    return [*found, (0, 0), (0, 0)][:2]


def _all(year: YearFacts) -> ReleaseYears:
    """Return all release years, whose list begins with what is played most."""
    years = [released for released, plays in year.plays.items() if plays]
    return ReleaseYears(min(years), max(years))


def _albums(year: YearFacts) -> str:
    return "albums" if year.albums.has_songs is False else "albums and songs"
