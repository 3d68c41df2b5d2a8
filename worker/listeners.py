"""Listeners: ask Last.fm who someone is and how much they scrobbled in which year."""

from datetime import UTC, datetime
from uuid import UUID

from app.fetches import FIRST_YEAR, LATE, LISTENER, is_final
from app.progress import Event, Failure, Phase, Topic, latest
from app.store import Connection, jobs, listeners
from app.store.listeners import Listener
from app.store.scrobbles import year_bounds
from worker import stopping
from worker.lastfm import LastFm, NoSuchUser
from worker.payloads import Profile
from worker.tools import Tools


def confirm(connection: Connection, lastfm: LastFm, username: str, *, head_check: bool) -> Listener:
    """The listener of that name, asked for at Last.fm when unknown or not seen for a day.

    Raises NoSuchUser, TryAgain, KeyRefused.
    """
    listener = listeners.find(connection, username)
    if listener is not None and datetime.now(UTC) - listener.checked_at < LISTENER:
        return listener
    if head_check and listener is None and not lastfm.profile_exists(username):
        raise NoSuchUser
    profile = lastfm.profile(username)
    return listeners.save(
        connection,
        profile.username or username,
        available_years=years_since(profile),
        playcount=profile.playcount,
        registered_at=profile.registered_at,
    )


def years_since(profile: Profile) -> list[int]:
    """The years in which the listener can have scrobbled, the newest first."""
    this_year = datetime.now(UTC).year
    first = max(FIRST_YEAR, min(profile.registered_at.year, this_year))
    return list(range(this_year, first - 1, -1))


class Census:
    """How much a listener scrobbled in each year: counts of final years are kept, the others are asked for."""

    def __init__(self, tools: Tools, connection: Connection, username: str, run: UUID) -> None:
        self._tools = tools
        self._connection = connection
        self._username = username
        self._run = run
        self._years: list[int] = []
        self._counts: dict[str, int] = {}

    def begin(self) -> None:
        """Confirms the name and recalls what is known. Raises NoSuchUser, TryAgain, KeyRefused."""
        listener = confirm(
            self._connection,
            self._tools.lastfm,
            self._username,
            head_check=self._tools.settings.lastfm_head_check,
        )
        self._username, self._years = listener.username, listener.available_years
        self._counts = self._remembered()
        self._publish("fetching")

    def count_years(self) -> None:
        """Asks for one year after the other, the newest first. Raises ListeningHidden, TryAgain, KeyRefused."""
        for year in self._years:
            if str(year) not in self._counts:
                stopping.check()
                found = self._tools.lastfm.count_scrobbles(self._username, *year_bounds(year))
                self._counts[str(year)] = found
                self._publish("fetching")

    def complete(self) -> None:
        """Says that every year is counted."""
        self._publish("completed")

    def fail(self, failure: Failure) -> None:
        """Says why the years could not be counted."""
        self._publish("failed", error=failure)

    def _remembered(self) -> dict[str, int]:
        before = latest(self._tools.redis, Topic(self._username))
        counted = before.event.years if before else {}
        at = datetime.fromtimestamp(before.at if before else 0, UTC)
        stored = jobs.final_years(self._connection, self._username, LATE)
        final = {year: count for year, count in counted.items() if is_final(int(year), at)}
        return final | {str(year): count for year, count in stored.items()}

    def _publish(self, phase: Phase, *, error: Failure | None = None) -> None:
        event = Event(
            run=self._run,
            phase=phase,
            page=len(self._counts),
            pages=len(self._years),
            scrobbles=sum(self._counts.values()),
            years=self._counts,
            error=error,
        )
        self._tools.publisher.publish(Topic(self._username), event)
