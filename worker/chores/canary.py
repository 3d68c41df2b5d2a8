"""The steps of a canary, which are those of a fetch. It leaves nothing behind: the tables are as they were."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from app.events import new_run
from app.jobs.canary import LASTFM, MIRROR, STORE, WORKER, Step
from app.listening_years import year_bounds
from app.logs.lines import without_secrets
from app.redis.pause import is_paused
from app.store import Connection, StoreAway, albums, connect, fetch_jobs, listeners, stretches
from app.store.albums import Album
from app.store.plays.scrobbles import Scrobble
from app.store.plays.year_events import year_event
from mirror.database import connect as connect_mirror
from mirror.derived.name_index import usable_state
from mirror.errors import MirrorAway, MirrorEmpty
from mirror.matching.match import match
from mirror.matching.query import AlbumName
from worker.context import WorkerContext
from worker.lastfm.client import LastFm
from worker.lastfm.errors import NotUnderstood, TryAgain

log = structlog.get_logger()

YEAR = 2005
AGAIN_AFTER = 2.0  # seconds until Last.fm is asked once more, where its answer was not understood
ALBUM = Album("The Canary's Artist", "The Canary's Album", None)


class Unexpected(Exception):
    """A step has come to another result than it must."""


class Inconclusive(Exception):
    """A step could not be taken, for which this program is not to blame."""


class _LongWait(TryAgain):
    """Last.fm has told us to wait."""


def go(context: WorkerContext, report: Callable[[Step], None]) -> None:
    """Take every step, also after one that failed, and report each."""
    report(Step(name=WORKER, passed=True, seen=sys.prefix))
    steps: dict[str, Callable[[], str]] = {
        LASTFM: lambda: _ask_unless_paused(context),
        MIRROR: lambda: ask_mirror(context.settings.mirror_url.get_secret_value()),
        STORE: lambda: try_store(context.settings.database_url.get_secret_value()),
    }
    for name, take in steps.items():
        step = _taken(name, take)
        report(step.model_copy(update={"seen": without_secrets(step.seen, context.settings.secrets())}))


def _taken(name: str, take: Callable[[], str]) -> Step:
    try:
        return Step(name=name, passed=True, seen=take())
    except Inconclusive as error:
        return Step(name=name, passed=None, seen=str(error))
    except Exception as error:
        log.exception("The canary failed", step=name)
        return Step(name=name, passed=False, seen=f"{type(error).__name__}: {error}")


def _ask_unless_paused(context: WorkerContext) -> str:
    if is_paused(context.redis):
        raise Inconclusive("was not asked: fetching is paused")
    return ask_lastfm(context.lastfm, context.clock.sleep)


def ask_lastfm(lastfm: LastFm, sleep: Callable[[float], None] = time.sleep) -> str:
    """Make a call as a fetch makes it. Raises Inconclusive, KeyRefused, CallRefused, NotUnderstood."""
    client = lastfm.telling(_refuse_to_wait)
    try:
        try:
            client.check_key()
        except NotUnderstood:
            sleep(AGAIN_AFTER)
            client.check_key()
    except NotUnderstood:
        raise
    except TryAgain as error:
        raise Inconclusive(f"gave no usable answer ({error or error.__doc__})") from None
    return "answers"


def _refuse_to_wait(_seconds: float) -> None:
    raise _LongWait("it has told us to wait")


def ask_mirror(url: str) -> str:
    """Look up an album that nobody has made. Raises Inconclusive, Unexpected, MirrorError."""
    try:
        with connect_mirror(url) as connection:
            usable_state(connection)
            found = match(connection, [AlbumName(ALBUM.artist, ALBUM.album, None)], fuzzy=True)
    except MirrorEmpty:
        raise Inconclusive("nothing is imported yet") from None
    except MirrorAway:
        # A site without it serves, and places the plays later.
        raise Inconclusive("its database cannot be reached") from None
    if len(found) != 1:
        raise Unexpected(f"{len(found)} answers about one album")
    return "answers"


def try_store(url: str) -> str:
    """Store a year of one play and count it, in a transaction that is taken back. Raises StoreAway, Unexpected."""
    try:
        with connect(url, "lastyear-worker") as connection, connection.transaction(force_rollback=True):
            counted = _store_year(connection)
    except StoreAway as error:
        raise StoreAway(f"DATABASE_URL: {error}") from None
    if counted != {1997: 1}:
        raise Unexpected(f"one play of 1997 was counted as {counted}")
    return "stores and counts"


def _store_year(connection: Connection) -> dict[int, int]:
    run, (start, end) = new_run(), year_bounds(YEAR)
    # No listener's name has a space.
    name = f"canary {run.hex}"
    artist = f"{ALBUM.artist} {run.hex}"
    listener = listeners.save(connection, name, available_years=[YEAR], playcount=1, registered_at=None, run=run)
    fetch_jobs.claim(connection, name, YEAR, run, window_end=end)
    fetch_jobs.begin(connection, run)
    album = Album(artist, ALBUM.album, None, augmentation_status="matched", method="name", release_year=1997)
    albums.save(connection, [album])
    first, last = int(start.timestamp()), int(end.timestamp())
    play = Scrobble(start, artist, "The Canary's Song", ALBUM.album, None)
    stretches.put(connection, listener.id, first, last, [play], proven_at=datetime.now(UTC))
    fetch_jobs.advance(connection, run, expected=1)
    fetch_jobs.complete(connection, run, expected=1)
    job = fetch_jobs.find(connection, name, YEAR)
    if job is None:
        raise Unexpected("a job that was stored is not there")
    return year_event(connection, job, listener).years
