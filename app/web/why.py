"""Why an album has its year, and where to mend it: for a listener who doubts it."""

import re
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from app.store import StoreAway, albums
from app.store.albums import Answered
from app.store.origins import Origin, origin
from app.store.replication import MirrorSilent
from app.web import links, words
from app.web.chart import span_name
from app.web.errors import Problem
from app.web.pages import NAME, private
from app.web.site import site

blueprint = Blueprint("why", __name__)

LIST = re.compile(rf"/user/({NAME.pattern})/([0-9]{{4}})/(?:([0-9]{{4}})(?:-([0-9]{{4}}))?|unknown)")


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
    source = _origin(album)
    return private(
        make_response(
            render_template(
                "why.html",
                album=album,
                origin=source,
                date=words.date(source.first_year, source.first_month, source.first_day) if source else "",
                back=_led_here(),
                words=words,
                links=links,
            )
        )
    )


@dataclass(frozen=True)
class Leading:
    """A list of somebody's albums."""

    address: str
    name: str


def _led_here() -> Leading | None:
    """The list whose link was followed, as browsers tell between pages of one site."""
    address = (request.referrer or "").removeprefix(request.host_url.rstrip("/"))
    found = LIST.fullmatch(address.partition("?")[0])
    if found is None:
        return None
    name, year, first, last = found.groups()
    what = f"music from {span_name(int(first), int(last or first))}" if first else "not placed"
    return Leading(address, f"{name}’s {year}: {what}")


def _origin(album: Answered) -> Origin | None:
    if album.release_group is None:
        return None
    try:
        return origin(site().settings.mirror_url.get_secret_value(), album.release_group)
    except MirrorSilent:
        return None
