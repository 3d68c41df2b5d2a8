"""Album covers, from this site itself: no visitor's address goes to the Cover Art Archive."""

from hashlib import blake2b
from uuid import UUID

from flask import Blueprint, Response, make_response, request
from werkzeug.exceptions import TooManyRequests

from app.redis.covers import SIZES
from app.web.context import context
from app.web.covers.address import cover_address, is_ours
from app.web.covers.keeper import Found, Outcome
from app.web.covers.placeholder import draw_placeholder
from app.web.errors import Problem
from app.web.visits.starts import may_have_covers_fetched

blueprint = Blueprint("cover", __name__)

SECONDS_KEPT = {Outcome.SHOWN: 30 * 24 * 3600, Outcome.MISSING: 24 * 3600, Outcome.WAITING: 3}
"""For how long browsers keep what they get."""


@blueprint.get("/cover/<uuid:release_group>")
def show(release_group: UUID) -> Response:
    """Show the cover in one of two sizes, or what is drawn in its place. Never waits for anybody."""
    keeper, size = context().covers, request.args.get("size", "")
    if keeper is None:
        raise _no_such_cover()
    if size not in map(str, SIZES):
        raise Problem(404, "There is no such size", f"Covers have {' or '.join(map(str, SIZES))} pixels.")
    if is_ours(keeper.secret, release_group, request.args.get("key", "")):
        found = keeper.find(release_group, int(size), may_ask=_may_ask)
    # Pages that were open while DATABASE_URL changed have addresses with another key.
    elif (kept := keeper.find_kept(release_group, int(size))) is not None:
        found = kept
    else:
        raise _no_such_cover()
    return _picture(found) if found.picture else _placeholder(found)


def _no_such_cover() -> Problem:
    return Problem(404, "There is no such cover", "Only the covers that our own lists show are here.")


def cover_of(release_group: UUID | None, size: int, release_year: int | None) -> str:
    """Return the address of a cover; empty where the site shows none, or the album was not recognised."""
    keeper = context().covers
    if keeper is None or release_group is None:
        return ""
    return cover_address(keeper.secret, release_group, size, release_year)


def _may_ask() -> bool:
    if not may_have_covers_fetched(request):
        return False
    try:
        context().rate_limits.hit("covers")
    except TooManyRequests:
        return False
    return True


def _picture(found: Found) -> Response:
    answer = make_response(found.picture)
    answer.content_type = "image/webp"
    answer.set_etag(blake2b(found.picture, digest_size=12).hexdigest())
    _keep_for(answer, found)
    answer.make_conditional(request)
    return answer


def _placeholder(found: Found) -> Response:
    answer = make_response(draw_placeholder(_release_year(), is_final=found.outcome is Outcome.MISSING))
    answer.content_type = "image/svg+xml"
    _keep_for(answer, found)
    return answer


def _keep_for(answer: Response, found: Found) -> None:
    whose = "public" if found.picture else "private"  # of a cover nobody can tell who plays it
    answer.headers["Cache-Control"] = f"{whose}, max-age={SECONDS_KEPT[found.outcome]}"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    answer.headers["X-Robots-Tag"] = "noindex"


def _release_year() -> int | None:
    text = request.args.get("year", "")
    return int(text) if len(text) == 4 and text.isascii() and text.isdigit() else None
