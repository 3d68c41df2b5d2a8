"""Pictures as answers: SVG as it is drawn, or rendered as PNG, the same until what they show changes."""

import re
from functools import lru_cache
from hashlib import sha256

import resvg_py
from flask import make_response, request
from werkzeug.wrappers import Response

from app.pictures.fonts import files_for
from app.web.context import context
from app.web.routing import private
from app.web.words import links

LINK_CARD = 1200 * 630  # pixels
KEPT_PICTURES = 64  # some 40 kB each, of stories 100
SOURCE = (f"Listening data {links.POWERED_BY}, last.fm", links.LASTFM_HOME)


def as_svg(drawn: str) -> Response:
    """Answer with a drawing as it is."""
    return _answer(drawn.encode(), "image/svg+xml")


def as_png(drawn: str) -> Response:
    """Answer with a drawing in pixels. Raises TooManyRequests."""
    etag = sha256(drawn.encode()).hexdigest()
    if request.if_none_match.contains(etag):
        return _answer(b"", "image/png", etag=etag)
    return _answer(rendered(drawn), "image/png", etag=etag)


@lru_cache(KEPT_PICTURES)
def rendered(drawn: str) -> bytes:
    """Render an SVG as PNG, with fonts of our own.

    Meanwhile this process does nothing else: hence a rate limit. Raises TooManyRequests.
    """
    for _ in range(_cost(drawn)):
        context().rate_limits.hit("pictures")
    return resvg_py.svg_to_bytes(
        svg_string=drawn,
        skip_system_fonts=True,
        font_files=files_for(drawn),
        font_family="Lato",
        sans_serif_family="Lato",
    )


def _cost(drawn: str) -> int:
    """Return as how many link cards it counts, by its size."""
    _, _, width, height = re.findall(r"\d+", drawn.partition("viewBox=")[2][:40])[:4]
    return max(1, round(int(width) * int(height) / LINK_CARD))


def _answer(data: bytes, content_type: str, etag: str = "") -> Response:
    answer = private(make_response(data))
    answer.content_type = content_type
    # Other sites may show it.
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.set_etag(etag or sha256(data).hexdigest())
    return answer.make_conditional(request)
