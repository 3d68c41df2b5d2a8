"""What stands out in a year, worked out on request where Redis has forgotten what it is made of."""

from flask import Blueprint, Response, make_response, redirect, url_for

from app.redis.event_stream import Topic
from app.web.context import context
from app.web.insights import read_albums
from app.web.routing import listener_name, listening_year_of, private
from app.web.visits.snapshots import latest_event
from app.web.words.chart_options import requested_options

blueprint = Blueprint("insights", __name__)


@blueprint.get("/user/<name>/<year>/insights")
def show(name: str, year: str) -> Response:
    """Read the year's albums, and lead back to its page, which then tells what stands out. Raises StoreAway."""
    topic = Topic(listener_name(name), listening_year_of(year))
    event = latest_event(context(), topic)
    options = requested_options().available_for(event)
    if event is not None and event.is_whole and event.scrobbles:
        context().rate_limits.hit("albums")
        read_albums(context(), topic, event, by_song=options.by_song)
        context().page_cache.drop(topic.username, topic.year or 0)
    address = url_for("year.show", name=topic.username, year=topic.year) + options.list_query
    return private(make_response(redirect(f"{address}#insights", 303)))
