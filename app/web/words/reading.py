"""Reading: sentences on how a year is read from Last.fm: how far, when, what that changed, what is not there."""

from calendar import month_name
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from app.events import Event, Gap
from app.formatting import counted
from app.formatting import date as written_date
from app.periods import Period

NAMED_GAPS = 3
"""How many gaps are named; of the others it is said how many there are."""


FEW_SECONDS = 5
"""Below this it is told that they are few, and as many after the end that was expected, that it takes longer."""


class TimeLeft(NamedTuple):
    """What is said of the time that is left, and the seconds from which a page counts down."""

    text: str
    seconds: float | None = None


def progress(event: Event | None, ahead: int = 0) -> str:
    """Say how far a fetch is, with `ahead` others to be done first."""
    if event is None:
        return "Asking Last.fm…"
    if event.waiting_for:
        return "Waiting for our own database"
    if event.phase == "queued" and ahead:
        return f"In line, {ahead:,} {'fetch' if ahead == 1 else 'fetches'} ahead"
    if event.phase == "fetching" and event.expected:
        return checked(event.done, event.expected)
    if event.phase == "augmenting":
        return "Looking up the last release years…"
    return "Asking Last.fm…" if event.next_try_at is None else "Last.fm does not answer"


def checked(done: int, expected: int) -> str:
    """Say how many plays are read and proven: the one measure of a fetch."""
    return f"{min(done, expected):,} of {counted(expected, 'play')} checked"


def time_left(event: Event | None, age: float = 0.0) -> TimeLeft | None:
    """Say how long a fetch still takes, by an event of so many seconds ago; None while there is nothing to say.

    The page counts down from the seconds by itself, and ends with the same words: static/waiting.js.
    """
    is_read = event is not None and event.phase in ("fetching", "augmenting") and bool(event.expected)
    if event is None or not is_read or event.waiting_for or event.next_try_at is not None:
        return None
    if event.seconds_left is None:
        # Before the first play is stored no figure has been told that could have been too low.
        return TimeLeft("takes a little longer") if event.done else None
    seconds = event.seconds_left - max(0.0, age)
    if seconds < -FEW_SECONDS:
        return TimeLeft("takes a little longer")
    if seconds < FEW_SECONDS:
        return TimeLeft("a few seconds left", seconds)
    whole = round(seconds)
    figure = f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02} s"
    return TimeLeft(f"about {figure} left".replace(" s ", "\u00a0s ").replace(" min ", "\u00a0min\u00a0"), seconds)


def in_tab(event: Event | None, title: str) -> str:
    """Put how far a fetch is before a page's title, where a narrow tab still shows it."""
    if event is None or event.phase not in ("fetching", "augmenting") or not event.expected:
        return title
    # All of it is here only when the year is completed.
    return f"{min(99, 100 * event.done // event.expected)}\u00a0% · {title}"


def meanwhile(event: Event | None, ahead: int = 0) -> str:
    """Say in one line what the bars are worth while a year comes in, and that nobody has to wait for it."""
    if event is not None and event.preview:
        return "The bars are nearly right, and exact in the end. You may close this page."
    if event is not None and event.years:
        return "The bars grow as plays come in. You may close this page."
    when = "when it is this year’s turn" if ahead else "in a moment"
    if event is not None and event.scrobbles:
        when = "with the first play whose release year is known"
    if event is not None and (event.next_try_at is not None or event.waiting_for):
        when = "when it goes on, by itself"
    return f"The first bars appear {when}. You may close this page."


def standstill(event: Event | None) -> str:
    """Say how far a fetch is that nobody goes on with."""
    return progress(event) if event and event.phase == "fetching" and event.expected else "Waiting"


