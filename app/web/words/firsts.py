"""Firsts: what several listeners' years come to side by side, and what each of them is first in."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from app.charts.release_years import quartile
from app.formatting import counted, listed
from app.web.words.summary import Summary
from app.web.words.wording import FEW_PLAYS

MAX_FIRSTS = 2
"""How many are told of each listener."""


class First(NamedTuple):
    """What a listener is first in, by what figure, and who else is, with the same figure."""

    what: str
    figure: str
    level_with: str = ""


class _Measure(NamedTuple):
    """What listeners are ranked by: as exactly as it is shown, so that nobody is first by what cannot be seen."""

    what: str
    rank: Callable[[Summary], float]
    figure: Callable[[Summary], str]


MEASURES = (
    _Measure("Oldest middle year", lambda one: -(one.median or 0), lambda one: str(one.median)),
    _Measure("Newest middle year", lambda one: one.median or 0, lambda one: str(one.median)),
    _Measure("Widest spread", lambda one: _spread(one), lambda one: f"half of it from {_half(one)}"),
    _Measure("Most new music", lambda one: _tenths(one.own, one), lambda one: one.share(one.own)),
    _Measure(
        "Closest to one decade",
        lambda one: _tenths(one.decade_plays, one),
        lambda one: f"{one.share(one.decade_plays)} from the {one.decade}s",
    ),
    _Measure("Narrowest spread", lambda one: -_spread(one), lambda one: f"half of it from {_half(one)}"),
    _Measure("Most release years", lambda one: len(one.years), lambda one: f"{counted(len(one.years), 'year')}"),
    _Measure("Most plays", lambda one: one.scrobbles, lambda one: f"{one.scrobbles:,}"),
)
"""In the order in which they are told."""


def firsts(summaries: Sequence[Summary]) -> dict[str, list[First]]:
    """Return by name what each is first in.

    Whoever has few plays is not ranked. Of two with the same figure both are first; where all have it, nobody is.
    """
    ranked = [one for one in summaries if one.placed >= FEW_PLAYS]
    found: dict[str, list[First]] = {one.name: [] for one in summaries}
    for measure in MEASURES:
        best = max((measure.rank(one) for one in ranked), default=0.0)
        leaders = [one for one in ranked if measure.rank(one) == best]
        if not leaders or len(leaders) == len(ranked) or (measure.what == "Most new music" and not best):
            continue
        for one in leaders:
            others = listed([other.name for other in leaders if other is not one])
            found[one.name].append(First(measure.what, measure.figure(one), others))
    return {name: told[:MAX_FIRSTS] for name, told in found.items()}


def headline(summaries: Sequence[Summary]) -> str:
    """Say in one sentence what the same year of several listeners comes down to; empty where too few have one."""
    known = [one for one in summaries if one.median is not None]
    if len(known) < 2:
        return ""
    of_what = "music with a known release year" if any(one.unplaced for one in known) else "music"
    oldest, newest = (pick(one.median or 0 for one in known) for pick in (min, max))
    if oldest == newest:
        return f"{known[0].period.opening} half of everybody’s {of_what} came out by {oldest}."
    first, last = (listed([f"{one.name}’s" for one in known if one.median == at]) for at in (oldest, newest))
    return f"{known[0].period.opening} half of {first} {of_what} came out by {oldest}, half of {last} by {newest}."


def _spread(summary: Summary) -> int:
    first, last = _middle_half(summary)
    return last - first


def _half(summary: Summary) -> str:
    first, last = _middle_half(summary)
    return f"{first} to {last}" if first != last else str(first)


def _middle_half(summary: Summary) -> tuple[int, int]:
    return quartile(summary.years, 1) or 0, quartile(summary.years, 3) or 0


def _tenths(plays: int, summary: Summary) -> float:
    """Return a share as exactly as pages write it, in tenths of a per cent."""
    tenths = 1000 * plays / summary.placed
    if plays == summary.placed:
        return tenths
    return min(999, round(tenths)) if tenths >= 1 else 0.5 * bool(plays)
