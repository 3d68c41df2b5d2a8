"""Favourites: the most played albums, or songs, of every bar, asked for once when somebody first points at one."""

import json

from flask import Blueprint, make_response, request
from redis.exceptions import RedisError
from werkzeug.wrappers import Response

from app import progress
from app.progress import Topic
from app.store import StoreAway, heard, listeners
from app.store.heard import Stretch
from app.store.scrobbles import year_bounds
from app.web.choice import Choice, chosen
from app.web.errors import Problem
from app.web.pages import listener_name, listening_year_of, private
from app.web.site import site

blueprint = Blueprint("favourites", __name__)

EACH = 3
LONGEST = 80  # letters of a name


@blueprint.get("/user/<name>/<year>/top.json")
def top(name: str, year: str) -> Response:
    """Of every release year the three most played, as artist, title and plays.

    Those of a decade are among those of its years. Kept in Redis for as long as the year stands as it does.
    """
    topic = Topic(listener_name(name), listening_year_of(year))
    try:
        snapshot = progress.latest(site().redis, topic)
        if snapshot is None:
            return _answer("{}")
        choice = chosen().seen(snapshot.event)
        name = "top" + choice.of
        text = progress.kept_beside(site().redis, topic, snapshot.event, name)
        if text is None:
            text = _asked(topic, choice)
            progress.keep_beside(site().redis, topic, snapshot.event, name, text)
    except (RedisError, StoreAway):
        raise Problem(503, "The albums cannot be shown right now", "Try again in a minute.") from None
    return _answer(text)


def _asked(topic: Topic, choice: Choice) -> str:
    site().budget.spend("albums")
    with site().pool.connection() as connection:
        listener = listeners.find(connection, topic.username)
        if listener is None:
            return "{}"
        stretch = Stretch(listener.id, *year_bounds(topic.year or 0), choice.by_song)
        found = heard.favourites(connection, stretch, each=EACH)
    years: dict[int, list[tuple[str, str, int]]] = {}
    for one in found:
        years.setdefault(one.release_year, []).append((_short(one.artist), _short(one.title), one.plays))
    return json.dumps(years, ensure_ascii=False, separators=(",", ":"))


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def _answer(text: str) -> Response:
    answer = private(make_response(text))
    answer.content_type = "application/json"
    answer.add_etag()
    return answer.make_conditional(request)
