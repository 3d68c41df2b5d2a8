"""Words: what numbers and methods are called on a page, as a listener would say it."""

from collections.abc import Mapping
from typing import NamedTuple

MBID = "mbid"
WAYS = {
    "names": "by its name",
    "title nearly": "title nearly the same",
    "artist nearly": "artist nearly the same",
    "artist and title nearly": "artist and title nearly the same",
    "title under Various Artists": "as an album by Various Artists",
}
# MusicBrainz sets signs as a printer would, Last.fm's listeners as keyboards have them.
PRINTED = str.maketrans("‘’‚‛“”„‟‐‑‒–—―", "''''\"\"\"\"------", "\u200b\u200e\u200f")


def matched(method: str | None, score: float | None) -> str:
    """How an album was found; where names were only alike, how much they are."""
    if method and method.startswith(MBID):
        return "by its MusicBrainz ID"
    way = WAYS.get(method or "", "matched")
    if score is None or "nearly" not in way:
        return way
    return f"{way}, {min(99, round(100 * score))}\u00a0% alike"


def found(status: str, method: str | None, score: float | None) -> str:
    """The same as a sentence."""
    if status == "pending":
        return "Not asked for yet: our copy of MusicBrainz could not be asked so far."
    if status == "not_found":
        return "Not at all: MusicBrainz has no album of this name by this artist, or it has no date."
    if method and method.startswith(MBID):
        return "By its MusicBrainz ID, which came along with a play."
    if method == "names":
        return "By the names of artist and album, which MusicBrainz has as well."
    way = matched(method, score)
    return f"By names that are not quite the same: {way}." if "nearly" in way else f"{way[0].upper()}{way[1:]}."


MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def date(year: int | None, month: int | None = None, day: int | None = None) -> str:
    """A date as far as it is known: 3 May 1977, May 1977, 1977."""
    if year is None:
        return "at an unknown date"
    parts = [str(day)] * bool(month and day) + ([MONTHS[month - 1]] if month and 1 <= month <= 12 else [])
    return " ".join([*parts, str(year)])


def taken_for(title: str, release_group_title: str | None) -> str:
    """What an album was taken for, where that reads otherwise than the album's own title; else nothing."""
    if release_group_title is None or _plain(title) == _plain(release_group_title):
        return ""
    return release_group_title


def _plain(title: str) -> str:
    return " ".join(title.replace("…", "...").translate(PRINTED).casefold().split())


BEING_COUNTED = "The scrobbles are still being counted."
FEW_PLAYS = 20
"""Fewer than these are counted, not told in per cent."""
ROUND_SHARES = {"Half": (0.485, 0.515), "Two thirds": (0.655, 0.678), "Three quarters": (0.74, 0.76)}


def whose(name: str, year: int, *, so_far: bool = False) -> str:
    """A listener's year, which may still go on."""
    return f"{name}’s {year}" + " so far" * so_far


def headline(
    name: str, year: int, years: Mapping[int, int], scrobbles: int, pending: int = 0, *, so_far: bool = False
) -> str:
    """What a listener's year, which may still go on, comes down to, in one sentence."""
    placed, theirs = sum(years.values()), whose(name, year, so_far=so_far)
    if not scrobbles:
        return f"No plays in {year}: Last.fm has no scrobbles of {name} in that year{' yet' * so_far}."
    if not placed and pending:
        on_the_way = "Its release year is" if scrobbles == 1 else "Their release years are"
        return f"{counted(scrobbles, 'play')} {'is' if scrobbles == 1 else 'are'} stored. {on_the_way} on the way."
    if not placed and scrobbles == 1:
        return "The one play could not be placed in a release year."
    if not placed:
        return "None of the plays could be placed in a release year."
    common = max(years, key=lambda one: (years[one], one))
    itself = " itself" * (common == year)
    that_could = " that could be placed" * (placed < scrobbles)
    if placed == 1:
        return f"The one play{that_could} is of music from {common}{itself}."
    if years[common] == placed:
        return f"All of {theirs}{that_could} was released in {common}{itself}."
    before, part = middle(years)
    is_common = 2 * years[common] >= placed
    when = f"{common}{itself}" if is_common else f"before {before}"
    part = years[common] if is_common else part
    if placed < FEW_PLAYS:
        of = f"{part} of the {placed} plays of {theirs}{that_could}"
        return f"{of} {'is' if part == 1 else 'are'} of music from {when}."
    # Every share on the page is of all plays, and this one can be compared with them.
    as_far = ", as far as it could be placed" * (is_common and placed < scrobbles)
    return f"{_part(part, placed)} of {theirs} was released {'in ' * is_common}{when}{as_far}."


