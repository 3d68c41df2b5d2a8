"""The words about music of some release years, over all listening years."""

from collections.abc import Collection, Mapping

from app.formatting import counted

NAMED_YEARS = 3
"""How many listening years of an album are told in words; its strip shows all."""


def played_in(plays: Mapping[int, int]) -> str:
    """Say in which listening years something was played most, and how often."""
    best = sorted((year for year, count in plays.items() if count), key=lambda year: (-plays[year], year))
    if len(best) == 1:
        return str(best[0])
    named = ", ".join(f"{year}\u00a0({plays[year]:,})" for year in best[:NAMED_YEARS])
    more = len(best) - NAMED_YEARS
    return named + (f" and {counted(more, 'other year')}" if more > 0 else "")


def every_year(plays: Mapping[int, int]) -> str:
    """Name all listening years with their plays."""
    return ", ".join(f"{year}: {counted(count, 'play')}" for year, count in sorted(plays.items()) if count)


def removed(plays: Mapping[int, int]) -> str:
    """Say of which listening years the plays are not here any more, so that their albums are not listed."""
    count = sum(plays.values())
    told = f"The plays of {_and(plays)} were removed to make room, since nobody had looked at them for long."
    return (
        f"{told} {counted(count, 'play')} of this music {'is' if count == 1 else 'are'} in the bars and not below."
    )


def unfinished(years: Collection[int]) -> str:
    """Say of which listening years more plays may come; empty without any."""
    if not years:
        return ""
    are, they_are = ("is", "it is") if len(years) == 1 else ("are", "they are")
    return f"{_and(years)} {are} counted as far as {they_are} read."


def _and(years: Collection[int]) -> str:
    *first, last = map(str, sorted(years))
    return f"{', '.join(first)} and {last}" if first else last
