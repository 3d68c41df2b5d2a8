"""Removal: look for the word in a listener's profile, and delete everything about them if it is there."""

import structlog

from app.jobs import removal
from app.jobs.forget import forget_listener
from app.store import Connection
from worker.context import WorkerContext
from worker.lastfm.errors import CallRefused, KeyRefused, NoSuchUser, OtherListener, TryAgain

log = structlog.get_logger()


def remove_if_proven(context: WorkerContext, connection: Connection, username: str) -> None:
    """Delete everything about the listener if their profile has the word that they were told. May run twice.

    The word belongs into the name, since of all that a listener can write there it is what the API hands out.
    """
    asked = removal.find(context.redis, username)
    if asked is None or asked.state != "checking":
        return
    try:
        profile = context.lastfm.profile(username)
    except (NoSuchUser, OtherListener):
        removal.settle(context.redis, username, asked, "not_proven")
        return
    except (TryAgain, KeyRefused, CallRefused) as error:
        log.warning("Last.fm does not say whether a removal is asked for", reason=str(error))
        removal.settle(context.redis, username, asked, "no_answer")
        return
    if asked.word not in profile.real_name.casefold():
        removal.settle(context.redis, username, asked, "not_proven")
        return
    forget_listener(connection, context.redis, username, for_good=asked.for_good)
    removal.settle(context.redis, username, asked, "done")
    log.info("A listener had everything removed", for_good=asked.for_good)
