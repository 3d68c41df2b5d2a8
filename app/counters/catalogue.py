"""The catalogue: every counter and histogram that is kept in Redis, with its labels and their values."""

from collections.abc import Callable
from dataclasses import dataclass, field

Labels = tuple[str, ...]

OTHER = "other"
"""The value of a label in place of any that is not listed."""

SECONDS_OF_A_FETCH = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
SECONDS_OF_A_REQUEST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


def _as_it_is(labels: Labels) -> Labels:
    return labels


def _without_labels(_labels: Labels) -> Labels:
    return ()


def _class_of_status(labels: Labels) -> Labels:
    return (f"{labels[-1][:1]}xx",)


@dataclass(frozen=True)
class Metric:
    """A counter, or with buckets a histogram of seconds."""

    text: str
    labels: dict[str, Labels] = field(default_factory=dict)
    """Label -> the values it may have; none are listed where the caller keeps them few."""
    buckets: tuple[float, ...] = ()
    """The upper ends, in seconds."""
    by_time: Callable[[Labels], Labels] | None = None
    """By which labels it is also kept for each hour and each day; None where only the total is kept."""
    has_latest: bool = False
    """Whether it is kept when each of its label values was counted last."""

    def bounded(self, labels: Labels) -> Labels:
        """Return the labels, with OTHER in place of every value that is not listed."""
        allowed = self.labels.values()
        pairs = zip(labels, allowed, strict=True)
        return tuple(value if not values or value in values else OTHER for value, values in pairs)


FETCH_FAILURES = (
    "no_such_user",
    "renamed",
    "barred",
    "listening_hidden",
    "lastfm_away",
    "lastfm_refuses",
    "broken",
)
"""The names of app.events.Failure, which a test compares with this."""

LASTFM_METHODS = ("user.getInfo", "user.getRecentTracks", "user.getWeeklyAlbumChart")
LASTFM_CODES = (
    *(str(code) for code in (0, *range(2, 12), 13, 14, 15, 16, 17, 26, 29)),
    "cut_off",
    "http_status",
    "not_json",
    "unreachable",
    "unreadable",
    OTHER,
)
"""Last.fm's error numbers (https://www.last.fm/api/errorcodes), 0 for an error without one, and what else may be
wrong with an answer."""

COVER_OUTCOMES = (
    *("fetched", "missing"),
    *("busy", "slow", "unreachable", "cut_off", "http_status"),
    *("no_picture", "too_large", "redirect"),
)
"""What comes of asking for a cover: it is here, or there is none; the archive is away; what it sent is refused."""

QUEUES = ("lookups", "fetches", "chores", "covers")

METRICS = {
    "fetches": Metric(
        "Fetches that ended: completed, or why they failed",
        {"outcome": ("completed", *FETCH_FAILURES)},
        by_time=_as_it_is,
    ),
    "stretches": Metric(
        "Stretches of time read from Last.fm: proven by its own count, or a gap that the year's page names",
        {"outcome": ("proven", "gap")},
    ),
    "plays_completed": Metric(
        "Plays in years when they were completed, by whether their release year is known",
        {"release_year": ("known", "unknown")},
    ),
    "first_bars_seconds": Metric(
        "Time from a request for a year that was never here to its first bars", buckets=SECONDS_OF_A_FETCH
    ),
    "whole_year_seconds": Metric(
        "Time from a request for a year that was never here to all of it", buckets=SECONDS_OF_A_FETCH
    ),
    "queue_wait_seconds": Metric(
        "Time from when a job was queued to when a worker began it",
        {"queue": QUEUES},
        buckets=SECONDS_OF_A_FETCH,
        by_time=_without_labels,
    ),
    "queue_refusals": Metric(
        "Jobs that were not taken on, as too many waited in the queue, or of one visitor in their line",
        {"queue": QUEUES, "reason": ("queue_full", "line_full")},
    ),
    "lastfm_calls": Metric("Calls of Last.fm's API", {"method": LASTFM_METHODS}, by_time=_without_labels),
    "lastfm_errors": Metric(
        "Calls without a useful answer, by Last.fm's error number or what else was wrong",
        {"code": LASTFM_CODES},
        by_time=_as_it_is,
        has_latest=True,
    ),
    "cover_views": Metric(
        "Album covers asked for: shown, without one at the archive, or not fetched yet",
        {"outcome": ("shown", "missing", "waiting")},
    ),
    "cover_fetches": Metric(
        "Covers asked of the Cover Art Archive: fetched, missing there, or why it came to nothing",
        {"outcome": COVER_OUTCOMES},
        by_time=_as_it_is,
    ),
    "cover_files_evicted": Metric("Files of covers, two each, that were removed to keep to COVERS_MB"),
    "years_evicted": Metric("Years whose plays were removed to keep to LASTFM_STORAGE_MB"),
    "database_wakeups": Metric(
        "Connections to the app database opened after five minutes without any, when Neon's compute sleeps"
    ),
    "http_requests": Metric(
        "Requests served, by the rule of their route and their status",
        {"route": (), "status": ()},
        by_time=_class_of_status,
    ),
    "http_request_duration_seconds": Metric(
        "Time to answer a request, but for websockets and streams of events, by the rule of its route",
        {"route": ()},
        buckets=SECONDS_OF_A_REQUEST,
    ),
}
