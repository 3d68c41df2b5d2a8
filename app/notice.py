"""The notice: a sentence of the operator's that every page shows to visitors, until it is cleared."""

import unicodedata

from redis import Redis

MOST_CHARACTERS = 300

_NOTICE = "lastyear:notice"


class BadNotice(ValueError):
    """The text cannot be a notice; the message says why."""


def write_notice(redis: Redis, text: str) -> str:
    """Have every page show this text, and return it as it is shown. Raises BadNotice."""
    written = " ".join(text.split())
    if not written:
        raise BadNotice("The notice is empty. To have none, clear it.")
    if any(unicodedata.category(one) in ("Cc", "Cf", "Cs") for one in written):
        raise BadNotice("The notice has characters that cannot be seen.")
    if len(written) > MOST_CHARACTERS:
        raise BadNotice(f"The notice has {len(written)} characters, and may have {MOST_CHARACTERS}.")
    redis.set(_NOTICE, written)
    return written


def clear_notice(redis: Redis) -> bool:
    """Show no notice any more. False when there was none."""
    return redis.delete(_NOTICE) == 1


def read_notice(redis: Redis) -> str:
    """Return the notice; empty when there is none."""
    text = redis.get(_NOTICE)
    return text.decode(errors="replace") if isinstance(text, bytes) else ""
