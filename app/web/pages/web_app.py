"""The site as an app on a home screen: its manifest and icons, and what reads kept charts without a connection."""

import json
from functools import lru_cache
from hashlib import sha256

import resvg_py
from flask import Blueprint, Response, abort, make_response, render_template

from app import VERSION
from app.charts.palette import COLOURS
from app.web.assets import STATIC, asset
from app.web.words import wording

blueprint = Blueprint("web_app", __name__)

SIZES = (192, 512)
TOUCH = 180
"""The size that iOS asks for."""
SAFE = 0.88
"""How much of an icon's width its drawing may take where the system cuts it into a shape."""
ALWAYS_ASK = {"Cache-Control": "no-cache"}
FOR_A_DAY = {"Cache-Control": "max-age=86400"}
FILES = ("style.css", "offline.js", "icon.svg")
"""What the page for no connection consists of."""


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """Say what the site is called and looks like on a home screen."""
    icons = [{"src": asset("icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}]
    for purpose, name in (("any", "icon"), ("maskable", "maskable")):
        icons += [
            {"src": f"/{name}-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
            for size in SIZES
        ]
    described = {
        "id": "/",
        "name": "LastYear.fm",
        "short_name": "LastYear",
        "description": wording.ANSWER,
        "lang": "en",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": COLOURS["paper"],
        "theme_color": COLOURS["paper"],
        "categories": ["music"],
        "icons": icons,
    }
    return make_response(json.dumps(described), {"Content-Type": "application/manifest+json", **FOR_A_DAY})


@blueprint.get("/icon-<int:size>.png")
def icon(size: int) -> Response:
    """Draw the icon as it is."""
    if size not in SIZES:
        abort(404)
    return _picture(size, "any")


@blueprint.get("/maskable-<int:size>.png")
def maskable(size: int) -> Response:
    """Draw the icon without corners, for systems that cut it into a shape of their own."""
    if size not in SIZES:
        abort(404)
    return _picture(size, "maskable")


@blueprint.get("/apple-touch-icon.png")
def touch_icon() -> Response:
    """Draw the icon for iOS, which looks for it here and rounds its corners by itself."""
    return _picture(TOUCH, "maskable")


@blueprint.get("/offline")
def offline() -> Response:
    """Show what stands in for a page that cannot be had without a connection."""
    page = make_response(render_template("offline.html"), ALWAYS_ASK)
    page.headers["X-Robots-Tag"] = "noindex"
    return page


@blueprint.get("/service-worker.js")
def service_worker() -> Response:
    """Give the service worker of this release, which belongs to all pages: hence its address."""
    shell = ["/offline", *map(asset, FILES)]
    script = f"const RELEASE = {json.dumps(_release())}, SHELL = {json.dumps(shell)};\n{_script()}"
    return make_response(script, {"Content-Type": "text/javascript; charset=utf-8", **ALWAYS_ASK})


@lru_cache
def _script() -> str:
    return (STATIC / "service-worker.js").read_text(encoding="utf-8")


@lru_cache
def _release() -> str:
    """Name the release, and what its pages need: a checkout has the same version for long."""
    files = sha256(b"".join((STATIC / name).read_bytes() for name in FILES)).hexdigest()[:12]
    return f"{VERSION} {files}"


def _picture(size: int, purpose: str) -> Response:
    return make_response(_drawn(size, purpose), {"Content-Type": "image/png", **FOR_A_DAY})


@lru_cache
def _drawn(size: int, purpose: str) -> bytes:
    drawing = (STATIC / "icon.svg").read_text(encoding="utf-8")
    if purpose == "maskable":
        place = f'x="{16 - 16 * SAFE}" y="{16 - 16 * SAFE}" width="{32 * SAFE}" height="{32 * SAFE}"'
        drawing = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
            f'<rect width="32" height="32" fill="{COLOURS["accent"]}"/>'
            f"{drawing.replace('<svg', f'<svg {place}')}</svg>"
        )
    return resvg_py.svg_to_bytes(svg_string=drawing, width=size, height=size)
