"""The page on which a listener has everything removed, and proves by a word in their profile that it is theirs."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.jobs import removal
from app.redis.pause import is_paused
from app.web.context import context
from app.web.routing import listener_name, private
from app.web.site_address import require_own_page

blueprint = Blueprint("removal", __name__)


@blueprint.get("/user/<name>/remove")
def show(name: str) -> Response:
    """Say how to prove it, and how far the removal is."""
    username = listener_name(name)
    asked = removal.find(context().redis, username)
    if asked is None:
        context().rate_limits.hit("removals")
        asked = removal.ask(context().redis, username)
    page = render_template(
        "removal.html",
        name=username,
        removal=asked,
        contact=context().settings.contact,
        is_paused=is_paused(context().redis),
    )
    return private(make_response(page))


@blueprint.post("/user/<name>/remove")
def remove(name: str) -> Response:
    """Have a worker look for the word."""
    require_own_page()
    username = listener_name(name)
    context().rate_limits.hit("removals")
    removal.check(context().redis, username, for_good="for_good" in request.form)
    return redirect(url_for(".show", name=username), 303)
