"""Gunicorn's settings, for the site and for the operator's pages:

`gunicorn --config python:app.server 'app.web:create_app()'`, or `'app.web.operator:create_app()'`.

Imports little: what is imported before the worker has made the standard library cooperative stays blocking.
"""

import logging
import os
import signal
import sys
from collections.abc import Iterable
from typing import Any

from app import logs
from app.settings import OPERATOR_NEEDS, WEB_NEEDS, BadSettings, Settings, read


def _settings(needs: Iterable[str] = ()) -> Settings:
    try:
        return read(os.environ, needs)
    except BadSettings as error:
        sys.exit(str(error))


_read = _settings()

bind = [f"{os.environ.get('HOST', '127.0.0.1')}:{_read.port}"]  # not asked where systemd hands a socket over
# One process holds every open page and hears Redis once for all of them; greenlets wait cheaply.
worker_class = "gevent"
workers = 1
worker_connections = 10_000
backlog = 2048
graceful_timeout = 10
keepalive = 1  # a stop waits for connections that idle
control_socket_disable = True  # it would be opened under $HOME


def on_starting(server: Any) -> None:
    """Refuses to start without what the application needs; sends Gunicorn's own log lines the project's way."""
    _settings(OPERATOR_NEEDS if server.app.app_uri.startswith("app.web.operator") else WEB_NEEDS)
    logs.configure(_read.secrets(), pretty=sys.stderr.isatty())
    for name in ("gunicorn.error", "gunicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True


def post_worker_init(worker: Any) -> None:
    """On SIGTERM sends the open pages away first, or the stop would wait for them till its time-out."""
    import gevent

    leave = worker.handle_exit

    def handle_exit(number: int, frame: Any) -> None:
        gevent.spawn(worker.wsgi.extensions["lastyear"].leave)
        leave(number, frame)

    signal.signal(signal.SIGTERM, handle_exit)


def worker_exit(server: Any, worker: Any) -> None:
    """Lets connections go while there is still somebody to do it."""
    if getattr(worker, "wsgi", None) is not None:
        worker.wsgi.extensions["lastyear"].close()
