"""Last.fm: does it take our key. One call of the allowance tells a refused key from a Last.fm that is away."""

import time
from collections.abc import Iterator
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import requests
from redis import Redis
from redis.exceptions import RedisError

from app import VERSION
from app.allowance import allowance
from app.counters import count
from app.settings import Settings
from app.spans import span
from worker.doctor.finding import Finding, Visit, ill, warning, well
from worker.lastfm import HIDDEN, INVALID_RESOURCE, KEY_REFUSED, NOT_FOUND, PAUSE, TOO_FAST
from worker.limiter import Limiter

PART = "Last.fm key"
PARTS = (PART,)

WHO = (
    "RJ"  # the example in Last.fm's documentation; that there is such a listener or not tells the same of the key
)
TIMEOUT = (4, 8)  # seconds to connect, to answer
LONGEST_NAP = 5.0
NEW_KEY = "look at https://www.last.fm/api/accounts, set LASTFM_API_KEY, restart the workers"
LATER = "nothing: workers try again by themselves"


class Busy(Exception):
    """The allowance is used up for a while, or Last.fm has told everybody to wait."""


def check(visit: Visit) -> Iterator[Finding]:
    """Makes no call where Last.fm has refused the key within the hour, or has told us to wait."""
    settings = visit.settings
    key, redis_url = settings.lastfm_api_key.get_secret_value(), settings.redis_url.get_secret_value()
    if not key:
        yield ill(PART, "not set", "set LASTFM_API_KEY, your own from https://www.last.fm/api/account/create")
        return
    try:
        with Redis.from_url(redis_url, socket_timeout=5, socket_connect_timeout=5) as redis:
            yield _try(visit, redis, key)
    except (RedisError, ValueError) as error:
        yield warning(
            PART, f"not tried, as the allowance is in Redis ({type(error).__name__})", "mend Redis first"
        )


def _try(visit: Visit, redis: Redis, key: str) -> Finding:
    rate = visit.settings.lastfm_requests_per_second
    limiter = Limiter(redis, rate, sleep=_nap)
    if limiter.refused(key):
        ago = allowance(redis, rate).refused
        return ill(PART, f"Last.fm refused it {span(ago or timedelta())} ago", NEW_KEY)
    try:
        limiter.wait(urgent=True)
    except Busy:
        wait = allowance(redis, rate).seconds_to_wait
        seen = f"Last.fm has told us to wait for {wait} s" if wait else "all calls are used up for now"
        return warning(PART, f"not tried: {seen}", LATER)
    count(redis, "lastfm_calls", "user.getInfo")
    return _ask(visit, limiter, key)


def _ask(visit: Visit, limiter: Limiter, key: str) -> Finding:
    settings = visit.settings
    before = time.time()
    try:
        answer = requests.get(
            settings.lastfm_api_url,
            params={"method": "user.getInfo", "user": WHO, "api_key": key, "format": "json"},
            headers={"User-Agent": f"LastYear.fm/{VERSION} (+{settings.contact})"},
            timeout=TIMEOUT,
        )
    except requests.RequestException as error:
        # The error's own text holds the URL, and the URL holds the key.
        return warning(PART, f"not known: Last.fm cannot be reached ({type(error).__name__})", _way_out(settings))
    _note_clock(visit, answer, (before + time.time()) / 2)
    return _judge(answer, limiter, key)


def _judge(answer: requests.Response, limiter: Limiter, key: str) -> Finding:
    code = _error(answer)
    if code in KEY_REFUSED:
        limiter.refuse(key)
        return ill(PART, f"Last.fm refuses it (error {code})", NEW_KEY)
    if code == TOO_FAST:
        limiter.pause(PAUSE)
        return warning(PART, f"not known: Last.fm tells us to wait (error {code})", LATER)
    about_somebody = code in (NOT_FOUND, INVALID_RESOURCE, HIDDEN) and answer.status_code != HTTPStatus.BAD_REQUEST
    if about_somebody or (code is None and answer.ok):
        return well(PART, "accepted just now")
    said = f"HTTP {answer.status_code}" + ("" if code is None else f", error {code}")
    return warning(PART, f"not known: Last.fm is out of order ({said})", LATER)


def _error(answer: requests.Response) -> object:
    """The number of the error in the answer, None if there is none; something else where that cannot be told."""
    try:
        body = answer.json()
    except requests.exceptions.JSONDecodeError:
        return "not JSON"
    return body.get("error") if isinstance(body, dict) else "not an object"


def _note_clock(visit: Visit, answer: requests.Response, at: float) -> None:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (TypeError, ValueError):
        return
    visit.clocks["Last.fm"] = (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)).timestamp() - at


def _way_out(settings: Settings) -> str:
    return f"see whether this machine gets out: `curl -sI https://{urlsplit(settings.lastfm_api_url).hostname}`"


def _nap(seconds: float) -> None:
    if seconds > LONGEST_NAP:
        raise Busy
    time.sleep(seconds)
