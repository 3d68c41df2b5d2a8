"""Why an album has its release year, and where to correct it."""

import re
from uuid import UUID

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from app.charts.release_years import PATTERN, ReleaseYears
from app.formatting import date
from app.store import albums
from app.store.albums import Album
from app.usernames import USERNAME
from app.web.context import context
from app.web.errors import Problem
from app.web.routing import private
from app.web.site_address import site_url
from mirror import web_queries
from mirror.web_queries import Explanation, MirrorError

blueprint = Blueprint("album", __name__)

LIST = re.compile(rf"/user/({USERNAME})/([0-9]{{4}})/({PATTERN}|unknown)")


@blueprint.get("/album/<uuid:key>")
def show(key: UUID) -> Response:
    """Show how the album got its year. What the mirror cannot say right now is left out."""
    context().rate_limits.hit("albums")
    with context().pool.connection() as connection:
        album = albums.find(connection, key)
    if album is None or not album.album:
        raise Problem(404, "We do not know this album", "Nobody whose charts are stored here has played it.")
    explanation = _explanation(album)
    first = explanation.source if explanation else None
    return private(
        make_response(
            render_template(
                "album.html",
                album=album,
                explanation=explanation,
                date=date(first.year, first.month, first.day) if first else "",
                back=_back_link(),
            )
        )
    )


def _back_link() -> tuple[str, str] | None:
    """Return address and name of the list whose link was followed, as browsers tell between pages of one site."""
    address = (request.referrer or "").removeprefix(site_url())
    found = LIST.fullmatch(address.partition("?")[0])
    if found is None:
        return None
    name, year, text = found.groups()
    released = ReleaseYears.parse(text)
    what = f"music from {released.name}" if released else "unplaced plays"
    return address, f"{name}’s {year}: {what}"


def _explanation(album: Album) -> Explanation | None:
    if album.release_group is None:
        return None
    try:
        return web_queries.explanation(context().settings.mirror_url.get_secret_value(), album.release_group)
    except MirrorError:
        return None
