"""Formatting: how pages write numbers, shares, dates, lengths of time and titles, as filters of templates."""

from calendar import month_name
from collections.abc import Sequence

# MusicBrainz writes punctuation as a printer does, Last.fm's listeners as keyboards have it.
TYPOGRAPHY = str.maketrans("‘’‚‛“”„‟‐‑‒–—―", "''''\"\"\"\"------", "\u200b\u200e\u200f")


def number(count: int) -> str:
    """Write a number with commas: 12,100."""
    return f"{count:,}"


def counted(count: int, noun: str) -> str:
    """Write a number with its noun: 1 album, 2,000 albums."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def listed(names: Sequence[str]) -> str:
    """List names as in a sentence: A, B and C."""
    *first, last = names or ("",)
    return f"{', '.join(first)} and {last}" if first else last


def share(part: int, whole: int) -> str:
    """Write a part in per cent of the whole. Only nothing is 0 %, and only everything is 100 %."""
    if not part or not whole:
        return "0\u00a0%"
    if part == whole:
        return "100\u00a0%"
    tenths = 1000 * part / whole
    if tenths < 1:
        return "under 0.1\u00a0%"
    return f"{min(999, round(tenths)) / 10:.1f}\u00a0%"


def rough_share(part: int, whole: int) -> str:
    """Write a part in whole per cent, where there is little room."""
    percent = round(100 * part / whole)
    if part and not percent:
        return "<1\u00a0%"
    return f"{percent}\u00a0%" if percent < 100 or part == whole else ">99\u00a0%"


def times(factor: float) -> str:
    """Write how many times as much something is: 4.1 times, 12 times."""
    return f"{factor:.1f} times" if factor < 9.95 else f"{number(round(factor))} times"


def so_far(plays: int, expected: int | None) -> str:
    """Write how many plays of a year are here of those that Last.fm counts, if it has said so."""
    if expected is None or expected <= plays:
        return f"so far, {counted(plays, 'play')}"
    return f"so far, {plays:,} of {counted(expected, 'play')}"


def age(years: float) -> str:
    """Write an average age in whole years."""
    return "under a year" if years < 1 else counted(round(years), "year")


def wait(seconds: int) -> str:
    """Write how long to wait, in the unit that fits and never too short: 42 seconds, 3 minutes, 9 hours."""
    if seconds < 90:
        return counted(seconds, "second")
    minutes = -(-seconds // 60)
    return counted(minutes, "minute") if minutes < 90 else counted(-(-minutes // 60), "hour")


def clock(seconds: int) -> str:
    """Write a time that is counted down: 0:28, 15:00."""
    return f"{seconds // 60}:{seconds % 60:02}"


def date(year: int | None, month: int | None = None, day: int | None = None) -> str:
    """Write a date as far as it is known: 3 May 1977, May 1977, 1977."""
    if year is None:
        return "at an unknown date"
    parts = [str(day)] * bool(month and day) + ([month_name[month]] if month and 1 <= month <= 12 else [])
    return " ".join([*parts, str(year)])


def other_title(title: str, other: str | None) -> str:
    """Return the other title where it reads otherwise than the first; else nothing."""
    return "" if other is None or _plain(title) == _plain(other) else other


def _plain(title: str) -> str:
    return " ".join(title.replace("…", "...").translate(TYPOGRAPHY).casefold().split())


FILTERS = {
    function.__name__: function
    for function in (number, counted, share, rough_share, age, clock, date, other_title)
}
