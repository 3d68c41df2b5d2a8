"""The site as its next release would be."""

from flask import Flask

from app.web import create_app
from app.web.pages import web_app

RELEASE = "9.9.9 another"


def site() -> Flask:
    """Create the application from the environment, as another release."""
    web_app._release = lambda: RELEASE  # type: ignore[assignment]
    return create_app()
