"""Last.fm's API: profiles and pages of scrobbles, with errors named for what the caller can do.

Formats and error codes: https://www.last.fm/api and what clients of it have recorded; see README.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from http import HTTPStatus
from random import uniform
from typing import Any, NoReturn, TypeVar
from urllib.parse import quote

import requests
import structlog
import tenacity
from requests.adapters import HTTPAdapter

from app import VERSION
from worker.limiter import Limiter
from worker.payloads import AlbumChart, Page, Profile, Unreadable, read_album_chart, read_page, read_profile

log = structlog.get_logger()

T = TypeVar("T")

CHART_SIZE = 1000  # the most that is given, and there are no pages of it
PAGE_SIZE = 200  # larger ones are allowed, but fail more often
TIMEOUT = (5, 20)  # seconds to connect, to answer
DELAYS = (1.0, 2.0, 5.0, 10.0)  # seconds before the second, third ... try
PAUSE = 60.0  # seconds that everybody rests after "rate limit exceeded"


class TryAgain(Exception):
    """Last.fm did not give a usable answer this time. Ask again later; nothing is wrong on our side."""


class NoSuchUser(Exception):
    """Last.fm knows no listener of that name. Tell the visitor."""


class ListeningHidden(Exception):
    """The listener hides recent listening. Tell the visitor which setting shows it; asking again is no use."""


class KeyRefused(Exception):
    """Last.fm refuses our API key. Stop every call and have the operator look at LASTFM_API_KEY."""


class CallRefused(Exception):
    """Last.fm says that our call is wrong: a fault of this program."""


AGAIN = {2, 8, 11, 16}
KEY_REFUSED = {4, 9, 10, 13, 14, 15, 26}
NOT_FOUND, INVALID_RESOURCE, HIDDEN, TOO_FAST = 6, 7, 17, 29


class LastFm:
    """A client of one API key. Threads may share it."""

    def __init__(
        self,
        *,
        api_url: str,
        web_url: str,
        key: str,
        contact: str,
        limiter: Limiter,
        count: Callable[[str, str], None] = lambda _name, _label: None,
        delays: Sequence[float] = DELAYS,
        pause: float = PAUSE,
    ) -> None:
        self.limiter = limiter
        # How many calls may be under way at once: some on the wire, some waiting for the limiter.
        self.ahead = 2 * limiter.burst
        self._api_url = api_url
        self._web_url = web_url
        self._key = key
        self._count = count
        self._pause = pause
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"LastYear.fm/{VERSION} (+{contact})"
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=self.ahead))
        self._retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(len(delays) + 1),
            # Asked for once more than it is slept, after the last try.
            wait=lambda state: [*delays, 0.0][state.attempt_number - 1] * uniform(0.8, 1.2),  # noqa: S311  jitter
            retry=tenacity.retry_if_exception_type(TryAgain),
            before_sleep=self._say,
            reraise=True,
        )

    def profile_exists(self, name: str) -> bool:
        """False when the site says clearly that there is no such profile. Anything else means: ask the API."""
        try:
            url = f"{self._web_url.rstrip('/')}/user/{quote(name, safe='')}"
            answer = self._session.head(url, timeout=TIMEOUT)
        except requests.RequestException:
            return True
        return answer.status_code != HTTPStatus.NOT_FOUND

    def profile(self, name: str) -> Profile:
        """Who the listener is. Raises NoSuchUser, TryAgain, KeyRefused."""

        def read(body: dict[str, Any]) -> Profile:
            answer = read_profile(body)
            _must_be_about(name, answer.username)
            return answer

        return self._ask(partial(self._call, "user.getInfo", {"user": name}, read, urgent=True))

    def count_scrobbles(self, name: str, start: datetime, end: datetime) -> int:
        """How many scrobbles there are from `start` up to `end`. Raises as `recent_tracks`."""
        return self.recent_tracks(name, start, end, page=1, size=1, urgent=True).total

    def recent_tracks(
        self,
        name: str,
        start: datetime,
        end: datetime,
        *,
        page: int,
        size: int = PAGE_SIZE,
        known: bool = False,
        urgent: bool = False,
    ) -> Page:
        """One page of the scrobbles from `start` up to `end`, the newest on page 1.

        `known`: the listener was seen before, so that "no such user" is one of Last.fm's passing faults.
        Raises NoSuchUser, ListeningHidden, TryAgain, KeyRefused.
        """
        parameters = {
            "user": name,
            "from": int(start.timestamp()),
            "to": int(end.timestamp()),
            "page": page,
            "limit": size,
        }

        def read(body: dict[str, Any]) -> Page:
            answer = read_page(body, start, end)
            _must_be_about(name, answer.user)
            return answer

        return self._ask(partial(self._call, "user.getRecentTracks", parameters, read, known=known, urgent=urgent))

    def album_chart(self, name: str, start: datetime, end: datetime) -> AlbumChart:
        """The albums most played from `start` up to `end`, with their plays, in one call.

        Asked for once: it is for a first look, and what fails is not worth a second call.
        Raises as `recent_tracks`.
        """
        parameters = {
            "user": name,
            "from": int(start.timestamp()),
            "to": int(end.timestamp()),
            "limit": CHART_SIZE,
        }

        def read(body: dict[str, Any]) -> AlbumChart:
            answer = read_album_chart(body, start, end)
            _must_be_about(name, answer.user)
            return answer

        return self._call("user.getWeeklyAlbumChart", parameters, read, urgent=True)

    def _ask(self, call: Callable[[], T]) -> T:
        try:
            return self._retrying(call)
        except NoSuchUser:
            # An overloaded Last.fm says so of people who exist: believed only the second time.
            return self._retrying(call)

    def _call(
        self,
        method: str,
        parameters: dict[str, Any],
        read: Callable[[dict[str, Any]], T],
        *,
        known: bool = False,
        urgent: bool = False,
    ) -> T:
        if self.limiter.refused(self._key):
            raise KeyRefused("Last.fm has refused this key before; nothing is called until it is changed")
        self.limiter.wait(urgent=urgent)
        self._count("lastfm_calls", method)
        try:
            answer = self._session.get(
                self._api_url,
                params={"method": method, "api_key": self._key, "format": "json", **parameters},
                timeout=TIMEOUT,
            )
            body = answer.json()
        except requests.exceptions.JSONDecodeError:
            self._count("lastfm_errors", "not_json")
            raise TryAgain(f"{method}: HTTP {answer.status_code} without JSON") from None
        except requests.RequestException as error:
            self._count("lastfm_errors", "unreachable")
            # The error's own text holds the URL, and the URL holds the key.
            raise TryAgain(f"{method}: {type(error).__name__}") from None
        if not isinstance(body, dict):
            raise TryAgain(f"{method}: the answer is not an object")
        if "error" in body:
            self._refuse(method, body, answer.status_code, known=known)
        if answer.status_code != HTTPStatus.OK:
            raise TryAgain(f"{method}: HTTP {answer.status_code}")
        try:
            return read(body)
        except Unreadable as error:
            raise TryAgain(f"{method}: {error}") from None

    def _refuse(self, method: str, body: dict[str, Any], status: int, *, known: bool) -> NoReturn:
        code = _code(body["error"])
        self._count("lastfm_errors", str(code))
        what = f"{method}: error {code}, HTTP {status}"
        if code == TOO_FAST:
            self.limiter.pause(self._pause)
        if code in AGAIN | {TOO_FAST, 0} or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise TryAgain(what)
        if code == HIDDEN:
            raise ListeningHidden
        if code in KEY_REFUSED:
            self.limiter.refuse(self._key)
            raise KeyRefused(what)
        if code in (NOT_FOUND, INVALID_RESOURCE) and status != HTTPStatus.BAD_REQUEST:
            raise TryAgain(what) if known else NoSuchUser
        raise CallRefused(what)

    @staticmethod
    def _say(state: tenacity.RetryCallState) -> None:
        reason = state.outcome.exception() if state.outcome else None
        log.warning("Last.fm is asked again", attempt=state.attempt_number, reason=str(reason))


def _must_be_about(name: str, answered: str) -> None:
    if answered.casefold() != name.casefold():
        raise TryAgain("the answer is about another listener")


def _code(value: object) -> int:
    text = str(value)
    return int(text) if len(text) < 5 and text.isdecimal() else 0
