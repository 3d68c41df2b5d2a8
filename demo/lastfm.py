"""A stand-in for Last.fm: its API and its profile pages over HTTP, with made-up listeners and faults on demand."""

import signal
import time
from collections.abc import Callable, Iterable, Mapping
from threading import Event, Thread
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

import click
from pydantic import ValidationError

from demo import faults, methods, wire
from demo.control import Message
from demo.listeners import CAST, Listener, Listeners, Play
from demo.server import Server
from demo.traffic import Call, Traffic

DEFAULT_PORT = 8081
POLL_SECONDS = 0.02  # how soon it notices that it should end


class StandIn:
    """Last.fm on a port of `host` for as long as the `with` block lasts, in threads of its own.

    `listeners`, `faults`, `traffic`, `latency` (seconds a call takes) and `throttles_profiles` may be changed
    while it runs. Any key is good unless `api_key` names the only one. `clock` says what time it is for the
    listeners.
    """

    def __init__(
        self,
        listeners: Iterable[Listener] = CAST,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        latency: float = 0.0,
        rate: float | None = None,
        window: float = 1.0,
        api_key: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.listeners = Listeners(listeners)
        self.faults = faults.Faults()
        self.traffic = Traffic(rate, window)
        self.latency = latency
        self.throttles_profiles = False
        self.api_key = api_key
        self.clock = clock
        self._closing = Event()
        self._server = Server(port, self, host)
        self._thread = Thread(target=self._server.serve_forever, args=(POLL_SECONDS,), name="stand-in Last.fm")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.close()

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def api_url(self) -> str:
        return f"{self.url}/2.0/"

    @property
    def calls(self) -> list[Call]:
        """Every request so far, oldest first, without the key."""
        return self.traffic.calls

    def add_listener(self, listener: Listener) -> None:
        self.listeners.add(listener)

    def add_plays(self, name: str, plays: Iterable[Play]) -> None:
        self.listeners.add_plays(name, plays)

    def remove_plays(self, name: str, plays: Iterable[Play]) -> None:
        self.listeners.remove_plays(name, plays)

    def get(self, target: str, agent: str) -> wire.Answer:
        """What a GET of this path and query is answered with."""
        parts = urlsplit(target)
        path = parts.path.rstrip("/")
        if path == "/2.0":
            return self._call(dict(parse_qsl(parts.query, keep_blank_values=True)), agent)
        if path.startswith("/user/"):
            return self._profile(unquote(path.removeprefix("/user/")), agent)
        if path == "/_control":
            return wire.answer(self.traffic.counts())
        return wire.page("<h1>404</h1>", 404)

    def post(self, target: str, body: bytes) -> wire.Answer:
        """Change the stand-in by JSON: 200 with the counts, or 400 with what is wrong."""
        if urlsplit(target).path != "/_control":
            return wire.page("<h1>404</h1>", 404)
        try:
            self._change(Message.model_validate_json(body))
        except (ValidationError, KeyError) as wrong:  # a KeyError is a listener whom nobody knows
            return wire.answer({"error": str(wrong)}, 400)
        return wire.answer(self.traffic.counts())

    def _call(self, params: dict[str, str], agent: str) -> wire.Answer:
        key = params.pop("api_key", "")
        method = methods.canonical(params.get("method", ""))
        with self.traffic.call(method, params, agent) as admitted:
            self._closing.wait(self.latency)
            if not admitted:
                return wire.error(29)
            fault = self._fault(method, params.get("user", ""), params.get("page", ""))
            return self._answer(method, key, params, fault)

    def _answer(self, method: str, key: str, params: Mapping[str, str], fault: faults.Fault | None) -> wire.Answer:
        what = fault.what if fault else ""
        if what in faults.INSTEAD:
            return faults.INSTEAD[what]
        try:
            self._check_key(key)
            request = methods.Request(params, self.listeners, int(self.clock()))
            body = methods.body(method, methods.about_another(request) if what == "other_user" else request)
        except wire.ApiError as refusal:
            return refusal.answer
        return faults.spoiled(what, body)

    def _check_key(self, key: str) -> None:
        if not key:
            raise wire.ApiError(6)
        if self.api_key is not None and key != self.api_key:
            raise wire.ApiError(10)

    def _profile(self, name: str, agent: str) -> wire.Answer:
        self.traffic.look({"user": name}, agent)
        fault = self._fault("profile", name)
        if fault and fault.what in faults.INSTEAD:
            return faults.INSTEAD[fault.what]
        if self.throttles_profiles:
            return faults.INSTEAD["406"]
        listener = self.listeners.find(name)
        return wire.page(f"<h1>{listener.name}</h1>", 200) if listener else wire.page("<h1>404</h1>", 404)

    def _fault(self, method: str, user: str, page: str = "") -> faults.Fault | None:
        """The fault that hits the call; a hang has been sat out here."""
        fault = self.faults.take(method, user, int(page) if page.isdecimal() else 1)
        if fault and fault.what == "hang":
            self._closing.wait(fault.seconds)
        return fault

    def _change(self, message: Message) -> None:
        for late in message.late_plays:
            self.add_plays(late.user, [late.play])
        for deleted in message.deleted_plays:
            self.remove_plays(deleted.user, [deleted.play])
        for name in message.model_fields_set & {"latency", "throttles_profiles"}:
            setattr(self, name, getattr(message, name))
        for name in message.model_fields_set & {"rate", "window"}:
            setattr(self.traffic, name, getattr(message, name))
        if "faults" in message.model_fields_set:
            self.faults.replace(message.faults)
        if message.forget:
            self.traffic.forget()


@click.command()
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="Port on 127.0.0.1; 0 takes a free one.")
@click.option("--latency", default=0.0, show_default=True, help="Seconds that every API call takes.")
@click.option("--rate", type=float, help="Calls a second it puts up with; more get error 29. [default: any]")
@click.option("--window", default=1.0, show_default=True, help="Seconds over which the rate is averaged.")
@click.option("--api-key", help="The only key it takes. [default: any]")
def main(port: int, latency: float, rate: float | None, window: float, api_key: str | None) -> None:
    """Run a stand-in for Last.fm until it is interrupted or terminated."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        lastfm = StandIn(port=port, latency=latency, rate=rate, window=window, api_key=api_key)
    except OSError as refusal:
        raise click.ClickException(f"Port {port} is taken; name another one with --port. ({refusal})") from refusal
    with lastfm as stand_in:
        names = ", ".join(listener.name for listener in stand_in.listeners)
        click.echo(f"A stand-in for Last.fm answers on {stand_in.url} for {names}")
        stop.wait()


if __name__ == "__main__":
    main()
