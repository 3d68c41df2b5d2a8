"""A client for Last.fm's API.

Its formats and error codes are those of https://www.last.fm/api, and what other clients have recorded.
"""

import json
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, NoReturn, Self, TypeVar
from urllib.parse import quote

import requests

from app import VERSION
from app.usernames import USERNAME
from worker.lastfm.errors import (
    CallRefused,
    KeyRefused,
    ListeningHidden,
    NoSuchUser,
    NotUnderstood,
    OtherListener,
    TooFast,
    TooMuch,
    TryAgain,
    Unreachable,
)
from worker.lastfm.limiter import Limiter
from worker.lastfm.payloads import (
    AlbumChart,
    Profile,
    Rows,
    Unreadable,
    read_album_chart,
    read_profile,
    read_rows,
)
from worker.lastfm.retrying import RETRY_DELAYS, Retrying
from worker.lastfm.server_clock import ServerClock
from worker.lastfm.traffic import Traffic
from worker.lastfm.transport import TooLarge, new_session, read_body

T = TypeVar("T")

CHART_SIZE = 1000  # the maximum, and there are no further pages
MAX_ROWS = 1000
TIMEOUT = (5, 20)
"""Seconds to connect, to agree on a cipher, and to have all of the answer: 5 + 5 + 20 at most."""
RATE_LIMIT_PAUSE = 60.0  # seconds without any call after "rate limit exceeded"

OPERATION_FAILED, LISTENING_HIDDEN, RATE_LIMIT_EXCEEDED = 8, 17, 29
RETRYABLE_CODES = {0, 2, OPERATION_FAILED, 11, 16, RATE_LIMIT_EXCEEDED}  # 0: no number at all
KEY_REFUSED_CODES = {4, 9, 10, 13, 14, 15, 26}
NO_SUCH_USER_CODES = {6, 7}
TOO_MUCH_STATUSES = {HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.GATEWAY_TIMEOUT}


