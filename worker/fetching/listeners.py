"""Listeners: ask Last.fm who someone is, and how much they scrobbled in which year."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

import structlog

from app.events import Event, Failure, Phase
from app.jobs.enqueue import LISTENER_HOLDS, enqueue_listener
from app.jobs.forget import forget_in_redis
from app.listening_years import FIRST_LISTENING_YEAR, LATE_SCROBBLES, is_final, year_seconds
from app.redis import known_names
from app.redis.event_stream import Topic, forget_listener, latest_snapshot
from app.store import Connection, fetch_jobs, forgetting, listeners
from app.store.listeners import Forgotten, Listener
from app.store.upkeep import orphans
from worker import shutdown
from worker.context import WorkerContext
from worker.lastfm.client import LastFm
from worker.lastfm.errors import CallRefused, NoSuchUser, OtherListener, TryAgain
from worker.lastfm.payloads import Profile

log = structlog.get_logger()

T = TypeVar("T")

MAX_PAGE = 1_000_000  # Last.fm has no further one


class Barred(Exception):
    """The listener was forgotten for good: nothing about them is asked for."""


class Renamed(Exception):
    """The listener has another name at Last.fm now, and what is stored has it too. Go on under `username`."""

    def __init__(self, username: str) -> None:
        super().__init__(username)
        self.username = username


def confirm_listener(
    context: WorkerContext,
    connection: Connection,
    username: str,
    run: UUID,
    *,
    anew: bool = False,
    profile: Profile | None = None,
) -> Listener:
    """Return the listener of that name, asking Last.fm if they are unknown or were not checked for a day.

    With `anew` it is asked in any case; with a `profile`, which it has just given, it is not.
    Raises Barred, Forgotten, NoSuchUser, Renamed, TryAgain, KeyRefused.
    """
    listener = listeners.find(connection, username)
    if listener is None:
        if forgetting.is_barred(connection, username):
            raise Barred
        if not profile and context.settings.lastfm_head_check and not context.lastfm.profile_exists(username):
            raise NoSuchUser
    elif not (anew or profile) and datetime.now(UTC) - listener.checked_at < LISTENER_HOLDS:
        return listener
    try:
        profile = profile or context.lastfm.profile(username)
    except OtherListener as answer:
        raise _renamed(context, connection, username, listener, answer, run) from None
    registered_at, first_year = profile.registered_at, None
    if listener:
        registered_at, first_year = registered_at or listener.registered_at, listener.first_year
    known_names.add_stored(context.redis, profile.username or username)
    try:
        with connection.transaction():
            return listeners.save(
                connection,
                profile.username or username,
                available_years=available_years(context, registered_at, first_year),
                playcount=profile.playcount or 0,
                registered_at=registered_at,
                run=run,
            )
    except Forgotten:
        known_names.remove_stored(context.redis, profile.username or username)
        raise


def _renamed(
    context: WorkerContext,
    connection: Connection,
    username: str,
    listener: Listener | None,
    answer: OtherListener,
    run: UUID,
) -> Renamed | Barred | OtherListener:
    """Give what is stored the new name, if it is the same listener who has it; else return what was answered.

    If that name was forgotten for good, everything about them is deleted instead.
    """
    try:
        profile = context.lastfm.profile(answer.answered)
    except NoSuchUser:
        return answer
    new = profile.username or answer.answered
    if listener and listener.registered_at and profile.registered_at not in (None, listener.registered_at):
        # Last.fm is known to answer about somebody else at times.
        return answer
    if listener:
        with connection.transaction():
            is_renamed = forgetting.rename(connection, listener, new, run)
        if not is_renamed:
            forget_in_redis(context.redis, username)
            with connection.transaction():
                orphans.remove(connection)
            return Barred()
        known_names.add_stored(context.redis, new)
        forget_listener(context.redis, username)
    log.info("A listener was renamed")
    return Renamed(new)


def available_years(context: WorkerContext, registered_at: datetime | None, first_year: int | None) -> list[int]:
    """Return the years in which a listener can have scrobbled, the newest first."""
    this_year = _this_year(context)
    known = [year for year in (registered_at and registered_at.year, first_year) if year]
    first = max(FIRST_LISTENING_YEAR, min(known, default=FIRST_LISTENING_YEAR))
    return list(range(this_year, min(first, this_year) - 1, -1))


def _this_year(context: WorkerContext) -> int:
    return datetime.fromtimestamp(context.lastfm.now(), UTC).year


def find_first_year(lastfm: LastFm, username: str, before: int) -> int | None:
    """Find the year of the oldest play from before the year `before`, in one call if there is none; else in two.

    Imported plays can be older than the registration. Raises as LastFm.plays.
    """
    if before <= FIRST_LISTENING_YEAR:
        return None
    start, end = year_seconds(FIRST_LISTENING_YEAR)[0], year_seconds(before)[0]
    rows = lastfm.plays(username, start, end, rows=1, urgent=True)
    if rows.total and rows.total > 1:
        page = min(rows.total, MAX_PAGE)
        oldest = lastfm.plays(username, start, end, rows=1, page=page, urgent=True)
        rows = oldest if oldest.scrobbles else rows
    return min((scrobble.scrobbled_at.year for scrobble in rows.scrobbles), default=None)


class ListenerLookup:
    """One run that counts a listener's scrobbles in each year. Counts that cannot change any more are kept.

    The steps, in order: `begin`, `count_years`, `complete`; or `fail`, at any point.
    """

    def __init__(
        self,
        context: WorkerContext,
        connection: Connection,
        username: str,
        run: UUID,
        profile: Profile | None = None,
    ) -> None:
        self._context = context
        self._connection = connection
        self._username = username
        self._run = run
        self._profile = profile
        self._years: list[int] = []
        self._counts: dict[int, int] = {}

    def begin(self) -> None:
        """Confirm the name, see when the plays begin, and load the counts that are known.

        Raises Barred, Forgotten, NoSuchUser, Renamed, ListeningHidden, TryAgain, KeyRefused.
        """
        listener = confirm_listener(
            self._context, self._connection, self._username, self._run, profile=self._profile
        )
        self._username, self._years = listener.username, listener.available_years
        if listener.first_year is None:
            self._find_first_year(listener)
        self._counts = self._known_counts()
        self._publish("fetching")

    def count_years(self) -> None:
        """Ask Last.fm for the missing counts, the newest first.

        Raises Renamed, ListeningHidden, TryAgain, KeyRefused.
        """
        for year in self._years:
            if year not in self._counts:
                shutdown.raise_if_requested()
                found = self._ask(partial(self._context.lastfm.count_plays, self._username, *year_seconds(year)))
                if found is not None:
                    self._counts[year] = found
                    self._publish("fetching")

    def complete(self) -> None:
        """Report that every year is counted."""
        self._publish("completed")

    def fail(self, failure: Failure, *, renamed_to: str | None = None, again_in: float | None = None) -> None:
        """Report why the years could not be counted, and have those of the new name counted, if there is one."""
        next_try_at = None if again_in is None else self._context.clock.now() + again_in
        self._publish("failed", error=failure, renamed_to=renamed_to, next_try_at=next_try_at)
        if renamed_to:
            enqueue_listener(self._context.redis, renamed_to)

    def _find_first_year(self, listener: Listener) -> None:
        """Ask once for plays from before the registration. What is not answered is asked again next time."""
        before = listener.registered_at.year if listener.registered_at else _this_year(self._context) + 1
        try:
            found = self._ask(partial(find_first_year, self._context.lastfm, self._username, before))
        except (TryAgain, CallRefused) as error:
            log.warning("Last.fm does not say when the plays begin", reason=str(error))
            return
        first_year = found or min(before, _this_year(self._context))
        self._years = available_years(self._context, listener.registered_at, first_year)
        listeners.save_first_year(self._connection, listener, first_year, self._years)
        self._context.redis.delete(Topic(self._username).history)

    def _ask(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except OtherListener:
            confirm_listener(self._context, self._connection, self._username, self._run, anew=True)
            raise

    def _known_counts(self) -> dict[int, int]:
        before = latest_snapshot(self._context.redis, Topic(self._username))
        counted = before.event.years if before else {}
        at = datetime.fromtimestamp(before.at if before else 0, UTC)
        stored = fetch_jobs.final_years(self._connection, self._username, LATE_SCROBBLES)
        final = {year: count for year, count in counted.items() if is_final(year, at)}
        return final | stored

    def _publish(
        self,
        phase: Phase,
        *,
        error: Failure | None = None,
        renamed_to: str | None = None,
        next_try_at: float | None = None,
    ) -> None:
        event = Event(
            run=self._run,
            phase=phase,
            done=len(self._counts),
            expected=len(self._years),
            scrobbles=sum(self._counts.values()),
            years=self._counts,
            error=error,
            renamed_to=renamed_to,
            next_try_at=next_try_at,
        )
        self._context.publish(Topic(self._username), event)
