"""Last.fm's clock, as its answers tell it, for a machine whose own clock is ahead."""

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

import requests


def server_time(answer: requests.Response) -> float | None:
    """Return the second in which the server answered, in UNIX time; None where it does not say."""
    try:
        moment = parsedate_to_datetime(answer.headers.get("Date", ""))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


class ServerClock:
    """Our clock, put back by as much as it is ahead of the server's, so that the future is not taken for past.

    Of the last two answers the one that puts it back less is believed.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.ours = clock
        self._ahead: deque[float] = deque(maxlen=2)

    def note(self, answer: requests.Response, asked_at: float) -> None:
        """Compare the clocks: the server answered after `asked_at`, and within the second that it says."""
        if (answered_in := server_time(answer)) is not None:
            self._ahead.append(max(0.0, asked_at - (answered_in + 1)))

    def now(self) -> float:
        """Return the UNIX time."""
        return self.ours() - min(self._ahead, default=0.0)
