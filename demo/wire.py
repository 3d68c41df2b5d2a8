"""Last.fm's wire format: what its answers look like, byte for byte where it matters."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from math import ceil
from typing import Any
from urllib.parse import quote_plus
from uuid import NAMESPACE_URL, uuid3

from demo.listeners import Listener, Play

Body = dict[str, Any]

IMAGES = "https://lastfm.freetls.fastly.net/i/u"
GREY_STAR = "2a96cbd8b46e442fc41c2b86b821562f"
SIZES = (("small", "34s"), ("medium", "64s"), ("large", "174s"), ("extralarge", "300x300"))
BUSY_PAGE = (
    "<html><head><title>502 Server Error</title></head><body><h1>Error: Server Error</h1>"
    "<h2>The server encountered a temporary error and could not complete your request."
    "<p>Please try again in 30 seconds.</h2></body></html>"
)

# code: (HTTP status, message)
ERRORS = {
    3: (400, "Invalid Method - No method with that name in this package"),
    6: (400, "Invalid parameters - Your request is missing a required parameter"),
    8: (500, "Operation failed - Most likely the backend service failed. Please try again."),
    10: (403, "Invalid API key - You must be granted a valid key by last.fm"),
    11: (503, "Service Offline - This service is temporarily offline. Try again later."),
    16: (503, "The service is temporarily unavailable, please try again."),
    17: (403, "Login: User required to be logged in"),
    26: (403, "API Key Suspended - This application is not allowed to make requests to the web services"),
    29: (429, "Rate limit exceeded"),
}


@dataclass(frozen=True)
class Answer:
    """What goes back over HTTP; `promised` is a Content-Length that the body does not keep."""

    status: int
    body: bytes
    kind: str = "application/json"
    promised: int | None = None


class ApiError(Exception):
    """The call is answered with one of Last.fm's errors, with its usual HTTP status unless told otherwise."""

    def __init__(self, code: int, message: str | None = None, status: int | None = None) -> None:
        self.answer = error(code, message, status)
        super().__init__(code)


def error(code: int, message: str | None = None, status: int | None = None) -> Answer:
    """An error as Last.fm words it; unknown codes have no place here."""
    usual_status, usual_message = ERRORS[code]
    return answer({"error": code, "message": message or usual_message}, status or usual_status)


def no_such_user() -> Answer:
    return error(6, "User not found", 404)


def answer(body: Body, status: int = 200) -> Answer:
    """The body as compact JSON. Escaped to ASCII, so that any text survives, lone surrogates included."""
    return Answer(status, json.dumps(body, separators=(",", ":")).encode())


def page(html: str, status: int) -> Answer:
    return Answer(status, html.encode(), "text/html; charset=utf-8")


def recent_tracks(listener: Listener, plays: Sequence[Play], number: int, limit: int) -> Body:
    """One page of plays that are given oldest first and shown newest first.

    What is playing now stands on every page, whatever the window, and counts nowhere.
    """
    newest = len(plays) - (number - 1) * limit
    shown = plays[max(0, newest - limit) : max(0, newest)]
    tracks = [track(play) for play in reversed(shown)]
    if listener.now_playing:
        tracks.insert(0, playing(listener.now_playing))
    attributes = {
        "user": listener.name,
        "totalPages": str(ceil(len(plays) / limit)),
        "page": str(number),
        "perPage": str(limit),
        "total": str(len(plays)),
    }
    return {"recenttracks": {"track": tracks, "@attr": attributes}}


def track(play: Play) -> Body:
    """One entry of a page; what Last.fm does not know is the empty string."""
    date = f"{datetime.fromtimestamp(play.uts, UTC):%d %b %Y, %H:%M}"
    return {**_entry(play), "date": {"uts": str(play.uts), "#text": date}}


def playing(play: Play) -> Body:
    """The entry of what is playing now: marked, and without a date."""
    return {**_entry(play), "@attr": {"nowplaying": "true"}}


def user_info(listener: Listener, playcount: int) -> Body:
    registered = int(listener.registered.timestamp())
    return {
        "user": {
            "playlists": "0",
            "playcount": str(playcount),
            "gender": "n",
            "name": listener.name,
            "subscriber": "0",
            "url": f"https://www.last.fm/user/{listener.name}",
            "country": "None",
            "image": images(""),
            "registered": {"unixtime": str(registered), "#text": registered},
            "type": "user",
            "age": "0",
            "bootstrap": "0",
            "realname": "",
        }
    }


def album_chart(listener: Listener, plays: Sequence[Play], start: int, end: int, limit: int) -> Body:
    """The albums of a window by number of plays. Plays without an album are not among them."""
    counts = Counter((play.artist, play.album) for play in plays if play.album)
    ids = {(play.artist, play.album): play.album_mbid for play in plays if play.album_mbid}
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]
    albums = [
        {
            "artist": {"mbid": made_up_id(artist), "#text": artist},
            "@attr": {"rank": str(rank)},
            "mbid": ids.get((artist, album), ""),
            "playcount": str(count),
            "name": album,
            "url": music_url(artist, album),
        }
        for rank, ((artist, album), count) in enumerate(ranked, start=1)
    ]
    attributes = {"user": listener.name, "from": str(start), "to": str(end)}
    return {"weeklyalbumchart": {"album": albums, "@attr": attributes}}


def images(picture: str) -> list[dict[str, str]]:
    """The four sizes of a picture, empty where there is none."""
    return [
        {"size": size, "#text": f"{IMAGES}/{folder}/{picture}.jpg" if picture else ""} for size, folder in SIZES
    ]


def music_url(*parts: str) -> str:
    return "https://www.last.fm/music/" + "/".join(quote_plus(part, safe=",", errors="replace") for part in parts)


@lru_cache(maxsize=50_000)
def made_up_id(*names: str) -> str:
    """An id of our own for an artist or a track: valid, stable, in no database; guests have none."""
    text = " ".join(names)
    return "" if " feat. " in text else str(uuid3(NAMESPACE_URL, ascii(text)))


def _entry(play: Play) -> Body:
    return {
        "artist": {"mbid": made_up_id(play.artist), "#text": play.artist},
        "streamable": "0",
        "image": images(GREY_STAR if play.album else ""),
        "mbid": made_up_id(play.artist, play.title),
        "album": {"mbid": play.album_mbid, "#text": play.album},
        "name": play.title,
        "url": music_url(play.artist, "_", play.title),
    }
