"""The most played albums, or songs, of a year: of every release year, and of all. Read once, then kept."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress

from redis.exceptions import RedisError

from app.events import Event, TopAlbum
from app.redis import event_stream
from app.redis.event_stream import Topic
from app.store import Connection, fetch_jobs, listeners
from app.store.plays import counted_years, top_albums
from app.store.plays.counted_years import CountedYear
from app.store.plays.play_filter import PlayFilter
from app.web.context import context
from app.web.words.chart_options import ChartOptions

PER_YEAR, FAVOURITES = 3, 5
MAX_LETTERS = 80  # of a name


def of_every_year(topic: Topic, event: Event, options: ChartOptions) -> str:
    """Return the three most played of every release year as JSON: artist, title, plays, release group or ""."""
    return _kept(topic, event, "top" + options.list_query) or _read(topic, event, options)[0]


def most_played(topic: Topic, event: Event, options: ChartOptions) -> tuple[TopAlbum, ...]:
    """Return the five most played of all, the most played first."""
    text = _kept(topic, event, "favourites" + options.list_query) or _read(topic, event, options)[1]
    return tuple(TopAlbum(**one) for one in json.loads(text))


def _kept(topic: Topic, event: Event, name: str) -> str | None:
    return event_stream.load_derived(context().redis, topic, event, name)


def _read(topic: Topic, event: Event, options: ChartOptions) -> tuple[str, str]:
    """Read both from the database, and keep them until the year's counts change."""
    context().rate_limits.hit("albums")
    with context().pool.connection() as connection:
        found = _found(connection, topic, options, only_counted=event.only_counted)
    by_year, best = _by_year(found), sorted(found, key=lambda one: -one.plays)[:FAVOURITES]
    texts = (_compact(by_year), _compact([_with_short_names(one).model_dump() for one in best]))
    with suppress(RedisError):  # it may take nothing, where its disk is full
        for name, text in zip(("top", "favourites"), texts, strict=True):
            event_stream.save_derived(context().redis, topic, event, name + options.list_query, text)
    return texts


def _found(
    connection: Connection, topic: Topic, options: ChartOptions, *, only_counted: bool
) -> Sequence[TopAlbum]:
    """Return those of every release year; of a year without its plays, as far as they were kept for all of it."""
    listener = listeners.find(connection, topic.username)
    if listener is None:
        return ()
    if not only_counted:
        plays = PlayFilter(listener.id, topic.year or 0, options.by_song, options.period)
        return top_albums.by_release_year(connection, plays, each=FAVOURITES)
    if options.period:
        return ()
    job = fetch_jobs.find(connection, topic.username, topic.year or 0)
    counted = counted_years.find(connection, job.id) if job else CountedYear()
    return counted.top_songs if options.by_song else counted.top_albums


def _by_year(albums: Iterable[TopAlbum]) -> dict[int, list[tuple[str, str, int, str]]]:
    each = Counter[int]()
    years: dict[int, list[tuple[str, str, int, str]]] = {}
    for album in map(_with_short_names, albums):
        each[album.release_year] += 1
        if each[album.release_year] <= PER_YEAR:
            group = str(album.release_group or "")
            years.setdefault(album.release_year, []).append((album.artist, album.title, album.plays, group))
    return years


def _with_short_names(album: TopAlbum) -> TopAlbum:
    return album.model_copy(update={"artist": _short(album.artist), "title": _short(album.title)})


def _short(name: str) -> str:
    return name if len(name) <= MAX_LETTERS else name[: MAX_LETTERS - 1] + "…"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
