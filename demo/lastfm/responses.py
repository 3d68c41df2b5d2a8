"""What Last.fm responds, byte for byte where it matters."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from math import ceil
from typing import Any
from urllib.parse import quote_plus
from uuid import NAMESPACE_URL, uuid3

from demo.lastfm.accounts import Account, Oddity, Play
from demo.server import HttpResponse

JsonObject = dict[str, Any]

IMAGES = "https://lastfm.freetls.fastly.net/i/u"
GREY_STAR = "2a96cbd8b46e442fc41c2b86b821562f"
SIZES = (("small", "34s"), ("medium", "64s"), ("large", "174s"), ("extralarge", "300x300"))
BUSY_PAGE = (
    "<html><head><title>502 Server Error</title></head><body><h1>Error: Server Error</h1>"
    "<h2>The server encountered a temporary error and could not complete your request."
    "<p>Please try again in 30 seconds.</h2></body></html>"
)

# code: (HTTP status, message)
API_ERRORS = {
    2: (503, "Invalid service - This service does not exist"),
    3: (400, "Invalid Method - No method with that name in this package"),
    4: (403, "Authentication Failed - You do not have permissions to access the service"),
    5: (400, "Invalid format - This service doesn't exist in that format"),
    6: (400, "Invalid parameters - Your request is missing a required parameter"),
    7: (404, "Invalid resource specified"),
    8: (500, "Operation failed - Most likely the backend service failed. Please try again."),
    9: (403, "Invalid session key - Please re-authenticate"),
    10: (403, "Invalid API key - You must be granted a valid key by last.fm"),
    11: (503, "Service Offline - This service is temporarily offline. Try again later."),
    12: (403, "Subscribers Only - This station is only available to paid last.fm subscribers"),
    13: (403, "Invalid method signature supplied"),
    14: (403, "Unauthorized Token - This token has not been authorized"),
    15: (403, "This token has expired"),
    16: (503, "The service is temporarily unavailable, please try again."),
    17: (403, "Login: User required to be logged in"),
    18: (403, "Trial Expired - The free radio trial period has expired"),
    20: (400, "Not Enough Content - There is not enough content to play this station"),
    21: (400, "Not Enough Members - This group does not have enough members for radio"),
    22: (400, "Not Enough Fans - This artist does not have enough fans for radio"),
    23: (400, "Not Enough Neighbours - There are not enough neighbours for radio"),
    24: (400, "No Peak Radio - This user is not allowed to listen to radio during peak usage"),
    25: (400, "Radio Not Found - Radio station not found"),
    26: (403, "API Key Suspended - This application is not allowed to make requests to the web services"),
    27: (400, "Deprecated - This type of request is no longer supported"),
    29: (429, "Rate limit exceeded"),
}


class ApiError(Exception):
    """Last.fm refuses the call with one of its errors."""

    def __init__(self, code: int, message: str | None = None, status: int | None = None) -> None:
        self.response = error_response(code, message, status)
        super().__init__(code)


def error_response(code: int, message: str | None = None, status: int | None = None) -> HttpResponse:
    """Return an error with Last.fm's own wording and HTTP status, unless others are given."""
    usual_status, usual_message = API_ERRORS[code]
    return json_response({"error": code, "message": message or usual_message}, status or usual_status)


def user_not_found() -> HttpResponse:
    return error_response(6, "User not found", 404)


def json_response(body: JsonObject, status: int = 200) -> HttpResponse:
    """Return compact JSON, escaped to ASCII so that any text survives, even lone surrogates."""
    return HttpResponse(status, json.dumps(body, separators=(",", ":")).encode())


def recent_tracks(account: Account, listed: Sequence[Play], number: int, limit: int, total: int) -> JsonObject:
    """Build one page that lists these plays. They come oldest first, and go newest first.

    The track that is playing now is on every page, whatever the period, and is not counted.
    """
    tracks = [played_track(play) for play in reversed(listed) if play.oddity != "ghost"]
    if account.now_playing:
        tracks.insert(0, playing_track(account.now_playing))
    attributes = {
        "user": account.name,
        "totalPages": str(ceil(total / limit)),
        "page": str(number),
        "perPage": str(limit),
        "total": str(total),
    }
    return {"recenttracks": {"track": tracks, "@attr": attributes}}