class LastFm:
    """Calls Last.fm with one API key, within the limiter's rate. Threads may share it.

    `session` makes the calls, `sleep` waits between two attempts, and `clock` is the time: a simulation brings its
    own. `on_answer` sees each answer before its body is read.
    """

    def __init__(
        self,
        *,
        api_url: str,
        web_url: str,
        key: str,
        contact: str,
        limiter: Limiter,
        count: Callable[[str, str], None] = lambda _name, _label: None,
        delays: Sequence[float] = RETRY_DELAYS,
        pause: float = RATE_LIMIT_PAUSE,
        timeout: tuple[float, float] | None = None,
        on_answer: Callable[[requests.Response], None] = lambda _answer: None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        session: requests.Session | None = None,
    ) -> None:
        self.limiter = limiter
        # Some of them on the wire, others waiting for the limiter.
        self.concurrent_calls = 2 * limiter.burst
        self._api_url = api_url
        self._web_url = web_url
        self._key = key
        self._count = count
        self._pause = pause
        self._timeout = timeout or TIMEOUT
        self._on_answer = on_answer
        self._session = session or new_session(self.concurrent_calls)
        self._session.headers["User-Agent"] = f"LastYear.fm/{VERSION} (+{contact})"
        self._clock = ServerClock(clock)
        self.traffic = Traffic(clock)
        self._ask = Retrying(delays, sleep)

    def now(self) -> float:
        """Return the UNIX time, by Last.fm's clock where ours is ahead of it."""
        return self._clock.now()

    def telling(self, on_retry: Callable[[float], None]) -> Self:
        """Return the same client, which says before each long wait and each further attempt how many seconds it is
        until the call."""
        client = copy(self)
        client._ask = replace(self._ask, on_retry=on_retry)
        return client

    def profile_exists(self, name: str) -> bool:
        """Return False if the site clearly says that there is no such profile; else the API has to be asked."""
        try:
            url = f"{self._web_url.rstrip('/')}/user/{quote(name, safe='')}"
            answer = self._session.head(url, timeout=self._timeout)
        except requests.RequestException:
            return True
        return answer.status_code != HTTPStatus.NOT_FOUND

    def profile(self, name: str) -> Profile:
        """Return a listener's profile. Raises NoSuchUser, OtherListener, TryAgain, KeyRefused, CallRefused."""

        def read(body: dict[str, Any]) -> Profile:
            answer = read_profile(body)
            _check_name(name, answer.username)
            return answer

        return self._ask(partial(self._call, "user.getInfo", {"user": name}, read, urgent=True))

    def check_key(self) -> None:
        """See whether Last.fm accepts the key, with a single call, even if it was refused a moment ago.

        Raises TryAgain, KeyRefused, CallRefused.
        """
        with suppress(NoSuchUser, ListeningHidden):
            self._call("user.getInfo", {"user": "RJ"}, read_profile, urgent=True, though_refused=True)

    def plays(
        self, name: str, start: int, end: int, *, rows: int = MAX_ROWS, page: int = 1, urgent: bool = False
    ) -> Rows:
        """Return the newest plays from `start` up to `end`, both in UNIX seconds, at most `rows` of them.

        Raises TooMuch (at once, unless a single row was asked for), NoSuchUser, ListeningHidden, OtherListener,
        TryAgain, KeyRefused, CallRefused.
        """
        parameters = {"user": name, "from": start, "to": end, "page": page, "limit": rows}

        def read(body: dict[str, Any]) -> Rows:
            answer = read_rows(body, start, end, rows=rows, page=page)
            _check_name(name, answer.user)
            return answer

        return self._ask(
            partial(self._call, "user.getRecentTracks", parameters, read, urgent=urgent),
            raise_at_once=(TooMuch,) if rows > 1 else (),
        )

    def count_plays(self, name: str, start: int, end: int) -> int | None:
        """Count the plays from `start` up to `end`; None where the answer does not say. Raises as `plays`."""
        return self.plays(name, start, end, rows=1, urgent=True).total

    def album_chart(self, name: str, start: datetime, end: datetime) -> AlbumChart:
        """Return the albums most played from `start` up to `end`, in one call without retries.

        It is good for a preview only, which is not worth a second call. Raises the same as `plays`.
        """
        parameters = {
            "user": name,
            "from": int(start.timestamp()),
            "to": int(end.timestamp()),
            "limit": CHART_SIZE,
        }

        def read(body: dict[str, Any]) -> AlbumChart:
            answer = read_album_chart(body, start, end)
            _check_name(name, answer.user)
            return answer

        return self._call("user.getWeeklyAlbumChart", parameters, read, urgent=True)

    def _call(
        self,
        method: str,
        parameters: dict[str, Any],
        read: Callable[[dict[str, Any]], T],
        *,
        urgent: bool = False,
        though_refused: bool = False,
    ) -> T:
        if not though_refused and (seconds := self.limiter.refused_for(self._key)) > 0:
            raise KeyRefused(f"Last.fm refused this key before; the next call is in {seconds:.0f} s", seconds)
        self.limiter.wait(urgent=urgent, tell=self._ask.on_retry)
        with self.traffic.call():
            status, content = self._get(method, parameters)
        body = self._read_json(method, status, content)
        if "error" in body:
            self._raise_for_error(f"{method}: error {_code(body)}, HTTP {status}", _code(body), status)
        if status != HTTPStatus.OK:
            self._count("lastfm_errors", "http_status")
            raise self._unusable(f"{method}: HTTP {status}", status)
        self.limiter.mark_accepted()
        try:
            return read(body)
        except Unreadable as error:
            self._count("lastfm_errors", "unreadable")
            raise NotUnderstood(f"{method}: {error}") from None

    def _get(self, method: str, parameters: dict[str, Any]) -> tuple[int, bytes]:
        self._count("lastfm_calls", method)
        asked_at = self._clock.ours()
        # An error's own text contains the URL, and the URL contains the key. For the same reason no redirect is
        # followed.
        try:
            answer = self._session.get(
                self._api_url,
                params={"method": method, "api_key": self._key, "format": "json", **parameters},
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as error:
            self._count("lastfm_errors", "unreachable")
            too_much = isinstance(error, (requests.ReadTimeout, requests.exceptions.ChunkedEncodingError))
            raise (TooMuch if too_much else Unreachable)(f"{method}: {type(error).__name__}") from None
        self._on_answer(answer)
        self._clock.note(answer, asked_at)
        try:
            return answer.status_code, read_body(answer)
        except (requests.RequestException, TooLarge) as error:
            self._count("lastfm_errors", "cut_off")
            raise TooMuch(f"{method}: {type(error).__name__}") from None

    def _read_json(self, method: str, status: int, content: bytes) -> dict[str, Any]:
        try:
            # Not strict: one row with a control character would make a thousand unreadable.
            body = json.loads(content.decode("utf-8-sig", "replace"), strict=False)
        except (ValueError, RecursionError):
            self._count("lastfm_errors", "not_json")
            if status == HTTPStatus.OK and content.lstrip().startswith(b"{"):
                raise TooMuch(f"{method}: the answer is cut off") from None
            raise self._unusable(f"{method}: HTTP {status} without JSON", status) from None
        if not isinstance(body, dict):
            self._count("lastfm_errors", "unreadable")
            raise self._unusable(f"{method}: HTTP {status}, the answer is not an object", status)
        return body

    def _raise_for_error(self, what: str, code: int, status: int) -> NoReturn:
        self._count("lastfm_errors", str(code))
        if code in RETRYABLE_CODES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise self._unusable(what, status, code)
        if code == LISTENING_HIDDEN:
            self.limiter.mark_accepted()  # what is said of a listener is said to a key that is accepted
            raise ListeningHidden
        if code in KEY_REFUSED_CODES:
            raise KeyRefused(what, self.limiter.mark_refused(self._key))
        if code in NO_SUCH_USER_CODES and status != HTTPStatus.BAD_REQUEST:
            self.limiter.mark_accepted()
            raise NoSuchUser
        raise CallRefused(what)

    def _unusable(self, what: str, status: int, code: int = 0) -> TryAgain:
        """Return the error that says what to do about an answer without a usable body."""
        if code == RATE_LIMIT_EXCEEDED or status == HTTPStatus.TOO_MANY_REQUESTS:
            self.limiter.pause(self._pause)
            return TooFast(what, self._pause)
        if code == OPERATION_FAILED or status in TOO_MUCH_STATUSES:
            return TooMuch(what)
        return TryAgain(what)


def _check_name(asked: str, answered: str | None) -> None:
    if answered is not None and answered.casefold() != asked.casefold():
        raise OtherListener(answered) if re.fullmatch(USERNAME, answered) else TryAgain("the answer names nobody")


def _code(body: dict[str, Any]) -> int:
    text = str(body["error"])
    return int(text) if len(text) < 5 and text.isdecimal() else 0
