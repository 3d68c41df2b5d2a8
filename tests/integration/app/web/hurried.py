"""The site with less patience, so that tests need not wait, and with few pages for an address."""

from flask import Flask

from app.store import pool
from app.web import create_app as create
from app.web.live import open_pages


def create_app() -> Flask:
    """The WSGI application."""
    pool.IDLE_SECONDS = 1
    open_pages.SLOW_AFTER = 1
    open_pages.MOST_OF_ONE = 8
    return create()
