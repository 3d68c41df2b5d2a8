"""The app database: is it there, has it its tables, does it hold more of Last.fm's data than the terms allow."""

import time
from collections.abc import Iterator

from app.store import Connection, StoreAway, clock, connect
from app.store.migrate import outstanding
from app.store.sizes import lastfm_bytes
from worker.doctor.finding import Finding, Visit, ill, warning, well

PART, DATA = "app database", "Last.fm data"
PARTS = (PART, DATA)

MEGABYTE = 1_000_000
MOST, MUCH = 100 * MEGABYTE, 80 * MEGABYTE  # Last.fm's terms, 4.3.4; and when to think about it
LESS = "`lastyear forget NAME` for listeners who are not looked at any more, then VACUUM FULL in the database"


def check(visit: Visit) -> Iterator[Finding]:
    """Wakes the database if it sleeps."""
    url = visit.settings.database_url.get_secret_value()
    if not url:
        yield ill(PART, "not set", "set DATABASE_URL")
        yield warning(DATA, "not to be seen without the app database", "set DATABASE_URL")
        return
    try:
        with connect(url, "lastyear-doctor") as connection:
            yield from _look(connection, visit)
    except StoreAway as error:
        yield ill(PART, str(error.args[0]), "look at DATABASE_URL, and at the database at its host")
        yield warning(DATA, "not to be seen without the app database", "mend the app database first")


def _look(connection: Connection, visit: Visit) -> Iterator[Finding]:
    before = time.time()
    theirs = clock(connection).timestamp()
    visit.clocks["the app database"] = theirs - (before + time.time()) / 2
    names, stored = outstanding(connection), lastfm_bytes(connection)
    if names:
        yield ill(PART, f"{len(names)} migrations are missing, from {names[0]}", "`lastyear migrate`")
    else:
        yield well(PART, "answers, and has all migrations")
    yield _data(stored)


def _data(stored: int) -> Finding:
    seen = f"{stored / MEGABYTE:.{0 if stored >= 10 * MEGABYTE else 1}f} MB of {MOST // MEGABYTE} MB"
    if stored >= MOST:
        return ill(DATA, seen, LESS)
    return warning(DATA, seen, LESS) if stored >= MUCH else well(DATA, seen)