def when_read(event: Event, until: date | None) -> str:
    """Say when a whole year was read, what that has changed, and whether it is read again."""
    told = []
    if until is not None and event.phase == "completed":
        told.append(f"Counted up to {_date(until)}.")
    elif until is None and event.read_at is not None:
        told.append(f"Read on {_date(datetime.fromtimestamp(event.read_at, UTC))}.")
    if event.is_running:
        told.append("It is being read again" + ", once our own database answers" * bool(event.waiting_for) + ".")
    elif event.added or event.removed:
        changes = (("added", event.added), ("removed", event.removed))
        found = [f"{what} {counted(plays, 'play')}" for what, plays in changes if plays]
        told.append(f"The latest reading {' and '.join(found)}.")
    if until is not None and not event.is_running:
        told.append("Newer plays are added when somebody opens this page, at most once an hour.")
    return " ".join(told)


def not_there(event: Event, unexplained: int) -> str:
    """Say which plays Last.fm counts, or lists, that are not among those of the year, and why."""
    told = []
    if event.gaps:
        told.append(f"Last.fm does not hand over {_gaps(event.gaps)} (UTC). We keep asking for them.")
    if event.duplicates:
        are = "is" if event.duplicates == 1 else "are"
        told.append(f"{counted(event.duplicates, 'play')} that Last.fm lists twice {are} counted once.")
    if event.undated:
        has, are = ("has", "is") if event.undated == 1 else ("have", "are")
        told.append(f"{counted(event.undated, 'play')} {has} no date at Last.fm and {are} left out.")
    if event.unreadable:
        told.append(f"{counted(event.unreadable, 'line')} of Last.fm’s list cannot be read.")
    if unexplained:
        than = "more" if unexplained > 0 else "fewer"
        told.append(f"Last.fm counts {counted(abs(unexplained), 'play')} {than} than it gave us.")
    return " ".join(told)


def only_counted(event: Event, year: int, period: Period | None = None) -> str:
    """Say that the plays of a year were removed, what was kept of a part of it, and how they come back."""
    told = f"The plays of {year} themselves were removed to make room, since nobody had looked at them for long."
    if period:
        told += " The counts of its months were kept."
    if event.is_running:
        return f"{told} They are being read again."
    return f"{told} A click on a bar reads them from Last.fm again."


def _gaps(gaps: Sequence[Gap]) -> str:
    named, others = gaps[:NAMED_GAPS], gaps[NAMED_GAPS:]
    parts = [f"{_plays(gap.plays, 'play')} {_when(gap)}" for gap in named]
    if others:
        counts = [gap.plays for gap in others if gap.plays is not None]
        plays = f"{sum(counts):,}" if len(counts) == len(others) else "some"
        parts.append(f"{plays} more at {counted(len(others), 'other time')}")
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def _plays(count: int | None, noun: str) -> str:
    return f"some {noun}s" if count is None else counted(count, noun)


def _when(gap: Gap) -> str:
    """Say when it is, as exactly as its length asks for: by the minute, or by the day."""
    start, end = (datetime.fromtimestamp(at, UTC) for at in (gap.start // 60 * 60, -(-gap.end // 60) * 60))
    last = end - timedelta(minutes=1)
    if last.date() == start.date():
        return _on_one_day(start, end)
    if end - start <= timedelta(days=1):
        return f"between {start:%H:%M} on {_day(start)} and {end:%H:%M} on {_day(end)}"
    first = str(start.day) if start.month == last.month else _day(start)
    return f"between {first} and {_day(last)}"


def _on_one_day(start: datetime, end: datetime) -> str:
    if end - start == timedelta(days=1):
        return f"on {_day(start)}"
    if end - start == timedelta(minutes=1):
        return f"at {start:%H:%M} on {_day(start)}"
    until = "midnight" if end.date() > start.date() else f"{end:%H:%M}"
    return f"between {start:%H:%M} and {until} on {_day(start)}"


def _day(at: datetime) -> str:
    return f"{at.day} {month_name[at.month]}"


def _date(at: date) -> str:
    return written_date(at.year, at.month, at.day)
