"""The preview: a year's chart from one call, shown while the pages with the exact one are on their way."""

from collections.abc import Callable
from contextvars import copy_context
from dataclasses import asdict, replace
from datetime import datetime
from threading import Lock, Thread

import structlog

from app.progress import Event, Publisher, Topic
from app.store.scrobbles import Standing, Tally
from worker.enrich import batches, catalogue, place_the_plain
from worker.lastfm import CallRefused, KeyRefused, ListeningHidden, NoSuchUser, TryAgain
from worker.tools import Tools

log = structlog.get_logger()

Window = tuple[datetime, datetime]

MOST_ABOVE = 1.1
"""Charts and pages of Last.fm may differ by some plays; a chart with more plays than so many times the year's
count is not of that year."""


class Report:
    """What a run says of its year. A preview, once there is one, stands in for pages that are still to come."""

    def __init__(self, publisher: Publisher, username: str, year: int) -> None:
        self._publisher = publisher
        self._topic = Topic(username, year)
        self._lock = Lock()  # so that what is said in the preview's thread and in ours comes in its order
        self._said: Event | None = None
        self._preview = Standing()

    def say(self, event: Event) -> None:
        """Publishes an event about what is stored."""
        with self._lock:
            self._said = event
            self._publish(event)

    def take(self, preview: Standing) -> None:
        """Shows the preview from now on; at once, if the pages have begun and it says more than they do."""
        with self._lock:
            self._preview = preview
            if self._said and self._blended(self._said).preview:
                self._publish(self._said)

    def _publish(self, exact: Event) -> None:
        self._publisher.publish(self._topic, self._blended(exact))

    def _blended(self, exact: Event) -> Event:
        # Page 1 comes before "fetching" is said: it knows whether the listener hides their listening, and how much
        # there is. A year of one page is there as soon.
        if exact.phase != "fetching" or exact.pages < 2 or not self._preview.years:
            return exact
        if self._preview.scrobbles > MOST_ABOVE * (exact.expected or 0):
            return exact
        stored = Standing(**exact.standing())
        shown = blend(self._preview, stored)
        return exact if shown == stored else exact.model_copy(update={**asdict(shown), "preview": True})


def blend(preview: Standing, exact: Standing) -> Standing:
    """Of every number, and of every bar, the larger one.

    Both count the same plays and neither counts any that are not there, so the larger is always the nearer. No bar
    ever shrinks while pages come in, oldest first, and each becomes exact as soon as it outgrows its preview.
    """
    both = sorted({*preview.years, *exact.years})
    years = {year: max(preview.years.get(year, 0), exact.years.get(year, 0)) for year in both}
    matched = max(preview.matched, exact.matched)
    nearly = max(preview.fuzzy_matched, exact.fuzzy_matched)
    missed = max(preview.not_found, exact.not_found)
    whole = max(preview.scrobbles, exact.scrobbles, sum(years.values()), matched + nearly + missed)
    # The chart of albums knows no songs.
    songs = exact.song_years if years == exact.years else {}
    found = {"matched": matched, "fuzzy_matched": nearly, "not_found": missed}
    return replace(exact, scrobbles=whole, **found, years=years, song_years=songs)


def ask_beside(tools: Tools, username: str, window: Window, take: Callable[[Standing], None]) -> None:
    """Makes a preview in a thread of its own and gives it to `take`. Nobody waits for it: if it fails or comes
    late, there is none."""
    arguments = (_make, tools, username, window, take)
    Thread(target=copy_context().run, args=arguments, name="preview", daemon=True).start()


def _make(tools: Tools, username: str, window: Window, take: Callable[[Standing], None]) -> None:
    try:
        chart = tools.lastfm.album_chart(username, *window)
    except (TryAgain, CallRefused, KeyRefused, ListeningHidden, NoSuchUser) as error:
        log.info("There is no preview", reason=str(error) or type(error).__name__)
        return
    named = (album for album, _ in chart.albums)
    with catalogue(tools.settings.mirror_url.get_secret_value()) as mirror:
        placed = [album for batch in batches(named) for album in place_the_plain(mirror, batch)]
    counted = zip(placed, chart.albums, strict=True)
    take(
        Standing().plus(
            Tally(one.release_year, one.release_year, one.augmentation_status, plays)
            for one, (_, plays) in counted
        )
    )
