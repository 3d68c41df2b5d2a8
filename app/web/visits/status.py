"""Status: what is known of a listener or of one of their years, and which parts of the site are away."""

import math
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from app.events import Event
from app.jobs.queues import QueueFull
from app.periods import Period
from app.web.words.wording import NO_WORKER, NOTHING_NEW, PAUSED, Explanation, why_full

Request = Literal["as it stands", "visit", "plays", "resume", "refresh"]
"""What is asked of a year: as it stands, to be there, to have its plays where only the counts were kept, to go on
without waiting for the next try, or anew."""
OVERDUE_SECONDS = 10
"""After which a page looks again at a year that could not be fetched when it was due."""
AWAY_SECONDS, FULL_SECONDS = 60, 300
"""After which it is worth asking again for what is away, and while too many jobs wait."""


def next_try(event: Event | None) -> int:
    """Return in how many seconds Last.fm is asked again after it gave no answer; 0 if no time is known."""
    if event is None or event.next_try_at is None:
        return 0
    seconds = max(0, math.ceil(event.next_try_at - time.time()))
    return seconds or OVERDUE_SECONDS * (not event.is_running)


@dataclass(frozen=True)
class ListenerStatus:
    """What is known of a listener: the latest event, if there is one, and which parts of the site are away."""

    username: str
    event: Event | None = None
    queue_away: bool = False
    queue_full: QueueFull | None = None
    store_away: bool = False
    is_unasked: bool = False
    """Whether nothing is here or on its way, as the request was none that starts a fetch."""
    has_no_worker: bool = False
    """Whether it is to go on, and nobody is there who would do that."""
    is_paused: bool = False
    """Whether that is because the operator has paused fetching."""

    @property
    def is_away(self) -> bool:
        """Whether nothing new can be fetched."""
        return self.queue_away or self.queue_full is not None or self.store_away

    @property
    def why_still(self) -> str:
        """Say why nobody goes on with it."""
        return PAUSED if self.is_paused else NO_WORKER

    @property
    def why_nothing_new(self) -> Explanation:
        """Explain why nothing new can be fetched."""
        return why_full(self.queue_full) if self.queue_full else NOTHING_NEW

    @property
    def try_again_after(self) -> int:
        """After how many seconds it is worth asking again, where nothing new can be fetched."""
        return FULL_SECONDS if self.queue_full else AWAY_SECONDS

    @property
    def waits(self) -> bool:
        """Whether news will come by itself."""
        return not (self.is_away or self.is_unasked) if self.event is None else self.event.is_running

    @property
    def next_try(self) -> int:
        """In how many seconds Last.fm is asked again after it gave no answer; 0 if no time is known."""
        return next_try(self.event)

    @property
    def goes_on(self) -> bool:
        """Whether the page is to follow it: news will come, or the next try is due while it is open."""
        return self.waits or self.next_try > 0


@dataclass(frozen=True)
class YearStatus(ListenerStatus):
    """The same of one of their years, as it was `at` a time (seconds since 1970)."""

    at: float = 0.0

    @property
    def age(self) -> float:
        """How many seconds ago it was so."""
        return time.time() - self.at

    @property
    def grows(self) -> bool:
        """Whether plays are to come that were never here, unlike those of a year that is read again."""
        return self.waits and not (self.event is not None and self.event.is_whole)

    def until(self, year: int, period: Period | None = None) -> date | None:
        """Return the day on which the year was read, if it, or this part of it, was not over then."""
        day = datetime.fromtimestamp(self.at, UTC).date()
        return day if day.year == year and (period is None or day <= period.last) else None
