"""What Last.fm answers to which request, without a server: invented listeners and faults on demand."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from email.utils import formatdate
from functools import cache
from urllib.parse import parse_qsl, unquote, urlsplit

from demo.lastfm import api_methods, faults, responses
from demo.lastfm.accounts import Account, Accounts, Play
from demo.lastfm.api_methods import ApiRequest
from demo.lastfm.call_log import Call, CallLog
from demo.lastfm.cast import ACCOUNTS
from demo.lastfm.fault_kinds import REPLACEMENTS
from demo.server import HttpResponse, html_response


class LastfmModel:
    """Answers at once and says how long each answer takes. Threads may share it.

    `accounts`, `faults`, `call_log`, `latency` (seconds that an API call takes) and `throttles_profiles` may be
    changed while it is used. Any API key is accepted, unless `api_key` names the only valid one, beside
    `older_keys`. `clock` gives the time up to which listeners have played something; `timer` the seconds that pass
    between calls.
    """

    def __init__(
        self,
        accounts: Iterable[Account] = ACCOUNTS,
        *,
        latency: float = 0.0,
        rate: float | None = None,
        window: float = 1.0,
        api_key: str | None = None,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.accounts = Accounts(accounts)
        self.faults = faults.Faults()
        self.call_log = CallLog(rate, window, timer)
        self.latency = latency
        self.throttles_profiles = False
        self.api_key = api_key
        self.older_keys: set[str] = set()
        self.clock = clock

    @property
    def calls(self) -> list[Call]:
        """All requests so far, oldest first, without the API key."""
        return self.call_log.calls

    def add_account(self, account: Account) -> None:
        self.accounts.add(account)

    def add_plays(self, name: str, plays: Iterable[Play]) -> None:
        self.accounts.add_plays(name, plays)

    def remove_plays(self, name: str, plays: Iterable[Play]) -> None:
        self.accounts.remove_plays(name, plays)

    def respond(self, target: str, agent: str = "") -> HttpResponse:
        """Return the response to a GET of this path with its query."""
        parts = urlsplit(target)
        path = parts.path.rstrip("/")
        if path == "/2.0":
            return self._api_call(dict(parse_qsl(parts.query, keep_blank_values=True)), agent)
        if path.startswith("/user/"):
            return self._profile(unquote(path.removeprefix("/user/")), agent)
        return html_response("<h1>404</h1>", 404)

    def _api_call(self, params: dict[str, str], agent: str) -> HttpResponse:
        key = params.pop("api_key", "")
        request = self._request(api_methods.canonical_name(params.get("method", "")), params)
        if self.call_log.add(request.method, params, agent):
            request, taken = self.faults.take(request)
            response = faults.replacement(taken) or self._right_answer(key, request, taken)
            response = faults.damage(response, taken)
        else:
            response = responses.error_response(29)
        return replace(response, delay=self.latency + response.delay)

    def _request(self, method: str, params: dict[str, str]) -> ApiRequest:
        # The clock is looked at once a call, and only for an answer that needs the time.
        return ApiRequest(method, params, self.accounts, cache(lambda: int(self.clock())))

    def _right_answer(self, key: str, request: ApiRequest, taken: list[faults.Fault]) -> HttpResponse:
        try:
            self._check_key(key)
            body = api_methods.body_of(request)
        except responses.ApiError as error:
            return error.response
        faults.change_body(body, taken)
        date = formatdate(request.now, usegmt=True)
        return replace(responses.json_response(body), more_headers={"Date": date})

    def _check_key(self, key: str) -> None:
        if not key:
            raise responses.ApiError(6)
        if self.api_key is not None and key not in {self.api_key, *self.older_keys}:
            raise responses.ApiError(10)

    def _profile(self, name: str, agent: str) -> HttpResponse:
        request = self._request("profile", {"user": name})
        self.call_log.add(request.method, request.params, agent)
        _, taken = self.faults.take(request)
        return faults.damage(faults.replacement(taken) or self._profile_page(name), taken)

    def _profile_page(self, name: str) -> HttpResponse:
        if self.throttles_profiles:
            return REPLACEMENTS["406"]
        if account := self.accounts.find(name):
            return html_response(f"<h1>{account.name}</h1>", 200)
        return html_response("<h1>404</h1>", 404)
