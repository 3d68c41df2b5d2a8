"""Live progress: over a websocket, over Server-Sent Events, and in from workers elsewhere."""

import hmac
import json
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus

from flask import Blueprint, Flask, Response, abort, request, stream_with_context
from flask_sock import Sock
from pydantic import ValidationError
from redis.exceptions import RedisError
from simple_websocket import Server
from werkzeug.datastructures import WWWAuthenticate

from app.progress import JobUpdate, RedisPublisher, Topic, latest
from app.web.pages import listener_name, listening_year_of
from app.web.site import Site, site

blueprint = Blueprint("live", __name__)
sock = Sock()

HEARTBEAT = 20.0  # seconds; a proxy or a browser may close what is silent for longer
GOING_AWAY = 1001  # the websocket close code for "come back to my successor"


def register(app: Flask) -> None:
    """Adds the live routes."""

    @app.before_request
    def decline_compression() -> None:
        # A compressing websocket keeps a quarter of a megabyte; our messages are a kilobyte.
        request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)

    app.register_blueprint(blueprint)
    sock.init_app(app)


@blueprint.before_request
def refuse_nonsense() -> None:
    """Before the handshake of a websocket: after it nothing can be refused any more."""
    given = request.view_args or {}
    if "name" in given:
        listener_name(given["name"])
    if "year" in given:
        listening_year_of(given["year"])


@sock.route("/user/<name>/live", bp=blueprint)  # type: ignore[untyped-decorator]
def years_live(socket: Server, name: str) -> None:
    """Events about the counts of a listener's years."""
    _serve(socket, Topic(listener_name(name)))


@sock.route("/user/<name>/<year>/live", bp=blueprint)  # type: ignore[untyped-decorator]
def year_live(socket: Server, name: str, year: str) -> None:
    """Events about a year: a snapshot first."""
    _serve(socket, Topic(listener_name(name), listening_year_of(year)))


@blueprint.get("/user/<name>/events")
def years_events(name: str) -> Response:
    """The same as Server-Sent Events."""
    return _stream(Topic(listener_name(name)))


@blueprint.get("/user/<name>/<year>/events")
def year_events(name: str, year: str) -> Response:
    """The same as Server-Sent Events."""
    return _stream(Topic(listener_name(name), listening_year_of(year)))


@blueprint.post("/internal/job-update")
def job_update() -> tuple[str, int]:
    """A worker's event by HTTP, relayed like the others."""
    token = site().settings.internal_token.get_secret_value()
    given = request.headers.get("Authorization", "")
    if not token or not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        abort(401, www_authenticate=WWWAuthenticate("bearer"))
    try:
        update = JobUpdate.model_validate_json(request.get_data())
    except ValidationError:
        abort(400)
    try:
        RedisPublisher(site().redis).publish(Topic(update.username, update.year), update.event)
    except RedisError:
        abort(503)
    return "", HTTPStatus.NO_CONTENT


def _serve(socket: Server, topic: Topic) -> None:
    with suppress(OSError):  # the page has gone without a word
        for message in _messages(site(), topic):
            if message is not None:
                socket.send(message)
            elif not socket.connected:
                return
        socket.close(GOING_AWAY, "come back")


def _stream(topic: Topic) -> Response:
    def lines() -> Iterator[str]:
        for message in _messages(site(), topic):
            yield ": still here\n\n" if message is None else f"data: {message}\n\n"

    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return Response(stream_with_context(lines()), mimetype="text/event-stream", headers=headers)


def _messages(site: Site, topic: Topic) -> Iterator[str | None]:
    """Events as JSON, the latest first, then each new one; None when there was nothing to say for a while.

    Ends when this process is about to.
    """
    with site.hub.seat(topic) as seat:
        # The seat was taken before: what is published from here on waits there.
        if (first := _snapshot(site, topic)) is not None:
            yield first
        while not seat.closed:
            yield seat.take(HEARTBEAT)


def _snapshot(site: Site, topic: Topic) -> str | None:
    try:
        snapshot = latest(site.redis, topic)
    except RedisError:
        return None
    return snapshot.event.model_dump_json() if snapshot else json.dumps(None)
