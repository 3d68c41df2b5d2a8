"""Listening years: calendar years in UTC, as Last.fm counts; when one begins and ends, and when it is final."""

from datetime import UTC, datetime, timedelta

FIRST_LISTENING_YEAR = 2002  # Last.fm's own first

LATE_SCROBBLES = timedelta(days=15)
"""Last.fm accepts scrobbles this long after they were played, so a year is final only after that."""

RUNNING_YEAR_HOLDS = timedelta(hours=1)
"""How long a year that is not final holds before a visit fetches what is new."""

GAP_HOLDS = timedelta(hours=1)
"""How long a gap holds before a visit makes us ask Last.fm for its plays again."""

PROOF_HOLDS = timedelta(days=30)
"""How long a final year holds before a visit makes us read it again: plays are edited and deleted later, too."""


def year_bounds(year: int) -> tuple[datetime, datetime]:
    """Return the first moment of the year and that of the next."""
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)


def year_seconds(year: int) -> tuple[int, int]:
    """Return the same in UNIX seconds."""
    start, end = year_bounds(year)
    return int(start.timestamp()), int(end.timestamp())


def is_final(year: int, fetched: datetime) -> bool:
    """Whether a year that was complete at `fetched` cannot have grown since."""
    return fetched >= year_bounds(year)[1] + LATE_SCROBBLES


def is_fresh(
    year: int,
    fetched: datetime,
    now: datetime,
    *,
    read: datetime | None = None,
    has_gaps: bool = False,
    only_counted: bool = False,
) -> bool:
    """Whether a year that was complete at `fetched` need not be fetched again at `now`.

    `read` is when the part of it was read that was read longest ago; without it all was read when it was fetched.
    With `only_counted` its plays were removed to make room: then its counts hold, or it would take others' room.
    """
    if only_counted and is_final(year, fetched):
        return True
    if now - fetched < (GAP_HOLDS if has_gaps else RUNNING_YEAR_HOLDS):
        return True
    return is_final(year, fetched) and not has_gaps and now - (read or fetched) < PROOF_HOLDS
