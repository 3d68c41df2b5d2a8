"""The methods of Last.fm's API that the stand-in knows: they turn parameters into the body of a response."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from demo.lastfm import responses
from demo.lastfm.accounts import Account, Accounts, Play
from demo.lastfm.responses import ApiError, JsonObject

WEEK_SECONDS = 7 * 24 * 60 * 60


@dataclass(frozen=True)
class ApiRequest:
    """An API call: its method and parameters, the accounts it can ask about, and a clock that stands still.

    A request for a profile page has the method `profile`.
    """

    method: str
    params: Mapping[str, str]
    accounts: Accounts
    clock: Callable[[], int]

    @property
    def now(self) -> int:
        return self.clock()

    @property
    def page(self) -> int:
        return self.bounded_number("page", 1, 1_000_000)

    @property
    def limit(self) -> int:
        return self.bounded_number("limit", 50, 1000)

    @property
    def start(self) -> int:
        return self.number("from", 0)

    @property
    def end(self) -> int:
        return self.number("to", self.now + 1)

    @property
    def account(self) -> Account:
        """The account of `user`, in any case of the name. Raises ApiError."""
        name = self.params.get("user", "").strip()
        if not name:
            raise ApiError(6)
        if account := self.accounts.find(name):
            return account
        raise ApiError(6, "User not found", 404)

    @property
    def public_account(self) -> Account:
        """The same for methods that show plays. Raises ApiError, also where the listener hides them."""
        if self.account.hidden:
            raise ApiError(17)
        return self.account

    def number(self, name: str, default: int) -> int:
        text = self.params.get(name, "")
        if text and not text.isdecimal():
            raise ApiError(6, f"{name} param is not a number")
        return int(text) if text else default

    def bounded_number(self, name: str, default: int, most: int) -> int:
        number = self.number(name, default)
        if not 1 <= number <= most:
            raise ApiError(6, f"{name} param out of bounds (1-{most})")
        return number

    def plays_between(self, start: int, end: int) -> tuple[Play, ...]:
        """Return the plays of a period, without those in the future."""
        return self.account.plays_between(start, min(end, self.now + 1))

    @cached_property
    def plays(self) -> tuple[Play, ...]:
        """The plays so far, from `from` to before `to` where the call has them."""
        return self.plays_between(self.start, self.end)

    @cached_property
    def listed(self) -> tuple[Play, ...]:
        """Those of them that the answer lists: a page of them, none for other methods."""
        if self.method != "user.getRecentTracks":
            return ()
        newest = len(self.plays) - (self.page - 1) * self.limit
        return self.plays[max(0, newest - self.limit) : max(0, newest)]

    def changed(self, **params: object) -> Self:
        """Return the same request with other parameters; None leaves one out."""
        changed = {name: str(value) for name, value in params.items() if value is not None}
        kept = {name: value for name, value in self.params.items() if name not in params}
        return replace(self, params={**kept, **changed})

    def about_another_user(self) -> Self:
        """Return the same request about another user, preferably one with plays in its period."""
        others = [
            self.changed(user=other.name)
            for other in self.accounts
            if other is not self.account and not other.hidden
        ]
        return next((other for other in others if other.plays), others[0])


def get_recent_tracks(request: ApiRequest) -> JsonObject:
    account = request.public_account
    if any(play.oddity == "unserved" for play in request.listed):
        raise ApiError(8)
    return responses.recent_tracks(account, request.listed, request.page, request.limit, len(request.plays))


def get_info(request: ApiRequest) -> JsonObject:
    return responses.user_info(request.account, len(request.plays_between(0, request.now + 1)))


def get_weekly_album_chart(request: ApiRequest) -> JsonObject:
    limit = request.bounded_number("limit", 1000, 1000)
    start, end = request.now - WEEK_SECONDS, request.now
    if request.params.get("from") and request.params.get("to"):  # Last.fm ignores one without the other
        start, end = request.start, request.end
    return responses.album_chart(request.public_account, request.plays_between(start, end), start, end, limit)


METHODS: dict[str, Callable[[ApiRequest], JsonObject]] = {
    "user.getRecentTracks": get_recent_tracks,
    "user.getInfo": get_info,
    "user.getWeeklyAlbumChart": get_weekly_album_chart,
}
CANONICAL_NAMES = {name.casefold(): name for name in METHODS}


def canonical_name(method: str) -> str:
    """Return the method's name as Last.fm's documentation spells it. Calls may use any case."""
    return CANONICAL_NAMES.get(method.casefold(), method)


def body_of(request: ApiRequest) -> JsonObject:
    """Return the body of the response. Raises ApiError."""
    if request.method not in METHODS:
        raise ApiError(3)
    return METHODS[request.method](request)
