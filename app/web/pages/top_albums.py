"""The most played albums, or songs, of every bar: read once, when a visitor first points at one."""

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from flask import Blueprint, make_response, request
from redis.exceptions import RedisError
from werkzeug.wrappers import Response

from app.events import TopAlbum
from app.redis import event_stream
from app.redis.event_stream import Topic
from app.store import Connection, album_plays, counted_years, fetch_jobs, listeners
from app.store.album_plays import PlayFilter
from app.store.counted_years import CountedYear
from app.web.context import context
from app.web.routing import listener_name, listening_year_of, private
from app.web.words.chart_options import ChartOptions, requested_options

blueprint = Blueprint("top_albums", __name__)

PER_YEAR = 3
MAX_LETTERS = 80  # of a name


@blueprint.get("/user/<name>/<year>/top.json")
def show(name: str, year: str) -> Response:
    """Give the three most played of every release year, as artist, title and plays.

    Those of a decade are among those of its years. Of a year without its plays, as far as they were kept; of one
    that grows, of what is stored so far. Cached in Redis until the year's counts change.
    """
    topic, redis = Topic(listener_name(name), listening_year_of(year)), context().redis
    snapshot = event_stream.latest_snapshot(redis, topic)
    if snapshot is None or not snapshot.event.scrobbles:
        return _answer("{}")
    options = requested_options().available_for(snapshot.event)
    key = "top" + options.songs_query
    text = event_stream.load_derived(redis, topic, snapshot.event, key)
    if text is None:
        text = _read(topic, options, only_counted=snapshot.event.only_counted)
        with suppress(RedisError):  # it may take nothing, where its disk is full
            event_stream.save_derived(redis, topic, snapshot.event, key, text)
    return _answer(text)


def _read(topic: Topic, options: ChartOptions, *, only_counted: bool) -> str:
    context().rate_limits.hit("albums")
    with context().pool.connection() as connection:
        listener = listeners.find(connection, topic.username)
        if listener is None:
            return "{}"
        plays = PlayFilter(listener.id, topic.year or 0, options.by_song)
        found: Sequence[TopAlbum]
        if only_counted:
            found = _kept(connection, topic, options)
        else:
            found = album_plays.top_albums(connection, plays, each=PER_YEAR)
    years: dict[int, list[tuple[str, str, int]]] = {}
    for one in found:
        years.setdefault(one.release_year, []).append((_short(one.artist), _short(one.title), one.plays))
    return json.dumps(years, ensure_ascii=False, separators=(",", ":"))


def _kept(connection: Connection, topic: Topic, options: ChartOptions) -> Sequence[TopAlbum]:
    """Return those of the most played albums that were kept when the plays were removed."""
    job = fetch_jobs.find(connection, topic.username, topic.year or 0)
    counted = counted_years.find(connection, job.id) if job else CountedYear()
    each = Counter[int]()
    found = []
    for album in counted.top_songs if options.by_song else counted.top_albums:
        each[album.release_year] += 1
        if each[album.release_year] <= PER_YEAR:
            found.append(album)
    return found


def _short(name: str) -> str:
    return name if len(name) <= MAX_LETTERS else name[: MAX_LETTERS - 1] + "…"


def _answer(text: str) -> Response:
    answer = private(make_response(text))
    answer.content_type = "application/json"
    answer.add_etag()
    return answer.make_conditional(request)
