"""The operator's pages: an application of its own, behind a password, on the same Redis and mirror.

It never asks the app database, which may sleep while somebody watches here.
"""

import os
from pathlib import Path

from flask import Flask, redirect, url_for
from jinja2 import ChoiceLoader, FileSystemLoader
from redis import Redis
from werkzeug.wrappers import Response

from app.settings import OPERATOR_NEEDS, VARIABLES, BadSettings, Settings, missing, read
from app.web import LARGEST_BODY, errors
from app.web.address import VisitorAddress
from app.web.budget import Budget
from app.web.operator import board, gate, queues
from app.web.operator.desk import Desk
from app.web.site import EXTENSION

WEB = Path(__file__).parent.parent


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application. Without settings they are read from the environment.

    Raises BadSettings, for one where there is no password.
    """
    settings = settings or read(os.environ, OPERATOR_NEEDS)
    if names := missing(settings, OPERATOR_NEEDS):
        raise BadSettings("\n".join(f"{name}: missing. {VARIABLES[name].description}" for name in names))
    # Below /operator/ like the rest, so that a proxy has one path to hand over.
    app = Flask(__name__, static_folder=WEB / "static", static_url_path="/operator/static")
    app.jinja_loader = ChoiceLoader([FileSystemLoader(WEB / part) for part in ("operator/templates", "templates")])
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    redis = Redis.from_url(settings.redis_url.get_secret_value(), socket_timeout=5, socket_connect_timeout=2)
    desk = app.extensions[EXTENSION] = Desk(settings, redis, Budget(redis))
    app.wsgi_app = VisitorAddress(app.wsgi_app)  # type: ignore[method-assign]  # how Flask wants it wrapped
    gate.register(app)
    errors.register(app)
    app.register_blueprint(board.blueprint)
    queues.register(app, desk)
    app.add_url_rule("/", "front", _front)
    app.context_processor(lambda: {"asset": lambda name: url_for("static", filename=name)})
    return app


def _front() -> Response:
    """For who has come through a tunnel and has typed no path."""
    return redirect(url_for("board.show"))
