"""Page costs: the processor time that pages and pictures take when they are drawn anew, in empty Flask views."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import count
from uuid import UUID

from flask import Flask
from redis import Redis

from app.redis.covers import SIZES
from app.redis.event_stream import Topic, latest_snapshot
from app.redis.year_albums import kept_year_albums
from app.settings import read_settings
from app.web import create_app
from app.web.context import EXTENSION, Context
from app.web.covers.address import cover_address
from app.web.sharing.answers import rendered
from app.web.sharing.picture import picture
from tests.bench.fetches import fetcher
from tests.bench.first_visit import FAST, HELEN, WARM_UP
from tests.bench.installation import Figure, Installation
from tests.bench.returning_visit import empty
from tests.bench.scrobbles import YEAR

TRIES = 12  # of which the fastest counts
TOPIC = Topic(HELEN.name, YEAR)
PAGE = f"/user/{HELEN.name}/{YEAR}"
COVER, COVER_BYTES = UUID(int=1977), 3000

_clients = count(1)


@dataclass(frozen=True)
class Visit:
    """What is asked for, and in how many empty views it must be there."""

    name: str
    path: str
    most: float
    status: int = 200
    is_first: bool = False
    """Whether nothing that was made for a visit before may be left."""


VISITS = (
    Visit("the page of a year, with its insights", PAGE, 60),
    Visit("insights, read anew from the database", f"{PAGE}/insights", 40, status=303),
    Visit("the page of a month, counted from the plays", f"{PAGE}?month=7", 70, is_first=True),
    Visit("the page of a month that was counted before", f"{PAGE}?month=7", 45),
    Visit("the page of the months, counted from the plays", f"{PAGE}/months", 100, is_first=True),
    Visit("the page of the months that were counted before", f"{PAGE}/months", 50),
    Visit("the picture for links as PNG", f"{PAGE}.png", 700, is_first=True),
    Visit("the square picture as PNG", f"{PAGE}.png?shape=square", 1100, is_first=True),
    Visit("the picture for stories as PNG", f"{PAGE}.png?shape=story", 1600, is_first=True),
    Visit("the panel that a chart is shared from", f"{PAGE}/share", 12),
    Visit("the albums of all bars, with the addresses of their covers", f"{PAGE}/top.json", 25),
)


def measure(installation: Installation) -> Iterator[Figure]:
    """Draw each in this process, of a year of 12,100 plays.

    While the web's one process draws, it answers nobody else. While it waits for a database, it does.
    """
    installation.make_up(HELEN.name)
    with fetcher(installation, WARM_UP, FAST) as fetches:
        fetches.first(HELEN, YEAR)
    empty_view = _seconds(empty(), Visit("an empty view", "/healthz", 1), lambda: None)
    site = create_app(
        read_settings({**installation.environ, "COVERS_FOLDER": str(installation.folder / "covers")})
    )
    with closing(site.extensions[EXTENSION]) as context:
        _require_insights(context.redis)
        for visit in (*VISITS, _cover(context)):
            seconds = _seconds(site, visit, partial(_forget, context, visit))
            yield Figure(
                f"{visit.name}, compared with an empty Flask view",
                f"<= {visit.most:g} x",
                f"{seconds / empty_view:.1f} x ({1000 * seconds:.1f} ms)",
                seconds / empty_view <= visit.most,
            )


def _require_insights(redis: Redis) -> None:
    snapshot = latest_snapshot(redis, TOPIC)
    if snapshot is None or kept_year_albums(redis, TOPIC, snapshot.event, by_song=False) is None:
        raise RuntimeError("the fetch has left nothing behind that insights are made of")


def _cover(context: Context) -> Visit:
    """Put a cover into the folder; return a visit to it."""
    assert context.covers is not None  # which has a folder
    context.covers.folder.write(COVER, dict.fromkeys(SIZES, b"a cover " * (COVER_BYTES // 8)))
    return Visit("a cover that is here", cover_address(context.covers.secret, COVER, SIZES[0], 1977), 5)


def _forget(context: Context, visit: Visit) -> None:
    context.page_cache.drop(HELEN.name, YEAR)
    if visit.is_first:
        context.redis.delete(TOPIC.derived)
        picture.cache_clear()
        rendered.cache_clear()


def _seconds(app: Flask, visit: Visit, before: Callable[[], None]) -> float:
    """Return the least processor time that it took, asked for from another address each time."""
    client, taken = app.test_client(), list[float]()
    for _ in range(TRIES):
        before()
        headers = {"X-Forwarded-For": f"10.6.0.{next(_clients)}"}
        began = time.process_time()
        answer = client.get(visit.path, headers=headers)
        taken.append(time.process_time() - began)
        if answer.status_code != visit.status:
            raise RuntimeError(f"{visit.path} is answered with {answer.status_code}")
    return min(taken)
