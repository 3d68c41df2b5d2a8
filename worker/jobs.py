"""The jobs that RQ runs, each a recipe: it names its steps, the steps live elsewhere. Every job may run twice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog
from rq import get_current_job

from app import wishes
from app.progress import Failure, note_mirror
from app.store import connect
from app.store.jobs import Overtaken
from worker import listeners
from worker import rematch as overnight
from worker.corrected import take_corrections
from worker.enrich import Catalogue, catalogue
from worker.lastfm import KeyRefused, ListeningHidden, NoSuchUser, TryAgain
from worker.stopping import Stopped, given_back
from worker.tools import Tools, from_environment
from worker.year import YearFetch

log = structlog.get_logger()


@given_back
def fetch_year(username: str, year: int, run: str) -> None:
    """Brings a listener's year into the store, whole and with release years, and says how far it is.

    May run twice: it goes on behind the last committed page, and of two at once one stops.
    """
    tools = from_environment()
    with (
        structlog.contextvars.bound_contextvars(run=run),
        connect(tools.settings.database_url.get_secret_value(), "lastyear-worker") as connection,
        catalogue(tools.settings.mirror_url.get_secret_value()) as mirror,
    ):
        _leave_a_note(tools, mirror)
        fetch = YearFetch(tools, connection, mirror, username, year, UUID(run))
        try:
            with _telling(fetch.fail):
                fetch.begin()
                with fetch.telling_the_others():
                    fetch.take_pages()
                    fetch.place_the_rest()
                    fetch.place_the_songs()
                fetch.complete()
        finally:
            wishes.go_on(connection, tools.redis, username)


@given_back
def look_up_listener(username: str, run: str) -> None:
    """Finds out who that is and how much they scrobbled in which year. May run twice."""
    tools = from_environment()
    with (
        structlog.contextvars.bound_contextvars(run=run),
        connect(tools.settings.database_url.get_secret_value(), "lastyear-worker") as connection,
    ):
        census = listeners.Census(tools, connection, username, UUID(run))
        with _telling(census.fail):
            census.begin()
            census.count_years()
            census.complete()


@given_back
def rematch() -> None:
    """Asks the mirror again for albums that have no year yet, and for corrected years. May run twice."""
    tools = from_environment()
    with (
        connect(tools.settings.database_url.get_secret_value(), "lastyear-worker") as connection,
        catalogue(tools.settings.mirror_url.get_secret_value()) as mirror,
    ):
        _leave_a_note(tools, mirror)
        try:
            overnight.rematch(connection, mirror, tools.redis)
            overnight.rematch_songs(connection, mirror, tools.redis)
            take_corrections(connection, mirror, tools.redis)
        except Stopped:
            raise
        except Exception:
            _do_not_retry()
            raise


def _leave_a_note(tools: Tools, mirror: Catalogue) -> None:
    """Tells the pages what the mirror holds; while it is away the last note stands."""
    if (note := mirror.note()) is not None:
        note_mirror(tools.redis, note)


@contextmanager
def _telling(fail: Callable[[Failure], None]) -> Iterator[None]:
    """Turns what can go wrong into what the page says; only a fault of ours also fails the job."""
    try:
        yield
    except Stopped:
        raise
    except Overtaken:
        log.info("Another worker has this now")
    except NoSuchUser:
        fail(Failure.NO_SUCH_USER)
    except ListeningHidden:
        fail(Failure.LISTENING_HIDDEN)
    except TryAgain as error:
        log.warning("Given up for now", reason=str(error))
        fail(Failure.LASTFM_AWAY)
    except KeyRefused as error:
        log.error("Last.fm refuses our API key: look at LASTFM_API_KEY", reason=str(error))
        fail(Failure.LASTFM_REFUSES)
    except Exception:
        # Raises by itself where it is the database that has gone: then RQ tries again.
        fail(Failure.BROKEN)
        _do_not_retry()
        raise


def _do_not_retry() -> None:
    # RQ's retries are for what was cut short: a fault of ours would only show again.
    if (job := get_current_job()) is not None:
        job.retries_left = 0
