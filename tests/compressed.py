"""The site as visitors get it: compressed, which Caddy does on a machine."""

import gzip

from flask import Flask, Response

from app.web import create_app

LEVEL = 5  # Caddy's own


def site() -> Flask:
    """Create the application from the environment, so that it compresses what it answers."""
    app = create_app()

    @app.after_request
    def compress(response: Response) -> Response:
        response.direct_passthrough = False
        response.set_data(gzip.compress(response.get_data(), LEVEL))
        response.content_encoding = "gzip"
        return response

    return app
