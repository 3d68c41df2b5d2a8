"""Tools: what every job needs, made from the settings inside the process that runs the job."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Self

from redis import Redis

from app.counters import count
from app.progress import Publisher, RedisPublisher, WebhookPublisher
from app.settings import WORKER_NEEDS, Settings, read
from worker.lastfm import DELAYS, PAUSE, LastFm
from worker.limiter import Limiter


@dataclass(frozen=True)
class Tools:
    """Settings, and the clients that are made from them. Opens no database connection."""

    settings: Settings
    redis: Redis
    lastfm: LastFm
    publisher: Publisher

    @classmethod
    def make(cls, settings: Settings, *, delays: Sequence[float] = DELAYS, pause: float = PAUSE) -> Self:
        """The tools for these settings; `delays` and `pause` are seconds, see worker.lastfm."""
        redis = Redis.from_url(settings.redis_url.get_secret_value())
        lastfm = LastFm(
            api_url=settings.lastfm_api_url,
            web_url=settings.lastfm_web_url,
            key=settings.lastfm_api_key.get_secret_value(),
            contact=settings.contact,
            limiter=Limiter(redis, settings.lastfm_requests_per_second),
            count=partial(count, redis),
            delays=delays,
            pause=pause,
        )
        return cls(settings, redis, lastfm, _publisher(settings, redis))


def _publisher(settings: Settings, redis: Redis) -> Publisher:
    if settings.progress_webhook_url:
        return WebhookPublisher(settings.progress_webhook_url, settings.internal_token.get_secret_value())
    return RedisPublisher(redis)


@cache
def from_environment() -> Tools:
    """The tools of this process. Raises app.settings.BadSettings."""
    return Tools.make(read(os.environ, WORKER_NEEDS))
