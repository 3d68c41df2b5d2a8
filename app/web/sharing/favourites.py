"""Favourites: the most played albums of a year, for its pictures."""

from contextlib import suppress

from redis.exceptions import RedisError
from werkzeug.exceptions import TooManyRequests

from app.events import Event, TopAlbum
from app.redis.event_stream import Topic
from app.store import StoreAway
from app.web.top_albums import most_played
from app.web.words.chart_options import ChartOptions


def favourites(topic: Topic, event: Event | None, options: ChartOptions) -> tuple[TopAlbum, ...]:
    """Return the most played albums of a finished year, the most played first.

    They are kept beside the year's counts; where they are not yet, the database is asked once. A picture does
    without them where it does not answer, or is asked too often.
    """
    if event is None or event.phase != "completed" or not event.scrobbles:
        return ()
    with suppress(StoreAway, RedisError, TooManyRequests):
        return most_played(topic, event, options.available_for(event))
    return ()
