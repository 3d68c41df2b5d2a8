"""The set-up that the site and the operator's pages share: context, client address, error pages, headers."""

from flask import Flask, Response

from app import VERSION
from app.settings import Settings
from app.web import errors, request_log
from app.web.client_address import ClientAddress
from app.web.context import EXTENSION, Context

LARGEST_BODY = 64 * 1024  # bytes
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
    " connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with none at all our own forms would come from nowhere
}


def set_up(app: Flask, settings: Settings) -> Context:
    """Give the application what every request relies on, and return its context."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    context = app.extensions[EXTENSION] = Context.of(settings)
    app.wsgi_app = ClientAddress(app.wsgi_app, settings.proxy_networks)  # type: ignore[method-assign]  # how Flask wants it wrapped
    request_log.register(app)
    app.after_request(_add_headers)
    app.jinja_env.globals["version"] = VERSION
    errors.register(app)
    return context


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
