"""The web: Flask, with a folder each for pages, what is shared of them, the API, live progress and the operator.

`visits` finds what is known of a year and has the rest fetched; `words` says it. Nothing outside imports the web.
Modules at the top serve all folders.
"""

import os
from dataclasses import replace

from flask import Flask, Response, request

from app.charts.palette import COLOURS, DARK
from app.events import Failure
from app.formatting import FILTERS
from app.settings import Settings, read_settings
from app.web import health
from app.web.api import release_years
from app.web.api import routes as api_routes
from app.web.assets import asset
from app.web.context import context
from app.web.live import routes
from app.web.pages import (
    album,
    cover,
    eras,
    insights,
    landing,
    listener,
    months,
    release_year,
    released,
    removal,
    top_albums,
    web_app,
    year,
)
from app.web.routing import without_trailing_slash
from app.web.setup import set_up
from app.web.sharing import badge, embed, panel, picture
from app.web.site_address import site_url
from app.web.words import insights as insight_words
from app.web.words import links, reading, wording
from app.web.words import months as month_words
from app.web.words import released as released_words

PAGES = (
    *(landing, listener, eras, year, months, insights, release_year, released, album, top_albums, cover, removal),
    *(web_app, api_routes, release_years, health),
    *(picture, panel, embed, badge),
)


class Site(Flask):
    """Flask, which has a browser keep only what its address belongs to."""

    def send_static_file(self, filename: str) -> Response:
        """Send a static file, not to be kept where the digest in its address is another release's.

        While a new release comes to one machine after the other, a page of one asks the other for its files.
        """
        answer = super().send_static_file(filename)
        if request.query_string.decode("latin-1") != asset(filename).partition("?")[2]:
            answer.headers["Cache-Control"] = "no-cache"
        return answer


def create_app(settings: Settings | None = None) -> Flask:
    """Create the WSGI application, from the environment unless settings are given. Raises BadSettings."""
    settings = settings or read_settings(os.environ)
    app = Site(__name__)
    app.config.update(
        SEND_FILE_MAX_AGE_DEFAULT=365 * 24 * 3600,  # assets carry a digest of their content in their address
        SOCK_SERVER_OPTIONS={"ping_interval": 25},
    )
    set_up(app, settings)
    app.jinja_env.globals.update(
        asset=asset, colours=COLOURS, replace=replace, Failure=Failure, links=links, reading=reading, words=wording
    )
    app.jinja_env.globals.update(
        insight_words=insight_words, month_words=month_words, released_words=released_words, dark=DARK
    )
    app.jinja_env.globals.update(site=settings.site_url, site_url=site_url, notice_of_operator=notice_of_operator)
    app.jinja_env.globals.update(shows_covers=settings.shows_covers, cover_of=cover.cover_of)
    app.jinja_env.filters.update(FILTERS)
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    app.before_request(without_trailing_slash)
    routes.register(app)
    health.count_requests(app)
    return app


def notice_of_operator() -> str:
    """Return what the operator has every page say."""
    return context().notice.read()
