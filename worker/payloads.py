"""What Last.fm's answers say: its JSON, a mechanical copy of XML, read into frozen values.

Numbers come as strings, attributes under "@attr", an element's text under "#text"; a list of one may be the bare
element and an empty one may be missing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.store.albums import Album
from app.store.scrobbles import Scrobble

MOST = 2**31 - 1  # no listener has more of anything, and the database counts no further
CHART_WEEK = timedelta(days=7)  # charts are made of weeks: one may begin and end so much beside what was asked for


class Unreadable(Exception):
    """The answer does not have the shape of what was asked for."""


@dataclass(frozen=True)
class Profile:
    """A listener as `user.getInfo` tells."""

    username: str
    playcount: int
    registered_at: datetime


@dataclass(frozen=True)
class Page:
    """One answer of `user.getRecentTracks`: its scrobbles oldest first, each once, all inside the window."""

    user: str
    page: int
    pages: int
    total: int
    scrobbles: tuple[Scrobble, ...]


@dataclass(frozen=True)
class AlbumChart:
    """One answer of `user.getWeeklyAlbumChart`: albums with their plays. It knows no plays without an album, and
    no more than a thousand albums."""

    user: str
    albums: tuple[tuple[Album, int], ...]


def read_profile(body: dict[str, Any]) -> Profile:
    """The listener in an answer of `user.getInfo`. Raises Unreadable."""
    user = _object(body, "user")
    registered = _object(user, "registered")
    return Profile(
        username=_text(user.get("name")),
        playcount=_number(user.get("playcount", 0)),
        registered_at=_moment(registered.get("unixtime", registered.get("#text"))),
    )


def read_page(body: dict[str, Any], start: datetime, end: datetime) -> Page:
    """The page in an answer of `user.getRecentTracks`, without what is playing now and what lies outside
    `start` <= time < `end`. Raises Unreadable."""
    recent = _object(body, "recenttracks")
    # An answer of the old kind for "none" has its attributes on the element itself.
    attributes = recent.get("@attr", recent)
    if not isinstance(attributes, dict) or "user" not in attributes:
        raise Unreadable("no attributes")
    found = {scrobble for row in _list(recent.get("track")) if (scrobble := _scrobble(row))}
    inside = [scrobble for scrobble in found if start <= scrobble.scrobbled_at < end]
    return Page(
        user=str(attributes["user"]),
        page=_number(attributes.get("page", 0)),
        pages=_number(attributes.get("totalPages", 0)),
        total=_number(attributes.get("total", 0)),
        scrobbles=tuple(sorted(inside, key=lambda s: (s.scrobbled_at, s.artist, s.title, s.album))),
    )


def read_album_chart(body: dict[str, Any], start: datetime, end: datetime) -> AlbumChart:
    """The chart in an answer of `user.getWeeklyAlbumChart` about the time from `start` to `end`.

    Raises Unreadable, also when it is about another time: where Last.fm does not take ours it gives the last week.
    """
    chart = _object(body, "weeklyalbumchart")
    attributes = chart.get("@attr", chart)
    if not isinstance(attributes, dict) or "user" not in attributes:
        raise Unreadable("no attributes")
    for name, asked in (("from", start), ("to", end)):
        if abs(_moment(attributes.get(name)) - asked) > CHART_WEEK:
            raise Unreadable("a chart of another time")
    read = (_charted(row) for row in _list(chart.get("album")))
    return AlbumChart(
        str(attributes["user"]), tuple((album, plays) for album, plays in read if album.album and plays)
    )


def clean(text: str) -> str:
    """The text as a database takes it: no NUL, no half of a surrogate pair, no space around it."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()


def _scrobble(row: Any) -> Scrobble | None:
    if not isinstance(row, dict):
        raise Unreadable("a track is not an object")
    attributes = row.get("@attr")
    playing = isinstance(attributes, dict) and attributes.get("nowplaying") == "true"
    if playing or "date" not in row:
        return None
    album = row.get("album") or {}
    named = _text(album)
    return Scrobble(
        scrobbled_at=_moment(_object(row, "date").get("uts")),
        artist=_text(row.get("artist")),
        title=_text(row.get("name")),
        album=named,
        # All the artist's plays without an album share one row: an MBID there would answer for each of them.
        album_mbid=_mbid(album.get("mbid")) if named and isinstance(album, dict) else None,
    )


def _charted(row: Any) -> tuple[Album, int]:
    if not isinstance(row, dict):
        raise Unreadable("an album is not an object")
    album = Album(_text(row.get("artist")), _text(row.get("name")), _mbid(row.get("mbid")))
    return album, _number(row.get("playcount"))


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _text(element: Any) -> str:
    if isinstance(element, dict):
        # The extended form of an artist has a name instead of a text.
        element = element.get("#text") or element.get("name") or ""
    return clean(str(element or ""))


def _object(parent: dict[str, Any], name: str) -> dict[str, Any]:
    value = parent.get(name)
    if not isinstance(value, dict):
        raise Unreadable(f"no {name}")
    return value


def _number(value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        raise Unreadable("a number is not one") from None
    if number > MOST:
        raise Unreadable("a number is too large")
    return max(0, number)


def _moment(value: Any) -> datetime:
    return datetime.fromtimestamp(_number(value), UTC)


def _mbid(value: Any) -> UUID | None:
    try:
        return UUID(value) if value else None
    except (AttributeError, TypeError, ValueError):
        return None
