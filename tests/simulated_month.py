"""A month of an installation that is used: counted as the program counts, with the clock of each hour.

`python -m tests.simulated_month redis://...` fills a Redis with it, to look at the operator's page.
"""

import random
import sys
from datetime import UTC, datetime, timedelta

from redis import Redis

from app.counters.counts import Counts, increment, record
from app.counters.fetched_years import note_year
from app.counters.gauges import note_storage
from app.events import new_run

DAYS = 30
LIMIT = 100_000_000  # bytes
BUSIEST = 20  # o'clock, UTC
OUTAGE = 9
"""How many hours ago Last.fm was away for two hours."""


def fill(redis: Redis, now: datetime, seed: int = 1) -> None:
    """Count a month that ends now."""
    chance = random.Random(seed)
    size = 51_000_000.0
    for ago in reversed(range(24 * DAYS)):
        at = (now - timedelta(hours=ago)).timestamp()
        size = _hour(redis, chance, at, size, is_away=ago in (OUTAGE, OUTAGE - 1))


def _hour(redis: Redis, chance: random.Random, at: float, size: float, *, is_away: bool) -> float:
    moment = datetime.fromtimestamp(at, UTC)
    busy = max(1, 14 - abs(moment.hour - BUSIEST)) / 14 * (1.4 if moment.weekday() >= 5 else 1.0)
    counts, years = Counts(), chance.randrange(2 + round(9 * busy))
    for _ in range(years):
        plays = round(chance.lognormvariate(8.4, 0.9))
        waited, taken = chance.expovariate(1.5), 1.5 + plays / 380 * chance.uniform(0.9, 1.6)
        counts.observe("queue_wait_seconds", [waited], "fetches")
        counts.add("lastfm_calls", "user.getRecentTracks", by=2 + plays // 900)
        counts.add("lastfm_calls", "user.getInfo")
        if is_away:
            counts.add("lastfm_errors", chance.choice(["8", "11", "not_json", "unreachable"]), by=5)
            counts.add("fetches", "lastfm_away")
            continue
        outcome = chance.choices(
            ["completed", "no_such_user", "listening_hidden", "renamed", "broken"], [90, 6, 5, 1, 0.3]
        )[0]
        counts.add("fetches", outcome)
        if outcome == "listening_hidden":
            counts.add("lastfm_errors", "17")
        elif outcome == "no_such_user":
            counts.add("lastfm_errors", "6")
        elif outcome == "completed":
            size += 90 * plays / 10
            note_year(redis, new_run(), chance.randrange(2008, 2027), plays=plays, seconds=waited + taken, at=at)
    if chance.random() < 0.05:
        counts.add("lastfm_errors", "29")
    counts.add("cover_fetches", "fetched", by=round(chance.uniform(5, 40) * busy))
    counts.add("cover_fetches", "missing", by=round(chance.uniform(1, 8) * busy))
    counts.add("cover_fetches", "slow", by=chance.randrange(3))
    counts.add("http_requests", "/user/<name>/<year>", "200", by=round(chance.uniform(200, 420) * busy))
    counts.add("http_requests", "/user/<name>", "302", by=round(20 * busy))
    counts.add("http_requests", "none", "404", by=round(chance.uniform(5, 60) * busy))
    counts.add("http_requests", "/user/<name>/<year>", "503", by=40 * is_away)
    record(redis, counts, at)
    if size > LIMIT:
        gone = chance.randrange(20, 40)
        increment(redis, "years_evicted", by=gone, at=at)
        size = 0.9 * LIMIT
    if years:
        note_storage(redis, round(size), at)
    return size


if __name__ == "__main__":
    with Redis.from_url(sys.argv[1]) as connected:
        fill(connected, datetime.now(UTC))
