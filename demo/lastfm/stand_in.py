"""A stand-in for Last.fm: its API and its profile pages with invented listeners and faults on demand."""

from collections.abc import Iterable
from typing import Any

from demo.lastfm.accounts import Account
from demo.lastfm.cast import ACCOUNTS
from demo.lastfm.model import LastfmModel
from demo.server import HttpResponse, Server, StandIn

DEFAULT_PORT = 8081


class LastfmStandIn(StandIn, LastfmModel):
    """Last.fm on a port of `host` while the `with` block lasts, in threads of its own.

    What it answers may be changed while it runs: see LastfmModel, which takes the other arguments.
    """

    def __init__(
        self, accounts: Iterable[Account] = ACCOUNTS, *, host: str = "127.0.0.1", port: int = 0, **model: Any
    ) -> None:
        super().__init__(accounts, **model)
        self._server = Server(port, self._respond_in_time, host)

    @property
    def api_url(self) -> str:
        return f"{self.url}/2.0/"

    def _respond_in_time(self, target: str, agent: str) -> HttpResponse:
        with self.call_log.under_way():
            response = self.respond(target, agent)
            self._server.closing.wait(response.delay)
            return response
