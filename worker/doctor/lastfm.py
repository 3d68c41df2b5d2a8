"""Check Last.fm's API key, with a single call."""

import time
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

import requests
from redis import Redis
from redis.exceptions import RedisError

from app.counters.counts import increment
from app.redis.allowance import read_allowance
from app.redis.client import connect_redis
from app.settings import Settings
from worker.doctor.finding import CheckContext, Finding, ill, unknown, well
from worker.doctor.systemd import runs_workers
from worker.lastfm.client import LastFm
from worker.lastfm.errors import CallRefused, KeyRefused, TryAgain, Unreachable
from worker.lastfm.limiter import Limiter
from worker.lastfm.server_clock import server_time

PART = "Last.fm key"
PARTS = (PART,)

TIMEOUT = (4, 8)  # seconds to connect, and to wait for the answer
MAX_WAIT = 5.0  # seconds until the rate limit allows a call
NEW_KEY = "look at https://www.last.fm/api/accounts, set LASTFM_API_KEY, restart the workers"
LATER = "nothing: workers try again by themselves"


class NoCallAllowed(Exception):
    """All calls are used up for a while, or Last.fm has told us to wait."""


def check_lastfm(context: CheckContext) -> Iterator[Finding]:
    """Check the key, unless Last.fm has told us to wait. One that is accepted again is used again at once.

    A machine without workers has no key.
    """
    if not runs_workers():
        return
    if not context.settings.lastfm_api_key.get_secret_value():
        yield ill(PART, "not set", "set LASTFM_API_KEY, your own from https://www.last.fm/api/account/create")
        return
    try:
        with connect_redis(context.settings) as redis:
            yield _check_key(_client(context, redis), redis, context.settings)
    except (RedisError, ValueError) as error:
        reason = f"not checked, as the rate limit is in Redis ({type(error).__name__})"
        yield unknown(PART, reason, "fix Redis first")


def _client(context: CheckContext, redis: Redis) -> LastFm:
    settings = context.settings
    return LastFm(
        api_url=settings.lastfm_api_url,
        web_url=settings.lastfm_web_url,
        key=settings.lastfm_api_key.get_secret_value(),
        contact=settings.contact,
        limiter=Limiter(redis, settings.lastfm_requests_per_second, sleep=_wait),
        count=partial(increment, redis),
        timeout=TIMEOUT,
        on_answer=partial(_compare_clocks, context),
    )


def _check_key(lastfm: LastFm, redis: Redis, settings: Settings) -> Finding:
    rate = settings.lastfm_requests_per_second
    try:
        lastfm.check_key()
    except NoCallAllowed:
        wait = read_allowance(redis, rate).seconds_to_wait
        if not wait:
            return well(PART, "in use: the workers' own calls leave none to check it with")
        return unknown(PART, f"not checked: Last.fm has told us to wait for {wait} s", LATER)
    except KeyRefused as error:
        return ill(PART, f"Last.fm refuses it ({_reason(error)})", NEW_KEY)
    except Unreachable as error:
        host = urlsplit(settings.lastfm_api_url).hostname
        seen = f"unknown: Last.fm cannot be reached ({_reason(error)})"
        return unknown(PART, seen, f"see whether this machine reaches the internet: `curl -sI https://{host}`")
    except (TryAgain, CallRefused) as error:
        wait = read_allowance(redis, rate).seconds_to_wait
        problem = f"tells us to wait for {wait} s" if wait else "is out of order"
        return unknown(PART, f"unknown: Last.fm {problem} ({_reason(error)})", LATER)
    allowed = read_allowance(redis, rate)
    slowed = f", slowed down to {allowed.rate:.3g} of {rate:.3g} calls a second" if allowed.is_slowed else ""
    return well(PART, f"accepted just now{slowed}")


def _reason(error: Exception) -> str:
    """Say what went wrong, without the name of the method that was called."""
    return str(error).partition(": ")[2]


def _compare_clocks(context: CheckContext, answer: requests.Response) -> None:
    if (theirs := server_time(answer)) is not None:
        answered_at = time.time() - answer.elapsed.total_seconds() / 2
        context.clocks["Last.fm"] = theirs - answered_at


def _wait(seconds: float) -> None:
    if seconds > MAX_WAIT:
        raise NoCallAllowed
    time.sleep(seconds)
