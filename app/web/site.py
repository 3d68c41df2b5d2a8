"""The site: what every request needs, made once per process."""

from dataclasses import dataclass, field

from flask import current_app
from flask_limiter import Limiter
from redis import Redis

from app.settings import Settings
from app.store import Pool
from app.web.hub import Hub

EXTENSION = "lastyear"


@dataclass(frozen=True)
class Site:
    """Settings and clients of this process. Nothing connects before it is used."""

    settings: Settings
    redis: Redis
    pool: Pool
    hub: Hub
    limiter: Limiter
    budgets: dict[str, str] = field(
        default_factory=lambda: {"fetch": "20 per minute; 300 per day", "refresh": "5 per minute; 60 per day"}
    )


def site() -> Site:
    """The site that serves the current request."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, Site)  # noqa: S101  put there by create_app
    return found
