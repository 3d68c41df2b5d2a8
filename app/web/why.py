"""Why an album has its year, and where to mend it: for a listener who doubts it."""

from uuid import UUID

from flask import Blueprint, make_response, render_template
from werkzeug.wrappers import Response

from app.store import StoreAway, albums
from app.store.albums import Answered
from app.store.origins import Origin, origin
from app.store.replication import MirrorSilent
from app.web import links, words
from app.web.errors import Problem
from app.web.pages import private
from app.web.site import site

blueprint = Blueprint("why", __name__)


@blueprint.get("/album/<uuid:key>")
def why(key: UUID) -> Response:
    """How the album's year came about. What the mirror does not tell right now is left out."""
    site().budget.spend("albums")
    try:
        with site().pool.connection() as connection:
            album = albums.find(connection, key)
    except StoreAway:
        advice = "Our database does not answer. Try again in a minute."
        raise Problem(503, "The album cannot be shown right now", advice) from None
    if album is None or not album.album:
        raise Problem(404, "There is no such album here", "Nobody whose years are stored has played it.")
    came_from = _origin(album)
    return private(
        make_response(
            render_template(
                "why.html",
                album=album,
                origin=came_from,
                date=words.date(came_from.first_year, came_from.first_month, came_from.first_day)
                if came_from
                else "",
                words=words,
                links=links,
            )
        )
    )


def _origin(album: Answered) -> Origin | None:
    if album.release_group is None:
        return None
    try:
        return origin(site().settings.mirror_url.get_secret_value(), album.release_group)
    except MirrorSilent:
        return None
