"""Removal: a listener who proves by a word in their profile that it is theirs has everything deleted."""

import secrets
from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from redis import Redis

from app.jobs.enqueue import enqueue_removal
from app.jobs.job_status import has_removal_job
from app.store.listeners import username_key

WORD_HOLDS = timedelta(days=1)
OUTCOME_IS_TOLD = timedelta(minutes=10)

_PREFIX = "lastyear:removal:"

State = Literal["asked", "checking", "not_proven", "no_answer", "done"]


class Removal(BaseModel):
    """The word that has to be in the profile, and how far the removal is."""

    model_config = ConfigDict(frozen=True)

    word: str
    state: State = "asked"
    for_good: bool = True
    """Whether nothing is to be read of the listener afterwards."""


def ask(redis: Redis, username: str) -> Removal:
    """Return the removal of that name as it stands; with a new word, unless there is one."""
    new = Removal(word=f"lastyear-{secrets.token_hex(3)}")
    redis.set(_key(username), new.model_dump_json(), ex=WORD_HOLDS, nx=True)
    return find(redis, username) or new


def find(redis: Redis, username: str) -> Removal | None:
    """Return the removal of that name; None where nobody has asked for a word, or long ago. Raises QueueAway.

    One whose job is gone, or was never queued, can be asked for once more.
    """
    data = redis.get(_key(username))
    if not isinstance(data, bytes):
        return None
    try:
        found = Removal.model_validate_json(data)
    except ValidationError:
        return None
    is_lost = found.state == "checking" and not has_removal_job(redis, username)
    return found.model_copy(update={"state": "asked"}) if is_lost else found


def check(redis: Redis, username: str, *, for_good: bool) -> None:
    """Have a worker look for the word, and delete everything if it is there. Raises QueueAway, QueueFull."""
    removal = ask(redis, username)
    if removal.state in ("checking", "done"):
        return
    asked = removal.model_copy(update={"state": "checking", "for_good": for_good})
    # Before the job, which begins with this. If it cannot be queued, `find` notices.
    redis.set(_key(username), asked.model_dump_json(), ex=WORD_HOLDS)
    enqueue_removal(redis, username)


def settle(redis: Redis, username: str, asked: Removal, state: State) -> None:
    """Note how it ended. What is done is told for some minutes and then forgotten, too."""
    settled = asked.model_copy(update={"state": state})
    redis.set(_key(username), settled.model_dump_json(), ex=OUTCOME_IS_TOLD if state == "done" else WORD_HOLDS)


def drop(redis: Redis, username: str) -> None:
    """Drop the removal of that name."""
    redis.delete(_key(username))


def drop_all(redis: Redis) -> None:
    """Drop the removals of all names."""
    for key in redis.scan_iter(match=_PREFIX + "*"):
        redis.delete(key)


def _key(username: str) -> str:
    return _PREFIX + username_key(username)
