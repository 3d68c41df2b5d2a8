"""Live progress: over a WebSocket or Server-Sent Events to pages, and by HTTP from workers elsewhere."""

import hmac
import json
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus

import structlog
from flask import Blueprint, Flask, Response, abort, g, request, stream_with_context
from flask_sock import Sock
from pydantic import ValidationError
from redis.exceptions import RedisError
from simple_websocket import Server
from werkzeug.datastructures import WWWAuthenticate
from wsproto.utilities import RemoteProtocolError

from app.events import JobUpdate
from app.logs.names import LISTENER
from app.redis.event_stream import Topic, latest_snapshot, publish
from app.web.client_address import is_from_here
from app.web.context import Context, context
from app.web.errors import TEXTS, error_page
from app.web.live.open_pages import OpenPage, WatchedSocket
from app.web.live.subscriptions import Subscriber
from app.web.routing import listener_name, listening_year_of
from app.web.site_address import is_foreign

blueprint = Blueprint("live", __name__)
sock = Sock()

HEARTBEAT = 20.0  # seconds; proxies and browsers close a connection that is silent for longer
GOING_AWAY = 1001  # the WebSocket close code; the page reconnects to the next process


def register(app: Flask) -> None:
    """Add the live routes."""

    @app.before_request
    def decline_compression() -> None:
        # Compression takes a quarter of a megabyte for each connection, and a message is a kilobyte.
        request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)

    app.register_blueprint(blueprint)
    sock.init_app(app)


@blueprint.before_request
def admit() -> None:
    """Check who asks for what before the WebSocket handshake: after it no error page can be sent."""
    given = request.view_args or {}
    if "name" not in given:
        return
    listener_name(given["name"])
    if "year" in given:
        listening_year_of(given["year"])
    if is_foreign(request):
        abort(403)
    g.open_page = context().open_pages.admit(
        request.remote_addr or "unix",
        request.environ.get("gunicorn.socket"),
        is_limited=not is_from_here(request),
    )


@blueprint.teardown_request
def dismiss(_error: BaseException | None) -> None:
    """Count the page no more, unless it is sent events after this request's view has ended."""
    if page := g.pop("open_page", None):
        context().open_pages.dismiss(page)


@blueprint.errorhandler(RemoteProtocolError)
@blueprint.errorhandler(UnicodeError)  # of a header that wsproto takes for ASCII, or for a domain
def show_no_handshake(_error: Exception) -> Response:
    """Tell whoever wanted a WebSocket and has not asked for one as the protocol has it."""
    return error_page(400, *TEXTS[400])


@sock.route("/user/<name>/live", bp=blueprint)  # type: ignore[untyped-decorator]
def years_live(socket: Server, name: str) -> None:
    """Send events about a listener: the plays of each year."""
    _serve(socket, Topic(listener_name(name)))


@sock.route("/user/<name>/<year>/live", bp=blueprint)  # type: ignore[untyped-decorator]
def year_live(socket: Server, name: str, year: str) -> None:
    """Send events about a year, the latest one first."""
    _serve(socket, Topic(listener_name(name), listening_year_of(year)))


@blueprint.get("/user/<name>/events")
def years_events(name: str) -> Response:
    """Send events about a listener as Server-Sent Events."""
    return _stream(Topic(listener_name(name)))


@blueprint.get("/user/<name>/<year>/events")
def year_events(name: str, year: str) -> Response:
    """Send events about a year as Server-Sent Events."""
    return _stream(Topic(listener_name(name), listening_year_of(year)))


@blueprint.post("/internal/job-update")
def job_update() -> tuple[str, int]:
    """Publish the event that a worker elsewhere sends."""
    given = request.headers.get("Authorization", "").encode()
    tokens = context().settings.internal_tokens
    if not any(hmac.compare_digest(given, f"Bearer {token}".encode()) for token in tokens):
        abort(401, www_authenticate=WWWAuthenticate("bearer"))
    try:
        update = JobUpdate.model_validate_json(request.get_data())
    except ValidationError:
        abort(400)
    structlog.contextvars.bind_contextvars(**{LISTENER: update.username})
    try:
        publish(context().redis, Topic(update.username, update.year), update.event)
    except RedisError:
        abort(503)
    return "", HTTPStatus.NO_CONTENT


def _serve(socket: Server, topic: Topic) -> None:
    page: OpenPage = g.open_page
    socket.sock = WatchedSocket(socket.sock, page)
    with suppress(OSError):  # the page went away
        for message in _messages(context(), topic, page):
            if message is not None:
                socket.send(message)
            elif not socket.connected:
                return
        socket.close(GOING_AWAY, "come back")


def _stream(topic: Topic) -> Response:
    page: OpenPage = g.pop("open_page")
    open_pages = context().open_pages

    def lines() -> Iterator[str]:
        for message in _messages(context(), topic, page):
            with page.sending():
                yield ": still here\n\n" if message is None else f"data: {message}\n\n"

    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    response = Response(stream_with_context(lines()), mimetype="text/event-stream", headers=headers)
    response.call_on_close(lambda: open_pages.dismiss(page))
    return response


def _messages(context: Context, topic: Topic, page: OpenPage) -> Iterator[str | None]:
    """Yield events as JSON: the latest, then each new one, and None when there was none for a while.

    Ends when this process is about to end, when the page has left, and when it has been connected for long.
    """
    with context.subscriptions.subscribe(topic) as subscriber:
        page.when_left = subscriber.close
        # Subscribed before the first message is read, so that nothing published in between is missed.
        if (first := _first(context, topic, subscriber)) is not None:
            yield first
        while not (subscriber.closed or page.is_old):
            yield subscriber.wait(HEARTBEAT)


def _first(context: Context, topic: Topic, subscriber: Subscriber) -> str | None:
    try:
        snapshot = latest_snapshot(context.redis, topic)
    except RedisError:
        return None
    if snapshot is None:
        return json.dumps(None)
    subscriber.begin_at(snapshot.event.run)
    return snapshot.event.model_dump_json()
