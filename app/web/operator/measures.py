"""Measures: what the operator's charts and tables show of each hour and each day."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from app.counters.catalogue import FETCH_FAILURES
from app.counters.counts import INFINITY
from app.counters.gauges import Storage
from app.counters.history import PeriodCounts
from app.settings import MEGABYTE, Settings

ABOUT_LISTENERS = ("no_such_user", "renamed", "barred", "listening_hidden")
"""Failures that are the listener's own affair."""

USEFUL_ERRORS = frozenset({"6", "7", "17"})
"""Last.fm's error numbers that answer the question: no such listener, and a listener who hides what they play."""

FAILURES = {
    "no_such_user": "no such listener",
    "renamed": "renamed",
    "barred": "forgotten for good",
    "listening_hidden": "hidden",
    "lastfm_away": "Last.fm away",
    "lastfm_refuses": "key refused",
    "broken": "bug",
}

ERRORS = {
    "0": "an error without a number",
    "4": "authentication failed",
    "6": "no such listener",
    "7": "no such listener",
    "8": "operation failed",
    "9": "invalid session",
    "10": "invalid API key",
    "11": "service offline",
    "13": "invalid signature",
    "16": "temporarily unavailable",
    "17": "the listener hides what they play",
    "26": "API key suspended",
    "29": "too many calls",
    "cut_off": "the answer broke off",
    "http_status": "an HTTP error",
    "not_json": "no JSON",
    "unreachable": "not reached",
    "unreadable": "JSON of an unknown form",
}
"""What Last.fm's answers of no use mean, by their code."""

LOWEST_COUNT = 2.0
"""An axis of counts ends here or above, so that its middle is a whole one."""

GOOD, MILD, BAD = "good", "mild", "bad"
"""The colours of series."""

Row = tuple[str, ...]


@dataclass(frozen=True)
class Series:
    """What a part of each bar stands for."""

    name: str
    colour: str


@dataclass(frozen=True)
class Measure:
    """One thing that is shown of each hour and each day."""

    key: str
    title: str
    series: tuple[Series, ...]
    values: Callable[[Sequence[PeriodCounts]], list[list[float]]]
    """The parts of each bar."""
    columns: Row
    row: Callable[[PeriodCounts, list[float]], Row]
    """The cells of a row of the table, of which bars show the sum."""
    write: Callable[[float], str]
    """Writes a value of the vertical axis."""
    limit: Callable[[float], float] | None = None
    """What a bar of so many seconds must not exceed."""
    shows_limit: bool = False
    lowest_end: float = 0.0
    """Where the vertical axis ends at least."""
    limit_text: str = ""
    is_sum: bool = True
    """Whether hours add up to days."""


def measures(settings: Settings, storage: Storage | None) -> Iterator[Measure]:
    """Return what is shown."""
    rate, limit = settings.lastfm_requests_per_second, settings.lastfm_storage_mb
    yield Measure(
        key="fetches",
        title="Fetches",
        series=(
            Series("completed", GOOD),
            Series("not possible: hidden, renamed, unknown", MILD),
            Series("failed", BAD),
        ),
        values=lambda periods: [_fetches(period) for period in periods],
        columns=("completed", *FAILURES.values()),
        row=lambda period, _: tuple(
            _number(period.count("fetches", outcome)) for outcome in ("completed", *FETCH_FAILURES)
        ),
        write=_number,
        lowest_end=LOWEST_COUNT,
    )
    yield Measure(
        key="wait",
        title="Wait in the queue",
        series=(Series("on average, in seconds", GOOD),),
        values=lambda periods: [[period.waited or 0.0] for period in periods],
        columns=("on average", "at most"),
        row=lambda period, _: (_seconds(period.waited), _at_most(period.longest_waits)),
        write=lambda value: f"{value:g} s",
        is_sum=False,
    )
    yield Measure(
        key="calls",
        title="Calls of Last.fm's API",
        series=(Series("answered", GOOD), Series("of no use", BAD)),
        values=lambda periods: [_calls(period) for period in periods],
        columns=("calls", "of no use"),
        row=lambda _, parts: (_number(sum(parts)), _number(parts[1])),
        write=_number,
        lowest_end=LOWEST_COUNT,
        limit=lambda seconds: rate * seconds,
        limit_text=f"{rate:g} a second are allowed",
    )
    yield Measure(
        key="storage",
        title="Last.fm's data that is stored",
        series=(Series("MB", GOOD),),
        values=lambda periods: [[size / MEGABYTE] for size in _storage(periods, storage)],
        columns=("MB",),
        row=lambda _, parts: (f"{parts[0]:.1f}" if parts[0] else "",),
        write=lambda value: f"{value:g} MB",
        limit=lambda _: float(limit),
        shows_limit=True,
        limit_text=f"{limit} MB are allowed",
        is_sum=False,
    )
    if settings.cover_art_url:
        yield Measure(
            key="covers",
            title="Covers asked of the Cover Art Archive",
            series=(Series("fetched", GOOD), Series("none there", MILD), Series("failed", BAD)),
            values=lambda periods: [_covers(period) for period in periods],
            columns=("fetched", "none there", "failed"),
            row=lambda _, parts: tuple(map(_number, parts)),
            write=_number,
            lowest_end=LOWEST_COUNT,
        )
    yield Measure(
        key="requests",
        title="Visitors' requests",
        series=(
            Series("answered", GOOD),
            Series("refused or not found (4xx)", MILD),
            Series("failed (5xx)", BAD),
        ),
        values=lambda periods: [_requests(period) for period in periods],
        columns=("2xx", "3xx", "4xx", "5xx"),
        row=lambda period, _: tuple(
            _number(period.count("http_requests", status)) for status in ("2xx", "3xx", "4xx", "5xx")
        ),
        write=_number,
        lowest_end=LOWEST_COUNT,
    )


def _fetches(period: PeriodCounts) -> list[float]:
    found = period.by_label("fetches")
    completed = found.pop("completed", 0)
    mild = sum(found.pop(outcome, 0) for outcome in ABOUT_LISTENERS)
    return [completed, mild, sum(found.values())]


def _calls(period: PeriodCounts) -> list[float]:
    calls = period.count("lastfm_calls")
    useless = sum(by for code, by in period.by_label("lastfm_errors").items() if code not in USEFUL_ERRORS)
    return [max(0, calls - useless), useless]


def _covers(period: PeriodCounts) -> list[float]:
    found = period.by_label("cover_fetches")
    fetched, missing = found.pop("fetched", 0), found.pop("missing", 0)
    return [fetched, missing, sum(found.values())]


def _requests(period: PeriodCounts) -> list[float]:
    found = period.by_label("http_requests")
    refused, failed = found.pop("4xx", 0), found.pop("5xx", 0)
    return [sum(found.values()), refused, failed]


def _storage(periods: Sequence[PeriodCounts], storage: Storage | None) -> Iterator[int]:
    """Yield the bytes at the end of each period: what was measured last holds until the next time."""
    size = storage.bytes if storage and storage.at < periods[0].start else 0
    for period in periods:
        size = period.storage or size
        yield size


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"


def _at_most(end: str) -> str:
    return "" if not end else "over an hour" if end == INFINITY else f"{end} s"
