"""Read Last.fm's answers into frozen values.

Its JSON is a mechanical copy of XML: numbers are strings, attributes are under "@attr", an element's text is under
"#text". A list of one may be the bare element, and an empty list may be missing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.store.albums import Album
from app.store.plays.scrobbles import Scrobble

MAX_NUMBER = 2**31 - 1  # no listener has more of anything, and the database's integers end here
YEAR_1971 = 365 * 24 * 3600  # UNIX seconds; what Last.fm dates to 1970 has lost its time
CHART_WEEK = timedelta(days=7)
"""Charts consist of weeks, so that one may begin and end this far from what was asked."""


class Unreadable(Exception):
    """The answer does not have the expected shape."""


@dataclass(frozen=True)
class Profile:
    """A listener, as `user.getInfo` describes them. None: it does not say."""

    username: str | None
    playcount: int | None
    registered_at: datetime | None
    real_name: str = ""
    """What the listener calls themselves, if anything."""


@dataclass(frozen=True)
class Rows:
    """An answer of `user.getRecentTracks` about a stretch of time, without the track now playing."""

    user: str | None
    """As the answer spells it; None where it does not say."""
    granted: int
    """How many rows such an answer can hold: `perPage`, at most what was asked for."""
    total: int | None
    """How many plays the stretch has; None where that is missing, or smaller than the rows shown."""
    scrobbles: tuple[Scrobble, ...]
    """Oldest first, each once, all within the stretch."""
    duplicates: tuple[Scrobble, ...] = ()
    """Rows that are the same play as another one: the same second, artist, title and album."""
    undated: int = 0
    unreadable: int = 0

    @property
    def shown(self) -> int:
        """How many rows the answer shows."""
        return len(self.scrobbles) + len(self.duplicates) + self.undated + self.unreadable

    @property
    def is_proof(self) -> bool:
        """Whether the answer holds every play of the stretch, by its own count."""
        return self.total == self.shown

    @property
    def is_full(self) -> bool:
        """Whether there was no room for another row."""
        return self.shown >= self.granted

    def since(self, second: int) -> "Rows":
        """Return what it shows from this second on, without a count. What has no time goes along."""
        return replace(
            self,
            total=None,
            scrobbles=tuple(scrobble for scrobble in self.scrobbles if scrobble.second >= second),
            duplicates=tuple(scrobble for scrobble in self.duplicates if scrobble.second >= second),
        )

    def before(self, second: int) -> "Rows":
        """Return what it shows before this second."""
        return replace(
            self,
            total=None,
            scrobbles=tuple(scrobble for scrobble in self.scrobbles if scrobble.second < second),
            duplicates=tuple(scrobble for scrobble in self.duplicates if scrobble.second < second),
            undated=0,
            unreadable=0,
        )

    def shows_the_same_as(self, other: "Rows") -> bool:
        """Whether both answers have the same rows, whatever they count."""
        return replace(self, granted=0, total=None) == replace(other, granted=0, total=None, user=self.user)

    @classmethod
    def joined(cls, pages: Sequence["Rows"]) -> "Rows":
        """Put the pages of one answer together."""
        scrobbles, duplicates = _distinct(scrobble for page in pages for scrobble in page.scrobbles)
        return replace(
            pages[0],
            scrobbles=scrobbles,
            duplicates=(*duplicates, *(scrobble for page in pages for scrobble in page.duplicates)),
            undated=sum(page.undated for page in pages),
            unreadable=sum(page.unreadable for page in pages),
        )


NO_ROWS = Rows(user=None, granted=0, total=None, scrobbles=())


@dataclass(frozen=True)
class AlbumChart:
    """An answer of `user.getWeeklyAlbumChart`: up to a thousand albums with their plays. Plays without an album
    are not in it."""

    user: str
    albums: tuple[tuple[Album, int], ...]


def read_profile(body: dict[str, Any]) -> Profile:
    """Read an answer of `user.getInfo`. Raises Unreadable."""
    user = _object(body, "user")
    registered = user.get("registered")
    if isinstance(registered, dict):
        registered = registered.get("unixtime") or registered.get("#text")
    since = _count(registered) or 0
    return Profile(
        username=_text(user.get("name")) or None,
        playcount=_count(user.get("playcount")),
        registered_at=datetime.fromtimestamp(since, UTC) if since >= YEAR_1971 else None,
        real_name=_text(user.get("realname")),
    )


def read_rows(body: dict[str, Any], start: int, end: int, *, rows: int, page: int) -> Rows:
    """Read an answer of `user.getRecentTracks` to a call for a page of `rows` from `start` up to `end`.

    Raises Unreadable, also if it answers another call.
    """
    recent = _object(body, "recenttracks")
    # An older form of an empty answer has the attributes on the element itself.
    attributes = recent.get("@attr", recent)
    if not isinstance(attributes, dict):
        attributes = {}
    if "track" not in recent and "total" not in attributes:
        raise Unreadable("neither rows nor a count")
    for name, asked in (("page", page), ("from", start), ("to", end)):
        # The older form says that it is page 0.
        if (_count(attributes.get(name)) or asked) != asked:
            raise Unreadable(f"the answer has another `{name}`")
    dated: list[Scrobble] = []
    undated = unreadable = 0
    for row in _tracks(recent.get("track")):
        try:
            scrobble = _play(row)
        except Unreadable:
            unreadable += 1
            continue
        if scrobble is None:
            undated += 1
        elif start <= scrobble.second < end:
            dated.append(scrobble)
        else:
            raise Unreadable("a row is of another time")
    scrobbles, duplicates = _distinct(dated)
    answer = Rows(
        user=_text(attributes.get("user")) or None,
        granted=min(rows, _count(attributes.get("perPage")) or rows),
        total=_count(attributes.get("total")),
        scrobbles=scrobbles,
        duplicates=duplicates,
        undated=undated,
        unreadable=unreadable,
    )
    return answer if answer.total is None or answer.total >= answer.shown else replace(answer, total=None)


def read_album_chart(body: dict[str, Any], start: datetime, end: datetime) -> AlbumChart:
    """Read an answer of `user.getWeeklyAlbumChart` about the time from `start` to `end`.

    Raises Unreadable, also if it is about another time: Last.fm answers with last week if it does not accept ours.
    """
    chart = _object(body, "weeklyalbumchart")
    attributes = chart.get("@attr", chart)
    if not isinstance(attributes, dict) or "user" not in attributes:
        raise Unreadable("no attributes")
    for name, asked in (("from", start), ("to", end)):
        if abs(_moment(attributes.get(name)) - asked) > CHART_WEEK:
            raise Unreadable("the chart is of another time")
    read = (_chart_album(row) for row in _list(chart.get("album")))
    return AlbumChart(
        str(attributes["user"]), tuple((album, plays) for album, plays in read if album.album and plays)
    )


def clean(text: str) -> str:
    """Make a text that a database accepts: no NUL, no half of a surrogate pair, no space around it."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()


