"""One run of a fetch: the steps by which a listener's year gets from Last.fm into the store."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog

from app.counters import count
from app.progress import Event, Failure, Phase, Topic, latest
from app.store import Connection, albums, heard, jobs, listeners, scrobbles, tracks
from app.store.albums import Album
from app.store.heard import Ends
from app.store.scrobbles import Scrobble, Standing, Tally, year_bounds
from worker import stopping
from worker.enrich import Catalogue, batches, place, place_the_plain, scrobbled_albums
from worker.lastfm import PAGE_SIZE, NoSuchUser, TryAgain
from worker.listeners import confirm
from worker.outdated import Outdated
from worker.payloads import Page
from worker.preview import Report, ask_beside
from worker.tools import Tools
from worker.walk import Shifted, walk

log = structlog.get_logger()

SURE = 3  # pages after which it is told how long the others take
WALKS = 6  # how often a year that keeps shifting is begun again behind its last stored page


class YearFetch:
    """The run `run` of a listener's `year`. Each step may be run twice; what is stored is never doubled."""

    def __init__(
        self, tools: Tools, connection: Connection, catalogue: Catalogue, username: str, year: int, run: UUID
    ) -> None:
        self._tools = tools
        self._connection = connection
        self._catalogue = catalogue
        self._year = year
        self._run = run
        self._start, self._end = year_bounds(year)
        self._username = username
        self._listener = listeners.find(connection, username)
        self._resume_from: datetime | None = None
        self._edge: tuple[Scrobble, ...] = ()
        self._done = self._pages = 0
        self._expected: int | None = None
        self._known_gap = 0
        self._standing = Standing()
        self._report = Report(tools.publisher, username, year)
        self._new: set[UUID] = set()
        self._outdated = Outdated(connection, tools.redis, but=Topic(username, year))

    def begin(self) -> None:
        """Takes the year up, at its first page or behind the last committed one.

        Raises Overtaken, NoSuchUser, TryAgain, KeyRefused.
        """
        job = jobs.begin(self._connection, self._run)
        self._listener = confirm(
            self._connection,
            self._tools.lastfm,
            self._username,
            head_check=self._tools.settings.lastfm_head_check,
        )
        self._username = self._listener.username
        self._report = Report(self._tools.publisher, self._username, self._year)
        self._recount()
        self._end, self._resume_from = job.window_end, job.resume_from
        self._done, self._pages = job.progress, job.total_pages
        log.info("A year is fetched", year=self._year, stored=self._standing.scrobbles, pages_done=self._done)
        if job.completed_at and job.expected is not None:
            # Scrobbles that Last.fm counts but does not show stay missing: no reason to read the year again.
            # More than it counted are none of those: an earlier run of this update has stored them.
            self._known_gap = max(0, job.expected - self._stored())
        if job.completed_at is None:
            self._look_ahead()

    @contextmanager
    def telling_the_others(self) -> Iterator[None]:
        """At the end, however it comes, has other years read anew whose albums got their year in between."""
        with self._outdated:
            yield

    def take_pages(self) -> None:
        """Stores every page from the resume point to the window's end, and all of them once more when the count
        then differs from Last.fm's. Raises Overtaken, ListeningHidden, TryAgain, KeyRefused."""
        self._walk_to_the_end()
        if self._expected is not None and self._expected - self._stored() != self._known_gap:
            log.info("Another count than Last.fm's: once more", expected=self._expected, stored=self._stored())
            self._move(to=None)
            self._walk_to_the_end()

    def place_the_rest(self) -> None:
        """Asks the mirror for every album of the year that has no year yet, slips and all. Raises Overtaken."""
        jobs.augment(self._connection, self._run, expected=self._expected or 0)
        self._recount()
        self._publish("augmenting")
        self._catalogue.try_again()
        waiting = albums.pending(self._connection, self._user, self._start, self._end)
        for batch in batches(waiting):
            stopping.check()
            placed = place(self._catalogue, batch)
            if placed is None:
                break
            self._note_years(placed)
            albums.keep(self._connection, placed)
            self._recount()
            self._publish("augmenting")

    def place_the_songs(self) -> None:
        """Asks for the years of songs whose albums do not tell them, where the mirror has recordings."""
        if not self._catalogue.knows_songs():
            return
        waiting = tracks.unplaced(self._connection, self._user, self._start, self._end)
        for batch in batches(waiting):
            stopping.check()
            if (years := self._catalogue.songs(batch)) is None:
                break
            self._outdated.note_songs(song.id for song, year in zip(batch, years, strict=True) if year)
            tracks.keep_years(self._connection, batch, years)
            self._recount()
            self._publish("augmenting")

    def complete(self) -> None:
        """Says that the year is whole. Raises Overtaken."""
        with self._connection.transaction():
            jobs.complete(self._connection, self._run)
            # Said before it is committed: a worker killed in between says it again, and no page waits for it.
            self._publish("completed")
        log.info("A year is whole", year=self._year, pages=self._done, scrobbles=self._standing.scrobbles)
        count(self._tools.redis, "fetches", "completed")

    def fail(self, failure: Failure) -> None:
        """Says why the year is not whole; what was stored stays and is shown."""
        unknown = failure is Failure.NO_SUCH_USER and self._listener is None
        with self._connection.transaction():
            ours = (
                jobs.drop(self._connection, self._run)
                if unknown
                else jobs.fail(self._connection, self._run, failure)
            )
            if ours:
                self._recount()
                self._publish("failed", error=failure)
        if ours:
            log.info("A fetch has failed", year=self._year, reason=str(failure))
            count(self._tools.redis, "fetches", failure.name.lower())

    @property
    def _user(self) -> int:
        if self._listener is None:
            raise NoSuchUser
        return self._listener.id

    def _look_ahead(self) -> None:
        """Has a year that was never whole previewed. A run that was cut off goes on with the preview it had."""
        before = latest(self._tools.redis, Topic(self._username, self._year))
        if before and before.event.run == self._run and before.event.preview:
            self._report.take(Standing(**before.event.standing()))
        elif self._resume_from is None and not self._is_one_page():
            ask_beside(self._tools, self._username, (self._start, self._end), self._report.take)

    def _is_one_page(self) -> bool:
        """Whether the years were counted before and this one is here as soon as any preview."""
        counted = latest(self._tools.redis, Topic(self._username))
        return counted is not None and counted.event.years.get(str(self._year), PAGE_SIZE + 1) <= PAGE_SIZE

    def _walk_to_the_end(self) -> None:
        for _ in range(WALKS):
            whole = self._resume_from is None
            try:
                self._walk()
            except Shifted:
                log.info("The pages shifted while they were read: on from the last stored one")
                continue
            if not whole:
                # Page 1 told only of the rest: what came and went before it shows in the count of all.
                self._expected = self._tools.lastfm.count_scrobbles(self._username, self._start, self._end)
            return
        raise TryAgain("the pages keep shifting")

    def _walk(self) -> None:
        since, before, self._edge = self._resume_from or self._start, self._done, ()
        first = self._fetch(1, since)
        earlier = scrobbles.count(self._connection, self._user, self._start, since)
        self._expected, self._pages = earlier + first.total, before + first.pages
        self._publish("fetching")
        if not first.pages:
            self._clear(since)
        began = time.monotonic()
        for page in walk(first, partial(self._fetch, since=since), self._tools.lastfm.ahead):
            self._store(page, is_last=page is first)
            self._publish("fetching", seconds_left=self._left(time.monotonic() - began, self._done - before))
            stopping.check()

    def _left(self, taken: float, read: int) -> int | None:
        """Seconds that the rest of the pages takes, once the first few have told how long one does."""
        rest = self._pages - self._done
        return round(taken / read * rest) if read >= SURE or not rest else None

    def _fetch(self, number: int, since: datetime) -> Page:
        # Somebody waits for page 1; the others come in their turn.
        page = self._tools.lastfm.recent_tracks(
            self._username, since, self._end, page=number, known=number > 1, urgent=number == 1
        )
        count(self._tools.redis, "pages")
        return page

    def _store(self, page: Page, *, is_last: bool) -> None:
        newest = page.scrobbles[-1].scrobbled_at if page.scrobbles else None
        named, new = scrobbled_albums(self._connection, page.scrobbles)
        placed = place_the_plain(self._catalogue, named)
        # The second in which the page before ended is this page's too: together they hold all of it.
        rows = (*self._edge, *page.scrobbles)
        after = (self._resume_from or self._start) - timedelta(seconds=1)
        changes: list[Tally] = []
        self._new |= new
        self._note_years(placed)
        with self._connection.transaction():
            # First, since it locks the job: of two workers at one year the slower stores nothing.
            self._move(to=newest or self._resume_from, pages=1)
            with self._connection.pipeline():
                albums.keep(self._connection, placed)
                if newest is not None:
                    before = self._end if is_last else newest
                    changes = scrobbles.replace(self._connection, self._user, rows, after=after, before=before)
        if any(tally.plays < 0 for tally in changes):
            # What went may have been counted under another answer than its album has now.
            self._recount()
        else:
            self._standing = self._standing.plus(changes)
        if newest is not None:
            self._edge = tuple(row for row in rows if row.scrobbled_at == newest)

    def _note_years(self, placed: Iterable[Album]) -> None:
        # What nobody had before this run is in no other year that is finished: no need to look for them.
        self._outdated.note_albums({album.key for album in placed if album.release_year is not None} - self._new)

    def _move(self, *, to: datetime | None, pages: int = 0) -> None:
        jobs.advance(
            self._connection,
            self._run,
            behind=self._resume_from,
            to=to,
            progress=self._done + pages,
            total_pages=self._pages,
        )
        self._resume_from, self._done = to, self._done + pages

    def _clear(self, since: datetime) -> None:
        # Asked twice before anything goes: an empty answer may be a fault.
        if self._tools.lastfm.count_scrobbles(self._username, since, self._end) == 0:
            after = since - timedelta(seconds=1)
            with self._connection.transaction():
                self._move(to=self._resume_from)
                scrobbles.replace(self._connection, self._user, (), after=after, before=self._end)
            self._recount()

    def _stored(self) -> int:
        return scrobbles.count(self._connection, self._user, self._start, self._end)

    def _recount(self) -> None:
        """Counts what is stored; between two counts the pages' own differences are added up."""
        if self._listener:
            self._standing = scrobbles.standing(self._connection, self._listener.id, self._year)

    def _publish(self, phase: Phase, *, seconds_left: int | None = None, error: Failure | None = None) -> None:
        event = Event(
            run=self._run,
            phase=phase,
            page=self._done,
            pages=self._pages,
            expected=self._expected,
            seconds_left=seconds_left,
            error=error,
            **asdict(self._standing),
            **asdict(self._ends(phase)),
        )
        self._report.say(event)

    def _ends(self, phase: Phase) -> Ends:
        if phase not in ("completed", "failed") or self._listener is None:
            return Ends()
        return heard.ends(self._connection, self._user, self._year, self._standing)
