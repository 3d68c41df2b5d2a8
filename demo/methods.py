"""The methods of Last.fm's API that the stand-in knows: parameters in, the body of an answer out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from demo import wire
from demo.listeners import Listener, Listeners, Play

WEEK = 7 * 24 * 60 * 60


@dataclass(frozen=True)
class Request:
    """One API call's parameters, among whom it looks and at what second."""

    params: Mapping[str, str]
    listeners: Listeners
    now: int

    @property
    def listener(self) -> Listener:
        """Whom the call asks about, in any case of the name."""
        name = self.params.get("user", "").strip()
        if not name:
            raise wire.ApiError(6)
        if listener := self.listeners.find(name):
            return listener
        raise wire.ApiError(6, "User not found", 404)

    @property
    def open_listener(self) -> Listener:
        """The same for methods that show what somebody listens to."""
        if self.listener.hidden:
            raise wire.ApiError(17)
        return self.listener

    def number(self, name: str, default: int) -> int:
        text = self.params.get(name, "")
        if text and not text.isdecimal():
            raise wire.ApiError(6, f"{name} param is not a number")
        return int(text) if text else default

    def bounded(self, name: str, default: int, most: int) -> int:
        number = self.number(name, default)
        if not 1 <= number <= most:
            raise wire.ApiError(6, f"{name} param out of bounds (1-{most})")
        return number

    def plays(self, start: int, end: int) -> tuple[Play, ...]:
        """What the listener has played in a window so far; the future has not happened yet."""
        return self.listener.plays_between(start, min(end, self.now + 1))

    def window(self) -> tuple[Play, ...]:
        """What the listener has played so far, from `from` to before `to` where the call names them."""
        return self.plays(self.number("from", 0), self.number("to", self.now + 1))


def about_another(request: Request) -> Request:
    """The same request about somebody else, one with something to show in the window if there is any."""
    others = [
        replace(request, params={**request.params, "user": other.name})
        for other in request.listeners
        if other is not request.listener and not other.hidden
    ]
    return next((other for other in others if other.window()), others[0])


def recent_tracks(request: Request) -> wire.Body:
    limit = request.bounded("limit", 50, 1000)
    page = request.bounded("page", 1, 1_000_000)
    return wire.recent_tracks(request.open_listener, request.window(), page, limit)


def info(request: Request) -> wire.Body:
    return wire.user_info(request.listener, len(request.plays(0, request.now + 1)))


def album_chart(request: Request) -> wire.Body:
    limit = request.bounded("limit", 1000, 1000)
    start, end = request.now - WEEK, request.now
    if request.params.get("from") and request.params.get("to"):  # one alone is ignored
        start, end = request.number("from", 0), request.number("to", 0)
    return wire.album_chart(request.open_listener, request.plays(start, end), start, end, limit)


METHODS: dict[str, Callable[[Request], wire.Body]] = {
    "user.getRecentTracks": recent_tracks,
    "user.getInfo": info,
    "user.getWeeklyAlbumChart": album_chart,
}
NAMES = {name.casefold(): name for name in METHODS}


def canonical(method: str) -> str:
    """The method's name as the documentation spells it; Last.fm takes any case."""
    return NAMES.get(method.casefold(), method)


def body(method: str, request: Request) -> wire.Body:
    """What the method answers, ApiError where it refuses."""
    if method not in METHODS:
        raise wire.ApiError(3)
    return METHODS[method](request)
