"""Check the app database: its connection, its tables, and how much of Last.fm's data it holds."""

import time
from collections.abc import Iterator

from app.settings import MEGABYTE
from app.store import Connection, StoreAway, clock, connect
from app.store.migrate import outstanding
from app.store.upkeep.room import lastfm_bytes
from worker.doctor.finding import CheckContext, Finding, ill, unknown, warning, well

PART, DATA = "app database", "Last.fm data"
PARTS = (PART, DATA)

FAR_OVER = 1.2  # times the limit: then making room has failed
MAKES_ROOM = "workers make room after the next fetch, and every night; if this stays, look at their log"


def check_store(context: CheckContext) -> Iterator[Finding]:
    """Check the app database, which wakes it if it is asleep."""
    url = context.settings.database_url.get_secret_value()
    if not url:
        yield ill(PART, "not set", "set DATABASE_URL")
        yield unknown(DATA, "unknown without the app database", "set DATABASE_URL")
        return
    try:
        with connect(url, "lastyear-doctor") as connection:
            yield from _check(connection, context)
    except StoreAway as error:
        yield ill(PART, str(error.args[0]), "look at DATABASE_URL, and at the database at its host")
        yield unknown(DATA, "unknown without the app database", "fix the app database first")


def _check(connection: Connection, context: CheckContext) -> Iterator[Finding]:
    before = time.time()
    theirs = clock(connection).timestamp()
    context.clocks["the app database"] = theirs - (before + time.time()) / 2
    names, stored = outstanding(connection), lastfm_bytes(connection)
    if names:
        yield ill(PART, f"migrations are missing: {', '.join(names)}", "`lastyear migrate`")
    else:
        yield well(PART, "answers, with all migrations applied")
    yield _data(stored, context.settings.lastfm_storage_mb)


def _data(stored: int, limit: int) -> Finding:
    seen = f"{stored / MEGABYTE:.{0 if stored >= 10 * MEGABYTE else 1}f} MB of {limit} MB"
    if stored <= limit * MEGABYTE:
        return well(DATA, seen)
    return (ill if stored > FAR_OVER * limit * MEGABYTE else warning)(DATA, seen, MAKES_ROOM)
