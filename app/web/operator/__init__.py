"""The operator's pages: a separate application behind a password, on the same Redis and mirror.

It never queries the app database, which may be suspended while somebody watches here; only a button does.
"""

import os
from pathlib import Path

from flask import Flask, redirect, url_for
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.wrappers import Response

from app.formatting import FILTERS
from app.settings import OPERATOR_NEEDS, VARIABLES, BadSettings, Settings, missing, read_settings
from app.web.operator import auth, changes, dashboard, queues
from app.web.setup import set_up

WEB = Path(__file__).parent.parent


def create_app(settings: Settings | None = None) -> Flask:
    """Create the WSGI application, from the environment unless settings are given.

    Raises BadSettings, also when there is no password.
    """
    settings = settings or read_settings(os.environ, OPERATOR_NEEDS)
    if names := missing(settings, OPERATOR_NEEDS):
        raise BadSettings("\n".join(f"{name}: missing. {VARIABLES[name].description}" for name in names))
    # Static files are below /operator/ too, so that a proxy forwards a single path.
    app = Flask(__name__, static_folder=WEB / "static", static_url_path="/operator/static")
    app.jinja_loader = ChoiceLoader([FileSystemLoader(WEB / part) for part in ("operator/templates", "templates")])
    context = set_up(app, settings)
    auth.register(app)
    app.register_blueprint(dashboard.blueprint)
    app.register_blueprint(changes.blueprint)
    queues.register(app, context.redis, may_change=settings.operator_may_change)
    app.add_url_rule("/", "front", _front)
    app.jinja_env.filters.update(FILTERS)
    app.context_processor(lambda: {"asset": lambda name: url_for("static", filename=name)})
    return app


def _front() -> Response:
    """Redirect to the dashboard, for operators who reach this port through an SSH tunnel."""
    return redirect(url_for("dashboard.show"))
