"""The doctor: looks at every part a machine needs and says what to do about those that ail."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError
from rq import Worker

from app.fetches import FETCHES, queue
from app.settings import WORKER_NEEDS, Settings, missing
from app.store import StoreAway, connect
from app.store.migrate import outstanding
from mirror.database import connect as connect_mirror
from mirror.errors import MirrorError
from mirror.index import check_rules
from worker.limiter import Limiter


@dataclass(frozen=True)
class Finding:
    """A part and what to do about it; nothing where it is well."""

    part: str
    remedy: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Every finding, in the order in which the parts build on each other."""
    parts: dict[str, Callable[[Settings], Iterator[str]]] = {
        "settings": _settings,
        "app database": _store,
        "redis": _redis,
        "workers": _workers,
        "mirror": _mirror,
        "Last.fm key": _key,
    }
    return [Finding(part, "; ".join(look(settings))) for part, look in parts.items()]


def _settings(settings: Settings) -> Iterator[str]:
    if names := missing(settings, WORKER_NEEDS):
        yield f"set {', '.join(names)}"


def _store(settings: Settings) -> Iterator[str]:
    url = settings.database_url.get_secret_value()
    try:
        if url:
            with connect(url, "lastyear-doctor") as connection:
                if names := outstanding(connection):
                    yield f"run `lastyear migrate` ({', '.join(names)})"
    except StoreAway as error:
        yield f"{error}: look at DATABASE_URL and at the database's own state"


def _redis(settings: Settings) -> Iterator[str]:
    url = settings.redis_url.get_secret_value()
    try:
        if url:
            Redis.from_url(url).ping()
    except RedisError as error:
        yield f"cannot be reached ({type(error).__name__}): look at REDIS_URL and at Redis itself"


def _workers(settings: Settings) -> Iterator[str]:
    url = settings.redis_url.get_secret_value()
    try:
        if url and not Worker.count(queue=queue(Redis.from_url(url), FETCHES)):
            yield "none is at work: start `lastyear work`"
    except RedisError:
        yield "not to be seen without Redis"


def _mirror(settings: Settings) -> Iterator[str]:
    url = settings.mirror_url.get_secret_value()
    try:
        if url:
            with connect_mirror(url) as connection:
                check_rules(connection)
    except MirrorError as error:
        yield str(error)


def _key(settings: Settings) -> Iterator[str]:
    url, key = settings.redis_url.get_secret_value(), settings.lastfm_api_key.get_secret_value()
    try:
        if url and key and Limiter(Redis.from_url(url), 1).refused(key):
            yield "Last.fm refused it within the last hour: look at LASTFM_API_KEY"
    except RedisError:
        yield "not to be judged without Redis"
