"""What every job needs: the settings and the clients made from them, inside the process that runs the job."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Self

from redis import Redis

from app.counters.counts import increment
from app.redis.client import connect_redis
from app.redis.event_stream import Publish, publish
from app.settings import WORKER_NEEDS, Settings, read_settings
from worker.lastfm.client import RATE_LIMIT_PAUSE, LastFm
from worker.lastfm.limiter import Limiter
from worker.lastfm.overlap import Overlap
from worker.lastfm.retrying import RETRY_DELAYS
from worker.webhook import Webhook

OUTAGE_SECONDS = 600
"""For how long a job waits while Redis is away; then another worker begins it again, when Redis is back."""


@dataclass(frozen=True)
class Clock:
    """The time in UNIX seconds, and a way to let it pass."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class WorkerContext:
    """Settings, and the clients made from them. It opens no database connection."""

    settings: Settings
    redis: Redis
    lastfm: LastFm
    publish: Publish
    clock: Clock = field(default_factory=Clock)
    overlap: Callable[[int], Overlap[Any, Any]] = Overlap

    @classmethod
    def make(
        cls, settings: Settings, *, delays: Sequence[float] = RETRY_DELAYS, pause: float = RATE_LIMIT_PAUSE
    ) -> Self:
        """Build the clients for these settings; for `delays` and `pause` see `LastFm`."""
        redis = connect_redis(settings, outage_seconds=OUTAGE_SECONDS)
        lastfm = LastFm(
            api_url=settings.lastfm_api_url,
            web_url=settings.lastfm_web_url,
            key=settings.lastfm_api_key.get_secret_value(),
            contact=settings.contact,
            limiter=Limiter(redis, settings.lastfm_requests_per_second),
            count=partial(increment, redis),
            delays=delays,
            pause=pause,
        )
        return cls(settings, redis, lastfm, _publish(settings, redis))


def _publish(settings: Settings, redis: Redis) -> Publish:
    if settings.progress_webhook_url:
        return Webhook(settings.progress_webhook_url, next(iter(settings.internal_tokens), "")).publish
    return partial(publish, redis)


@cache
def from_environment() -> WorkerContext:
    """Return the context of this process. Raises app.settings.BadSettings."""
    return WorkerContext.make(read_settings(os.environ, WORKER_NEEDS))
