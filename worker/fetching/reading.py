"""Reading: the plays of a year, stretch by stretch, each stored in one transaction as it was proven."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from math import ceil

import structlog

from app.counters.counts import increment
from app.redis.allowance import Allowance, read_allowance
from app.redis.pause import is_paused
from app.store import albums, fetch_jobs, stretches
from worker import shutdown
from worker.fetching.enrich import albums_to_match, match_exact
from worker.fetching.listeners import confirm_listener
from worker.fetching.plan import plan
from worker.fetching.proof import Ask, Finding, Search, Stretch
from worker.fetching.time_left.forecast import Forecast
from worker.fetching.year import Run
from worker.lastfm.demand import Demand, drop_demand, note_demand, others_demand
from worker.lastfm.errors import CallRefused, NoSuchUser, OtherListener, TooFast, TooMuch, TryAgain
from worker.lastfm.overlap import Overlap
from worker.lastfm.payloads import Rows

log = structlog.get_logger()

ASK_AGAIN_AFTER = 1.0  # seconds until a stretch is asked for again whose first answer was no use
CONFIRM_AFTER = 60.0  # seconds between the answer that lacks a stored play and the count that confirms it
MAX_PAGES = 100  # of a single second
MAX_ROUNDS = 3  # a round is needed again only where plays that were proven lost their proof meanwhile


def read_plays(run: Run) -> None:
    """Read and store all plays of the window that are not proven yet.

    Raises Overtaken, ListeningHidden, Renamed, TryAgain, KeyRefused.
    """
    asked = plan(run.window, run.stored(), run.began, run.prove_since)
    for _ in range(MAX_ROUNDS):
        if not asked:
            return
        _Round(run, asked).read()
        # What has a proof by now has it from this run, whatever the clocks say: ours may be found to be ahead.
        asked = plan(run.window, run.stored(), 0.0)
    raise TryAgain("the stretches that are proven do not cover the year")


class _Round:
    """Asks for stretches until each is proven, or is a gap."""

    def __init__(self, run: Run, asked: list[Ask]) -> None:
        self._run = run
        self._lastfm = run.context.lastfm.telling(self._note_wait)
        self._clock = run.context.clock
        self._search = Search(asked)
        run.speed.answer = self._lastfm.traffic.seconds
        self._forecast = Forecast(
            self._search,
            self._lastfm.concurrent_calls,
            run.speed,
            run.promise,
            look=self._look,
            note=partial(note_demand, run.context.redis, run.job.run),
        )
        self._granted = 0
        self._publishing = 0.0  # seconds that it took the last time
        self._totals: dict[Stretch, int | None] = {ask.stretch: None for ask in asked}
        self._read_before = run.count_read()
        self._counted_before = sum(one.total for one in run.proven())
        self._began = self._clock.now()
        self._unconfirmed: list[tuple[Finding, float]] = []
        self._served = 0

    def read(self) -> None:
        """Read all of them."""
        redis, run = self._run.context.redis, self._run.job.run
        note_demand(redis, run, Demand(None))
        try:
            with self._run.context.overlap(self._lastfm.concurrent_calls) as calls:
                self._start(calls)
                while len(calls):
                    self._go_on(calls)
        finally:
            drop_demand(redis, run)
        for finding, answered_at in self._unconfirmed:
            self._confirm(finding, answered_at)

    def _raise_if_interrupted(self) -> None:
        shutdown.raise_if_requested()
        if is_paused(self._run.context.redis):
            raise shutdown.FetchingPaused

    def _go_on(self, calls: Overlap[tuple[Ask, int], Rows]) -> None:
        """Take in the next answer, and store what it proves."""
        (ask, served_before), result = calls.next()
        self._raise_if_interrupted()
        self._forecast.ended(ask)
        findings = self._take_in(ask, result, served_before)
        # Before anything is stored, so that Last.fm works on the next answers meanwhile.
        self._start(calls)
        began = self._clock.now()
        for finding in findings:
            self._store(self._counted(finding))
        stored = self._clock.now()
        for _ in findings:
            self._run.speed.stored((stored - began + self._publishing) / len(findings))
        if findings or self._served == 1:
            self._publish()
            self._publishing = self._clock.now() - stored

    def _start(self, calls: Overlap[tuple[Ask, int], Rows]) -> None:
        """Start as many calls as there is room for."""
        # The first answer comes alone: it shows how many rows Last.fm serves.
        while self._search.todo and calls.has_room and (self._served or not len(calls)):
            ask = self._search.next()
            self._forecast.started(ask)
            calls.start((ask, self._served), partial(self._call, ask))

    def _call(self, ask: Ask) -> Rows:
        """Ask Last.fm; called in a thread."""
        if ask.failures or ask.before:
            self._clock.sleep(ASK_AGAIN_AFTER)
        call = partial(self._lastfm.plays, self._run.listener.username, ask.stretch.start, ask.stretch.end)
        first = call(rows=ask.size, urgent=self._served == 0)
        if not ask.by_pages or first.is_proof:
            return first
        pages = [first]
        # Without a count they go on until one shows nothing, or nothing else than the one before.
        most = MAX_PAGES if first.total is None else min(MAX_PAGES, ceil(first.total / first.granted))
        while len(pages) < most:
            page = call(rows=first.granted, page=len(pages) + 1)
            if not page.shown or page.shows_the_same_as(pages[-1]):
                break
            pages.append(page)
        return Rows.joined(pages)

    def _take_in(self, ask: Ask, result: Callable[[], Rows], served_before: int) -> list[Finding]:
        try:
            rows = result()
        except (OtherListener, NoSuchUser):
            # Said by mistake, unless the profile says the same.
            run = self._run
            confirm_listener(run.context, run.connection, run.listener.username, run.job.run, anew=True)
            return self._not_served(ask, served_before)
        except TooFast:
            raise
        except (TryAgain, CallRefused) as error:
            log.info("A stretch was not served", reason=str(error), rows=ask.size, seconds=ask.stretch.seconds)
            # With fewer rows it may succeed at once; anything else was tried for a while already. What is suspect
            # is asked for only once: it would become a gap.
            at_once = isinstance(error, TooMuch) and not ask.failures and not ask.is_suspect
            return self._not_served(ask, None if at_once else served_before)
        self._served += 1
        self._granted = rows.granted
        if ask.stretch in self._totals and self._totals[ask.stretch] is None:
            self._totals[ask.stretch] = rows.total
        return self._search.answered(ask, rows)

    def _not_served(self, ask: Ask, served_before: int | None) -> list[Finding]:
        # If Last.fm has answered nothing since, it may be away altogether.
        if served_before == self._served:
            self._count(Stretch(self._run.window.start, self._run.window.start + 1))
            self._served += 1
        return self._search.not_served(ask)

    def _store(self, finding: Finding, *, is_confirmed: bool = False) -> None:
        """Store a stretch. Stored plays that it lacks are kept until that is confirmed, and in a gap."""
        try:
            self._store_once(finding, is_confirmed=is_confirmed)
        except stretches.AlbumGone:
            self._store_once(finding, is_confirmed=is_confirmed)

    def _store_once(self, finding: Finding, *, is_confirmed: bool) -> None:
        run, rows, stretch, missing = self._run, finding.rows, finding.stretch, finding.missing
        answered_at = self._clock.now()
        added, removed = stretches.compare(
            run.connection, run.listener.id, stretch.start, stretch.end, rows.scrobbles
        )
        is_doubted = removed > 0 and missing == 0 and not is_confirmed
        if finding.missing != 0:
            # Those that are kept may be the ones that are missing. It stays a gap, to be asked for again.
            missing, removed = max(1, missing - removed) if missing else missing, 0
        wanted = albums_to_match(run.connection, rows.scrobbles)
        placed = match_exact(run.mirror, wanted)
        now = datetime.fromtimestamp(self._lastfm.now(), UTC)
        with stretches.storing(run.connection):
            # First, because it locks the job: of two workers at the same year only one stores at a time.
            fetch_jobs.advance(
                run.connection,
                run.job.run,
                expected=self._expected,
                added=added if run.tells_changes else 0,
                removed=removed if run.tells_changes and not is_doubted else 0,
            )
            with run.connection.pipeline():
                albums.save(run.connection, placed)
                stretches.put(
                    run.connection,
                    run.listener.id,
                    stretch.start,
                    stretch.end,
                    rows.scrobbles,
                    proven_at=None if is_doubted else now,
                    missing=missing,
                    duplicates=len(rows.duplicates),
                    undated=rows.undated,
                    unreadable=rows.unreadable,
                    keep=is_doubted or finding.missing != 0,
                )
        matched = sum(album.augmentation_status == "matched" for album in placed)
        log.info("Stored a stretch", plays=len(rows.scrobbles), asked_mirror=len(wanted), matched=matched)
        if not run.mirror.is_away:
            self._forecast.unmatched += sum(album.augmentation_status == "pending" for album in placed)
        if is_doubted:
            self._unconfirmed.append((finding, answered_at))
        else:
            increment(run.context.redis, "stretches", "proven" if finding.missing == 0 else "gap")

    def _confirm(self, finding: Finding, answered_at: float) -> None:
        """Let stored plays go that an answer lacked, if a count says the same a minute later."""
        while (left := answered_at + CONFIRM_AFTER - self._clock.now()) > 0:
            self._raise_if_interrupted()
            self._publish(seconds_left=ceil(left))
            self._clock.sleep(min(left, 5.0))
        stretch = finding.stretch
        if self._count(stretch) == finding.rows.shown:
            self._store(finding, is_confirmed=True)
            return
        try:
            again = self._lastfm.plays(
                self._run.listener.username, stretch.start, stretch.end, rows=self._search.size
            )
        except (TryAgain, CallRefused, NoSuchUser):
            again = finding.rows
        is_proof = again.is_proof and not self._count_removed(stretch, again)
        self._store(Finding(stretch, again, missing=0 if is_proof else None))

    def _count(self, stretch: Stretch) -> int | None:
        return self._lastfm.count_plays(self._run.listener.username, stretch.start, stretch.end)

    def _counted(self, finding: Finding) -> Finding:
        """Ask how many plays are missing, where that is not known."""
        if finding.missing is not None:
            return finding
        # Counted by what it takes away from all that came since: a count shows the newest play, and where that is
        # one which Last.fm cannot serve, it fails.
        stretch, end = finding.stretch, self._run.window.end
        try:
            since = self._count(Stretch(stretch.start, end))
            later = self._count(Stretch(stretch.end, end)) if stretch.end < end else 0
        except (TryAgain, CallRefused, NoSuchUser):
            return finding
        counted = 0 if since is None or later is None else since - later
        # That nothing is missing would have to be shown, not counted.
        return replace(finding, missing=max(0, counted - finding.rows.shown) or None)

    def _count_removed(self, stretch: Stretch, rows: Rows) -> int:
        run = self._run
        _, removed = stretches.compare(run.connection, run.listener.id, stretch.start, stretch.end, rows.scrobbles)
        return removed

    @property
    def _expected(self) -> int | None:
        totals = [total for total in self._totals.values() if total is not None]
        return self._counted_before + sum(totals) if len(totals) == len(self._totals) else None

    def _publish(self, *, seconds_left: int | None = None) -> None:
        done, expected = self._run.count_read(), self._expected
        expected = None if expected is None else max(expected, done)
        if seconds_left is None and expected is not None:
            self._run.speed.answer = self._lastfm.traffic.seconds
            seconds_left = self._forecast.told(
                self._clock.now(),
                on_wire=self._lastfm.traffic.on_wire,
                granted=self._granted,
                read=done - self._read_before,
                expected=expected - self._read_before,
            )
        self._run.publish("fetching", done=done, expected=expected, seconds_left=seconds_left)

    def _look(self) -> tuple[Allowance, list[Demand]]:
        redis = self._run.context.redis
        allowance = read_allowance(redis, self._lastfm.limiter.rate)
        return allowance, others_demand(redis, self._run.job.run)

    def _note_wait(self, seconds: float) -> None:
        """Take in that Last.fm is asked again only in so many seconds; called in a thread."""
        self._forecast.delayed(self._clock.now(), seconds)
        self._run.reporter.show_wait(seconds)