def middle(years: Mapping[int, int]) -> tuple[int, int]:
    """The year before which nearest to half of all plays was released, and how many these are."""
    whole, before = sum(years.values()), 0
    cuts = []
    for year in sorted(years):
        cuts.append((year, before))
        before += years[year]
    cuts.append((max(years) + 1, before))
    # Of two that are as near, the later: what is more than half is easier to believe.
    return min(cuts, key=lambda cut: (abs(2 * cut[1] - whole), -cut[0]))


def _part(part: int, whole: int) -> str:
    for words, (least, most) in ROUND_SHARES.items():
        if least <= part / whole <= most:
            return words
    return f"{min(99, max(1, round(100 * part / whole)))}\u00a0%"


class Era(NamedTuple):
    """When a listener's music is from: the release year in the middle, and how old it was on average."""

    name: str
    median: int
    age: float


def compared(year: int, one: Era, other: Era) -> str:
    """What the same year of two listeners comes down to, in one sentence."""
    older, younger = sorted((one, other), key=lambda era: era.median)
    apart = younger.median - older.median
    if not apart:
        return f"In {year} {one.name}’s and {other.name}’s music had the same middle: {one.median}."
    if older.age < younger.age:
        # What is very old weighs more in an average: of neither it could be said that it is the older one.
        return f"In {year} the middle of {one.name}’s music was {one.median}, of {other.name}’s {other.median}."
    years = counted(apart, "year").replace(" ", "\u00a0")
    return f"In {year} {older.name}’s music was {years} older than {younger.name}’s."


def age(years: float) -> str:
    """An average age."""
    return "under a year" if years < 1 else counted(round(years), "year")


def counted(number: int, noun: str) -> str:
    """The number with its noun: 1 album, 2,000 albums."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def wait(seconds: int) -> str:
    """How long to wait, in the unit that fits and never too short: 42 seconds, 3 minutes, 9 hours."""
    if seconds < 90:
        return counted(seconds, "second")
    minutes = -(-seconds // 60)
    return counted(minutes, "minute") if minutes < 90 else counted(-(-minutes // 60), "hour")


def breadth(albums: int, apart: int, songs: int) -> str:
    """How many albums, how many songs apart from theirs, and how many without one."""
    kinds = [
        (albums or not (apart or songs), counted(albums, "album")),
        (apart, f"{counted(apart, 'song')} of other albums"),
        (songs, f"{counted(songs, 'song')} without an album"),
    ]
    told = [kind for number, kind in kinds if number]
    return " and ".join([*[", ".join(told[:-1])] * (len(told) > 1), told[-1]])


def share(part: int, whole: int) -> str:
    """The part in per cent of the whole. Only nothing is 0 %, and only everything is 100 %."""
    if not part or not whole:
        return "0\u00a0%"
    if part == whole:
        return "100\u00a0%"
    tenths = 1000 * part / whole
    if tenths < 1:
        return "under 0.1\u00a0%"
    return f"{min(999, round(tenths)) / 10:.1f}\u00a0%"


def roughly(part: int, whole: int) -> str:
    """The part in whole per cent, where there is little room."""
    percent = round(100 * part / whole)
    if part and not percent:
        return "<1\u00a0%"
    return f"{percent}\u00a0%" if percent < 100 or part == whole else ">99\u00a0%"