def _distinct(scrobbles: Iterable[Scrobble]) -> tuple[tuple[Scrobble, ...], tuple[Scrobble, ...]]:
    """Return each play once, oldest first, with the MBID of any of its rows; and the rows that repeat it."""
    found: dict[tuple[int, str, str, str], Scrobble] = {}
    repeated = []
    for scrobble in scrobbles:
        key = (scrobble.second, scrobble.artist, scrobble.title, scrobble.album)
        if key in found:
            repeated.append(scrobble)
        if key not in found or scrobble.album_mbid:
            found[key] = scrobble
    return tuple(found[key] for key in sorted(found)), tuple(repeated)


def _tracks(value: Any) -> list[Any]:
    """Return the rows, without the track now playing, which is on every page and in no count."""
    if isinstance(value, str) and not value.strip():
        return []
    if not isinstance(value, (dict, list, type(None))):
        raise Unreadable("the rows are no list")
    return [row for row in _list(value) if not _is_playing(row)]


def _is_playing(row: Any) -> bool:
    attributes = row.get("@attr") if isinstance(row, dict) else None
    return isinstance(attributes, dict) and str(attributes.get("nowplaying")).lower() in ("true", "1")


def _play(row: Any) -> Scrobble | None:
    """Return a row's play, None if the play has no time. Raises Unreadable."""
    if not isinstance(row, dict):
        raise Unreadable("a row is not an object")
    date = row.get("date") or {}
    if not isinstance(date, dict):
        raise Unreadable("a date is not an object")
    uts = _count(date.get("uts") or 0)
    if uts is None:
        raise Unreadable("a time is not a number")
    if uts < YEAR_1971:
        return None
    if row.get("artist") is None or row.get("name") is None:
        raise Unreadable("a row without names")
    return _scrobble_at(uts, row)


def _scrobble_at(second: int, row: dict[str, Any]) -> Scrobble:
    album = row.get("album") or {}
    named = _text(album)
    return Scrobble(
        scrobbled_at=datetime.fromtimestamp(second, UTC),
        artist=_text(row.get("artist")),
        title=_text(row.get("name")),
        album=named,
        # All of an artist's plays without an album share one row, where an MBID would speak for all of them.
        album_mbid=_mbid(album.get("mbid")) if named and isinstance(album, dict) else None,
    )


def _chart_album(row: Any) -> tuple[Album, int]:
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
        # In the extended form, an artist has a name instead of a text.
        element = element.get("#text") or element.get("name") or ""
    return clean(str(element or ""))


def _object(parent: dict[str, Any], name: str) -> dict[str, Any]:
    value = parent.get(name)
    if not isinstance(value, dict):
        raise Unreadable(f"no {name}")
    return value


def _count(value: Any) -> int | None:
    """Read a number of whatever there can be at most MAX_NUMBER of; None if it is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str):
        digits = "".join(value.replace(",", "").split())
        value = int(digits) if len(digits) <= len(str(MAX_NUMBER)) and digits.isdecimal() else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MAX_NUMBER else None


def _number(value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        raise Unreadable("a number is not one") from None
    if number > MAX_NUMBER:
        raise Unreadable("a number is too large")
    return max(0, number)


def _moment(value: Any) -> datetime:
    return datetime.fromtimestamp(_number(value), UTC)


def _mbid(value: Any) -> UUID | None:
    try:
        return UUID(value) if value else None
    except (AttributeError, TypeError, ValueError):
        return None