def played_track(play: Play) -> Any:
    """Build an entry of a page. What Last.fm does not know is an empty string."""
    date = f"{datetime.fromtimestamp(play.uts, UTC):%d %b %Y, %H:%M}"
    row = {**_entry(play), "date": {"uts": str(play.uts), "#text": date}}
    return ODD_ROWS[play.oddity](row) if play.oddity in ODD_ROWS else row


ODD_ROWS: dict[Oddity, Callable[[JsonObject], Any]] = {
    "date_null": lambda row: {**row, "date": None},
    "no_date": lambda row: _without(row, "date"),
    "uts_0": lambda row: {**row, "date": {"uts": "0", "#text": "01 Jan 1970, 00:00"}},
    "null": lambda _: None,
    "text": lambda row: row["name"],
    "nameless": lambda row: _without(row, "name"),
}
"""Oddity of a play -> what its row becomes."""


def _without(row: JsonObject, left_out: str) -> JsonObject:
    return {name: value for name, value in row.items() if name != left_out}


def playing_track(play: Play) -> JsonObject:
    """Build the entry of the track that is playing now: marked, and without a date."""
    return {**_entry(play), "@attr": {"nowplaying": "true"}}


def user_info(account: Account, playcount: int) -> JsonObject:
    registered = int(account.registered.timestamp())
    return {
        "user": {
            "playlists": "0",
            "playcount": str(playcount),
            "gender": "n",
            "name": account.name,
            "subscriber": "0",
            "url": f"https://www.last.fm/user/{account.name}",
            "country": "None",
            "image": images(""),
            "registered": {"unixtime": str(registered), "#text": registered},
            "type": "user",
            "age": "0",
            "bootstrap": "0",
            "realname": account.real_name,
        }
    }


def album_chart(account: Account, plays: Sequence[Play], start: int, end: int, limit: int) -> JsonObject:
    """Rank the albums of a period by number of plays. Plays without an album are left out."""
    counts = Counter((play.artist, play.album) for play in plays if play.album)
    ids = {(play.artist, play.album): play.album_mbid for play in plays if play.album_mbid}
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]
    albums = [
        {
            "artist": {"mbid": lastfm_mbid(artist), "#text": artist},
            "@attr": {"rank": str(rank)},
            "mbid": ids.get((artist, album), ""),
            "playcount": str(count),
            "name": album,
            "url": music_url(artist, album),
        }
        for rank, ((artist, album), count) in enumerate(ranked, start=1)
    ]
    attributes = {"user": account.name, "from": str(start), "to": str(end)}
    return {"weeklyalbumchart": {"album": albums, "@attr": attributes}}


def images(picture: str) -> list[dict[str, str]]:
    """Return the URLs of a picture in four sizes, empty strings without a picture."""
    return [
        {"size": size, "#text": f"{IMAGES}/{folder}/{picture}.jpg" if picture else ""} for size, folder in SIZES
    ]


def music_url(*parts: str) -> str:
    return "https://www.last.fm/music/" + "/".join(quote_plus(part, safe=",", errors="replace") for part in parts)


@lru_cache(maxsize=50_000)
def lastfm_mbid(*names: str) -> str:
    """Make up an MBID for an artist or a track: valid, always the same, unknown to MusicBrainz; "" with guests."""
    text = " ".join(names)
    return "" if " feat. " in text else str(uuid3(NAMESPACE_URL, ascii(text)))


def _entry(play: Play) -> JsonObject:
    return {
        "artist": {"mbid": lastfm_mbid(play.artist), "#text": play.artist},
        "streamable": "0",
        "image": images(GREY_STAR if play.album else ""),
        "mbid": lastfm_mbid(play.artist, play.title),
        "album": {"mbid": play.album_mbid, "#text": play.album},
        "name": play.title,
        "url": music_url(play.artist, "_", play.title),
    }
