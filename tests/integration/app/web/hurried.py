"""The site with a pool that lets idle connections go after a second, so that a test need not wait for it."""

from flask import Flask

from app.store import database
from app.web import create_app as create


def create_app() -> Flask:
    """The WSGI application."""
    database.IDLE_SECONDS = 1
    return create()
