"""The site: what every request needs, made once per process."""

from dataclasses import dataclass, field

from flask import current_app
from redis import Redis

from app.settings import Settings
from app.store import Pool
from app.web.budget import Budget
from app.web.hub import Hub
from app.web.shelf import Shelf

EXTENSION = "lastyear"


@dataclass(frozen=True)
class Site:
    """Settings and clients of this process. Nothing connects before it is used."""

    settings: Settings
    redis: Redis
    pool: Pool
    hub: Hub
    budget: Budget
    shelf: Shelf = field(default_factory=Shelf)

    def leave(self) -> None:
        """Sends the open pages away, since this process is about to end."""
        self.hub.close()

    def close(self) -> None:
        """Lets the connections to the database and to Redis go."""
        self.pool.close()
        self.redis.close()


def site() -> Site:
    """The site that serves the current request."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, Site)  # noqa: S101  put there by create_app
    return found
