"""The most played albums, or songs, of every bar: asked for when a visitor first points at one."""

import json
from uuid import UUID

from flask import Blueprint, make_response, request
from werkzeug.wrappers import Response

from app.redis import event_stream
from app.redis.covers import SMALL
from app.redis.event_stream import Topic
from app.web.context import context
from app.web.pages.cover import cover_of
from app.web.routing import listener_name, listening_year_of, private
from app.web.top_albums import of_every_year
from app.web.words.chart_options import requested_options

blueprint = Blueprint("top_albums", __name__)

NAMED = 3  # artist, title and plays


@blueprint.get("/user/<name>/<year>/top.json")
def show(name: str, year: str) -> Response:
    """Give the three most played of every release year: artist, title, plays, and the address of a cover if any.

    Those of a decade are among those of its years. Of a year without its plays, as far as they were kept; of one
    that grows, of what is stored so far. Cached in Redis until the year's counts change.
    """
    topic = Topic(listener_name(name), listening_year_of(year))
    snapshot = event_stream.latest_snapshot(context().redis, topic)
    if snapshot is None or not snapshot.event.scrobbles:
        return _answer("{}")
    options = requested_options().available_for(snapshot.event)
    return _answer(_with_covers(of_every_year(topic, snapshot.event, options)))


def _with_covers(text: str) -> str:
    """Put the addresses of covers in the place of release groups: they are those of this process."""
    years: dict[str, list[list[str | int]]] = json.loads(text)
    for year, albums in years.items():
        for album in albums:
            group = str(album.pop()) if len(album) > NAMED else ""
            if address := cover_of(UUID(group) if group else None, SMALL, int(year)):
                album.append(address)
    return json.dumps(years, ensure_ascii=False, separators=(",", ":"))


def _answer(text: str) -> Response:
    answer = private(make_response(text))
    answer.content_type = "application/json"
    answer.add_etag()
    return answer.make_conditional(request)
