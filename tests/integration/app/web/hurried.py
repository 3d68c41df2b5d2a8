"""The site with a pool that lets idle connections go after a second, so that a test need not wait for it."""

from flask import Flask

from app.store import pool
from app.web import create_app as create


def create_app() -> Flask:
    """The WSGI application."""
    pool.IDLE_SECONDS = 1
    return create()
