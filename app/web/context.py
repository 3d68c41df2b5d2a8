"""The application's context: its settings and clients, created once per process."""

from dataclasses import dataclass, field
from functools import partial
from typing import Self

from flask import current_app
from redis import Redis

from app.counters.buffer import Buffer
from app.counters.gauges import note_database_use
from app.redis.client import connect_redis
from app.redis.looks import Looks
from app.redis.notice import KeptNotice
from app.settings import Settings
from app.store import Pool
from app.web.covers.keeper import CoverKeeper
from app.web.live.open_pages import OpenPages
from app.web.live.subscriptions import Subscriptions
from app.web.page_cache import PageCache
from app.web.rate_limits import RateLimits
from mirror.web_queries import MatchingProcess

EXTENSION = "lastyear"


@dataclass(frozen=True)
class Context:
    """What every request may use. Nothing connects before it is used."""

    settings: Settings
    redis: Redis
    pool: Pool
    subscriptions: Subscriptions
    rate_limits: RateLimits
    matching: MatchingProcess
    looks: Looks
    counts: Buffer
    notice: KeptNotice
    covers: CoverKeeper | None
    """None where the site shows no covers."""
    page_cache: PageCache = field(default_factory=PageCache)
    open_pages: OpenPages = field(default_factory=OpenPages)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Create the clients that these settings describe."""
        redis = connect_redis(settings)
        pool = Pool(
            settings.database_url.get_secret_value(),
            on_open=partial(note_database_use, redis),
            on_close=partial(note_database_use, redis, ends=True),
        )
        counts = Buffer(redis)
        matching = MatchingProcess(settings.mirror_url.get_secret_value())
        return cls(
            settings=settings,
            redis=redis,
            pool=pool,
            subscriptions=Subscriptions(redis),
            rate_limits=RateLimits(redis),
            matching=matching,
            looks=Looks(redis),
            counts=counts,
            notice=KeptNotice(redis),
            covers=CoverKeeper(settings, redis, counts) if settings.shows_covers else None,
        )

    def disconnect_pages(self) -> None:
        """Close the connections of open pages, since this process is about to end."""
        self.subscriptions.close()

    def close(self) -> None:
        """Close the connections to the database and to Redis, and end the process that matches names."""
        self.disconnect_pages()
        if self.covers is not None:
            self.covers.close()
        self.matching.close()
        self.pool.close()
        self.counts.close()
        self.redis.close()


def context() -> Context:
    """Return the context of the application that serves the current request."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, Context)  # noqa: S101  put there by set_up
    return found
