"""Preview: a year's chart from a single call, shown until the plays themselves have brought as much."""

from collections.abc import Callable, Sequence
from contextvars import copy_context
from datetime import datetime
from threading import Lock, Thread
from typing import TypeVar

import structlog

from app.events import Event, Tally, YearCounts
from app.redis.event_stream import Topic
from app.store.albums import Album
from worker.context import WorkerContext
from worker.fetching.enrich import BATCH_SIZE, match_exact
from worker.fetching.mirror_client import MirrorClient
from worker.fetching.proof import SIZES
from worker.lastfm.errors import CallRefused, KeyRefused, ListeningHidden, NoSuchUser, TryAgain

log = structlog.get_logger()

Window = tuple[datetime, datetime]
Counts = TypeVar("Counts", bound=YearCounts)

NOTICED = 1.5
"""Seconds; a shorter wait for Last.fm is not shown."""
MAX_EXCESS = 1.1
"""Last.fm's charts and counts may differ by some plays. A chart with more than this many times the year's count is
not of that year."""


class ProgressReporter:
    """Publishes a run's events. A preview, once there is one, fills in for the plays that are still to come."""

    def __init__(self, context: WorkerContext, username: str, year: int) -> None:
        self._publish = context.publish
        self._clock = context.clock
        self._topic = Topic(username, year)
        self._lock = Lock()  # keeps the events of the preview's thread and of the job's in order
        self._last: Event | None = None
        self._last_at = 0.0
        self._preview = YearCounts()
        self._tell_first_bars: Callable[[], None] | None = None

    def on_first_bars(self, tell: Callable[[], None]) -> None:
        """Call `tell` once, when the first event with bars is published."""
        self._tell_first_bars = tell

    def publish(self, event: Event) -> None:
        """Publish an event about what is stored, filled up from the preview."""
        with self._lock:
            self._last, self._last_at = event, self._clock.now()
            self._send(self._blended(event))

    def show_preview(self, preview: YearCounts) -> None:
        """Use the preview from now on, and publish it at once if it adds to what is stored."""
        with self._lock:
            self._preview = preview
            if self._last and (blended := self._blended(self._by_now(self._last))).preview:
                self._send(blended)

    def show_wait(self, seconds: float) -> None:
        """Say that Last.fm is asked again only in so many seconds, if that is long enough to be noticed."""
        with self._lock:
            if self._last and self._last.is_running and seconds >= NOTICED:
                next_try_at = self._clock.now() + seconds
                self._publish(
                    self._topic,
                    self._blended(self._by_now(self._last)).model_copy(update={"next_try_at": next_try_at}),
                )

    def close(self) -> None:
        """Publish nothing more by itself: a preview, or a call that nobody awaits any more, comes too late."""
        with self._lock:
            self._last = None

    def _send(self, event: Event) -> None:
        self._publish(self._topic, event)
        if event.years and (tell := self._tell_first_bars):
            self._tell_first_bars = None
            tell()

    def _by_now(self, event: Event) -> Event:
        """Return the event with the time that is left counted down, as pages have done."""
        if event.seconds_left is None:
            return event
        passed = max(0.0, self._clock.now() - self._last_at)
        return event.model_copy(update={"seconds_left": max(0, round(event.seconds_left - passed))})

    def _blended(self, exact: Event) -> Event:
        # The first answer says how much there is, and whether the listener hides it. If it holds all, there is
        # nothing to preview.
        if exact.phase != "fetching" or (exact.expected or 0) <= SIZES[0] or not self._preview.years:
            return exact
        if self._preview.scrobbles > MAX_EXCESS * (exact.expected or 0):
            return exact
        shown = blend(self._preview, exact)
        return exact if shown == exact else shown.model_copy(update={"preview": True})


def blend(preview: YearCounts, exact: Counts) -> Counts:
    """Take the larger one of every number and of every bar.

    Both count plays of the same year and neither counts too many, so that the larger one is always closer. No bar
    ever shrinks while plays come in, and each is exact once it has outgrown its preview.
    """
    both = sorted({*preview.years, *exact.years})
    years = {year: max(preview.years.get(year, 0), exact.years.get(year, 0)) for year in both}
    matched = max(preview.matched, exact.matched)
    nearly = max(preview.fuzzy_matched, exact.fuzzy_matched)
    missed = max(preview.not_found, exact.not_found)
    whole = max(preview.scrobbles, exact.scrobbles, sum(years.values()), matched + nearly + missed)
    # The album chart says nothing about songs.
    songs = exact.song_years if years == exact.years else {}
    found = {"scrobbles": whole, "matched": matched, "fuzzy_matched": nearly, "not_found": missed}
    return exact.model_copy(update={**found, "years": years, "song_years": songs})


def start_preview(
    context: WorkerContext, username: str, window: Window, show: Callable[[YearCounts], None]
) -> None:
    """Make a preview in a thread of its own and hand it to `show`, whose bars grow while albums are looked up.

    Nothing waits for it, should it fail or come late.
    """
    arguments = (_make_preview, context, username, window, show)
    Thread(target=copy_context().run, args=arguments, name="preview", daemon=True).start()


def _make_preview(
    context: WorkerContext, username: str, window: Window, show: Callable[[YearCounts], None]
) -> None:
    try:
        chart = context.lastfm.album_chart(username, *window)
    except (TryAgain, CallRefused, KeyRefused, ListeningHidden, NoSuchUser) as error:
        log.info("Could not make a preview", reason=str(error) or type(error).__name__)
        return
    albums, plays = [album for album, _ in chart.albums], [times for _, times in chart.albums]
    with MirrorClient(context.settings.mirror_url.get_secret_value()) as mirror:
        for start in range(0, len(albums), BATCH_SIZE):
            batch = slice(start, start + BATCH_SIZE)
            albums[batch] = match_exact(mirror, albums[batch])
            # At once: the first ones are played most, and their bars need not wait for the others.
            show(_counted(albums, plays))


def _counted(albums: Sequence[Album], plays: Sequence[int]) -> YearCounts:
    return YearCounts().plus(
        Tally(album.release_year, album.release_year, album.augmentation_status, times)
        for album, times in zip(albums, plays, strict=True)
    )
