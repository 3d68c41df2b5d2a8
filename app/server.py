"""Configure Gunicorn, for the site and for the operator's pages.

`gunicorn --config python:app.server 'app.web:create_app()'`, or `'app.web.operator:create_app()'`.

Keep the imports few: what is imported before gevent patches the standard library keeps blocking.
"""

import logging
import os
import signal
import sys
from collections.abc import Iterable
from typing import Any

from gunicorn.glogging import Logger

from app.logs.lines import log_uncaught_errors
from app.logs.setup import configure_logs
from app.settings import OPERATOR_NEEDS, WEB_NEEDS, BadSettings, Settings, read_settings


def _settings(needs: Iterable[str] = ()) -> Settings:
    try:
        return read_settings(os.environ, needs)
    except BadSettings as error:
        sys.exit(str(error))


_read = _settings()


class logger_class(Logger):  # type: ignore[misc]  # noqa: N801  it has no types; the setting's name
    """Gunicorn's log, whose lines go through ours from the first one on."""

    def setup(self, cfg: Any) -> None:
        """Hand every line on."""
        super().setup(cfg)
        configure_logs(_read)
        for one in (self.error_log, self.access_log):
            one.handlers, one.propagate = [], True


bind = [f"{os.environ.get('HOST', '127.0.0.1')}:{_read.port}"]  # unused where systemd passes a socket
# One process serves every open page, with one Redis subscription for all of them; waiting greenlets are cheap.
worker_class = "gevent"
workers = 1
worker_connections = 10_000
backlog = 2048
graceful_timeout = 10
keepalive = 1  # seconds; a stop waits for idle connections
# Of what a proxy says only app/web/client_address.py believes anything, and it knows which proxies to trust.
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
loglevel = _read.log_level
control_socket_disable = True  # it would be created under $HOME


def on_starting(server: Any) -> None:
    """Check the settings that the application needs."""
    _settings(OPERATOR_NEEDS if server.app.app_uri.startswith("app.web.operator") else WEB_NEEDS)
    log_uncaught_errors()


def post_worker_init(worker: Any) -> None:
    """On SIGTERM disconnect open pages first, or the stop would wait for them until its timeout."""
    import gevent

    gevent.get_hub().print_exception = _log_failed_greenlet
    stop = worker.handle_exit

    def handle_exit(number: int, frame: Any) -> None:
        gevent.spawn(worker.wsgi.extensions["lastyear"].disconnect_pages)
        stop(number, frame)

    signal.signal(signal.SIGTERM, handle_exit)


def _log_failed_greenlet(_greenlet: Any, kind: Any, error: Any, trace: Any) -> None:
    """Log it, instead of having gevent print it as it is."""
    logging.getLogger("gevent").error("A greenlet failed", exc_info=(kind, error, trace))


def worker_exit(server: Any, worker: Any) -> None:
    """Close the connections while their event loop still runs."""
    if getattr(worker, "wsgi", None) is not None:
        worker.wsgi.extensions["lastyear"].close()
