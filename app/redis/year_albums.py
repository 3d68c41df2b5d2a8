"""Year albums, kept in Redis beside the event that they belong to: a returning visit reads no database."""

from pydantic import ValidationError
from redis import Redis

from app.events import Event
from app.insights.year_albums import YearAlbums
from app.redis.event_stream import Topic, load_derived, save_derived


def keep_year_albums(redis: Redis, topic: Topic, event: Event, albums: YearAlbums, *, by_song: bool) -> None:
    """Keep the albums of a year as it is at this event."""
    save_derived(redis, topic, event, _name(by_song=by_song), albums.model_dump_json())


def kept_year_albums(redis: Redis, topic: Topic, event: Event, *, by_song: bool) -> YearAlbums | None:
    """Return the albums of a year, if they were kept and the year is still the same."""
    text = load_derived(redis, topic, event, _name(by_song=by_song))
    try:
        return None if text is None else YearAlbums.model_validate_json(text)
    except ValidationError:
        return None  # written by another version


def _name(*, by_song: bool) -> str:
    return "songs" if by_song else "albums"
