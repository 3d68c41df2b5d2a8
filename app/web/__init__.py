"""The pages: Flask over what store and progress say. A leaf: nothing imports it."""

import os

from flask import Flask
from redis import Redis

from app.settings import Settings, read
from app.store import Pool
from app.web import api, bars, errors, favourites, health, live, pages, pictures, why
from app.web.address import VisitorAddress
from app.web.budget import Budget
from app.web.hub import Hub
from app.web.site import EXTENSION, Site

LARGEST_BODY = 64 * 1024

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with none at all our own forms would come from nowhere
}


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application. Without settings they are read from the environment; raises BadSettings."""
    settings = settings or read(os.environ)
    app = Flask(__name__)
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        SEND_FILE_MAX_AGE_DEFAULT=365 * 24 * 3600,  # assets carry a digest of their content in their address
        SOCK_SERVER_OPTIONS={"ping_interval": 25, "max_message_size": 1024},
    )
    redis = Redis.from_url(settings.redis_url.get_secret_value(), socket_timeout=5, socket_connect_timeout=2)
    app.extensions[EXTENSION] = Site(
        settings, redis, Pool(settings.database_url.get_secret_value()), Hub(redis), Budget(redis)
    )
    app.wsgi_app = VisitorAddress(app.wsgi_app)  # type: ignore[method-assign]  # how Flask wants it wrapped
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(bars.blueprint)
    app.register_blueprint(favourites.blueprint)
    app.register_blueprint(pictures.blueprint)
    app.register_blueprint(why.blueprint)
    app.register_blueprint(api.blueprint)
    app.register_blueprint(health.blueprint)
    live.register(app)
    errors.register(app)
    health.count_requests(app)

    @app.after_request
    def add_headers(response):  # type: ignore[no-untyped-def]  # Flask's own response type
        response.headers.extend(HEADERS)
        return response

    return app
