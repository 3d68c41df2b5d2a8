"""What must hold afterwards: every year is what Last.fm has, no job is stuck, nothing is left behind."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice

import psycopg
import requests
from redis import Redis

from app.jobs.queues import QUEUES, count_waiting, queue
from app.listening_years import year_bounds
from app.store import fetch_jobs
from demo.lastfm.accounts import Account
from tests.chaos.pages import Page
from tests.chaos.site import Site
from tests.chaos.units import processes_in
from tests.conftest import wait_until

JOB_SECONDS = 120.0  # until the job of a worker that was killed has been taken up and done
USED_CONNECTIONS = 10  # to the app database, that a site at work may have
MOST_REDIS_CONNECTIONS = 60

Row = tuple[int, str, str, str]


def wrong_years(site: Site, seen: Iterable[tuple[Account, int]]) -> Iterator[str]:
    """Compare every year that was asked for with what Last.fm has, in the database and as the API tells it."""
    with psycopg.connect(site.app_url) as connection:
        for account, year in seen:
            name = f"{account.name}'s {year}"
            told = Counter((play.uts, play.artist, play.title, play.album) for play in account.plays(year))
            stored = _stored(connection, account.name, year)
            if stored != told:
                yield (
                    f"{name}: {(told - stored).total()} plays are missing, {(stored - told).total()} are too many:"
                    f" {list(islice((told - stored) + (stored - told), 3))}"
                )
            yield from (f"{name}: {wrong}" for wrong in _wrong_answer(site, connection, account, year))


def _stored(connection: psycopg.Connection, username: str, year: int) -> Counter[Row]:
    query = """
        SELECT extract(epoch FROM scrobbled_at)::bigint, artist_name, track_name, album_name
        FROM scrobbles_flat
        WHERE username = %s AND scrobbled_at >= %s AND scrobbled_at < %s
    """
    return Counter(connection.execute(query, [username, *year_bounds(year)]).fetchall())


def _wrong_answer(site: Site, connection: psycopg.Connection, account: Account, year: int) -> Iterator[str]:
    address = f"http://127.0.0.1:{site.port}/user/{account.name}/{year}.json"
    headers = {"X-Forwarded-For": "10.2.0.1"}
    event = requests.get(address, headers=headers, timeout=60).json()["progress"]
    plays = len(account.plays(year))
    expected = {"phase": "completed", "scrobbles": plays, "expected": plays, "gaps": [], "error": None}
    wrong = {name: event[name] for name, value in expected.items() if event[name] != value}
    if wrong:
        yield f"the API says {wrong}"
    query = """
        SELECT release_year, count(*) FROM scrobbles_flat
        WHERE username = %s AND scrobbled_at >= %s AND scrobbled_at < %s AND release_year IS NOT NULL
        GROUP BY release_year
    """
    counted: dict[int, int] = dict(connection.execute(query, [account.name, *year_bounds(year)]).fetchall())
    if {int(released): plays for released, plays in event["years"].items()} != counted:
        yield "the API's release years are not those that are stored"


def slow_pages(site: Site, pages: Iterable[Page], since: float, most: float) -> tuple[float, list[str]]:
    """Return how long the slowest page took to show its year, from when it was there or `since`; and who was slow.

    Times are UNIX seconds. Only pages that show all of their year count.
    """
    delays: dict[str, float] = {}
    with psycopg.connect(site.app_url) as connection:
        for page in pages:
            there = _there_since(connection, page.account.name, page.year)
            if there is not None and page.shown.plays == page.told:
                delays[f"{page.account.name}'s {page.year}"] = page.shown.at - max(since, there)
    slow = [
        f"{name} was shown only {delay:.0f} s after it was there" for name, delay in delays.items() if delay > most
    ]
    return max([0.0, *delays.values()]), slow


def _there_since(connection: psycopg.Connection, username: str, year: int) -> float | None:
    """Return when a year was completed, or its last album was looked up if the mirror was away then."""
    job = fetch_jobs.find(connection, username, year)
    if job is None or job.completed_at is None:
        return None
    query = """
        SELECT max(looked_up_at) FROM albums WHERE id IN (
            SELECT tracks.album
            FROM stretches
            JOIN lastfm_users ON lastfm_users.id = stretches.user_id
            CROSS JOIN unnest(stretches.tracks) AS track
            JOIN tracks ON tracks.id = track
            WHERE lastfm_users.username = %s AND starts < %s AND ends > %s
        )
    """
    start, end = year_bounds(year)
    row = connection.execute(query, [username, end, start]).fetchone()
    looked_up = row[0].timestamp() if row and row[0] else 0.0
    # A clock that was ahead has dated some to tomorrow.
    return max(job.completed_at.timestamp(), looked_up if looked_up < time.time() else 0.0)


def unplaced_albums(site: Site) -> Iterator[str]:
    """Tell of albums that nobody has looked up."""
    with psycopg.connect(site.app_url) as connection:
        query = "SELECT count(*) FROM albums WHERE augmentation_status = 'pending'"
        row = connection.execute(query).fetchone()
    if row and row[0]:
        yield f"{row[0]} albums were never looked up"


def stuck_jobs(site: Site) -> Iterator[str]:
    """Tell of jobs that wait, run or have failed, and of years that are not completed.

    What was killed last may be under way again, and has its time.
    """
    with Redis.from_url(site.valkey_url) as redis, suppress(AssertionError):
        wait_until(lambda: not _jobs(redis), seconds=JOB_SECONDS)
    with Redis.from_url(site.valkey_url) as redis:
        yield from _jobs(redis)
    with psycopg.connect(site.app_url) as connection:
        query = "SELECT status, error_message, count(*) FROM fetch_jobs WHERE status <> 'completed' GROUP BY 1, 2"
        for status, error, count in connection.execute(query):
            yield f"{count} years are {status}" + f" ({error})" * bool(error)


def _jobs(redis: Redis) -> list[str]:
    found = []
    for name in QUEUES:
        one = queue(redis, name)
        counts = {
            "waiting": count_waiting(redis, name),
            "started": one.started_job_registry.get_job_count(cleanup=False),
            "failed": one.failed_job_registry.get_job_count(cleanup=False),
        }
        found += [f"{count} jobs of {name} are {state}" for state, count in counts.items() if count]
    return found


def leaks(site: Site, idle_seconds: float) -> Iterator[str]:
    """Tell of connections that are still open once nobody asks for anything, of processes and of files.

    After `idle_seconds` there must be none to the app database; if that is 0, no more than a site at work has.
    """
    database, redis = site.wires["database"], site.wires["valkey"]
    try:
        most = 0 if idle_seconds else USED_CONNECTIONS
        wait_until(lambda: database.open <= most, seconds=idle_seconds)
    except AssertionError:
        yield f"{database.open} connections to the app database are open, though nobody asks for anything"
    if redis.open > MOST_REDIS_CONNECTIONS:
        yield f"{redis.open} connections to Valkey are open"
    wanted = {"web": 2, "worker": 3, "lookups": 2}
    for name, count in wanted.items():
        found = len(site.units[name].processes())
        if found != count:
            yield f"{name} has {found} processes, not {count}"
    files = [path.name for path in (site.folder / "temporary").iterdir()]
    if files:
        yield f"temporary files are left: {files[:5]}"


def left_processes(site: Site) -> Iterator[str]:
    """Tell of processes that outlive the site."""
    if left := processes_in(site.folder):
        yield f"{len(left)} processes are left after the site was stopped"
