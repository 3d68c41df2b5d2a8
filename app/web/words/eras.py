"""The words of the eras: how the music of a listener aged, in sentences, in one line, and as a table."""

from collections.abc import Mapping, Sequence

from app.charts.eras import Era
from app.formatting import counted, share
from app.web.words.links import LASTFM_HOME, POWERED_BY
from app.web.words.wording import FEW_PLAYS

TURN = 5
"""By so many years the music of a year in between has to be older, or newer, than at both ends to be named."""


def headline(eras: Sequence[Era], name: str, *, is_known: bool = True) -> str:
    """Say by when half of the music had come out in the first year and in the last; empty without any.

    Years of a few plays say little, and are left out where others have more. `is_known` tells whether that is half
    of all music, or of what has a known release year.
    """
    eras = _telling(eras)
    if not eras:
        return ""
    first, last = eras[0], eras[-1]
    half = f"half of the music{' with a known release year that' * (not is_known)} {name} played"
    if first == last:
        return f"In {_in(last)} {half} came out by {_by(last)}."
    return f"In {_in(first)} {half} came out by {_by(first)}; in {_in(last)} by {_by(last)}."


def turn(eras: Sequence[Era]) -> str:
    """Name the year in between that stands out most from the first and the last one; empty where none does."""
    eras = _telling(eras)
    between = eras[1:-1]
    if not between:
        return ""
    first, last = eras[0], eras[-1]
    oldest, newest = max(between, key=lambda era: era.age), min(between, key=lambda era: era.age)
    older = oldest.age - max(first.age, last.age)
    newer = min(first.age, last.age) - newest.age
    if max(older, newer) < TURN:
        return ""
    which, era = ("oldest", oldest) if older >= newer else ("newest", newest)
    return f"In between it was {which} in {era.year}, when half came out by {_by(era)}."


def nothing(name: str, *, has_plays: bool, is_whole: bool) -> str:
    """Say why there is no headline, and whether one may come."""
    if not is_whole:
        return "No year is drawn yet."
    if not has_plays:
        return f"{name} has played nothing yet, as far as Last.fm knows."
    return f"Of nothing that {name} played the release year is known."


def tip(era: Era) -> str:
    """Say what there is to know of a listening year in one line."""
    first, third = era.first_quartile, era.third_quartile
    half = f"from {first} to {third}" if first < third else f"from {first}"
    return f"middle half {half}, middle year {era.median}, {share(era.new, era.placed)} new"


def facts(eras: Sequence[Era]) -> str:
    """Give the numbers of all years in one line, for a picture."""
    if not eras:
        return ""
    ends = eras[:1] if len(eras) == 1 else (eras[0], eras[-1])
    new = ", ".join(f"{share(era.new, era.placed)} in {era.year}" for era in ends)
    known = sum(era.placed for era in eras)
    return f"New music {new} · {counted(len(eras), 'listening year')} · release year known for {known:,} plays"


def figures(eras: Sequence[Era]) -> list[tuple[str, str]]:
    """Give numbers each with its name, for boxes in a picture: how old the music was at both ends, and so on."""
    if not eras:
        return []
    ends = eras[:1] if len(eras) == 1 else (eras[0], eras[-1])
    ages = [(f"Age in {era.year}", counted(era.age, "year") if era.age else "under a year") for era in ends]
    return [*ages, ("Listening years", str(len(eras)))]


def csv_table(eras: Sequence[Era], plays: Mapping[int, int]) -> str:
    """Write a line for each listening year as comma-separated values; `plays` are all that are stored of each.

    The last column says where they come from. A year of which more may come says so: a program that takes it for a
    whole one stumbles.
    """
    head = "listening_year,plays,placed,first_quartile,median,third_quartile,new,state,source"
    source = f"{POWERED_BY} {LASTFM_HOME}"
    lines = [
        f"{era.year},{plays.get(era.year, era.placed)},{era.placed},{era.first_quartile},{era.median},"
        f"{era.third_quartile},{era.new},{'so far' if era.is_so_far else 'whole'},{source}"
        for era in eras
    ]
    return "\r\n".join([head, *lines]) + "\r\n"


def _telling(eras: Sequence[Era]) -> Sequence[Era]:
    return [era for era in eras if era.placed >= FEW_PLAYS] or eras


def _in(era: Era) -> str:
    return f"{era.year}{' so far' * era.is_so_far}"


def _by(era: Era) -> str:
    """Name the median, and how long it was ago."""
    return f"{era.median}, {counted(era.age, 'year')} before" if era.age else str(era.median)
