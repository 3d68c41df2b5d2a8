"""The desk: what every request for the operator's pages needs, made once per process."""

from dataclasses import dataclass

from flask import current_app
from redis import Redis

from app.settings import Settings
from app.web.budget import Budget
from app.web.site import EXTENSION


@dataclass(frozen=True)
class Desk:
    """Settings and clients of this process. Nothing connects before it is used."""

    settings: Settings
    redis: Redis
    budget: Budget

    def leave(self) -> None:
        """Nobody holds a page open here that would have to be sent away."""

    def close(self) -> None:
        """Lets the connections go."""
        self.redis.close()


def at_desk() -> Desk:
    """The desk of the current request."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, Desk)  # noqa: S101  put there by create_app
    return found
